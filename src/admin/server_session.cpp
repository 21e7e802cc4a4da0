#include "server_session.hpp"

#include <system_error>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <fmt/core.h>

#include "tributary/util/log.hpp"
#include "tributary/util/random.hpp"
#include "tributary/wire/handshake.hpp"
#include "tributary/wire/native_password.hpp"
#include "tributary/wire/reply.hpp"

namespace tributary::admin {
namespace {

constexpr std::size_t k_max_payload_before_login = 64 << 10;

}  // namespace

ServerContext::ServerContext(AdminServerOptions server_options, wire::StatementHandler& statement_handler,
                             AccountDirectory& account_directory, SessionRegistry& session_registry)
    : options(std::move(server_options)),
      handler(statement_handler),
      accounts(account_directory),
      registry(session_registry),
      decoy_hash(wire::native_password_hash(random_password(32))) {}

ServerSession::ServerSession(ServerContext& context, ServerConnection::Socket socket, Transport transport,
                             std::string host, std::string process_host)
    : context_(context),
      transport_(transport),
      process_host_(std::move(process_host)),
      connection_(std::move(socket), context.scratch, k_max_payload_before_login) {
  state_.client_host = std::move(host);
}

void ServerSession::start() {
  const std::weak_ptr<ServerSession> weak = weak_from_this();
  asio::io_context& io = context_.io;
  registered_.emplace(context_.registry, process_host_, [weak, &io](KillKind kind) {
    asio::post(io, [weak, kind] {
      if (const std::shared_ptr<ServerSession> session = weak.lock()) session->kill(kind);
    });
  });
  state_.connection_id = id();
  context_.sessions.emplace(id(), shared_from_this());
  connection_.on_client_gone([this] { interrupt(Interruption::client_gone); });
  asio::co_spawn(io, run(shared_from_this()), asio::detached);
}

asio::awaitable<void> ServerSession::run(std::shared_ptr<ServerSession> self) {
  asio::co_spawn(self->context_.io, read_ahead(self), asio::detached);
  std::optional<Error> failure;
  try {
    co_await self->converse();
  } catch (const Error& error) {
    failure = error;
  } catch (const std::system_error&) {
    // The client has gone, or was too slow: there is nobody to tell.
  } catch (const std::exception& error) {
    failure = Error(error_code::k_unknown_error, error.what());
  }
  try {
    if (failure) {
      co_await self->send_error(*failure);
      co_await self->connection_.linger(k_linger);
    }
  } catch (const std::system_error&) {
    log(LogLevel::debug, "session {} ({}) ended before it was told why", self->id(), self->process_host_);
  }
  self->end();
}

asio::awaitable<void> ServerSession::read_ahead(std::shared_ptr<ServerSession> self) {
  co_await self->connection_.read_ahead();
}

asio::awaitable<void> ServerSession::converse() {
  check_connection_limit();
  co_await log_in();
  bool more = true;
  while (more && !context_.closing) more = co_await serve_command();
}

void ServerSession::end() {
  connection_.close();
  if (logged_in_) --context_.logged_in;
  context_.sessions.erase(id());
  registered_.reset();
  if (context_.on_session_end) context_.on_session_end();
}

void ServerSession::kill(KillKind kind) {
  if (running_) {
    interrupt(kind == KillKind::query ? Interruption::query_killed : Interruption::connection_killed);
  } else if (kind == KillKind::connection) {
    drop();
  }
}

void ServerSession::shut_down() {
  if (running_ || replying_) {
    interrupt(Interruption::shutdown);
  } else {
    drop();
  }
}

void ServerSession::drop() {
  dropped_ = true;
  connection_.close();
}

void ServerSession::interrupt(Interruption reason) {
  // A connection that is to end cannot come back to life by a later KILL QUERY.
  if (interruption_ == Interruption::none || interruption_ == Interruption::query_killed) interruption_ = reason;
  stop_.request_stop();
}

asio::awaitable<void> ServerSession::send(Bytes payload) {
  wire::PacketWriter writer(connection_.packets().expected_sequence());
  writer.add(payload);
  connection_.packets().expect_sequence(writer.sequence());
  co_await connection_.write(writer.take(), context_.options.net_write_timeout);
}

asio::awaitable<void> ServerSession::send_ok() {
  Bytes payload = wire::encode_ok({}, {capabilities_, k_status, 0});
  co_await send(std::move(payload));
}

asio::awaitable<void> ServerSession::send_end_of_rows() {
  Bytes payload = wire::encode_end_of_rows({capabilities_, k_status, 0});
  co_await send(std::move(payload));
}

asio::awaitable<void> ServerSession::send_error(Error error) {
  Bytes payload = wire::encode_error(error, capabilities_);
  co_await send(std::move(payload));
}

asio::awaitable<void> ServerSession::run_blocking(BlockingThreads& threads, std::function<void()> work) {
  bool done = false;
  // The last reference to the session is given up on the event loop's thread, which the work keeps alive.
  threads.run(
      [self = shared_from_this(), guard = asio::make_work_guard(context_.io), work = std::move(work), &done]() mutable {
        work();
        asio::io_context& io = self->context_.io;
        asio::post(io, [self = std::move(self), guard = std::move(guard), &done] {
          done = true;
          self->connection_.wake();
        });
      });
  while (!done) co_await connection_.wait();
}

/// Forgets all but who the client is.
void ServerSession::reset_state() {
  wire::SessionState fresh;
  fresh.connection_id = state_.connection_id;
  fresh.user = state_.user;
  fresh.client_host = state_.client_host;
  fresh.account_host = state_.account_host;
  state_ = std::move(fresh);
  multi_statements_ = (capabilities_ & wire::capability::k_multi_statements) != 0;
}

}  // namespace tributary::admin
