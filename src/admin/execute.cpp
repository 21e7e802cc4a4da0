#include <algorithm>

#include <fmt/core.h>

#include "tributary/admin/databases.hpp"
#include "tributary/admin/parser.hpp"
#include "tributary/admin/redact.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"

#include "applier_variables.hpp"
#include "evaluate.hpp"
#include "execution.hpp"

namespace tributary::admin {
namespace {

/// SHOW WARNINGS and SELECT @@warning_count look at what the statement before left.
bool is_diagnostic(const Statement& statement) {
  if (std::holds_alternative<ShowWarnings>(statement)) return true;
  const auto* select = std::get_if<Select>(&statement);
  return select != nullptr && std::any_of(select->items.begin(), select->items.end(), [](const SelectItem& item) {
           const auto* variable = std::get_if<SystemVariable>(&item.expression.node);
           return variable != nullptr && (variable->name == "warning_count" || variable->name == "error_count");
         });
}

bool sets_applier_variable(const Statement& statement) {
  const auto* set = std::get_if<Set>(&statement);
  return set != nullptr && std::any_of(set->assignments.begin(), set->assignments.end(), [](const auto& assignment) {
           const auto* variable = std::get_if<SetVariable>(&assignment);
           const auto* system = variable == nullptr ? nullptr : std::get_if<SystemVariable>(&variable->variable);
           return system != nullptr && is_applier_variable(system->name);
         });
}

bool is_administrative(const Statement& statement) {
  if (sets_applier_variable(statement)) return true;
  return std::holds_alternative<ChangeSource>(statement) || std::holds_alternative<StartReplica>(statement) ||
         std::holds_alternative<StopReplica>(statement) || std::holds_alternative<ResetReplica>(statement) ||
         std::holds_alternative<Kill>(statement) || std::holds_alternative<Shutdown>(statement);
}

/// One line of the audit trail: who said what, without passwords, and what came of it.
void log_statement(std::string_view sql, const wire::SessionState& session, std::string_view outcome) {
  static constexpr std::size_t k_longest = 1000;
  std::string text = redact_statement(sql);
  if (text.size() > k_longest) text.resize(k_longest);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  log(LogLevel::info, "statement of '{}'@'{}': {}: {}", session.user, session.client_host, text, outcome);
}

}  // namespace

void Execution::note(std::uint16_t code, std::string message) const {
  session.warnings.push_back({"Note", code, std::move(message)});
}

void Execution::warn(std::uint16_t code, std::string message) const {
  session.warnings.push_back({"Warning", code, std::move(message)});
}

void Execution::add(const channel::Notes& notes) const {
  for (const channel::Note& note : notes) {
    session.warnings.push_back({note.warning ? "Warning" : "Note", note.code, note.message});
  }
}

void Execution::check_not_interrupted() const {
  if (stop.stop_requested()) throw Error(1317, "70100", "Query execution was interrupted");
}

struct Executor::Implementation {
  Implementation(channel::ChannelSet& channel_set, SessionRegistry& session_registry, AdminContext admin_context)
      : channels(channel_set),
        sessions(session_registry),
        context(std::move(admin_context)),
        variables(context, channels.defaults()) {}

  channel::ChannelSet& channels;
  SessionRegistry& sessions;
  const AdminContext context;
  const SystemVariables variables;
  std::mutex change_mutex;
  std::atomic<std::uint64_t> questions{0};

