#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tributary/admin/session_registry.hpp"
#include "tributary/channel/channel.hpp"
#include "tributary/wire/statement.hpp"

namespace tributary::admin {

/// What statements show or need of the rest of the daemon. Constant while the executor lives.
struct AdminContext {
  std::string server_version;   ///< as in the greeting: "8.0.34-tributary-0.1.0"
  std::string version_comment;  ///< "Tributary ..."
  std::string server_uuid;
  std::string hostname;
  std::string bind_address;
  std::function<std::uint16_t()> port;                         ///< the TCP port; asked by statements only; empty: 0
  std::string socket;                                          ///< path; '' = none
  std::int64_t started_at = 0;                                 ///< seconds since the epoch
  std::uint64_t max_allowed_packet = std::uint64_t{16} << 20;  ///< bytes
  std::uint64_t max_connections = 0;
  std::uint64_t wait_timeout = 28800;      ///< seconds after which the server closes an idle session
  std::uint64_t net_read_timeout = 30;     ///< seconds
  std::uint64_t net_write_timeout = 60;    ///< seconds
  std::uint64_t replica_net_timeout = 60;  ///< seconds; as SourceOptions::net_timeout

  /// SHUTDOWN: asks the daemon to stop; called from any session's thread, must not wait. Empty: the statement fails.
  std::function<void()> shutdown;
};

/// Runs the statements of the admin port on the channels: parse, act, answer (docs/sql.md). Passwords never reach an
/// error, a warning or the log. Thread safe.
class Executor final : public wire::StatementHandler {
 public:
  /// @p channels and @p sessions must outlive this.
  Executor(channel::ChannelSet& channels, SessionRegistry& sessions, AdminContext context);
  ~Executor() override;

  wire::StatementResult execute(std::string_view sql, wire::SessionState& session, std::stop_token stop) override;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tributary::admin
