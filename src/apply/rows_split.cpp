#include "rows_split.hpp"

#include <algorithm>

namespace tributary::apply {

Bytes make_rows_event(const binlog::EventHeader& header, const binlog::RowsEvent& event, ByteView rows,
                      bool ends_statement) {
  using binlog::EventType;
  using binlog::RowsKind;
  binlog::EventHeader own = header;
  own.log_pos = 0;
  switch (event.kind) {
    case RowsKind::write:
      own.type = EventType::write_rows_v1;
      break;
    case RowsKind::update:
      own.type = EventType::update_rows_v1;
      break;
    case RowsKind::remove:
      own.type = EventType::delete_rows_v1;
      break;
  }
  ByteWriter writer(binlog::EventHeader::k_length + 32 + rows.size());
  own.encode(writer);
  writer.u48(event.table_id);
  const auto flags = static_cast<std::uint16_t>(event.flags & ~binlog::rows_flag::k_statement_end);
  writer.u16(ends_statement ? static_cast<std::uint16_t>(flags | binlog::rows_flag::k_statement_end) : flags);
  writer.lenenc(event.column_count);
  writer.bytes(event.before_columns);
  writer.bytes(event.after_columns);
  writer.bytes(rows);
  Bytes bytes = writer.take();
  binlog::finish_event(bytes, binlog::ChecksumAlgorithm::off);
  return bytes;
}

bool tells_lengths(const binlog::TableMap& table) {
  using binlog::ColumnType;
  return std::none_of(table.columns.begin(), table.columns.end(), [](const binlog::TableColumn& column) {
    return column.type == ColumnType::timestamp || column.type == ColumnType::datetime ||
           column.type == ColumnType::time || column.type == ColumnType::mariadb_blob_compressed ||
           column.type == ColumnType::mariadb_varchar_compressed;
  });
}

ByteView current_row(const binlog::RowsReader& reader) {
  const ByteView before = reader.before().raw();
  const ByteView after = reader.after().raw();
  if (before.empty()) return after;
  // The images of an update follow one another in the event.
  return {before.data(), before.size() + after.size()};
}

}  // namespace tributary::apply
