#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>

namespace tributary::source {

/// Turns a stop request into what a thread blocked in the network notices: a descriptor that becomes readable, and
/// the end of the socket that is in use. Made and used by one thread; the request may come from any.
class StopSignal {
 public:
  explicit StopSignal(std::stop_token token);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  [[nodiscard]] bool requested() const { return token_.stop_requested(); }
  [[nodiscard]] const std::stop_token& token() const { return token_; }
  /// Readable from the request on; for poll().
  [[nodiscard]] int descriptor() const { return event_; }
  /// From now on a request shuts @p socket down; -1: none. To be called with -1 before the socket is closed.
  void watch_socket(int socket);
  /// False when the request came before @p duration had passed.
  bool sleep_for(std::chrono::milliseconds duration) const;

 private:
  void on_request();

  std::stop_token token_;
  int event_;
  std::mutex mutex_;
  int socket_ = -1;  ///< guarded by mutex_: it must not be closed between look and shutdown

  struct Notify {
    StopSignal* signal;
    void operator()() const { signal->on_request(); }
  };
  std::optional<std::stop_callback<Notify>> callback_;  ///< last: gone before what it uses
};

}  // namespace tributary::source
