#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::admin {

/// One row of SHOW PROCESSLIST.
struct SessionInfo {
  std::uint32_t id = 0;
  std::string user;  ///< "unauthenticated user" until it has logged in
  std::string host;  ///< "address:port", or "localhost" for the unix socket
  std::string database;
  std::string command;             ///< "Connect", "Sleep", "Query", …
  std::uint64_t time_seconds = 0;  ///< since the command began, or since the last one ended
  std::string state;
  std::string info;  ///< the statement that runs, passwords hidden; '' = none
};

enum class KillKind {
  query,       ///< ends the statement that runs, if any
  connection,  ///< ends the session
};

class RegisteredSession;

/// The sessions that exist, for SHOW PROCESSLIST and KILL. Thread safe. Made before statement handler and server, and
/// outlives both.
class SessionRegistry {
 public:
  /// Ascending by id.
  [[nodiscard]] std::vector<SessionInfo> sessions() const;
  /// Asks a session to end what it does; returns at once. False: there is no session of that id.
  bool kill(std::uint32_t id, KillKind kind);

 private:
  friend class RegisteredSession;
  struct Entry {
    SessionInfo info;
    std::chrono::steady_clock::time_point since;
    std::function<void(KillKind)> on_kill;
  };

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::uint32_t, Entry> entries_;
  std::uint32_t last_id_ = 0;
};

/// A session's place in the registry, held by the session while it lives. Its functions may be called from any thread.
class RegisteredSession {
 public:
  /// @param on_kill called from the killer's thread with the registry locked: must only pass the request on, and must
  /// not call the registry.
  RegisteredSession(SessionRegistry& registry, std::string host, std::function<void(KillKind)> on_kill);
  ~RegisteredSession();
  RegisteredSession(const RegisteredSession&) = delete;
  RegisteredSession& operator=(const RegisteredSession&) = delete;

  /// Unique among the sessions that exist, never 0.
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  void logged_in(std::string_view user, std::string_view database);
  void use_database(std::string_view database);
  /// The session runs @p command now. @p info is shown as it is: hide passwords before.
  void begin(std::string_view command, std::string_view info);
  /// The session waits for its client.
  void end();

 private:
  SessionRegistry& registry_;
  std::uint32_t id_ = 0;
};

}  // namespace tributary::admin
