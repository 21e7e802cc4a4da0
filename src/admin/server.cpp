#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <fmt/core.h>

#include "tributary/admin/admin_server.hpp"
#include "tributary/util/log.hpp"

#include "server_listener.hpp"
#include "server_session.hpp"

namespace tributary::admin {
namespace {

using Clock = std::chrono::steady_clock;
using asio::ip::tcp;

/// After a stop, how long replies may take to leave.
constexpr std::chrono::seconds k_stop_grace{1};
/// Between attempts to accept while the system has no descriptor or memory for another connection.
constexpr std::chrono::milliseconds k_accept_pause{100};
constexpr std::chrono::seconds k_accept_complaint_interval{10};

std::string address_text(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace

struct AdminServer::Implementation {
  Implementation(AdminServerOptions options, wire::StatementHandler& handler, AccountDirectory& accounts,
                 SessionRegistry& registry)
      : context(std::move(options), handler, accounts, registry) {}

  void listen();
  void start();
  void stop();

  // On the event loop's thread.
  void begin_stop();
  asio::awaitable<void> accept_tcp();
  asio::awaitable<void> accept_unix();
  /// True: accept again. False: the acceptor is closed.
  asio::awaitable<bool> recover_from(std::error_code error);
  void welcome(ServerConnection::Socket socket, ServerSession::Transport transport, std::string host,
               std::string process_host);
  void make_room_for_login();
  asio::awaitable<void> watch_timeouts();
  asio::awaitable<void> end_grace();
  void drop_all();

  std::mutex life;  ///< guards what follows, held for all of listen(), start() and stop()
  bool listening = false;
  bool started = false;
  bool stopped = false;
  std::atomic<std::uint16_t> port = 0;

  ServerContext context;
  // Used by the event loop's thread once that runs.
  std::optional<tcp::acceptor> tcp_acceptor;
  std::optional<UnixListener> unix_listener;
  asio::steady_timer watch{context.io};
  asio::steady_timer grace{context.io};
  Clock::time_point next_accept_complaint;

  std::jthread loop;
};

void AdminServer::Implementation::listen() {
  if (listening) return;
  const AdminServerOptions& options = context.options;
  tcp_acceptor.emplace(listen_on_tcp(context.io, options.bind_address, options.port));
  if (!options.socket.empty()) unix_listener.emplace(context.io, options.socket, options.socket_mode);
  port = tcp_acceptor->local_endpoint().port();
  listening = true;
  log(LogLevel::info, "listening on {} port {}{}", options.bind_address, port.load(),
      unix_listener ? fmt::format(" and socket {}", options.socket.string()) : "");
}

void AdminServer::Implementation::start() {
  const std::lock_guard lock(life);
  if (started) throw std::logic_error("the server was started before");
  listen();
  context.on_session_end = [this] {
    if (!context.closing || !context.sessions.empty()) return;
    watch.cancel();
    grace.cancel();
  };
  asio::co_spawn(context.io, accept_tcp(), asio::detached);
  if (unix_listener) asio::co_spawn(context.io, accept_unix(), asio::detached);
  asio::co_spawn(context.io, watch_timeouts(), asio::detached);
  loop = std::jthread([this] { context.io.run(); });
  started = true;
}

void AdminServer::Implementation::stop() {
  const std::lock_guard lock(life);
  if (!started || stopped) return;
  stopped = true;
  asio::post(context.io, [this] { begin_stop(); });
  loop.join();
  unix_listener.reset();
}

void AdminServer::Implementation::begin_stop() {
  context.closing = true;
  std::error_code ignored;
  tcp_acceptor->close(ignored);
  if (unix_listener) unix_listener->acceptor().close(ignored);
  const auto sessions = context.sessions;
  for (const auto& [id, session] : sessions) session->shut_down();
  if (context.sessions.empty()) {
    watch.cancel();
  } else {
    asio::co_spawn(context.io, end_grace(), asio::detached);
  }
}

asio::awaitable<void> AdminServer::Implementation::end_grace() {
  std::error_code cancelled;
  if (context.sessions.empty()) co_return;
  grace.expires_after(k_stop_grace);
  co_await grace.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  if (!cancelled) drop_all();
}

void AdminServer::Implementation::drop_all() {
  const auto sessions = context.sessions;
  for (const auto& [id, session] : sessions) {
    if (session->is_running_statement()) log(LogLevel::warning, "waiting for the statement of session {} to stop", id);
    session->drop();
  }
}

asio::awaitable<void> AdminServer::Implementation::accept_tcp() {
  while (true) {
    std::error_code error;
    tcp::socket socket = co_await tcp_acceptor->async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      if (!co_await recover_from(error)) co_return;
      continue;
    }
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) continue;  // gone already
    socket.set_option(tcp::no_delay(true), error);
    socket.set_option(asio::socket_base::keep_alive(true), error);
    const std::string host = address_text(peer.address());
    welcome(std::move(socket), ServerSession::Transport::tcp, host, fmt::format("{}:{}", host, peer.port()));
  }
}

asio::awaitable<void> AdminServer::Implementation::accept_unix() {
  while (true) {
    std::error_code error;
    asio::local::stream_protocol::socket socket =
        co_await unix_listener->acceptor().async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      if (!co_await recover_from(error)) co_return;
      continue;
    }
    welcome(std::move(socket), ServerSession::Transport::unix_socket, "localhost", "localhost");
  }
}

