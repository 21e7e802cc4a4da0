#include "print_statement.hpp"

#include <fmt/core.h>

namespace tributary::admin {
namespace {

struct Printer {
  std::string operator()(std::monostate) const { return "NULL"; }
  std::string operator()(const std::string& text) const { return "'" + text + "'"; }
  std::string operator()(const Decimal& decimal) const { return decimal.text; }
  template <typename Number>
  requires std::is_arithmetic_v<Number> std::string operator()(Number number) const {
    return fmt::format("{}", number);
  }

  std::string operator()(const Value& value) const { return std::visit(*this, value); }
  std::string operator()(const SystemVariable& variable) const {
    return "@@" + scope(variable.scope, ".") + variable.name;
  }
  std::string operator()(const UserVariable& variable) const { return "@" + variable.name; }
  std::string operator()(const ColumnReference& column) const { return column.name; }
  std::string operator()(const FunctionCall& call) const { return call.name + list(call.arguments); }
  std::string operator()(const Operation& operation) const {
    static constexpr const char* k_names[] = {"or", "and",  "not", "=",       "<=>",         "<>", "<", "<=", ">",
                                              ">=", "like", "in",  "is_null", "is_not_null", "+",  "-", "*",  "neg"};
    return k_names[static_cast<std::size_t>(operation.operation)] + list(operation.operands);
  }
  std::string operator()(const Expression& expression) const { return std::visit(*this, expression.node); }

  std::string operator()(const NoOperation&) const { return "nothing"; }
  std::string operator()(const ChangeSource& change) const {
    std::string result = "change" + channel(change.channel);
    for (const SourceOptionSetting& setting : change.options) {
      result += " " + setting.written;
      if (setting.option != SourceOption::refused) result += "=" + std::visit(*this, setting.value);
    }
    return result;
  }
  std::string operator()(const StartReplica& start) const {
    return "start" + all_slaves(start.all_slaves) + channel(start.channel) + threads(start.threads) +
           (start.refused_clause.empty() ? "" : " refused " + start.refused_clause) + until(start.until);
  }
  std::string operator()(const StopReplica& stop) const {
    return "stop" + all_slaves(stop.all_slaves) + channel(stop.channel) + threads(stop.threads);
  }
  std::string operator()(const ResetReplica& reset) const {
    return std::string("reset") + (reset.all ? " all" : "") + channel(reset.channel);
  }
  std::string operator()(const ShowReplicaStatus& show) const {
    return std::string("status of ") + (show.vocabulary == Vocabulary::slave ? "slave" : "replica") +
           all_slaves(show.all_slaves) + channel(show.channel);
  }
  std::string operator()(const Select& select) const { return "select" + items(select.items) + limit(select.limit); }
  std::string operator()(const SelectFromTables& select) const { return "select from tables: " + select.text; }
  std::string operator()(const SetVariable& assignment) const {
    return std::visit(*this, assignment.variable) + "=" + (assignment.value ? (*this)(*assignment.value) : "default");
  }
  std::string operator()(const SetCharacterSet& assignment) const {
    return (assignment.names ? "names " : "charset ") + assignment.character_set +
           (assignment.collation.empty() ? "" : " collate " + assignment.collation);
  }
  std::string operator()(const Set& set) const {
    std::string result = "set";
    for (const auto& assignment : set.assignments) result += " " + std::visit(*this, assignment);
    return result;
  }
  std::string operator()(const ShowVariables& show) const {
    return "variables" + scope(show.scope, "", " ") + filter(show.filter);
  }
  std::string operator()(const ShowStatus& show) const {
    return "counters" + scope(show.scope, "", " ") + filter(show.filter);
  }
  std::string operator()(const ShowWarnings& show) const {
    return std::string(show.count ? "count of " : "") + (show.errors_only ? "errors" : "warnings") + limit(show.limit);
  }
  std::string operator()(const ShowDatabases& show) const { return "databases" + filter(show.filter); }
  std::string operator()(const ShowTables& show) const {
    return std::string(show.full ? "full " : "") + "tables of '" + show.database + "'" + filter(show.filter);
  }
  std::string operator()(const ShowProcesslist& show) const {
    return std::string(show.full ? "full " : "") + "processlist";
  }
  std::string operator()(const Use& use) const { return "use " + use.database; }
  std::string operator()(const Kill& kill) const {
    return fmt::format("kill{} {}", kill.query_only ? " query" : "", kill.id);
  }
  std::string operator()(const Shutdown&) const { return "shutdown"; }
  std::string operator()(const Do& statement) const { return "do" + items(statement.items); }
  std::string operator()(const UnsupportedStatement& statement) const { return "unsupported " + statement.name; }

 private:
  std::string list(const std::vector<Expression>& expressions) const {
    std::string result = "(";
    for (const Expression& expression : expressions) {
      if (result.size() > 1) result += ",";
      result += (*this)(expression);
    }
    return result + ")";
  }
  std::string items(const std::vector<SelectItem>& items) const {
    std::string result;
    for (const SelectItem& item : items) {
      result += " " + (*this)(item.expression);
      if (!item.name.empty()) result += " as [" + item.name + "]";
    }
    return result;
  }
  static std::string limit(const RowLimit& limit) {
    if (limit.count == UINT64_MAX) return "";
    return fmt::format(" limit {},{}", limit.offset, limit.count);
  }
  static std::string scope(VariableScope scope, const char* after, const char* before = "") {
    if (scope == VariableScope::unspecified) return "";
    return std::string(before) + (scope == VariableScope::global ? "global" : "session") + after;
  }
  static std::string channel(const ChannelSelector& selector) {
    if (selector.kind == ChannelSelector::Kind::unnamed) return "";
    return selector.kind == ChannelSelector::Kind::all ? " for all" : " for '" + selector.name + "'";
  }
  static std::string threads(channel::ThreadSelection threads) {
    if (threads.io && threads.sql) return "";
    return threads.io ? " io" : " sql";
  }
  static std::string until(const std::optional<apply::Until>& until) {
    static constexpr const char* k_kinds[] = {"source position", "relay position", "before", "after", "no gaps"};
    if (!until) return "";
    std::string text = std::string(" until ") + k_kinds[static_cast<std::size_t>(until->kind)];
    if (!until->file.empty()) text += fmt::format(" {}:{}", until->file, until->position);
    if (!until->gtids.empty()) text += (until->names_mariadb_gtids ? " mariadb " : " ") + until->gtids;
    return text;
  }
  static std::string all_slaves(bool all) { return all ? " all slaves" : ""; }
  std::string filter(const ShowFilter& filter) const {
    if (filter.like) return " like '" + *filter.like + "'";
    return filter.where ? " where " + (*this)(*filter.where) : "";
  }
};

}  // namespace

std::string print(const Statement& statement) {
  return std::visit(Printer{}, statement);
}

}  // namespace tributary::admin
