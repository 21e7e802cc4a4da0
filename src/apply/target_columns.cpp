#include "target_columns.hpp"

namespace tributary::apply {

std::vector<TargetColumn> query_target_columns(target::TargetConnection& connection, const TableName& table) {
  const auto name = [](const std::string& text) { return "CONVERT(" + target::hex_literal(text) + " USING utf8mb4)"; };
  std::vector<TargetColumn> columns;
  for (const target::Row& row :
       connection.query("SELECT DATA_TYPE, COLUMN_TYPE, CHARACTER_OCTET_LENGTH, "
                        "NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION "
                        "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = " +
                        name(table.first) + " AND TABLE_NAME = " + name(table.second) + " ORDER BY ORDINAL_POSITION")) {
    const auto value = [&row](std::size_t i) { return i < row.size() ? row[i].value_or("") : std::string(); };
    columns.push_back({value(0), value(1), value(2), value(3), value(4), value(5)});
  }
  return columns;
}

const std::vector<TargetColumn>& TargetColumns::of(const TableName& table) {
  const auto known = known_.find(table);
  return known != known_.end() ? known->second : known_.emplace(table, query_(table)).first->second;
}

}  // namespace tributary::apply
