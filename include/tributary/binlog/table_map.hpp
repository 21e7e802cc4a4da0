#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"

namespace tributary::binlog {

/// Column types of row events (include/field_types.h; MariaDB's own 140 and 141).
enum class ColumnType : std::uint8_t {
  decimal = 0,
  tiny = 1,
  short_int = 2,
  long_int = 3,
  float_type = 4,
  double_type = 5,
  null = 6,
  timestamp = 7,
  longlong = 8,
  int24 = 9,
  date = 10,
  time = 11,
  datetime = 12,
  year = 13,
  newdate = 14,
  varchar = 15,
  bit = 16,
  timestamp2 = 17,
  datetime2 = 18,
  time2 = 19,
  mariadb_blob_compressed = 140,
  mariadb_varchar_compressed = 141,
  vector = 242,
  json = 245,
  newdecimal = 246,
  enumeration = 247,
  set = 248,
  tiny_blob = 249,
  medium_blob = 250,
  long_blob = 251,
  blob = 252,
  var_string = 253,
  string = 254,
  geometry = 255,
};

/// The collation id that means bytes, not text.
inline constexpr std::uint32_t k_binary_collation = 63;

/// What is needed to find a value's end in a row, and to decode it.
struct TableColumn {
  ColumnType type = ColumnType::null;  ///< the real one: ENUM and SET are not STRING here
  /// By type: varchar, string: longest length in bytes; blob, json, geometry, vector: bytes of the length; newdecimal:
  /// precision << 8 | scale; bit: number of bits; enum, set: bytes of the value; timestamp2, datetime2, time2: digits
  /// of the fraction; float, double: 4, 8. The old timestamp, datetime and time have none in the binlog: 0, and
  /// whoever knows from elsewhere that a MariaDB column with mysql56_temporal_format=OFF has a fraction sets it.
  std::uint16_t metadata = 0;
  bool nullable = true;

  bool operator==(const TableColumn&) const = default;
};

/// What optional metadata (MySQL 8.0, MariaDB 10.5; binlog_row_metadata) tells of one column.
struct ColumnMetadata {
  std::optional<bool> is_unsigned;  ///< numeric columns
  std::uint32_t collation = 0;      ///< character, ENUM and SET columns; 0: not told
  std::string name;                 ///< ''  : not told
  std::vector<std::string> values;  ///< of ENUM and SET
  std::optional<bool> visible;
  std::optional<std::uint32_t> geometry_type;
  std::optional<std::uint32_t> vector_dimension;
};

struct PrimaryKeyPart {
  std::size_t column = 0;
  std::uint64_t prefix_length = 0;  ///< characters; 0: the whole column
  bool operator==(const PrimaryKeyPart&) const = default;
};

struct TableMetadata {
  std::vector<ColumnMetadata> columns;  ///< one for each column of the table, empty ones where nothing was told
  std::vector<PrimaryKeyPart> primary_key;
};

/// TABLE_MAP: gives a number to a table and its columns, for the row events of one statement.
struct TableMap {
  static constexpr std::uint16_t k_bit_length_exact = 0x0001;
  static constexpr std::uint16_t k_referred_foreign_key_database = 0x0002;
  static constexpr std::uint16_t k_generated_invisible_primary_key = 0x0004;
  static constexpr std::uint16_t k_mariadb_has_triggers = 0x4000;

  std::uint64_t table_id = 0;  ///< 48 bits
  std::uint16_t flags = 0;
  std::string database;  ///< UTF-8, as is table
  std::string table;
  std::vector<TableColumn> columns;
  Bytes optional_metadata;  ///< undecoded

  /// Throws Error 1610, also for a column type that is not known.
  static TableMap decode(const EventView& event, const FormatDescription& description);
  /// Decodes optional_metadata; parts that are not known are skipped. @p source tells MySQL from MariaDB: they count
  /// character columns differently. Throws Error 1610.
  [[nodiscard]] TableMetadata metadata(const FormatDescription& source) const;
};

/// The parts of a TABLE_MAP body as raw bytes, all borrowed: for copying and comparing definitions without decoding.
struct TableMapLayout {
  std::uint64_t table_id = 0;
  std::uint16_t flags = 0;
  std::string_view database;
  std::string_view table;
  ByteView definition;       ///< from the length of the database's name to the end of the nullable bitmap
  ByteView types;            ///< one byte for each column
  ByteView column_metadata;  ///< without its length
  ByteView nullable;         ///< bitmap, bit 0 of byte 0 is the first column
  ByteView optional_metadata;

  static TableMapLayout decode(const EventView& event, const FormatDescription& description);
};

}  // namespace tributary::binlog
