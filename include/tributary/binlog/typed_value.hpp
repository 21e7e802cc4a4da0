#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"

namespace tributary::binlog {

/// A DECIMAL, undone as far as is exact: the number is negative or not, and has these groups of nine digits.
struct DecimalValue {
  static constexpr std::size_t k_most_groups = 16;  ///< 65 digits: 8 groups on either side of the point

  bool negative = false;
  std::uint8_t integer_groups = 0;   ///< before the point, the highest first; that one may have fewer digits
  std::uint8_t fraction_groups = 0;  ///< behind it; the last one's digits are scale % 9 where that is not 0
  std::uint8_t scale = 0;
  std::array<std::uint32_t, k_most_groups> groups{};
};

/// DATE, TIME, DATETIME, YEAR: as stored, also where there is no such day ("2024-00-00"). Of TIME the hours go up to
/// 838.
struct TemporalValue {
  bool negative = false;
  std::uint16_t year = 0;
  std::uint8_t month = 0;
  std::uint8_t day = 0;
  std::uint16_t hour = 0;
  std::uint8_t minute = 0;
  std::uint8_t second = 0;
  std::uint32_t microsecond = 0;
};

/// TIMESTAMP: an instant.
struct TimestampValue {
  std::uint32_t seconds = 0;  ///< since the epoch; 0: '0000-00-00 00:00:00'
  std::uint32_t microsecond = 0;
};

/// BIT, ENUM (number of the member) and SET (a bit for each member).
struct BitsValue {
  std::uint64_t bits = 0;
};

/// Strings, blobs, JSON, GEOMETRY, VECTOR, compressed columns: the bytes as in the event.
using TypedValue = std::variant<std::monostate, std::int64_t, std::uint64_t, float, double, DecimalValue, TemporalValue,
                                TimestampValue, BitsValue, ByteView>;

/// A value of a row in its own type; NULL is monostate. Bytes are borrowed; nothing is allocated. Integers are signed
/// unless @p is_unsigned. @throws Error 1610 when the bytes do not have the shape of the type: RowsReader's cells do.
TypedValue typed_value(const Cell& cell, const TableColumn& column, bool is_unsigned);

}  // namespace tributary::binlog
