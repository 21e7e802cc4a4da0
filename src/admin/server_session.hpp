#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include "tributary/admin/admin_server.hpp"
#include "tributary/util/error.hpp"
#include "tributary/wire/protocol.hpp"

#include "server_connection.hpp"
#include "server_threads.hpp"

namespace tributary::admin {

class ServerSession;

/// Status bits of every reply: each statement here is done when its reply says so.
inline constexpr std::uint16_t k_status = wire::server_status::k_autocommit;
/// How long a client may take to close its side after the last packet.
inline constexpr std::chrono::seconds k_linger{2};

/// What the sessions of one server share.
struct ServerContext {
  ServerContext(AdminServerOptions server_options, wire::StatementHandler& statement_handler,
                AccountDirectory& account_directory, SessionRegistry& session_registry);

  // Constant after construction.
  const AdminServerOptions options;
  wire::StatementHandler& handler;
  AccountDirectory& accounts;
  SessionRegistry& registry;
  const std::string decoy_hash;  ///< what the answers of unknown users are checked against
  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

  asio::io_context io{1};

  // Used by the event loop's thread only.
  std::map<std::uint32_t, std::shared_ptr<ServerSession>> sessions;  ///< by id, which ascends with age
  std::size_t logged_in = 0;
  std::uint64_t questions = 0;
  bool closing = false;
  std::array<std::uint8_t, 64 << 10> scratch;
  std::function<void()> on_session_end;  ///< after the session has left `sessions`

  // Each session runs at most one statement, so sessions bound the threads. Joined before anything above goes.
  BlockingThreads statement_threads{SIZE_MAX};
  BlockingThreads login_threads{1};
};

/// One client from greeting to goodbye. All functions run on the event loop's thread.
class ServerSession : public std::enable_shared_from_this<ServerSession> {
 public:
  enum class Transport { tcp, unix_socket };

  /// @param host the client's address, or "localhost"; @param process_host the same with the port, for process lists.
  ServerSession(ServerContext& context, ServerConnection::Socket socket, Transport transport, std::string host,
                std::string process_host);

  /// Begins the conversation, which is no more than error 1040 when too many are logged in.
  void start();

  [[nodiscard]] std::uint32_t id() const { return registered_->id(); }
  [[nodiscard]] bool is_logged_in() const { return logged_in_; }
  [[nodiscard]] bool is_dropped() const { return dropped_; }
  [[nodiscard]] bool is_running_statement() const { return running_; }
  [[nodiscard]] bool overdue(ServerConnection::Clock::time_point now) const { return connection_.overdue(now); }

  void kill(KillKind kind);
  /// The server ends: what runs is asked to stop and its reply may leave, else the session closes at once.
  void shut_down();
  /// Closes without another word.
  void drop();

 private:
  enum class Interruption : std::uint8_t { none, client_gone, query_killed, connection_killed, shutdown };

  /// What a client says of itself, at login and with COM_CHANGE_USER.
  struct Credentials {
    std::string user;
    Bytes answer;
    std::string database;
    std::string plugin;
  };
  /// Statements of one COM_QUERY, and the reply to the one that ran last.
  struct Query;

  static asio::awaitable<void> run(std::shared_ptr<ServerSession> self);
  static asio::awaitable<void> read_ahead(std::shared_ptr<ServerSession> self);
  asio::awaitable<void> converse();
  void end();

  // Login: server_login.cpp. Errors that these throw end the session.
  asio::awaitable<void> log_in();
  asio::awaitable<void> authenticate(Credentials credentials);
  asio::awaitable<std::optional<state::AccountRecord>> check_password(const Credentials& credentials);
  asio::awaitable<void> deny(const Credentials& credentials);
  void check_connection_limit() const;

  // Commands: server_command.cpp. They reply, or throw what the reply is to say; false: the session ends.
  asio::awaitable<bool> serve_command();
  asio::awaitable<bool> serve(wire::Command command, std::string_view arguments);
  asio::awaitable<bool> change_user(std::string_view arguments);
  asio::awaitable<bool> run_query(wire::Command command, std::string text);
  asio::awaitable<bool> run_next(Query& query);
  void run_statement(Query& query, const std::stop_token& stop);
  [[nodiscard]] Error interrupted() const;
  [[nodiscard]] std::string statistics() const;

  asio::awaitable<void> run_blocking(BlockingThreads& threads, std::function<void()> work);
  void interrupt(Interruption reason);
  void reset_state();

  asio::awaitable<void> send(Bytes payload);
  asio::awaitable<void> send_ok();
  asio::awaitable<void> send_end_of_rows();
  asio::awaitable<void> send_error(Error error);

  ServerContext& context_;
  const Transport transport_;
  const std::string process_host_;
  ServerConnection connection_;
  std::optional<RegisteredSession> registered_;
  Bytes salt_;
  std::uint32_t capabilities_ = 0;  ///< agreed; 0 before the client has answered the greeting
  bool logged_in_ = false;
  bool dropped_ = false;
  bool multi_statements_ = false;
  wire::SessionState state_;  ///< while running_ it belongs to the statement's thread

  bool running_ = false;   ///< a statement is on a thread
  bool replying_ = false;  ///< a statement's reply is being sent
  std::stop_source stop_;  ///< of the statement that runs
  /// Why stop_ was requested. Written by the event loop, read by the statement's thread too.
  std::atomic<Interruption> interruption_{Interruption::none};
};

/// @p text with everything that could forge or disturb a line of the log replaced by '?', cut to 64 bytes.
std::string printable(std::string_view text);

}  // namespace tributary::admin
