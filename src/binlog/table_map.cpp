#include "tributary/binlog/table_map.hpp"

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "decode_support.hpp"

namespace tributary::binlog {
namespace {

[[noreturn]] void throw_bad_column(std::size_t column, std::uint8_t type, const char* what) {
  throw Error(error_code::k_corrupt_event,
              fmt::format("damaged Table_map event: column {} of type {}: {}", column + 1, type, what));
}

std::uint16_t checked(std::uint16_t value, std::uint16_t lowest, std::uint16_t highest, std::size_t index,
                      std::uint8_t type) {
  if (value < lowest || value > highest) throw_bad_column(index, type, "its metadata is out of range");
  return value;
}

/// CHAR, BINARY, ENUM and SET share a type; two bits of the length hide in the byte of the real type
/// (Field_string::do_save_field_metadata, sql/field.cc).
void read_string_column(ByteReader& metadata, std::size_t index, TableColumn& column) {
  static constexpr std::uint8_t k_length_bits = 0x30;
  const std::uint8_t first = metadata.u8();
  const std::uint8_t second = metadata.u8();
  column.type = static_cast<ColumnType>(first | k_length_bits);
  const auto high_bits = static_cast<std::uint16_t>((first & k_length_bits) ^ k_length_bits);
  column.metadata = static_cast<std::uint16_t>(second | high_bits << 4);
  if (column.type == ColumnType::enumeration) {
    column.metadata = checked(second, 1, 2, index, first);
  } else if (column.type == ColumnType::set) {
    column.metadata = checked(second, 1, 8, index, first);
  } else if (column.type != ColumnType::string) {
    throw_bad_column(index, first, "not known below the type of strings");
  }
}

TableColumn read_column(std::uint8_t type, ByteReader& metadata, std::size_t index) {
  static constexpr std::uint16_t k_most_digits = 6;
  TableColumn column;
  column.type = static_cast<ColumnType>(type);
  switch (column.type) {
    case ColumnType::tiny:
    case ColumnType::short_int:
    case ColumnType::long_int:
    case ColumnType::longlong:
    case ColumnType::int24:
    case ColumnType::null:
    case ColumnType::timestamp:
    case ColumnType::date:
    case ColumnType::time:
    case ColumnType::datetime:
    case ColumnType::year:
    case ColumnType::newdate:
      return column;
    case ColumnType::float_type:
      column.metadata = checked(metadata.u8(), 4, 4, index, type);
      return column;
    case ColumnType::double_type:
      column.metadata = checked(metadata.u8(), 8, 8, index, type);
      return column;
    case ColumnType::timestamp2:
    case ColumnType::datetime2:
    case ColumnType::time2:
      column.metadata = checked(metadata.u8(), 0, k_most_digits, index, type);
      return column;
    case ColumnType::varchar:
    case ColumnType::var_string:
    case ColumnType::mariadb_varchar_compressed:
      column.metadata = metadata.u16();
      return column;
    case ColumnType::bit: {
      const std::uint16_t odd_bits = checked(metadata.u8(), 0, 7, index, type);
      column.metadata = checked(static_cast<std::uint16_t>(8 * metadata.u8() + odd_bits), 1, 64, index, type);
      return column;
    }
    case ColumnType::newdecimal: {
      const std::uint16_t precision = checked(metadata.u8(), 1, 65, index, type);
      column.metadata = static_cast<std::uint16_t>(precision << 8 | checked(metadata.u8(), 0, precision, index, type));
      return column;
    }
    case ColumnType::tiny_blob:
    case ColumnType::medium_blob:
    case ColumnType::long_blob:
    case ColumnType::blob:
    case ColumnType::json:
    case ColumnType::geometry:
    case ColumnType::vector:
    case ColumnType::mariadb_blob_compressed:
      column.metadata = checked(metadata.u8(), 1, 4, index, type);
      return column;
    case ColumnType::string:
      read_string_column(metadata, index, column);
      return column;
    case ColumnType::decimal:      // before MySQL 5.0
    case ColumnType::enumeration:  // ENUM and SET are written as STRING
    case ColumnType::set:
      break;
  }
  throw_bad_column(index, type, "the type is not known in row events");
}

}  // namespace

TableMapLayout TableMapLayout::decode(const EventView& event, const FormatDescription& description) {
  require_type(event, {EventType::table_map});
  static constexpr std::size_t k_short_post_header = 6;  // 5.1 beta: a table id of four bytes
  ByteReader reader(event.body());
  const std::size_t post_header_length = description.post_header_length(event.type());
  ByteReader post_header(reader.bytes(post_header_length));
  TableMapLayout layout;
  layout.table_id = post_header_length == k_short_post_header ? post_header.u32() : post_header.u48();
  layout.flags = post_header.u16();

  const std::size_t begin = reader.position();
  layout.database = reader.lenenc_text();
  const bool database_ends = reader.u8() == 0;
  layout.table = reader.lenenc_text();
  if (!database_ends || reader.u8() != 0) throw_damaged(event.type(), "no zero byte follows a name");
  const std::uint64_t column_count = reader.lenenc();
  if (column_count > reader.remaining()) throw_damaged(event.type(), "it is shorter than its number of columns");
  layout.types = reader.bytes(static_cast<std::size_t>(column_count));
  layout.column_metadata = as_bytes(reader.lenenc_text());
  layout.nullable = reader.bytes((layout.types.size() + 7) / 8);
  layout.definition = event.body().subspan(begin, reader.position() - begin);
  layout.optional_metadata = reader.rest();
  return layout;
}

TableMap TableMap::decode(const EventView& event, const FormatDescription& description) {
  const TableMapLayout layout = TableMapLayout::decode(event, description);
  TableMap map;
  map.table_id = layout.table_id;
  map.flags = layout.flags;
  map.database = layout.database;
  map.table = layout.table;
  map.optional_metadata.assign(layout.optional_metadata.begin(), layout.optional_metadata.end());
  map.columns.reserve(layout.types.size());
  ByteReader metadata(layout.column_metadata);
  for (std::size_t i = 0; i < layout.types.size(); ++i) {
    TableColumn column = read_column(layout.types[i], metadata, i);
    column.nullable = (layout.nullable[i / 8] >> (i % 8) & 1) != 0;
    map.columns.push_back(column);
  }
  if (!metadata.at_end()) throw_damaged(event.type(), "it has more metadata than its columns need");
  return map;
}

}  // namespace tributary::binlog
