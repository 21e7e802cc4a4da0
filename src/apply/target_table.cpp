#include "target_table.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace tributary::apply {
namespace {

std::string lower_case(std::string text) {
  // Of other letters servers do not tell the case apart in the same way: too many tables are no harm.
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

TableName lower_case(const TableName& table) {
  return {lower_case(table.first), lower_case(table.second)};
}

std::string text_of(const target::Row& row, std::size_t i) {
  return i < row.size() ? row[i].value_or("") : "";
}

/// Rows of STATISTICS: index, column, length of a prefix, whether it may be NULL; those of an index follow one another.
std::vector<std::size_t> first_whole_key(const std::vector<target::Row>& parts,
                                         const std::vector<TargetColumn>& columns) {
  std::vector<std::size_t> key;
  std::string index;
  bool whole = false;
  for (const target::Row& part : parts) {
    if (key.empty() || text_of(part, 0) != index) {
      if (whole && !key.empty()) return key;
      key.clear();
      index = text_of(part, 0);
      whole = true;
    }
    const auto column = std::find_if(columns.begin(), columns.end(),
                                     [&part](const TargetColumn& c) { return c.name == text_of(part, 1); });
    // Floating point numbers, and a SET's signed ones, are no good names for rows.
    const bool usable = column != columns.end() && column->generation.empty() && text_of(part, 2).empty() &&
                        text_of(part, 3).empty() && column->data_type != "float" && column->data_type != "double" &&
                        column->data_type != "set";
    whole = whole && usable;
    key.push_back(static_cast<std::size_t>(column - columns.begin()));
  }
  return whole ? key : std::vector<std::size_t>();
}

std::set<TableName> query_foreign_keys(target::TargetConnection& connection) {
  std::set<TableName> tables;
  for (const target::Row& row :
       connection.query("SELECT TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME FROM "
                        "information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL")) {
    tables.insert(lower_case({text_of(row, 0), text_of(row, 1)}));
    tables.insert(lower_case({text_of(row, 2), text_of(row, 3)}));
  }
  return tables;
}

TargetTable query_table(target::TargetConnection& connection, const TableName& name) {
  TargetTable table;
  const auto rows = connection.query("SELECT TABLE_TYPE, ENGINE FROM information_schema.TABLES" +
                                     where_table(name, "TABLE_SCHEMA", "TABLE_NAME"));
  if (rows.empty()) return table;
  table.type = text_of(rows.front(), 0);
  table.engine = text_of(rows.front(), 1);
  table.columns = query_target_columns(connection, name);
  table.has_triggers = !connection
                            .query("SELECT 1 FROM information_schema.TRIGGERS" +
                                   where_table(name, "EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE") + " LIMIT 1")
                            .empty();
  // The order of SHOW KEYS, which is the server's.
  std::vector<target::Row> parts;
  for (const target::Row& row : connection.query("SHOW KEYS FROM " + target::quote_identifier(name.first) + "." +
                                                 target::quote_identifier(name.second) + " WHERE Non_unique = 0")) {
    static constexpr std::size_t k_key_name = 2, k_column_name = 4, k_sub_part = 7, k_null = 9;
    if (row.size() <= k_null) continue;
    parts.push_back({row[k_key_name], row[k_column_name], row[k_sub_part], row[k_null]});
  }
  table.key = first_whole_key(parts, table.columns);
  return table;
}

}  // namespace

const TargetTable& TargetTables::of(const TableName& name) {
  // Past so many tables all are forgotten: a source may have 100,000.
  static constexpr std::size_t k_most_tables = 4096;
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  target::TargetConnection& connection = connect_();
  if (!knows_foreign_keys_) {
    foreign_keys_ = query_foreign_keys(connection);
    knows_foreign_keys_ = true;
  }
  TargetTable table = query_table(connection, name);
  table.has_foreign_keys = foreign_keys_.contains(lower_case(name));
  if (known_.size() >= k_most_tables) known_.clear();
  return known_.emplace(name, std::move(table)).first->second;
}

void TargetTables::forget() {
  known_.clear();
  foreign_keys_.clear();
  knows_foreign_keys_ = false;
}

}  // namespace tributary::apply
