#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tributary/admin/accounts.hpp"
#include "tributary/admin/session_registry.hpp"
#include "tributary/wire/statement.hpp"

namespace tributary::admin {

struct AdminServerOptions {
  std::string bind_address = "127.0.0.1";  ///< a literal address, a host name, or "*" for all
  std::uint16_t port = 3307;               ///< 0: any free one, see AdminServer::port()
  std::filesystem::path socket;            ///< unix socket; empty: none. At most 107 bytes
  unsigned socket_mode = 0600;
  std::string server_version = "8.0.36-tributary";
  std::size_t max_connections = 151;                       ///< logged in, by TCP; one more on the unix socket
  std::size_t max_half_open = 256;                         ///< not yet logged in; when more come, the oldest is dropped
  std::size_t max_allowed_packet = std::size_t{16} << 20;  ///< bytes; 64 KiB before login
  std::chrono::milliseconds connect_timeout{10'000};       ///< for the whole login
  std::chrono::milliseconds wait_timeout{8 * 3600 * 1000};  ///< a session that sends nothing
  std::chrono::milliseconds net_write_timeout{60'000};      ///< a client that takes nothing
  std::chrono::milliseconds failed_login_delay{500};        ///< before access is denied; delays nobody else
};

/// The administrator's port: speaks the MySQL protocol on TCP and on a unix socket, one session per connection.
/// One event loop thread serves all sockets; each statement runs on a thread of its own, made when needed, so that
/// one that waits holds up nobody. Public functions are thread safe.
class AdminServer {
 public:
  /// What is borrowed must outlive the server.
  AdminServer(AdminServerOptions options, wire::StatementHandler& handler, AccountDirectory& accounts,
              SessionRegistry& registry);
  ~AdminServer();  ///< stops

  /// From here on clients can connect, and wait. Removes a socket file that no server answers on.
  /// @throws Error 1105 naming the address or file and what to do, when it cannot be listened on.
  void listen();
  /// Serves; listens first where that was not done. @throws as listen().
  void start();
  /// Refuses new connections, asks the statements that run to stop, lets their replies leave (1 s at most) and closes
  /// every session. Returns when no call of the handler is left. Once stopped it stays so.
  void stop();

  /// The TCP port listened on; 0 before listen().
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::vector<SessionInfo> sessions() const;
  /// Ends a session; false when there is none of that id.
  bool kill(std::uint32_t id);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tributary::admin
