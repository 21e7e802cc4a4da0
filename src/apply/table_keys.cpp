#include "table_keys.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "target_columns.hpp"

namespace tributary::apply {
namespace {

/// A hash of names, for which the case of ASCII letters does not count.
class NameHash {
 public:
  void add(std::string_view name) {
    std::string folded(name);
    for (char& c : folded) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    value_ = XXH3_64bits_withSeed(folded.data(), folded.size(), value_);
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

std::size_t number_of(const std::string& text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// A column of the table as information_schema has it.
struct KeyColumn {
  std::size_t index = 0;
  bool nullable = true;
  bool is_text = false;
};

using KeyColumnsByName = std::map<std::string, KeyColumn, std::less<>>;

KeyColumnsByName query_columns(target::TargetConnection& connection, const std::string& of_table) {
  KeyColumnsByName columns;
  for (const target::Row& row :
       connection.query("SELECT COLUMN_NAME, IS_NULLABLE, CHARACTER_SET_NAME FROM information_schema.COLUMNS" +
                        of_table + " ORDER BY ORDINAL_POSITION")) {
    const std::size_t index = columns.size();
    columns.emplace(text_of(row, 0), KeyColumn{index, text_of(row, 1) != "NO", !text_of(row, 2).empty()});
  }
  return columns;
}

/// Collects the parts of one key after another.
struct KeyInMaking {
  std::string name;
  NameHash identity;
  KeyColumns key;
  bool whole = true;  ///< every part is a column, all of it, that is never NULL
};

void query_unique_keys(target::TargetConnection& connection, const std::string& of_table, const TableName& table,
                       const KeyColumnsByName& columns, TableKeys& keys) {
  KeyInMaking making;
  bool has_expression = false;
  const auto finish = [&] {
    if (!making.key.parts.empty() && !has_expression) {
      making.key.identity = making.identity.value();
      keys.tells_rows = keys.tells_rows || making.whole;
      keys.unique.push_back(std::move(making.key));
    }
    making = {};
    has_expression = false;
  };
  // A part that is an expression has no COLUMN_NAME (MySQL 8.0.13).
  for (const target::Row& row :
       connection.query("SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS" + of_table +
                        " AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX")) {
    if (text_of(row, 0) != making.name || making.key.parts.empty()) {
      finish();
      making.name = text_of(row, 0);
      making.identity.add(table.first);
      making.identity.add(table.second);
    }
    const std::string column_name = text_of(row, 1);
    making.identity.add(column_name);
    const auto column = columns.find(column_name);
    if (column == columns.end()) {
      has_expression = true;
      making.key.parts.push_back({});
      continue;
    }
    const std::size_t prefix = number_of(text_of(row, 2));
    making.key.parts.push_back({column->second.index, prefix, column->second.is_text});
    if (column->second.nullable || prefix > 0) making.whole = false;
  }
  finish();
}

void query_foreign_keys(target::TargetConnection& connection, const std::string& of_table,
                        const KeyColumnsByName& columns, TableKeys& keys) {
  std::string name;
  NameHash identity;
  KeyColumns key;
  const auto finish = [&] {
    key.identity = identity.value();
    if (!key.parts.empty()) keys.referring.push_back(std::move(key));
    key = {};
    identity = {};
  };
  for (const target::Row& row : connection.query(
           "SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, "
           "REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE" +
           of_table + " AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION")) {
    if (key.parts.empty() || text_of(row, 0) != name) {
      finish();
      name = text_of(row, 0);
      identity.add(text_of(row, 2));
      identity.add(text_of(row, 3));
      key.table = identity.value();
    }
    identity.add(text_of(row, 4));
    const auto column = columns.find(text_of(row, 1));
    if (column != columns.end()) key.parts.push_back({column->second.index, 0, column->second.is_text});
  }
  finish();
}

}  // namespace

std::uint64_t table_identity(const TableName& table) {
  NameHash hash;
  hash.add(table.first);
  hash.add(table.second);
  return hash.value();
}

std::uint64_t database_identity(std::string_view database) {
  NameHash hash;
  hash.add(database);
  return hash.value();
}

TableKeys query_table_keys(target::TargetConnection& connection, const TableName& table) {
  const std::string of_table = " WHERE TABLE_SCHEMA = " + target::text_literal(table.first) +
                               " AND TABLE_NAME = " + target::text_literal(table.second);
  TableKeys keys;
  keys.identity = table_identity(table);
  const KeyColumnsByName columns = query_columns(connection, of_table);
  query_unique_keys(connection, of_table, table, columns, keys);
  query_foreign_keys(connection, of_table, columns, keys);
  return keys;
}

const TableKeys* KnownTableKeys::of(const TableName& table) {
  static constexpr std::size_t k_most_tables = 16384;
  static constexpr std::uint32_t k_changes_before_asking = 3;
  if (known_.size() >= k_most_tables && !known_.contains(table)) known_.clear();
  Known& known = known_[table];
  if (!known.asked) {
    if (++known.changes < k_changes_before_asking) return nullptr;
    known.keys = query_(table);
    known.asked = true;
  }
  return &known.keys;
}

void KnownTableKeys::forget(const std::vector<target::ObjectName>& objects) {
  // A definition's foreign keys name other tables, but only their own table's rows follow from them.
  std::erase_if(known_, [&objects](const auto& known) { return may_change(objects, known.first); });
}

}  // namespace tributary::apply
