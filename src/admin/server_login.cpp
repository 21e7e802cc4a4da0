#include <utility>

#include <asio/awaitable.hpp>
#include <fmt/core.h>

#include "tributary/admin/databases.hpp"
#include "tributary/util/log.hpp"
#include "tributary/wire/handshake.hpp"
#include "tributary/wire/native_password.hpp"

#include "server_session.hpp"

namespace tributary::admin {
namespace {

using namespace wire::capability;

/// Only what is honoured.
constexpr std::uint32_t k_offered = k_long_password | k_long_flag | k_connect_with_db | k_protocol_41 | k_interactive |
                                    k_transactions | k_secure_connection | k_multi_statements | k_multi_results |
                                    k_plugin_auth | k_connect_attributes | k_plugin_auth_lenenc | k_deprecate_eof;

}  // namespace

asio::awaitable<void> ServerSession::log_in() {
  connection_.set_login_deadline(ServerConnection::Clock::now() + context_.options.connect_timeout);
  salt_ = wire::make_salt();
  wire::Greeting greeting;
  greeting.server_version = context_.options.server_version;
  greeting.connection_id = id();
  greeting.salt = salt_;
  greeting.capabilities = k_offered;
  greeting.status = k_status;
  greeting.auth_plugin = wire::k_native_password_plugin;
  co_await send(wire::encode_greeting(greeting));

  const Bytes payload = co_await connection_.read_payload(context_.options.connect_timeout);
  // From here on the client understands errors with SQLSTATE, and it takes part in choosing the rest.
  capabilities_ = k_protocol_41;
  wire::HandshakeResponse response = wire::parse_handshake_response(payload);
  capabilities_ = response.capabilities & k_offered;
  multi_statements_ = (capabilities_ & k_multi_statements) != 0;
  Credentials credentials{std::move(response.user), std::move(response.auth_response), std::move(response.database),
                          std::move(response.auth_plugin)};
  co_await authenticate(std::move(credentials));

  connection_.set_login_deadline(ServerConnection::Clock::time_point::max());
  connection_.packets().set_max_payload(context_.options.max_allowed_packet);
}

asio::awaitable<void> ServerSession::authenticate(Credentials credentials) {
  const bool names_plugin = (capabilities_ & k_plugin_auth) != 0;
  if (!names_plugin && (capabilities_ & k_secure_connection) == 0) {
    throw Error(wire::error_code::k_unsupported_auth_mode, "08004",
                "Client does not support authentication protocol requested by server; consider upgrading MySQL client");
  }
  if (names_plugin && credentials.plugin != wire::k_native_password_plugin) {
    salt_ = wire::make_salt();
    co_await send(wire::encode_auth_switch(wire::k_native_password_plugin, salt_));
    credentials.answer = co_await connection_.read_payload(context_.options.connect_timeout);
  }

  const std::optional<state::AccountRecord> account = co_await check_password(credentials);
  if (!account) co_await deny(credentials);
  if (!logged_in_) check_connection_limit();
  const std::string database = credentials.database.empty() ? "" : database_named(credentials.database);

  if (!logged_in_) ++context_.logged_in;
  logged_in_ = true;
  reset_state();
  state_.user = credentials.user;
  state_.account_host = account->host;
  state_.database = database;
  registered_->logged_in(state_.user, state_.database);
  co_await send_ok();
}

/// The account when it exists and the answer is right. Unknown users take the same road as known ones, so that neither
/// packets nor time tell them apart.
asio::awaitable<std::optional<state::AccountRecord>> ServerSession::check_password(const Credentials& credentials) {
  std::optional<state::AccountRecord> account;
  std::optional<Error> failure;
  std::function<void()> work = [this, &credentials, &account, &failure] {
    try {
      account = context_.accounts.find(credentials.user, state_.client_host);
    } catch (const std::exception& error) {
      failure = Error(error_code::k_unknown_error, fmt::format("the accounts cannot be read: {}", error.what()));
    }
  };
  co_await run_blocking(context_.login_threads, std::move(work));
  if (failure) throw Error(*failure);
  const std::string& hash = account ? account->native_hash : context_.decoy_hash;
  if (!wire::native_password_matches(credentials.answer, salt_, hash)) account.reset();
  co_return account;
}

/// Denies access, but not at once: guessing is to take long.
asio::awaitable<void> ServerSession::deny(const Credentials& credentials) {
  const std::string_view using_password = credentials.answer.empty() ? "NO" : "YES";
  log(LogLevel::warning, "login refused: user '{}' from {} (using password: {})", printable(credentials.user),
      process_host_, using_password);
  const auto until = ServerConnection::Clock::now() + context_.options.failed_login_delay;
  while (ServerConnection::Clock::now() < until && !connection_.client_gone()) co_await connection_.wait(until);
  throw Error(wire::error_code::k_access_denied, "28000",
              fmt::format("Access denied for user '{}'@'{}' (using password: {})", credentials.user, state_.client_host,
                          using_password));
}

asio::awaitable<bool> ServerSession::change_user(std::string_view arguments) {
  wire::ChangeUserRequest request = wire::parse_change_user(as_bytes(arguments), capabilities_);
  std::optional<Error> failure;
  try {
    Credentials credentials{std::move(request.user), std::move(request.auth_response), std::move(request.database),
                            std::move(request.auth_plugin)};
    co_await authenticate(std::move(credentials));
  } catch (const Error& error) {
    failure = error;
  }
  if (!failure) co_return true;
  // As with every server, whoever is not let in is not who they were before either.
  co_await send_error(*failure);
  co_await connection_.linger(k_linger);
  co_return false;
}

void ServerSession::check_connection_limit() const {
  const std::size_t limit = context_.options.max_connections + (transport_ == Transport::unix_socket ? 1 : 0);
  if (context_.logged_in < limit) return;
  throw Error(wire::error_code::k_too_many_connections, "08004", "Too many connections");
}

std::string printable(std::string_view text) {
  constexpr std::size_t k_longest = 64;
  std::string result(text.substr(0, k_longest));
  for (char& character : result) {
    if (character < ' ' || character > '~' || character == '\'') character = '?';
  }
  return result;
}

}  // namespace tributary::admin