asio::awaitable<bool> AdminServer::Implementation::recover_from(std::error_code error) {
  if (context.closing || error == asio::error::operation_aborted) co_return false;
  if (error == asio::error::connection_aborted || error == asio::error::interrupted) co_return true;
  if (Clock::now() >= next_accept_complaint) {
    log(LogLevel::error, "connections cannot be accepted: {}", error.message());
    next_accept_complaint = Clock::now() + k_accept_complaint_interval;
  }
  asio::steady_timer pause(context.io, k_accept_pause);
  co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  co_return !context.closing;
}

void AdminServer::Implementation::welcome(ServerConnection::Socket socket, ServerSession::Transport transport,
                                          std::string host, std::string process_host) {
  if (context.closing) return;
  make_room_for_login();
  try {
    const auto session = std::make_shared<ServerSession>(context, std::move(socket), transport, std::move(host),
                                                         std::move(process_host));
    session->start();
  } catch (const std::exception& error) {
    // Out of memory: this client is lost, the next one need not be.
    log(LogLevel::error, "a session cannot begin: {}", error.what());
  }
}

/// Connections that do not log in must not keep out those that would: the oldest of them makes room.
void AdminServer::Implementation::make_room_for_login() {
  if (context.sessions.size() - context.logged_in < context.options.max_half_open) return;
  const auto oldest = std::find_if(context.sessions.begin(), context.sessions.end(), [](const auto& entry) {
    return !entry.second->is_logged_in() && !entry.second->is_dropped();
  });
  if (oldest == context.sessions.end()) return;
  log(LogLevel::debug, "session {} is dropped: too many connections have not logged in", oldest->first);
  oldest->second->drop();
}

asio::awaitable<void> AdminServer::Implementation::watch_timeouts() {
  const AdminServerOptions& options = context.options;
  const auto shortest = std::min({options.connect_timeout, options.wait_timeout, options.net_write_timeout});
  const auto interval = std::clamp<std::chrono::milliseconds>(shortest / 4, std::chrono::milliseconds(10),
                                                              std::chrono::milliseconds(1000));
  while (!context.closing || !context.sessions.empty()) {
    std::error_code cancelled;
    watch.expires_after(interval);
    co_await watch.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    const Clock::time_point now = Clock::now();
    const auto sessions = context.sessions;
    for (const auto& [id, session] : sessions) {
      if (session->overdue(now)) session->drop();
    }
  }
}

AdminServer::AdminServer(AdminServerOptions options, wire::StatementHandler& handler, AccountDirectory& accounts,
                         SessionRegistry& registry)
    : implementation_(std::make_unique<Implementation>(std::move(options), handler, accounts, registry)) {}

AdminServer::~AdminServer() {
  implementation_->stop();
}

void AdminServer::listen() {
  const std::lock_guard lock(implementation_->life);
  implementation_->listen();
}

void AdminServer::start() {
  implementation_->start();
}

void AdminServer::stop() {
  implementation_->stop();
}

std::uint16_t AdminServer::port() const {
  return implementation_->port;
}

std::vector<SessionInfo> AdminServer::sessions() const {
  return implementation_->context.registry.sessions();
}

bool AdminServer::kill(std::uint32_t id) {
  return implementation_->context.registry.kill(id, KillKind::connection);
}

}  // namespace tributary::admin
