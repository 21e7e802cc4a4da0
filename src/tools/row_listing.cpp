#include "row_listing.hpp"

#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "tributary/binlog/json.hpp"
#include "tributary/binlog/row_text.hpp"
#include "tributary/util/printable.hpp"

namespace tributary::tools {
namespace {

using binlog::Cell;
using binlog::ColumnMetadata;
using binlog::ColumnType;
using binlog::RowImage;
using binlog::RowsEvent;
using binlog::RowsKind;
using binlog::TableColumn;
using binlog::TableMap;
using binlog::TableMetadata;

std::string integer_text(ByteView bytes, const ColumnMetadata& metadata) {
  const std::uint64_t number = ByteReader(bytes).little_endian(bytes.size());
  const auto unused = static_cast<unsigned>(64 - 8 * bytes.size());
  const std::int64_t with_sign = static_cast<std::int64_t>(number << unused) >> unused;
  if (metadata.is_unsigned) return *metadata.is_unsigned ? fmt::format("{}", number) : fmt::format("{}", with_sign);
  return with_sign < 0 ? fmt::format("{} ({})", with_sign, number) : fmt::format("{}", with_sign);
}

/// Seconds since the epoch, with the digits of the fraction that the column has.
std::string timestamp_text(ByteView bytes, unsigned digits) {
  ByteReader reader(bytes);
  const std::uint64_t seconds = reader.big_endian(4);
  if (digits == 0) return fmt::format("{}", seconds);
  const std::uint64_t stored = reader.big_endian((digits + 1) / 2);
  const std::uint64_t fraction = digits <= 2 ? stored * 10000 : digits <= 4 ? stored * 100 : stored;
  return fmt::format("{}.{}", seconds, fmt::format("{:06}", fraction).substr(0, digits));
}

/// One bit for each member, the last one first.
std::string set_text(ByteView bytes) {
  std::string text = "b'";
  for (std::size_t i = bytes.size() * 8; i-- > 0;) text += (bytes[i / 8] >> (i % 8) & 1) != 0 ? '1' : '0';
  return text + "'";
}

/// "[1,2.5,-3]": numbers of four bytes; quoted bytes when they are not that.
std::string vector_text(ByteView bytes) {
  if (bytes.size() % 4 != 0) return quoted(bytes);
  std::string text;
  for (ByteReader reader(bytes); !reader.at_end();) {
    text += fmt::format("{}{}", text.empty() ? "[" : ",", std::bit_cast<float>(reader.u32()));
  }
  return text.empty() ? "[]" : text + "]";
}

std::string value_text(const Cell& cell, const TableColumn& column, const ColumnMetadata& metadata) {
  static const ColumnMetadata k_nothing_known;
  if (cell.is_null) return "NULL";
  const ByteView bytes = cell.bytes;
  switch (column.type) {
    case ColumnType::tiny:
    case ColumnType::short_int:
    case ColumnType::int24:
    case ColumnType::long_int:
    case ColumnType::longlong:
      return integer_text(bytes, metadata);
    case ColumnType::timestamp:
      return column.metadata == 0 ? fmt::format("{}", ByteReader(bytes).u32()) : quoted(bytes);
    case ColumnType::timestamp2:
      return timestamp_text(bytes, column.metadata);
    case ColumnType::set:
      return set_text(bytes);
    case ColumnType::vector:
      return vector_text(bytes);
    case ColumnType::json: {
      std::string document;
      binlog::append_json_text(bytes, document);
      return quoted(as_bytes(document));
    }
    case ColumnType::date:
    case ColumnType::newdate: {
      std::string text = value_to_text(cell, column, k_nothing_known);
      std::replace(text.begin(), text.end(), '-', ':');
      return text;
    }
    case ColumnType::float_type:
    case ColumnType::double_type:
    case ColumnType::newdecimal:
    case ColumnType::bit:
    case ColumnType::year:
    case ColumnType::time:
    case ColumnType::time2:
    case ColumnType::datetime:
    case ColumnType::datetime2:
    case ColumnType::enumeration:
      return value_to_text(cell, column, k_nothing_known);
    default:
      return quoted(bytes);
  }
}

/// The column's metadata as the event has it: one or two bytes, the first byte high.
unsigned metadata_number(const TableColumn& column) {
  static constexpr unsigned k_string_type = 0xfe;
  const unsigned metadata = column.metadata;
  switch (column.type) {
    case ColumnType::string:
      return (k_string_type ^ (metadata >> 8 & 3U) << 4) << 8 | (metadata & 0xffU);
    case ColumnType::enumeration:
    case ColumnType::set:
      return static_cast<unsigned>(column.type) << 8 | metadata;
    case ColumnType::bit:
      return metadata / 8 << 8 | metadata % 8;
    default:
      return metadata;
  }
}

/// What optional metadata tells of an ENUM's or SET's value: " 'new'".
std::string members_text(const Cell& cell, const TableColumn& column, const ColumnMetadata& metadata) {
  const bool is_member = column.type == ColumnType::enumeration || column.type == ColumnType::set;
  if (!is_member || cell.is_null || metadata.values.empty()) return {};
  return " " + value_to_text(cell, column, metadata, {.value_limit = 1024});
}

void append_image(std::string& text, const RowImage& image, const TableMap& table, const TableMetadata& metadata) {
  for (const Cell& cell : image.cells()) {
    const TableColumn& column = table.columns[cell.column];
    const ColumnMetadata& told = metadata.columns[cell.column];
    text += fmt::format("###   @{}={} /* {} meta={} nullable={} is_null={} */{}{}\n", cell.column + 1,
                        value_text(cell, column, told), column_type_text(column, told), metadata_number(column),
                        column.nullable ? 1 : 0, cell.is_null ? 1 : 0,
                        told.name.empty() ? "" : " " + printable(told.name), members_text(cell, column, told));
  }
}

}  // namespace

std::string quoted(ByteView bytes) {
  std::string text = "'";
  // In pieces between quotes and backslashes, which have their own escapes; the rest is util's.
  const std::string_view all = as_text(bytes);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find_first_of("'\\", at), all.size());
    text += printable(all.substr(at, end - at), bytes.size());
    if (end < all.size()) text += {'\\', all[end]};
    at = end + 1;
  }
  return text + "'";
}

