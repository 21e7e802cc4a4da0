#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <asio/awaitable.hpp>
#include <fmt/core.h>

#include "tributary/admin/databases.hpp"
#include "tributary/admin/redact.hpp"
#include "tributary/wire/reply.hpp"

#include "server_session.hpp"
#include "statement_splitter.hpp"

namespace tributary::admin {
namespace {

using wire::Command;

/// Bytes of a statement that process lists show.
constexpr std::size_t k_shown_statement = 8 << 10;

/// COM_SET_OPTION's values (enum_mysql_set_option).
constexpr std::uint16_t k_multi_statements_on = 0;
constexpr std::uint16_t k_multi_statements_off = 1;

Error unknown_command() {
  return {wire::error_code::k_unknown_command, "08S01", "Unknown command"};
}

/// The beginning of @p text, not cut within a character of UTF-8.
std::string_view shown_part(std::string_view text) {
  if (text.size() <= k_shown_statement) return text;
  std::size_t end = k_shown_statement;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

/// True in a flag for as long as it lives.
class Raised {
 public:
  explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
  ~Raised() { flag_ = false; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;

 private:
  bool& flag_;
};

}  // namespace

struct ServerSession::Query {
  std::string text;
  std::vector<std::string_view> statements;  ///< views into text; emptied by an error, which ends the query
  std::size_t done = 0;                      ///< statements that have run
  wire::PacketWriter reply;                  ///< to the one that ran last

  [[nodiscard]] bool has_more() const { return done < statements.size(); }
  /// Without @p multiple the text goes to the handler whole, which knows where its syntax error is.
  void split(bool multiple) {
    statements = split_statements(text);
    if (statements.empty()) throw Error(wire::error_code::k_empty_query, "42000", "Query was empty");
    if (!multiple && statements.size() > 1) statements = {text};
  }
};

asio::awaitable<bool> ServerSession::serve_command() {
  connection_.packets().expect_sequence(0);
  registered_->end();
  const Bytes payload = co_await connection_.read_payload(context_.options.wait_timeout);
  ++context_.questions;
  const std::string_view text = as_text(payload);
  std::optional<Error> failure;
  bool more = true;
  try {
    if (text.empty()) throw unknown_command();
    more = co_await serve(static_cast<Command>(payload.front()), text.substr(1));
  } catch (const Error& error) {
    failure = error;
  }
  if (failure) co_await send_error(*failure);
  co_return more;
}

asio::awaitable<bool> ServerSession::serve(Command command, std::string_view arguments) {
  ByteReader reader(as_bytes(arguments));
  const auto require = [&reader](std::size_t size) {
    if (reader.remaining() >= size) return;
    throw Error(wire::error_code::k_malformed_packet, "Malformed communication packet.");
  };
  switch (command) {
    case Command::quit:
      co_return false;
    case Command::ping:
      co_await send_ok();
      break;
    case Command::query:
      co_return co_await run_query(command, std::string(arguments));
    case Command::process_info:
      co_return co_await run_query(command, "SHOW PROCESSLIST");
    case Command::init_db:
      state_.database = database_named(arguments);
      registered_->use_database(state_.database);
      co_await send_ok();
      break;
    case Command::field_list:
      // The fields of tables are not told; an empty list keeps a client's name completion quiet.
      co_await send_end_of_rows();
      break;
    case Command::statistics: {
      const std::string line = statistics();
      const ByteView bytes = as_bytes(line);
      co_await send(Bytes(bytes.begin(), bytes.end()));
      break;
    }
    case Command::process_kill: {
      require(4);
      const std::uint32_t id_to_kill = reader.u32();
      if (!context_.registry.kill(id_to_kill, KillKind::connection)) {
        throw Error(wire::error_code::k_unknown_thread, fmt::format("Unknown thread id: {}", id_to_kill));
      }
      co_await send_ok();
      break;
    }
    case Command::set_option: {
      require(2);
      const std::uint16_t option = reader.u16();
      if (option != k_multi_statements_on && option != k_multi_statements_off) throw unknown_command();
      multi_statements_ = option == k_multi_statements_on;
      co_await send_end_of_rows();
      break;
    }
    case Command::reset_connection:
      reset_state();
      co_await send_ok();
      break;
    case Command::change_user:
      co_return co_await change_user(arguments);
    case Command::stmt_prepare:
      throw Error(wire::error_code::k_unsupported_prepare,
                  "This command is not supported in the prepared statement protocol yet");
    case Command::stmt_close:
    case Command::stmt_send_long_data:
      break;  // these have no reply
    case Command::stmt_execute:
    case Command::stmt_reset:
    case Command::stmt_fetch: {
      require(4);
      throw Error(wire::error_code::k_unknown_statement,
                  fmt::format("Unknown prepared statement handler ({}) given to {}", reader.u32(),
                              wire::command_name(command)));
    }
    default:
      throw unknown_command();
  }
  co_return true;
}

asio::awaitable<bool> ServerSession::run_query(Command command, std::string text) {
  registered_->begin(wire::command_name(command), redact_statement(shown_part(text)));
  Query query;
  query.text = std::move(text);
  bool go_on = true;
  do {
    go_on = co_await run_next(query);
  } while (go_on && query.has_more());
  co_return go_on;
}

/// Runs the next statement and sends its reply.
asio::awaitable<bool> ServerSession::run_next(Query& query) {
  if (connection_.client_gone() || context_.closing) co_return false;
  interruption_ = Interruption::none;
  stop_ = {};
  query.reply = wire::PacketWriter(connection_.packets().expected_sequence());
  {
    const Raised running(running_);
    std::function<void()> work = [this, &query, stop = stop_.get_token()] { run_statement(query, stop); };
    co_await run_blocking(context_.statement_threads, std::move(work));
  }
  if (connection_.client_gone()) co_return false;
  registered_->use_database(state_.database);
  connection_.packets().expect_sequence(query.reply.sequence());
  {
    const Raised replying(replying_);
    co_await connection_.write(query.reply.take(), context_.options.net_write_timeout);
  }
  if (interruption_ == Interruption::connection_killed || interruption_ == Interruption::shutdown) {
    co_await connection_.linger(k_linger);
    co_return false;
  }
  co_return true;
}

/// On a thread of its own. Leaves the framed reply in @p query, errors included.
void ServerSession::run_statement(Query& query, const std::stop_token& stop) {
  const std::uint8_t sequence = query.reply.sequence();
  const auto fail = [&](const Error& error) {
    query.statements.clear();
    query.reply = wire::PacketWriter(sequence);
    query.reply.add(wire::encode_error(error, capabilities_));
  };
  try {
    if (query.done == 0) query.split(multi_statements_);
    const std::string_view statement = query.statements[query.done++];
    const wire::StatementResult result = context_.handler.execute(statement, state_, stop);
    // What changed something has done so. An answer that was cut short could be taken for a true one.
    if (stop.stop_requested() && std::holds_alternative<wire::ResultSet>(result)) throw interrupted();
    const std::size_t warnings = std::min<std::size_t>(state_.warnings.size(), UINT16_MAX);
    wire::ReplyContext context{capabilities_, k_status, static_cast<std::uint16_t>(warnings)};
    if (query.has_more()) context.status |= wire::server_status::k_more_results;
    wire::write_result(query.reply, result, context);
  } catch (const Error& error) {
    fail(error);
  } catch (const std::exception& error) {
    fail(Error(error_code::k_unknown_error, error.what()));
  } catch (...) {
    fail(Error(error_code::k_unknown_error, "the statement failed without a reason"));
  }
}

Error ServerSession::interrupted() const {
  if (interruption_ == Interruption::shutdown) {
    return {wire::error_code::k_shutdown, "08S01", "Server shutdown in progress"};
  }
  return {error_code::k_query_interrupted, "70100", "Query execution was interrupted"};
}

std::string ServerSession::statistics() const {
  const auto uptime = std::chrono::steady_clock::now() - context_.started;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(uptime).count();
  const double rate = static_cast<double>(context_.questions) / static_cast<double>(std::max<std::int64_t>(seconds, 1));
  return fmt::format("Uptime: {}  Threads: {}  Questions: {}  Queries per second avg: {:.3f}", seconds,
                     context_.logged_in, context_.questions, rate);
}

}  // namespace tributary::admin
