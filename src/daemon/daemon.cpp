#include "tributary/daemon/daemon.hpp"

#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <fmt/core.h>
#include <unistd.h>

#include "tributary/admin/accounts.hpp"
#include "tributary/admin/admin_server.hpp"
#include "tributary/admin/executor.hpp"
#include "tributary/admin/session_registry.hpp"
#include "tributary/channel/channel.hpp"
#include "tributary/daemon/data_directory.hpp"
#include "tributary/state/store.hpp"
#include "tributary/util/bytes.hpp"
#include "tributary/util/crc32.hpp"
#include "tributary/util/log.hpp"
#include "tributary/util/time.hpp"

#include "version.hpp"

namespace tributary::daemon {
namespace {

/// A server id that stays the same for this data directory and is far from the small numbers people give to servers.
std::uint32_t derive_server_id(const std::string& uuid) {
  return 0x40000000U | (crc32(as_bytes(uuid)) & 0x3fffffffU);
}

/// The TCP port that clients connect to, once the server listens.
using PortOf = std::function<std::uint16_t()>;

channel::ChannelDefaults make_defaults(const Options& options, state::Store& store, PortOf port) {
  channel::ChannelDefaults defaults;
  defaults.datadir = options.datadir;
  defaults.relay_log_basename = options.relay_log_basename;
  defaults.server_id = options.server_id != 0 ? options.server_id : derive_server_id(store.daemon_uuid());
  defaults.report_host = options.report_host;
  defaults.report_port = std::move(port);
  defaults.parallel_workers = options.parallel_workers;
  defaults.worker_slots = std::make_shared<apply::WorkerSlots>(options.max_parallel_workers);
  defaults.chunk_memory = std::make_shared<apply::ChunkMemory>();
  defaults.row_writer = options.row_writer;
  defaults.target = options.target;
  defaults.relay_log_purge = options.relay_log_purge;
  return defaults;
}

admin::AdminServerOptions make_server_options(const Options& options) {
  admin::AdminServerOptions result;
  result.bind_address = options.bind_address;
  result.port = options.port;
  result.socket = options.socket;
  result.server_version = k_server_version;
  return result;
}

admin::AdminContext make_context(const Options& options, const admin::AdminServerOptions& server, state::Store& store,
                                 PortOf port) {
  admin::AdminContext context;
  context.server_version = k_server_version;
  context.version_comment = fmt::format("Tributary {}", k_version);
  context.server_uuid = store.daemon_uuid();
  context.hostname = host_name();
  context.bind_address = options.bind_address;
  context.port = std::move(port);
  context.socket = options.socket;
  context.started_at = unix_seconds();
  context.max_allowed_packet = server.max_allowed_packet;
  context.max_connections = server.max_connections;
  context.wait_timeout = static_cast<std::uint64_t>(server.wait_timeout.count() / 1000);
  context.net_write_timeout = static_cast<std::uint64_t>(server.net_write_timeout.count() / 1000);
  context.shutdown = [] { ::kill(::getpid(), SIGTERM); };
  return context;
}

/// How a client on this host gets in as the administrator, whose account is for localhost: bound to another address
/// than a loopback one, only by the socket.
ClientAddress client_address(const Options& options, std::uint16_t port) {
  const std::string& bound = options.bind_address;
  const bool everywhere = bound == "0.0.0.0" || bound == "::" || bound == "*";
  const bool loopback = everywhere || bound == "localhost" || bound == "::1" || bound.starts_with("127.");
  const bool by_socket = !loopback && !options.socket.empty();
  return {by_socket ? "localhost" : everywhere ? "127.0.0.1" : bound, port, options.socket};
}

}  // namespace

struct Daemon::Implementation {
  explicit Implementation(const Options& chosen)
      : options(chosen),
        directory(options.datadir),
        store(directory.store_path()),
        channels(make_defaults(options, store, [this] { return server.port(); }), store),
        accounts(store),
        executor(channels, sessions,
                 make_context(options, make_server_options(options), store, [this] { return server.port(); })),
        server(make_server_options(options), executor, accounts, sessions) {}

  // Made in this order and ended in its reverse: each borrows from those before it.
  const Options options;
  DataDirectory directory;
  state::Store store;
  channel::ChannelSet channels;
  admin::StoreAccounts accounts;
  admin::SessionRegistry sessions;
  admin::Executor executor;
  admin::AdminServer server;
};

Daemon::Daemon(const Options& options) : implementation_(std::make_unique<Implementation>(options)) {}
Daemon::~Daemon() = default;

void Daemon::start() {
  auto& self = *implementation_;
  log(LogLevel::info, "tributaryd {}: data directory {}, server id {}", k_version, self.directory.path().string(),
      self.channels.defaults().server_id);
  if (const auto& target = self.options.target) {
    log(LogLevel::info, "target: {}@{}", target->user, target->address());
  } else {
    log(LogLevel::info, "no --target: this daemon receives only");
  }
  self.server.listen();
  ensure_administrator(self.store, self.directory, client_address(self.options, self.server.port()));
  if (!self.options.skip_slave_start) self.channels.start_wanted();
  // No statement finds a channel stopped that is to run.
  self.server.start();
  log(LogLevel::info, "ready on {}:{}; connect with: mariadb --defaults-file={}", self.options.bind_address,
      self.server.port(), self.directory.client_file_path().string());
}

void Daemon::stop() {
  auto& self = *implementation_;
  // The port first: no statement may start a channel again.
  self.server.stop();
  self.channels.shutdown();
}

}  // namespace tributary::daemon
