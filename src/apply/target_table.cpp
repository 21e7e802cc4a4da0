#include "target_table.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

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

bool is_plain(const std::string& name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '_'; });
}

/// "database/table"
TableName split_innodb_name(const std::string& name) {
  const std::size_t slash = std::min(name.find('/'), name.size());
  return {name.substr(0, slash), name.substr(std::min(slash + 1, name.size()))};
}

void add_innodb_foreign_keys(target::TargetConnection& connection, ForeignKeyTables& keys) {
  for (const target::Row& row :
       connection.query("SELECT FOR_NAME, REF_NAME FROM information_schema.INNODB_SYS_FOREIGN")) {
    for (const std::string& name : {text_of(row, 0), text_of(row, 1)}) {
      const TableName table = lower_case(split_innodb_name(name));
      keys.tables.insert(table);
      // Other characters are written in the way of file names.
      if (!is_plain(table.first) || !is_plain(table.second)) keys.has_other_names = true;
    }
  }
}

ForeignKeyTables query_foreign_keys(target::TargetConnection& connection) {
  ForeignKeyTables keys;
  if (connection.is_mariadb()) {
    // KEY_COLUMN_USAGE opens all tables of the server, of which there may be many.
    try {
      add_innodb_foreign_keys(connection, keys);
      return keys;
    } catch (const target::TargetError& error) {
      if (error.code() != error_code::k_specific_access_denied) throw;
    }
  }
  for (const target::Row& row :
       connection.query("SELECT TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME FROM "
                        "information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL")) {
    keys.tables.insert(lower_case({text_of(row, 0), text_of(row, 1)}));
    keys.tables.insert(lower_case({text_of(row, 2), text_of(row, 3)}));
  }
  return keys;
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
    static constexpr std::size_t k_key_name = 2, k_column_name = 4, k_sub_part = 7, k_null = 9, k_index_type = 10;
    if (row.size() <= k_index_type) continue;
    table.has_hash_key = table.has_hash_key || row[k_index_type] == "HASH";
    parts.push_back({row[k_key_name], row[k_column_name], row[k_sub_part], row[k_null]});
  }
  std::set<std::string> indexes;
  for (const target::Row& part : parts) indexes.insert(text_of(part, 0));
  table.unique_keys = indexes.size();
  table.key = first_whole_key(parts, table.columns);
  return table;
}

}  // namespace

const TargetTable& TargetTables::of(const TableName& name) {
  // Past so many tables all are forgotten: a source may have 100,000.
  static constexpr std::size_t k_most_tables = 4096;
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  target::TargetConnection& connection = connect_();
  if (!foreign_keys_) foreign_keys_ = query_foreign_keys(connection);
  TargetTable table = query_table(connection, name);
  const bool is_plain_name = is_plain(name.first) && is_plain(name.second);
  table.has_foreign_keys =
      foreign_keys_->tables.contains(lower_case(name)) || (foreign_keys_->has_other_names && !is_plain_name);
  if (known_.size() >= k_most_tables) known_.clear();
  return known_.emplace(name, std::move(table)).first->second;
}

void TargetTables::forget() {
  known_.clear();
  foreign_keys_.reset();
}

}  // namespace tributary::apply