std::string column_type_text(const TableColumn& column, const ColumnMetadata& told) {
  const unsigned metadata = column.metadata;
  switch (column.type) {
    case ColumnType::tiny:
      return "TINYINT";
    case ColumnType::short_int:
      return "SHORTINT";
    case ColumnType::int24:
      return "MEDIUMINT";
    case ColumnType::long_int:
      return "INT";
    case ColumnType::longlong:
      return "LONGINT";
    case ColumnType::newdecimal:
      return fmt::format("DECIMAL({},{})", metadata >> 8, metadata & 0xff);
    case ColumnType::float_type:
      return "FLOAT";
    case ColumnType::double_type:
      return "DOUBLE";
    case ColumnType::bit:
      return fmt::format("BIT({})", metadata);
    case ColumnType::timestamp:
      return "TIMESTAMP";
    case ColumnType::timestamp2:
      return fmt::format("TIMESTAMP({})", metadata);
    case ColumnType::datetime:
      return "DATETIME";
    case ColumnType::datetime2:
      return fmt::format("DATETIME({})", metadata);
    case ColumnType::time:
      return "TIME";
    case ColumnType::time2:
      return fmt::format("TIME({})", metadata);
    case ColumnType::date:
    case ColumnType::newdate:
      return "DATE";
    case ColumnType::year:
      return "YEAR";
    case ColumnType::enumeration:
      return metadata == 1 ? "ENUM(1 byte)" : "ENUM(2 bytes)";
    case ColumnType::set:
      return fmt::format("SET({} bytes)", metadata);
    case ColumnType::tiny_blob:
    case ColumnType::medium_blob:
    case ColumnType::long_blob:
    case ColumnType::blob: {
      static constexpr const char* k_names[] = {"", "TINYBLOB/TINYTEXT", "BLOB/TEXT", "MEDIUMBLOB/MEDIUMTEXT",
                                                "LONGBLOB/LONGTEXT"};
      return k_names[std::min(metadata, 4U)];
    }
    case ColumnType::mariadb_blob_compressed: {
      static constexpr const char* k_names[] = {"", "TINYBLOB/TINYTEXT COMPRESSED", "BLOB/TEXT COMPRESSED",
                                                "MEDIUMBLOB/MEDIUMTEXT COMPRESSED", "LONGBLOB/LONGTEXT COMPRESSED"};
      return k_names[std::min(metadata, 4U)];
    }
    case ColumnType::varchar:
    case ColumnType::var_string:
      return fmt::format("VARSTRING({})", metadata);
    case ColumnType::mariadb_varchar_compressed:
      return fmt::format("VARSTRING({}) COMPRESSED", metadata);
    case ColumnType::string:
      return fmt::format("STRING({})", metadata);
    case ColumnType::json:
      return "JSON";
    case ColumnType::geometry:
      return "GEOMETRY";
    case ColumnType::vector:
      return told.vector_dimension ? fmt::format("VECTOR({})", *told.vector_dimension) : "VECTOR";
    case ColumnType::null:
      return "NULL";
    case ColumnType::decimal:
      break;
  }
  return "DECIMAL";
}

std::string table_name_text(const TableMap& table) {
  std::string text;
  for (const std::string* name : {&table.database, &table.table}) {
    text += text.empty() ? "`" : ".`";
    for (const char c : printable(*name)) text += c == '`' ? "``" : std::string(1, c);
    text += '`';
  }
  return text;
}

void append_rows(std::string& text, const RowsEvent& event, const TableMap& table, const TableMetadata& metadata,
                 const std::function<void()>& after_row) {
  const std::string name = table_name_text(table);
  binlog::RowsReader reader(event, table);
  while (reader.next()) {
    switch (event.kind) {
      case RowsKind::write:
        text += fmt::format("### INSERT INTO {}\n### SET\n", name);
        break;
      case RowsKind::update:
        text += fmt::format("### UPDATE {}\n### WHERE\n", name);
        append_image(text, reader.before(), table, metadata);
        text += "### SET\n";
        break;
      case RowsKind::remove:
        text += fmt::format("### DELETE FROM {}\n### WHERE\n", name);
        append_image(text, reader.before(), table, metadata);
        break;
    }
    append_image(text, reader.after(), table, metadata);
    after_row();
  }
}

}  // namespace tributary::tools