  wire::StatementResult execute(std::string_view sql, wire::SessionState& session, std::stop_token stop);
};

wire::StatementResult Executor::Implementation::execute(std::string_view sql, wire::SessionState& session,
                                                        std::stop_token stop) {
  ++questions;
  bool administrative = false;
  session.warnings.clear();
  try {
    try {
      const Statement statement = parse_statement(sql);
      administrative = is_administrative(statement);
      Execution execution{channels, sessions, context, variables, change_mutex, questions, session, std::move(stop)};
      auto result = std::visit([&](const auto& kind) { return run(kind, execution); }, statement);
      if (administrative) log_statement(sql, session, "OK");
      if (!is_diagnostic(statement)) session.diagnostics = session.warnings;
      return result;
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error(error_code::k_unknown_error, error.what());
    }
  } catch (const Error& error) {
    if (administrative) log_statement(sql, session, fmt::format("error {}: {}", error.code(), error.what()));
    // The statement's own notes are void; what befell other channels of a statement on several stays.
    std::erase_if(session.warnings, [](const wire::Warning& warning) { return warning.level != "Error"; });
    session.warnings.insert(session.warnings.begin(), {"Error", error.code(), error.what()});
    session.diagnostics = session.warnings;
    throw;
  }
}

Executor::Executor(channel::ChannelSet& channels, SessionRegistry& sessions, AdminContext context)
    : implementation_(std::make_unique<Implementation>(channels, sessions, std::move(context))) {}

Executor::~Executor() = default;

wire::StatementResult Executor::execute(std::string_view sql, wire::SessionState& session, std::stop_token stop) {
  return implementation_->execute(sql, session, std::move(stop));
}

wire::StatementResult run(const NoOperation& statement, Execution& execution) {
  const auto next = execution.session.variables.find("gtid_next");
  const bool has_next = next != execution.session.variables.end() && next->second.value;
  // MySQL's way to skip: an empty transaction with the GTID of the one that is not to be applied.
  if (statement.commits && has_next && next->second.value->find(':') != std::string::npos) {
    execution.channels.defaults().skipped_gtids->add(gtid::MysqlGtid::parse(*next->second.value));
  }
  return wire::OkResult{};
}

namespace {

/// The user variables of one session may take this many bytes, with their names.
constexpr std::size_t k_user_variables_limit = std::size_t{1} << 20;

void set_user_variable(const UserVariable& variable, const Value& value, wire::SessionState& session) {
  auto text = text_of(value);
  const std::string key = "@" + variable.name;
  std::size_t size = key.size() + (text ? text->size() : 0);
  for (const auto& [name, other] : session.variables) {
    if (name != key) size += name.size() + (other.value ? other.value->size() : 0) + sizeof(wire::SessionVariable);
  }
  if (size > k_user_variables_limit) {
    throw Error(1041,
                fmt::format("Out of memory: the variables of a session may take {} bytes", k_user_variables_limit));
  }
  session.variables.insert_or_assign(key, wire::SessionVariable{column_type_of(value), std::move(text)});
}

void assign(const SetVariable& assignment, ApplierAssignments& of_appliers, Execution& execution) {
  std::optional<Value> value;
  if (assignment.value) {
    // SET sql_mode = ANSI: a bare word is its own text.
    const auto* word = std::get_if<ColumnReference>(&assignment.value->node);
    value = word != nullptr ? Value{word->name} : evaluate(*assignment.value, execution);
  }
  if (const auto* variable = std::get_if<UserVariable>(&assignment.variable)) {
    set_user_variable(*variable, value.value_or(Value{}), execution.session);
  } else if (const auto& system = std::get<SystemVariable>(assignment.variable); is_applier_variable(system.name)) {
    of_appliers.take(system, value ? &*value : nullptr);
  } else {
    execution.variables.set(system, value ? &*value : nullptr, execution.session);
  }
}

}  // namespace

wire::StatementResult run(const Set& statement, Execution& execution) {
  // All or none, as in MySQL.
  const auto before = execution.session.variables;
  ApplierAssignments of_appliers(execution);
  try {
    for (const auto& assignment : statement.assignments) {
      if (const auto* variable = std::get_if<SetVariable>(&assignment)) {
        assign(*variable, of_appliers, execution);
      } else {
        execution.variables.set_character_set(std::get<SetCharacterSet>(assignment), execution.session);
      }
    }
    of_appliers.make();
  } catch (...) {
    execution.session.variables = before;
    throw;
  }
  return wire::OkResult{};
}

wire::StatementResult run(const Use& statement, Execution& execution) {
  execution.session.database = database_named(statement.database);
  return wire::OkResult{};
}

wire::StatementResult run(const Kill& statement, Execution& execution) {
  const bool found = statement.id <= UINT32_MAX &&
                     execution.sessions.kill(static_cast<std::uint32_t>(statement.id),
                                             statement.query_only ? KillKind::query : KillKind::connection);
  if (!found) throw Error(1094, fmt::format("Unknown thread id: {}", statement.id));
  return wire::OkResult{};
}

wire::StatementResult run(const Shutdown& /*statement*/, Execution& execution) {
  if (!execution.context.shutdown) throw_not_supported("SHUTDOWN");
  execution.context.shutdown();
  return wire::OkResult{};
}

wire::StatementResult run(const Do& statement, Execution& execution) {
  for (const SelectItem& item : statement.items) evaluate(item.expression, execution);
  return wire::OkResult{};
}

wire::StatementResult run(const UnsupportedStatement& statement, Execution& /*execution*/) {
  throw_not_supported(statement.name);
}

}  // namespace tributary::admin
