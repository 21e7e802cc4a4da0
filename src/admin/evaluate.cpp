#include "evaluate.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "applier_variables.hpp"

namespace tributary::admin {
namespace {

Value boolean(std::optional<bool> truth) {
  if (!truth) return {};
  return std::int64_t{*truth ? 1 : 0};
}

class Evaluator {
 public:
  Evaluator(Execution& execution, const ColumnLookup& columns) : execution_(execution), columns_(columns) {}

  Value operator()(const Expression& expression) { return std::visit(*this, expression.node); }

  Value operator()(const Value& value) { return value; }
  Value operator()(const SystemVariable& variable) {
    if (is_applier_variable(variable.name)) return get_applier_variable(variable, execution_);
    return execution_.variables.get(variable, execution_.session);
  }
  Value operator()(const UserVariable& variable) {
    const auto found = execution_.session.variables.find("@" + variable.name);
    if (found == execution_.session.variables.end() || !found->second.value) return {};
    const std::string& text = *found->second.value;
    switch (found->second.type) {
      case wire::ColumnType::longlong:
        if (text.starts_with('-')) return static_cast<std::int64_t>(std::strtoll(text.c_str(), nullptr, 10));
        if (const std::uint64_t number = std::strtoull(text.c_str(), nullptr, 10); number > INT64_MAX) return number;
        return static_cast<std::int64_t>(std::strtoll(text.c_str(), nullptr, 10));
      case wire::ColumnType::double_precision:
        return Decimal{text};
      default:
        return text;
    }
  }
  Value operator()(const ColumnReference& column) {
    const Value* value = columns_ ? columns_(column.name) : nullptr;
    if (value == nullptr) {
      throw Error(1054, "42S22",
                  fmt::format("Unknown column '{}' in '{}'", column.name, columns_ ? "where clause" : "field list"));
    }
    return *value;
  }
  Value operator()(const FunctionCall& call) {
    std::vector<Value> arguments;
    arguments.reserve(call.arguments.size());
    for (const Expression& argument : call.arguments) arguments.push_back((*this)(argument));
    return call_function(call.name, arguments, execution_);
  }
  Value operator()(const Operation& operation) {
    std::vector<Value> operands;
    operands.reserve(operation.operands.size());
    for (const Expression& operand : operation.operands) operands.push_back((*this)(operand));
    // The grammar gives every operator what it needs.
    if (operands.empty()) return {};
    const Value& first = operands.front();
    const Value& second = operands.back();
    switch (operation.operation) {
      case Operator::logical_or:
        return boolean(logical_or(truth_of(first), truth_of(second)));
      case Operator::logical_and:
        return boolean(logical_and(truth_of(first), truth_of(second)));
      case Operator::logical_not:
        return boolean(negated(truth_of(first)));
      case Operator::null_safe_equal:
        if (is_null(first) || is_null(second)) return boolean(is_null(first) && is_null(second));
        return boolean(compare(first, second) == 0);
      case Operator::like:
        return like(first, second);
      case Operator::in:
        return boolean(in(operands));
      case Operator::is_null:
        return boolean(is_null(first));
      case Operator::is_not_null:
        return boolean(!is_null(first));
      case Operator::add:
      case Operator::subtract:
      case Operator::multiply:
        return calculate(operation.operation, first, second);
      case Operator::negate:
        if (const auto* decimal = std::get_if<Decimal>(&first)) return negated(*decimal);
        return calculate(Operator::subtract, std::int64_t{0}, first);
      default:
        return ordered(operation.operation, compare(first, second));
    }
  }

 private:
  static Value negated(const Decimal& decimal) {
    if (decimal.text.starts_with('-')) return Decimal{decimal.text.substr(1)};
    return Decimal{"-" + decimal.text};
  }
  static std::optional<bool> negated(std::optional<bool> truth) {
    if (!truth) return std::nullopt;
    return !*truth;
  }
  static std::optional<bool> logical_or(std::optional<bool> a, std::optional<bool> b) {
    if (a == true || b == true) return true;
    if (!a || !b) return std::nullopt;
    return false;
  }
  static std::optional<bool> logical_and(std::optional<bool> a, std::optional<bool> b) {
    if (a == false || b == false) return false;
    if (!a || !b) return std::nullopt;
    return true;
  }
  static Value like(const Value& text, const Value& pattern) {
    if (is_null(text) || is_null(pattern)) return {};
    return boolean(matches_like(*text_of(text), *text_of(pattern)));
  }
  static std::optional<bool> in(const std::vector<Value>& operands) {
    std::optional<bool> found = false;
    for (auto candidate = operands.begin() + 1; candidate != operands.end(); ++candidate) {
      const auto comparison = compare(operands.front(), *candidate);
      found = logical_or(found, comparison ? std::optional<bool>(*comparison == 0) : std::nullopt);
    }
    return found;
  }
  static Value ordered(Operator operation, std::optional<int> comparison) {
    if (!comparison) return {};
    switch (operation) {
      case Operator::equal:
        return boolean(*comparison == 0);
      case Operator::not_equal:
        return boolean(*comparison != 0);
      case Operator::less:
        return boolean(*comparison < 0);
      case Operator::less_or_equal:
        return boolean(*comparison <= 0);
      case Operator::greater:
        return boolean(*comparison > 0);
      default:
        return boolean(*comparison >= 0);
    }
  }

  Execution& execution_;
  const ColumnLookup& columns_;
};

}  // namespace

Value evaluate(const Expression& expression, Execution& execution, const ColumnLookup& columns) {
  return Evaluator(execution, columns)(expression);
}

}  // namespace tributary::admin
