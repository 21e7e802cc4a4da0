#include "target_columns.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/core.h>

namespace tributary::apply {
namespace {

/// information_schema does not show the columns of a table that names none itself. ALTER TABLE keeps them last.
void add_hidden_versions(std::vector<TargetColumn>& columns) {
  static constexpr const char* k_row_end = "ROW END";
  if (std::any_of(columns.begin(), columns.end(), [](const TargetColumn& c) { return c.generation == k_row_end; })) {
    return;
  }
  for (const char* const generation : {"ROW START", k_row_end}) {
    columns.push_back({"timestamp", "timestamp(6)", "", "", "", "6", "", generation});
  }
}

}  // namespace

std::string text_of(const target::Row& row, std::size_t i) {
  return i < row.size() ? row[i].value_or("") : "";
}

std::string where_table(const TableName& table, std::string_view database_column, std::string_view table_column) {
  // MySQL compares names here without case even where they differ by nothing else.
  const auto is = [](std::string_view column, const std::string& text) {
    return fmt::format("{0} = {1} AND (@@lower_case_table_names <> 0 OR CAST({0} AS BINARY) = {2})", column,
                       target::text_literal(text), target::hex_literal(text));
  };
  return " WHERE " + is(database_column, table.first) + " AND " + is(table_column, table.second);
}

std::vector<TargetColumn> query_target_columns(target::TargetConnection& connection, const TableName& table) {
  const std::string of_table = where_table(table, "TABLE_SCHEMA", "TABLE_NAME");
  std::vector<TargetColumn> columns;
  for (const target::Row& row : connection.query(
           "SELECT DATA_TYPE, COLUMN_TYPE, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, "
           "DATETIME_PRECISION, CHARACTER_SET_NAME, GENERATION_EXPRESSION, COLUMN_NAME, EXTRA, IS_NULLABLE, "
           "COLUMN_DEFAULT IS NOT NULL FROM information_schema.COLUMNS" +
           of_table + " ORDER BY ORDINAL_POSITION")) {
    const auto value = [&row](std::size_t i) { return i < row.size() ? row[i].value_or("") : std::string(); };
    columns.push_back({value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7), value(8),
                       value(9), value(10) != "NO", value(11) == "1"});
  }
  if (connection.is_mariadb() &&
      !connection.query("SELECT 1 FROM information_schema.TABLES" + of_table + " AND TABLE_TYPE = 'SYSTEM VERSIONED'")
           .empty()) {
    add_hidden_versions(columns);
  }
  return columns;
}

const std::vector<TargetColumn>& TargetColumns::of(const TableName& table) {
  // Past so many tables all are forgotten: a source may have 100,000.
  static constexpr std::size_t k_most_tables = 4096;
  if (const auto known = known_.find(table); known != known_.end()) return known->second;
  std::vector<TargetColumn> columns = query_(table);
  if (known_.size() >= k_most_tables) known_.clear();
  return known_.emplace(table, std::move(columns)).first->second;
}

void TargetColumns::forget(const std::vector<target::ObjectName>& objects) {
  std::erase_if(known_, [&objects](const auto& known) { return may_change(objects, known.first); });
}

}  // namespace tributary::apply
