#pragma once

#include <mutex>

#include <mysql.h>

#include "local_file.hpp"

namespace sql {
class Driver;
}

namespace tributary::target {

/// The network socket of one connection, kept as a duplicate of the client library's descriptor: it stays ours, so
/// that shutting it down can never hit another file that got the same number. Thread safe.
class ConnectionSocket {
 public:
  ConnectionSocket() = default;
  ~ConnectionSocket();
  ConnectionSocket(const ConnectionSocket&) = delete;
  ConnectionSocket& operator=(const ConnectionSocket&) = delete;

  /// Called once, with the library's socket: duplicates it and sets TCP keep-alive.
  void adopt(MYSQL* handle);
  [[nodiscard]] MYSQL* handle() const;
  /// What the server gets when it asks for a file. Only by the thread that runs the statement.
  [[nodiscard]] LocalFile& local_file() { return local_file_; }
  /// Ends reads and writes that wait, and all later ones. Also before adopt(), which then shuts down at once.
  void shut_down() noexcept;

 private:
  LocalFile local_file_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  MYSQL* handle_ = nullptr;
  int descriptor_ = -1;
  bool shut_down_ = false;
};

/// While it lives, the first connection that this thread opens is adopted by @p socket as soon as the first bytes of
/// the server have come in.
class CaptureSocket {
 public:
  explicit CaptureSocket(ConnectionSocket& socket);
  ~CaptureSocket();
  CaptureSocket(const CaptureSocket&) = delete;
  CaptureSocket& operator=(const CaptureSocket&) = delete;
};

/// Connector/C++'s driver. The calling thread is made known to the client library until it ends.
sql::Driver& driver();

}  // namespace tributary::target
