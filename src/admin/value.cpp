#include "value.hpp"

#include <cstdlib>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "scanner.hpp"

namespace tributary::admin {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

/// Negative, 0 or positive.
template <typename Number>
int order(Number a, Number b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

}  // namespace

bool is_null(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}

std::optional<std::string> text_of(const Value& value) {
  return std::visit(
      Overloaded{[](std::monostate) -> std::optional<std::string> { return std::nullopt; },
                 [](const Decimal& decimal) -> std::optional<std::string> { return decimal.text; },
                 [](const std::string& text) -> std::optional<std::string> { return text; },
                 [](const auto& number) -> std::optional<std::string> { return fmt::format("{}", number); }},
      value);
}

wire::ColumnType column_type_of(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) { return wire::ColumnType::null; },
                               [](const std::string&) { return wire::ColumnType::var_string; },
                               [](const Decimal&) { return wire::ColumnType::double_precision; },
                               [](double) { return wire::ColumnType::double_precision; },
                               [](const auto&) { return wire::ColumnType::longlong; }},
                    value);
}

std::optional<double> number_of(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) -> std::optional<double> { return std::nullopt; },
                               [](const Decimal& decimal) -> std::optional<double> {
                                 return std::strtod(decimal.text.c_str(), nullptr);
                               },
                               [](const std::string& text) -> std::optional<double> {
                                 // Hexadecimal and "inf" are numbers to strtod alone.
                                 const std::size_t end = text.find_first_not_of(" 0123456789+-.eE");
                                 return std::strtod(text.substr(0, end).c_str(), nullptr);
                               },
                               [](const auto& number) -> std::optional<double> { return static_cast<double>(number); }},
                    value);
}

std::optional<bool> truth_of(const Value& value) {
  const auto number = number_of(value);
  if (!number) return std::nullopt;
  return *number != 0;
}

std::optional<int> compare(const Value& a, const Value& b) {
  if (is_null(a) || is_null(b)) return std::nullopt;
  const auto* text_a = std::get_if<std::string>(&a);
  const auto* text_b = std::get_if<std::string>(&b);
  if (text_a != nullptr && text_b != nullptr) return order<std::string>(to_upper(*text_a), to_upper(*text_b));
  const auto* integer_a = std::get_if<std::int64_t>(&a);
  const auto* integer_b = std::get_if<std::int64_t>(&b);
  if (integer_a != nullptr && integer_b != nullptr) return order(*integer_a, *integer_b);
  const auto* unsigned_a = std::get_if<std::uint64_t>(&a);
  const auto* unsigned_b = std::get_if<std::uint64_t>(&b);
  if (unsigned_a != nullptr && unsigned_b != nullptr) return order(*unsigned_a, *unsigned_b);
  return order(number_of(a).value_or(0), number_of(b).value_or(0));
}

bool matches_like(std::string_view text, std::string_view pattern) {
  // Upon a mismatch the last '%' takes one character more; those before it need not be tried again.
  static constexpr std::size_t k_most_steps = std::size_t{1} << 26;
  if (pattern.size() > 1 && text.size() > k_most_steps / pattern.size()) {
    throw Error(1105, "LIKE cannot compare texts this long");
  }
  const std::string upper_text = to_upper(text);
  const std::string upper_pattern = to_upper(pattern);
  static constexpr std::size_t k_none = std::string::npos;
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t after_percent = k_none;
  std::size_t taken_to = 0;
  while (t < upper_text.size()) {
    if (p < upper_pattern.size() && upper_pattern[p] == '%') {
      after_percent = ++p;
      taken_to = t;
      continue;
    }
    std::size_t width = 0;  // of what stands for one character in the pattern
    if (p < upper_pattern.size()) {
      const bool escaped = upper_pattern[p] == '\\' && p + 1 < upper_pattern.size();
      if (escaped ? upper_pattern[p + 1] == upper_text[t]
                  : upper_pattern[p] == '_' || upper_pattern[p] == upper_text[t]) {
        width = escaped ? 2 : 1;
      }
    }
    if (width != 0) {
      p += width;
      ++t;
    } else if (after_percent != k_none) {
      p = after_percent;
      t = ++taken_to;
    } else {
      return false;
    }
  }
  while (p < upper_pattern.size() && upper_pattern[p] == '%') ++p;
  return p == upper_pattern.size();
}

Value calculate(Operator operation, const Value& a, const Value& b) {
  if (is_null(a) || is_null(b)) return {};
  const auto* x = std::get_if<std::int64_t>(&a);
  const auto* y = std::get_if<std::int64_t>(&b);
  if (x != nullptr && y != nullptr) {
    std::int64_t result = 0;
    const bool overflow = operation == Operator::add        ? __builtin_add_overflow(*x, *y, &result)
                          : operation == Operator::subtract ? __builtin_sub_overflow(*x, *y, &result)
                                                            : __builtin_mul_overflow(*x, *y, &result);
    if (overflow) {
      const char sign = operation == Operator::add ? '+' : operation == Operator::subtract ? '-' : '*';
      throw Error(1690, "22003", fmt::format("BIGINT value is out of range in '({} {} {})'", *x, sign, *y));
    }
    return result;
  }
  const double left = number_of(a).value_or(0);
  const double right = number_of(b).value_or(0);
  return operation == Operator::add ? left + right : operation == Operator::subtract ? left - right : left * right;
}

}  // namespace tributary::admin
