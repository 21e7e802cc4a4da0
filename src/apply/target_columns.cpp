#include "target_columns.hpp"

#include <string_view>

#include <fmt/core.h>

namespace tributary::apply {

std::vector<TargetColumn> query_target_columns(target::TargetConnection& connection, const TableName& table) {
  // MySQL compares names here without case even where they differ by nothing else.
  const auto is = [](std::string_view column, const std::string& text) {
    return fmt::format(
        "{0} = CONVERT({1} USING utf8mb4) AND (@@lower_case_table_names <> 0 OR CAST({0} AS BINARY) = {1})", column,
        target::hex_literal(text));
  };
  std::vector<TargetColumn> columns;
  for (const target::Row& row : connection.query(
           "SELECT DATA_TYPE, COLUMN_TYPE, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, "
           "DATETIME_PRECISION, CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE " +
           is("TABLE_SCHEMA", table.first) + " AND " + is("TABLE_NAME", table.second) + " ORDER BY ORDINAL_POSITION")) {
    const auto value = [&row](std::size_t i) { return i < row.size() ? row[i].value_or("") : std::string(); };
    columns.push_back({value(0), value(1), value(2), value(3), value(4), value(5), value(6)});
  }
  return columns;
}

const std::vector<TargetColumn>& TargetColumns::of(const TableName& table) {
  const auto known = known_.find(table);
  return known != known_.end() ? known->second : known_.emplace(table, query_(table)).first->second;
}

}  // namespace tributary::apply
