#include <array>

#include "tables.hpp"

namespace tributary::status_tables {
namespace {

constexpr std::array k_applier_tables_columns{
    Column{"CHANNEL_NAME", ColumnType::text, 64},        Column{"TABLE_SCHEMA", ColumnType::name, 64},
    Column{"TABLE_NAME", ColumnType::name, 64},          Column{"ROW_WRITER", ColumnType::text, 6},
    Column{"ROW_WRITER_REASON", ColumnType::text, 1024}, Column{"COUNT_ROWS", ColumnType::unsigned_integer},
};

std::vector<Row> applier_tables_rows(const Channels& channels) {
  std::vector<Row> rows;
  for (const auto& channel : channels) {
    for (apply::TableWriter& table : channel->table_writers()) {
      rows.push_back({channel->name(), std::move(table.database), std::move(table.table), std::move(table.writer),
                      std::move(table.why), static_cast<std::int64_t>(table.rows)});
    }
  }
  return rows;
}

}  // namespace

const Table k_applier_tables{"tributary", "applier_tables", k_applier_tables_columns, applier_tables_rows};

}  // namespace tributary::status_tables
