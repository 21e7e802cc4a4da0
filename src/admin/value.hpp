#pragma once

#include <optional>
#include <string>

#include "tributary/admin/statement.hpp"
#include "tributary/wire/statement.hpp"

namespace tributary::admin {

[[nodiscard]] bool is_null(const Value& value);
/// As a client sees it; NULL is nullopt.
[[nodiscard]] std::optional<std::string> text_of(const Value& value);
[[nodiscard]] wire::ColumnType column_type_of(const Value& value);
/// As a number: a string's leading number, else 0; NULL is nullopt.
[[nodiscard]] std::optional<double> number_of(const Value& value);
/// As a condition; NULL is nullopt.
[[nodiscard]] std::optional<bool> truth_of(const Value& value);
/// Negative, 0 or positive, as MySQL compares: numbers as numbers, strings without regard to case; nullopt with NULL.
[[nodiscard]] std::optional<int> compare(const Value& a, const Value& b);
/// SQL's LIKE: '%', '_' and '\' before them; ASCII letters without regard to case.
/// @throws Error 1105 when the texts are so long that it might take seconds.
[[nodiscard]] bool matches_like(std::string_view text, std::string_view pattern);
/// @throws Error 1690 when whole numbers overflow.
[[nodiscard]] Value calculate(Operator operation, const Value& a, const Value& b);

}  // namespace tributary::admin
