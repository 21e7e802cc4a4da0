#include <fmt/core.h>

#include "tributary/binlog/column_values.hpp"
#include "tributary/util/error.hpp"

#include "decode_support.hpp"
#include "optional_metadata.hpp"

namespace tributary::binlog {
namespace {

/// Bytes of a column's metadata, by the type as it stands in the event.
std::size_t metadata_size(ColumnType type) {
  switch (type) {
    case ColumnType::float_type:
    case ColumnType::double_type:
    case ColumnType::timestamp2:
    case ColumnType::datetime2:
    case ColumnType::time2:
    case ColumnType::tiny_blob:
    case ColumnType::medium_blob:
    case ColumnType::long_blob:
    case ColumnType::blob:
    case ColumnType::json:
    case ColumnType::geometry:
    case ColumnType::vector:
    case ColumnType::mariadb_blob_compressed:
      return 1;
    case ColumnType::varchar:
    case ColumnType::var_string:
    case ColumnType::string:
    case ColumnType::bit:
    case ColumnType::newdecimal:
    case ColumnType::mariadb_varchar_compressed:
      return 2;
    default:
      return 0;
  }
}

}  // namespace

Bytes retype_table_map(const EventView& event, const FormatDescription& source, const TableMap& map,
                       const std::vector<TableColumn>& columns, const std::vector<std::uint32_t>& dimensions) {
  const TableMapLayout layout = TableMapLayout::decode(event, source);
  ByteReader old_metadata(layout.column_metadata);
  Bytes types;
  ByteWriter metadata;
  ByteWriter vectors;
  for (std::size_t i = 0; i < layout.types.size(); ++i) {
    const ByteView old = old_metadata.bytes(metadata_size(static_cast<ColumnType>(layout.types[i])));
    const TableColumn& column = columns.at(i);
    if (column.type == ColumnType::vector) vectors.lenenc(dimensions.at(i));
    if (column.type == map.columns.at(i).type) {
      types.push_back(layout.types[i]);
      metadata.bytes(old);
    } else {
      types.push_back(static_cast<std::uint8_t>(column.type));
      metadata.little_endian(column.metadata, metadata_size(column.type));
    }
  }
  EventHeader header = event.header();
  header.log_pos = 0;
  ByteWriter writer(event.raw().size());
  header.encode(writer);
  writer.little_endian(layout.table_id, source.post_header_length(EventType::table_map) == 6 ? 4 : 6);
  writer.u16(layout.flags);
  writer.lenenc(layout.database.size());
  writer.null_terminated_text(layout.database);
  writer.lenenc(layout.table.size());
  writer.null_terminated_text(layout.table);
  writer.lenenc(types.size());
  writer.bytes(types);
  writer.lenenc_text(as_text(metadata.view()));
  writer.bytes(layout.nullable);
  if (!vectors.view().empty()) {
    writer.u8(k_vector_dimension);
    writer.lenenc_text(as_text(vectors.view()));
  }
  Bytes bytes = writer.take();
  finish_event(bytes, ChecksumAlgorithm::off);
  return bytes;
}

}  // namespace tributary::binlog
