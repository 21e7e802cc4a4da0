#include <algorithm>
#include <array>
#include <iterator>

#include "tributary/status_tables/catalogue.hpp"
#include "tributary/status_tables/query.hpp"
#include "tributary/util/error.hpp"

#include "channel_selection.hpp"
#include "evaluate.hpp"
#include "status_select.hpp"

namespace tributary::admin {

wire::StatementResult run(const Select& statement, Execution& execution) {
  static constexpr std::size_t k_most_columns = 4096;  // MAX_FIELDS
  if (statement.items.size() > k_most_columns) throw Error(1117, "Too many columns");
  wire::ResultSet result;
  wire::ResultRow row;
  for (const SelectItem& item : statement.items) {
    const Value value = evaluate(item.expression, execution);
    wire::Column column;
    column.name = item.name;
    column.type = column_type_of(value);
    column.unsigned_value = std::holds_alternative<std::uint64_t>(value);
    auto text = text_of(value);
    column.length = static_cast<std::uint32_t>(text ? text->size() : 0);
    result.columns.push_back(std::move(column));
    row.push_back(std::move(text));
  }
  if (statement.limit.offset == 0 && statement.limit.count > 0) result.rows.push_back(std::move(row));
  return result;
}

namespace {

std::vector<status_tables::Function> functions_of(Execution& execution) {
  // SQLite's own are the same, and know when not to evaluate an argument.
  static constexpr std::array<std::string_view, 2> k_common{"COALESCE", "IFNULL"};
  std::vector<status_tables::Function> result;
  for (const FunctionName& function : functions()) {
    if (std::find(k_common.begin(), k_common.end(), function.name) != k_common.end()) continue;
    const int count = function.fewest == function.most ? static_cast<int>(function.most) : -1;
    const auto call = [&execution,
                       name = std::string(function.name)](const std::vector<status_tables::Cell>& arguments) {
      std::vector<Value> values;
      std::transform(arguments.begin(), arguments.end(), std::back_inserter(values), value_of);
      return cell_of(call_function(name, values, execution));
    };
    result.push_back({to_lower(function.name), count, call});
  }
  return result;
}

}  // namespace

wire::StatementResult run(const SelectFromTables& statement, Execution& execution) {
  const StatusSelect select(statement.text, execution.session.database, functions_of(execution),
                            [&](const Expression& expression) { return evaluate(expression, execution); });
  try {
    wire::ResultSet result =
        status_tables::run(select.query(), status_tables::tables(), configured_channels(execution), execution.stop);
    select.restore_names(result.columns);
    return result;
  } catch (const status_tables::TextError& error) {
    select.fail(error);
  }
}

}  // namespace tributary::admin
