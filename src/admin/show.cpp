#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "tributary/admin/databases.hpp"
#include "tributary/status_tables/catalogue.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/time.hpp"

#include "applier_variables.hpp"
#include "channel_selection.hpp"
#include "evaluate.hpp"
#include "scanner.hpp"

namespace tributary::admin {
namespace {

using enum wire::ColumnType;

constexpr std::uint32_t k_name_length = 64;

wire::Column text_column(std::string name, std::uint32_t length = k_name_length) {
  return {std::move(name), var_string, length, false};
}

/// Does a row pass LIKE (on its first column) and WHERE?
bool passes(const ShowFilter& filter, const wire::ResultSet& table, const wire::ResultRow& row, Execution& execution) {
  if (filter.like && !matches_like(row.front().value_or(""), *filter.like)) return false;
  if (!filter.where) return true;
  Value value;
  const ColumnLookup column = [&](const std::string& name) -> const Value* {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(), [&](const wire::Column& candidate) {
      return equal_ignoring_case(candidate.name, name);
    });
    if (found == table.columns.end()) return nullptr;
    const auto& cell = row[static_cast<std::size_t>(found - table.columns.begin())];
    value = cell ? Value{*cell} : Value{};
    return &value;
  };
  return truth_of(evaluate(*filter.where, execution, column)).value_or(false);
}

void add_row(wire::ResultSet& table, wire::ResultRow row, const ShowFilter& filter, Execution& execution) {
  if (passes(filter, table, row, execution)) table.rows.push_back(std::move(row));
}

wire::ResultSet name_and_value(const std::map<std::string, std::string>& values, const ShowFilter& filter,
                               Execution& execution) {
  wire::ResultSet table;
  table.columns = {text_column("Variable_name"), text_column("Value", 1024)};
  for (const auto& [name, value] : values) add_row(table, {name, value}, filter, execution);
  return table;
}

}  // namespace

wire::StatementResult run(const ShowVariables& statement, Execution& execution) {
  std::map<std::string, std::string> values;
  for (auto& [name, value] : execution.variables.list(statement.scope, execution.session)) values.emplace(name, value);
  values.merge(list_applier_variables(execution));
  return name_and_value(values, statement.filter, execution);
}

wire::StatementResult run(const ShowStatus& statement, Execution& execution) {
  const auto sessions = execution.sessions.sessions();
  const auto busy = std::count_if(sessions.begin(), sessions.end(),
                                  [](const SessionInfo& session) { return session.command == "Query"; });
  std::size_t receivers = 0;
  std::size_t appliers = 0;
  std::uint64_t retries = 0;
  std::uint64_t passed_over = 0;
  const auto channels = configured_channels(execution);
  for (const ChannelPointer& channel : channels) {
    const auto status = channel->status();
    if (status.receiver.state == source::ReceiverState::running) ++receivers;
    if (status.applier.running) ++appliers;
    retries += status.applier.retries;
    passed_over += status.applier.passed_over;
  }
  const std::map<std::string, std::string> values{
      {"Questions", fmt::format("{}", execution.questions.load())},
      {"Slave_retried_transactions", fmt::format("{}", retries)},
      {"Slave_skipped_errors", fmt::format("{}", passed_over)},
      {"Slaves_running", fmt::format("{}", appliers)},
      {"Threads_connected", fmt::format("{}", sessions.size())},
      {"Threads_running", fmt::format("{}", busy)},
      {"Tributary_appliers_running", fmt::format("{}", appliers)},
      {"Tributary_channels", fmt::format("{}", channels.size())},
      {"Tributary_receivers_running", fmt::format("{}", receivers)},
      {"Uptime", fmt::format("{}", std::max<std::int64_t>(0, unix_seconds() - execution.context.started_at))},
  };
  return name_and_value(values, statement.filter, execution);
}

wire::StatementResult run(const ShowWarnings& statement, Execution& execution) {
  auto warnings = execution.session.diagnostics;
  if (statement.errors_only) {
    std::erase_if(warnings, [](const wire::Warning& warning) { return warning.level != "Error"; });
  }
  wire::ResultSet table;
  if (statement.count) {
    const char* name = statement.errors_only ? "@@session.error_count" : "@@session.warning_count";
    table.columns = {{name, longlong, 21, false}};
    table.rows.push_back({fmt::format("{}", warnings.size())});
    return table;
  }
  table.columns = {text_column("Level", 7), {"Code", long_int, 4, true}, text_column("Message", 512)};
  std::uint64_t index = 0;
  for (const wire::Warning& warning : warnings) {
    if (index++ < statement.limit.offset) continue;
    if (table.rows.size() >= statement.limit.count) break;
    table.rows.push_back({warning.level, fmt::format("{}", warning.code), warning.message});
  }
  return table;
}

wire::StatementResult run(const ShowDatabases& statement, Execution& execution) {
  wire::ResultSet table;
  const auto& like = statement.filter.like;
  table.columns = {text_column(like ? fmt::format("Database ({})", *like) : "Database")};
  for (const std::string_view name : databases()) add_row(table, {std::string(name)}, statement.filter, execution);
  return table;
}

wire::StatementResult run(const ShowTables& statement, Execution& execution) {
  const std::string& schema = statement.database.empty() ? execution.session.database : statement.database;
  if (schema.empty()) throw Error(1046, "3D000", "No database selected");
  const std::string database = database_named(schema);
  const auto& like = statement.filter.like;
  wire::ResultSet table;
  table.columns = {text_column(fmt::format("Tables_in_{}{}", database, like ? " (" + *like + ")" : ""))};
  if (statement.full) table.columns.push_back(text_column("Table_type"));
  for (const status_tables::Table& known : status_tables::tables()) {
    if (known.database != database) continue;
    wire::ResultRow row{std::string(known.name)};
    if (statement.full) row.emplace_back("BASE TABLE");
    add_row(table, std::move(row), statement.filter, execution);
  }
  return table;
}

wire::StatementResult run(const ShowProcesslist& statement, Execution& execution) {
  static constexpr std::size_t k_shortened = 100;  // characters of Info without FULL; PROCESS_LIST_WIDTH
  wire::ResultSet table;
  table.columns = {{"Id", longlong, 21, true}, text_column("User", 32),
                   text_column("Host"),        text_column("db"),
                   text_column("Command", 16), {"Time", long_int, 7, false},
                   text_column("State", 64),   text_column("Info", statement.full ? 65535 : k_shortened)};
  for (const SessionInfo& session : execution.sessions.sessions()) {
    wire::ResultRow row{
        fmt::format("{}", session.id),           session.user,  session.host, session.database, session.command,
        fmt::format("{}", session.time_seconds), session.state, session.info};
    if (session.database.empty()) row[3] = std::nullopt;
    if (session.info.empty()) {
      row[7] = std::nullopt;
    } else if (!statement.full) {
      row[7] = std::string(cut_text(session.info, k_shortened));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace tributary::admin
