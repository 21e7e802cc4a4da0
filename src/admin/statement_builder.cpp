#include "statement_builder.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "applier_variable_names.hpp"
#include "statement_error.hpp"

namespace tributary::admin {
namespace {

/// Of a token that the grammar let pass as an integer.
std::uint64_t integer(const Token& token) {
  return parse_integer(token.text).value_or(0);
}

}  // namespace

Expression ExpressionStack::pop() {
  if (elements_.empty()) return {Value{}};
  Expression last = std::move(elements_.back().expression);
  elements_.pop_back();
  return last;
}

void ExpressionStack::fold(Operator operation, std::size_t count) {
  Operands operands = take(elements_.size() - std::min(count, elements_.size()));
  push_parent(Operation{operation, std::move(operands.expressions)}, operands.levels);
}

void ExpressionStack::open_call(std::string function) {
  lists_.push_back({std::move(function), elements_.size()});
}

void ExpressionStack::close_call() {
  if (lists_.empty()) return;
  std::string function = std::move(lists_.back().function);
  Operands arguments = close_list();
  push_parent(FunctionCall{std::move(function), std::move(arguments.expressions)}, arguments.levels);
}

void ExpressionStack::open_in() {
  lists_.push_back({{}, elements_.empty() ? 0 : elements_.size() - 1});
}

void ExpressionStack::close_in() {
  if (lists_.empty()) return;
  Operands operands = close_list();
  push_parent(Operation{Operator::in, std::move(operands.expressions)}, operands.levels);
}

ExpressionStack::Operands ExpressionStack::take(std::size_t first) {
  Operands result;
  for (std::size_t i = first; i < elements_.size(); ++i) {
    result.levels = std::max(result.levels, elements_[i].levels);
    result.expressions.push_back(std::move(elements_[i].expression));
  }
  elements_.resize(std::min(first, elements_.size()));
  return result;
}

ExpressionStack::Operands ExpressionStack::close_list() {
  const std::size_t first = lists_.back().begin;
  lists_.pop_back();
  return take(first);
}

void ExpressionStack::push_parent(decltype(Expression::node) node, std::size_t levels_below) {
  static constexpr std::size_t k_most_levels = 500;
  if (levels_below >= k_most_levels) throw_nested_too_deep();
  push(std::move(node));
  elements_.back().levels = levels_below + 1;
}

void throw_nested_too_deep() {
  throw Error(1436, "Thread stack overrun: the expressions of the statement nest too deep");
}

std::optional<apply::Until> UntilTerms::condition() const {
  static constexpr std::uint64_t k_first_position = 4;  // BIN_LOG_HEADER_SIZE; what is less means it
  using Kind = apply::Until::Kind;
  std::vector<apply::Until> found;
  const auto position = [&](Kind kind, const auto& file, const auto& offset) {
    if (file && offset) found.push_back({kind, *file, std::max(*offset, k_first_position), {}, false});
    return file.has_value() == offset.has_value();
  };
  bool fits = position(Kind::source_position, source_file, source_position);
  fits = position(Kind::relay_position, relay_file, relay_position) && fits;
  const auto gtids = [&](Kind kind, const auto& list, bool mariadb) {
    if (list) found.push_back({kind, {}, 0, *list, mariadb});
  };
  // A MariaDB GTID has no ':', a MySQL one always has.
  const auto is_mariadb = [](const auto& list) {
    return list && !list->empty() && list->find(':') == std::string::npos;
  };
  gtids(Kind::before_gtids, before_gtids, is_mariadb(before_gtids));
  gtids(Kind::after_gtids, after_gtids, is_mariadb(after_gtids));
  gtids(Kind::after_gtids, mariadb_position, true);
  if (no_gaps) found.push_back({});
  if (!fits || found.size() > 1) {
    throw Error(1277, "Incorrect parameter or combination of parameters for START REPLICA UNTIL");
  }
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

StatementBuilder::StatementBuilder(std::string_view statement_text)
    : text(statement_text), tokens(scan_statement(statement_text)) {}

void StatementBuilder::name_channel(const Token& name) {
  if (channel.kind != ChannelSelector::Kind::unnamed) {
    // MariaDB's own words, with its unbalanced parenthesis (sql/sql_yacc.yy, for_channel).
    throw Error(1210, "Incorrect arguments to CONNECTION_NAME AND FOR CHANNEL CAN NOT BE SPECIFIED AT THE SAME TIME)");
  }
  channel = {ChannelSelector::Kind::named, name.value()};
}

void StatementBuilder::select_all_channels() {
  if (channel.kind != ChannelSelector::Kind::unnamed) {
    throw Error(1210, "Incorrect arguments to CONNECTION_NAME AND FOR CHANNEL CAN NOT BE SPECIFIED AT THE SAME TIME)");
  }
  channel = {ChannelSelector::Kind::all, {}};
}

void StatementBuilder::refuse(const Token& clause) {
  if (refused_clause.empty()) refused_clause = to_upper(clause.text);
}

channel::ThreadSelection StatementBuilder::selected_threads() const {
  if (!threads.io && !threads.sql) return {true, true};
  return threads;
}

void StatementBuilder::add_option(Tokens option) {
  const Token& name = option.front();
  const Tokens value = option.subspan(2);
  const SourceOptionDefinition* definition = find_source_option(name.text);
  if (definition == nullptr) return;  // the grammar lets no other name pass
  SourceOptionSetting setting{definition->option, to_upper(name.text), {}};
  switch (definition->kind) {
    case OptionKind::text:
      setting.value = concatenate(value);
      break;
    case OptionKind::integer:
      setting.value = integer(value.front());
      break;
    case OptionKind::seconds:
      setting.value = std::strtod(std::string(value.front().text).c_str(), nullptr);
      break;
    case OptionKind::word:
      setting.value = value.front().value();
      break;
    case OptionKind::gtid:
      setting.value = to_lower(value.front().text);
      break;
    case OptionKind::anything:
      break;
  }
  options.push_back(std::move(setting));
}

void StatementBuilder::add_item(Tokens expression) {
  // A column takes its name from the text of its expression, but a string's from its value: the first one's of several.
  const bool is_string = std::all_of(expression.begin(), expression.end(),
                                     [](const Token& token) { return token.kind == TokenKind::string; });
  items.push_back({expressions.pop(), is_string ? expression.front().value() : written(expression)});
}

void StatementBuilder::set_limit(Tokens clause) {
  const std::uint64_t first = integer(clause[1]);
  limit = {};
  if (clause.size() == 2) {
    limit.count = first;
  } else if (clause[2].is_punctuation(",")) {
    limit = {first, integer(clause[3])};
  } else {
    limit = {integer(clause[3]), first};
  }
}

void StatementBuilder::push_literal(Tokens literal) {
  const Token& token = literal.front();
  switch (token.kind) {
    case TokenKind::integer: {
      const auto value = parse_integer(token.text);
      if (!value) return expressions.push(Value{Decimal{std::string(token.text)}});
      if (*value <= INT64_MAX) return expressions.push(Value{static_cast<std::int64_t>(*value)});
      return expressions.push(Value{*value});
    }
    case TokenKind::decimal:
      return expressions.push(Value{Decimal{std::string(token.text)}});
    case TokenKind::binary:
      return expressions.push(Value{token.value()});
    case TokenKind::string:
      return expressions.push(Value{concatenate(literal)});
    default:
      break;
  }
  if (token.is_word("NULL")) return expressions.push(Value{});
  if (token.is_word("TRUE") || token.is_word("FALSE")) {
    return expressions.push(Value{std::int64_t{token.is_word("TRUE") ? 1 : 0}});
  }
  expressions.push(Value{concatenate(literal.subspan(1))});  // after _utf8mb4
}

void StatementBuilder::push_column(Tokens name) {
  expressions.push(ColumnReference{name.size() == 1 ? name.front().value() : written(name)});
}

void StatementBuilder::push_call(const Token& function) {
  expressions.push(FunctionCall{function.value(), {}});
}

void StatementBuilder::push_user_variable(const Token& variable) {
  expressions.push(UserVariable{to_lower(variable.value())});
}

void StatementBuilder::push_system_variable(Tokens variable) {
  expressions.push(system_variable(variable));
}

void StatementBuilder::assign_to_user_variable(const Token& variable) {
  assigned = UserVariable{to_lower(variable.value())};
}

void StatementBuilder::assign_to_system_variable(Tokens variable) {
  assigned = system_variable(variable);
}

SystemVariable StatementBuilder::system_variable(Tokens variable) const {
  SystemVariable result{scope, {}};
  if (variable.front().kind == TokenKind::system_variable) {
    result.scope = VariableScope::unspecified;
    variable = variable.subspan(1);
  }
  std::size_t names = variable.size() / 2 + 1;  // with dots between them
  if (names > 1 && parse_scope(variable.front()) != VariableScope::unspecified) {
    result.scope = parse_scope(variable.front());
    variable = variable.subspan(2);
    --names;
  }
  result.name = to_lower(variable.back().value());
  if (names == 1) return result;
  // A prefix that is no scope is a channel's, for what each channel has for itself (ER_VARIABLE_IS_NOT_STRUCT).
  if (names > 2 || !is_applier_variable(result.name)) {
    throw Error(1272, fmt::format("Variable '{}' is not a variable component (can't be used as XXXX.variable_name)",
                                  variable.back().value()));
  }
  result.channel = variable.front().value();
  return result;
}

void StatementBuilder::finish_assignment() {
  SetVariable assignment{assigned, std::nullopt};
  if (!assigned_default) assignment.value = expressions.pop();
  assigned_default = false;
  assignments.emplace_back(std::move(assignment));
}

void StatementBuilder::assign_transaction(Tokens characteristic) {
  SetVariable assignment;
  if (characteristic.front().is_word("READ")) {
    assignment.variable = SystemVariable{scope, "transaction_read_only"};
    assignment.value = Expression{Value{std::int64_t{characteristic[1].is_word("ONLY") ? 1 : 0}}};
  } else {
    std::string level = to_upper(characteristic[2].text);
    if (characteristic.size() > 3) level += "-" + to_upper(characteristic[3].text);
    assignment.variable = SystemVariable{scope, "transaction_isolation"};
    assignment.value = Expression{Value{std::move(level)}};
  }
  assignments.emplace_back(std::move(assignment));
}

void StatementBuilder::assign_character_set(Tokens clause) {
  SetCharacterSet assignment;
  assignment.names = clause.front().is_word("NAMES");
  std::size_t next = clause.front().is_word("CHARACTER") ? 2 : 1;
  if (!clause[next].is_word("DEFAULT")) assignment.character_set = to_lower(clause[next].value());
  if (next + 2 < clause.size()) assignment.collation = to_lower(clause[next + 2].value());
  assignments.emplace_back(std::move(assignment));
}

void StatementBuilder::make_kill(Tokens kill) {
  statement = Kill{integer(kill.back()), query_only};
}

void StatementBuilder::make_unsupported(Tokens name) {
  std::string words;
  for (const Token& word : name) {
    if (!words.empty()) words += ' ';
    words += to_upper(word.text);
  }
  statement = UnsupportedStatement{std::move(words)};
}

std::string StatementBuilder::written(Tokens range) const {
  const std::size_t begin = range.front().offset;
  return std::string(text.substr(begin, range.back().offset + range.back().text.size() - begin));
}

void StatementBuilder::fail() const {
  const std::size_t offset = reached < tokens.size() ? tokens[reached].offset : text.size();
  throw_syntax_error(text, offset);
}

std::optional<std::uint64_t> parse_integer(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::string concatenate(std::span<const Token> strings) {
  std::string result;
  for (const Token& string : strings) result += string.value();
  return result;
}

VariableScope parse_scope(const Token& word) {
  if (word.is_word("GLOBAL") || word.is_word("PERSIST") || word.is_word("PERSIST_ONLY")) return VariableScope::global;
  if (word.is_word("SESSION") || word.is_word("LOCAL")) return VariableScope::session;
  return VariableScope::unspecified;
}

}  // namespace tributary::admin
