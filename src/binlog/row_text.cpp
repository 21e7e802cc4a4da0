#include "tributary/binlog/row_text.hpp"

#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "tributary/binlog/decimal.hpp"

#include "temporal_text.hpp"

namespace tributary::binlog {
namespace {

constexpr std::string_view k_cut = "...";

std::string hex_text(ByteView bytes, std::size_t limit) {
  const bool cut = bytes.size() > limit;
  return "x'" + to_hex(bytes.first(std::min(bytes.size(), limit))) + (cut ? "...'" : "'");
}

/// Bytes of the UTF-8 character at the front of @p bytes (not empty), 0 when there is no valid one.
std::size_t utf8_length(ByteView bytes) {
  const std::uint8_t first = bytes[0];
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || length > bytes.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((bytes[i] & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, past the last code point.
  if (first == 0xe0 && bytes[1] < 0xa0) return 0;
  if (first == 0xed && bytes[1] >= 0xa0) return 0;
  if (first == 0xf0 && bytes[1] < 0x90) return 0;
  if (first == 0xf4 && bytes[1] >= 0x90) return 0;
  return length;
}

/// The escape of a character that must not stand as it is; nullptr for others.
const char* escape_of(std::uint8_t c) {
  switch (c) {
    case '\'':
      return "\\'";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return nullptr;
  }
}

std::string string_text(ByteView bytes, std::uint32_t collation, std::size_t limit) {
  if (collation == k_binary_collation) return hex_text(bytes, limit);
  std::string text = "'";
  for (ByteView rest = bytes; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    const char* escape = escape_of(rest[0]);
    const bool control = (rest[0] < 0x20 || rest[0] == 0x7f) && escape == nullptr;
    if (length == 0 || control) return hex_text(bytes, limit);
    if (bytes.size() - rest.size() + length > limit) return text + "...'";
    if (escape != nullptr) {
      text += escape;
    } else {
      text += as_text(rest.first(length));
    }
    rest = rest.subspan(length);
  }
  return text + "'";
}

std::string integer_text(ByteView bytes, bool is_unsigned) {
  const std::uint64_t number = ByteReader(bytes).little_endian(bytes.size());
  if (is_unsigned) return fmt::format("{}", number);
  const unsigned unused = static_cast<unsigned>(64 - 8 * bytes.size());
  return fmt::format("{}", static_cast<std::int64_t>(number << unused) >> unused);
}

std::string bit_text(ByteView bytes, std::size_t count) {
  std::string text = "b'";
  for (std::size_t i = bytes.size() * 8; i-- > 0;) {
    if (i < count) text += (bytes[bytes.size() - 1 - i / 8] >> (i % 8) & 1) != 0 ? '1' : '0';
  }
  return text + "'";
}

std::string enum_text(ByteView bytes, const ColumnMetadata& metadata, std::size_t limit) {
  const std::uint64_t index = ByteReader(bytes).little_endian(bytes.size());
  if (index == 0 || index > metadata.values.size()) return fmt::format("{}", index);
  return string_text(as_bytes(metadata.values[static_cast<std::size_t>(index - 1)]), 0, limit);
}

std::string set_text(ByteView bytes, const ColumnMetadata& metadata, std::size_t limit) {
  const std::uint64_t members = ByteReader(bytes).little_endian(bytes.size());
  if (static_cast<std::size_t>(std::bit_width(members)) > metadata.values.size()) return fmt::format("{}", members);
  std::string text;
  for (std::size_t i = 0; i < metadata.values.size(); ++i) {
    if ((members >> i & 1) == 0) continue;
    if (!text.empty()) text += ',';
    text += metadata.values[i];
  }
  return string_text(as_bytes(text), 0, limit);
}

}  // namespace

std::string value_to_text(const Cell& cell, const TableColumn& column, const ColumnMetadata& metadata,
                          const RowTextOptions& options) {
  if (cell.is_null) return "NULL";
  const ByteView bytes = cell.bytes;
  switch (column.type) {
    case ColumnType::tiny:
    case ColumnType::short_int:
    case ColumnType::int24:
    case ColumnType::long_int:
    case ColumnType::longlong:
      if (bytes.empty() || bytes.size() > 8) break;
      return integer_text(bytes, metadata.is_unsigned.value_or(false));
    case ColumnType::float_type:
      if (bytes.size() != 4) break;
      return fmt::format("{}", std::bit_cast<float>(ByteReader(bytes).u32()));
    case ColumnType::double_type:
      if (bytes.size() != 8) break;
      return fmt::format("{}", std::bit_cast<double>(ByteReader(bytes).u64()));
    case ColumnType::newdecimal:
      if (const auto text = decimal_to_text(bytes, column.metadata >> 8, column.metadata & 0xff)) return *text;
      break;
    case ColumnType::year:
    case ColumnType::date:
    case ColumnType::newdate:
    case ColumnType::time:
    case ColumnType::time2:
    case ColumnType::datetime:
    case ColumnType::datetime2:
    case ColumnType::timestamp:
    case ColumnType::timestamp2:
      if (const auto text = temporal_to_text(bytes, column)) {
        return column.type == ColumnType::year ? *text : "'" + *text + "'";
      }
      break;
    case ColumnType::bit:
      return bit_text(bytes, column.metadata);
    case ColumnType::enumeration:
      if (bytes.empty() || bytes.size() > 8) break;
      return enum_text(bytes, metadata, options.value_limit);
    case ColumnType::set:
      if (bytes.empty() || bytes.size() > 8) break;
      return set_text(bytes, metadata, options.value_limit);
    case ColumnType::varchar:
    case ColumnType::var_string:
    case ColumnType::string:
    case ColumnType::tiny_blob:
    case ColumnType::medium_blob:
    case ColumnType::long_blob:
    case ColumnType::blob:
      return string_text(bytes, metadata.collation, options.value_limit);
    default:
      break;
  }
  return hex_text(bytes, options.value_limit);
}

std::string row_to_text(const RowImage& row, const TableMap& table, const TableMetadata& metadata,
                        const RowTextOptions& options) {
  static const ColumnMetadata k_nothing_known;
  std::string text;
  for (const Cell& cell : row.cells()) {
    if (cell.column >= table.columns.size()) break;
    if (!text.empty()) text += ", ";
    if (text.size() > options.row_limit) return text + std::string(k_cut);
    const ColumnMetadata& column =
        cell.column < metadata.columns.size() ? metadata.columns[cell.column] : k_nothing_known;
    text += column.name.empty() ? fmt::format("@{}", cell.column + 1) : column.name;
    text += '=';
    text += value_to_text(cell, table.columns[cell.column], column, options);
  }
  return text;
}

}  // namespace tributary::binlog
