#pragma once

#include <functional>

#include "execution.hpp"
#include "value.hpp"

namespace tributary::admin {

/// The value of a column of the row at hand; nullptr when there is no such column.
using ColumnLookup = std::function<const Value*(const std::string& name)>;

/// Evaluates @p expression. @throws Error 1054 (unknown column), 1193 (unknown variable), 1305 (unknown function),
/// 1582 (wrong number of arguments), and what the function itself throws.
Value evaluate(const Expression& expression, Execution& execution, const ColumnLookup& columns = {});

/// A call of one of the server's functions; its arguments are evaluated already.
Value call_function(const std::string& name, const std::vector<Value>& arguments, Execution& execution);

/// A function that call_function() knows.
struct FunctionName {
  std::string_view name;  ///< in upper case
  std::size_t fewest;     ///< arguments
  std::size_t most;
};
std::vector<FunctionName> functions();

}  // namespace tributary::admin
