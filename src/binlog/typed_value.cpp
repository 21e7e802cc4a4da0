#include "tributary/binlog/typed_value.hpp"

#include <bit>

#include "tributary/binlog/decimal.hpp"
#include "tributary/util/error.hpp"

#include "value_length.hpp"

namespace tributary::binlog {
namespace {

[[noreturn]] void throw_shape() {
  throw Error(error_code::k_corrupt_event, "damaged row event: a value does not have the shape of its type");
}

std::uint64_t load_big_endian(const std::uint8_t* from, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | from[i];
  return value;
}

TypedValue integer(std::uint64_t number, unsigned bits, bool is_unsigned) {
  if (is_unsigned) return number;
  const unsigned unused = 64 - bits;
  return static_cast<std::int64_t>(number << unused) >> unused;
}

/// The fraction of (digits + 1) / 2 bytes in microseconds.
std::uint32_t microseconds(std::uint64_t stored, unsigned digits) {
  const unsigned bytes = (digits + 1) / 2;
  return static_cast<std::uint32_t>(bytes == 1 ? stored * 10000 : bytes == 2 ? stored * 100 : stored);
}

DecimalValue decimal(ByteView packed, unsigned precision, unsigned scale) {
  static constexpr unsigned k_group_digits = 9;
  static constexpr std::array<std::uint8_t, k_group_digits> k_group_bytes = {0, 1, 1, 2, 2, 3, 3, 4, 4};
  static constexpr std::array<std::uint32_t, k_group_digits + 1> k_powers = {
      1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
  DecimalValue value;
  value.negative = (packed[0] & 0x80) == 0;
  value.scale = static_cast<std::uint8_t>(scale);
  std::size_t at = 0;
  std::size_t count = 0;
  const auto add = [&](unsigned digits, std::size_t bytes) {
    std::uint64_t group = load_big_endian(packed.data() + at, bytes);
    if (value.negative) group = ~group & ((std::uint64_t{1} << 8 * bytes) - 1);
    if (at == 0) group ^= std::uint64_t{0x80} << 8 * (bytes - 1);  // the sign
    if (group >= k_powers[digits]) throw_shape();
    at += bytes;
    value.groups[count++] = static_cast<std::uint32_t>(group);
  };
  const unsigned integer_digits = precision - scale;
  if (const unsigned first = integer_digits % k_group_digits; first != 0) add(first, k_group_bytes[first]);
  for (unsigned i = 0; i < integer_digits / k_group_digits; ++i) add(k_group_digits, 4);
  value.integer_groups = static_cast<std::uint8_t>(count);
  for (unsigned i = 0; i < scale / k_group_digits; ++i) add(k_group_digits, 4);
  if (const unsigned last = scale % k_group_digits; last != 0) add(last, k_group_bytes[last]);
  value.fraction_groups = static_cast<std::uint8_t>(count - value.integer_groups);
  return value;
}

TemporalValue date(std::uint64_t packed) {
  TemporalValue value;
  value.year = static_cast<std::uint16_t>(packed >> 9);
  value.month = static_cast<std::uint8_t>(packed >> 5 & 15);
  value.day = static_cast<std::uint8_t>(packed & 31);
  return value;
}

/// 17 bits year * 13 + month, 5 day, 5 hour, 6 minute, 6 second, with 2^39 added.
TemporalValue datetime2(ByteView bytes, unsigned digits) {
  const std::uint64_t packed = load_big_endian(bytes.data(), 5) - 0x8000000000;
  const std::uint64_t year_month = packed >> 22 & 0x1ffff;
  TemporalValue value;
  value.year = static_cast<std::uint16_t>(year_month / 13);
  value.month = static_cast<std::uint8_t>(year_month % 13);
  value.day = static_cast<std::uint8_t>(packed >> 17 & 31);
  value.hour = static_cast<std::uint16_t>(packed >> 12 & 31);
  value.minute = static_cast<std::uint8_t>(packed >> 6 & 63);
  value.second = static_cast<std::uint8_t>(packed & 63);
  if (digits != 0) value.microsecond = microseconds(load_big_endian(bytes.data() + 5, bytes.size() - 5), digits);
  return value;
}

/// Seconds and fraction together are one number, with an offset instead of a sign (my_time_packed_to_binary,
/// sql-common/my_time.cc).
TemporalValue time2(ByteView bytes, unsigned digits) {
  const std::size_t fraction_bits = 8 * (bytes.size() - 3);
  const auto stored = static_cast<std::int64_t>(load_big_endian(bytes.data(), bytes.size()));
  const std::int64_t number = stored - (std::int64_t{0x800000} << fraction_bits);
  const auto magnitude = static_cast<std::uint64_t>(number < 0 ? -number : number);
  const std::uint64_t clock = magnitude >> fraction_bits;
  TemporalValue value;
  value.negative = number < 0;
  value.hour = static_cast<std::uint16_t>(clock >> 12 & 0x3ff);
  value.minute = static_cast<std::uint8_t>(clock >> 6 & 63);
  value.second = static_cast<std::uint8_t>(clock & 63);
  if (digits != 0) value.microsecond = microseconds(magnitude & ((std::uint64_t{1} << fraction_bits) - 1), digits);
  return value;
}

/// Before MySQL 5.6: the numbers YYYYMMDDhhmmss and hhmmss.
TemporalValue from_number(std::uint64_t number) {
  TemporalValue value;
  value.year = static_cast<std::uint16_t>(number / 10000000000);
  value.month = static_cast<std::uint8_t>(number / 100000000 % 100);
  value.day = static_cast<std::uint8_t>(number / 1000000 % 100);
  value.hour = static_cast<std::uint16_t>(number / 10000 % 100);
  value.minute = static_cast<std::uint8_t>(number / 100 % 100);
  value.second = static_cast<std::uint8_t>(number % 100);
  return value;
}

TemporalValue old_time(std::uint64_t stored) {
  const auto number = static_cast<std::int64_t>(stored) - ((stored & 0x800000) != 0 ? 0x1000000 : 0);
  const auto magnitude = static_cast<std::uint64_t>(number < 0 ? -number : number);
  TemporalValue value;
  value.negative = number < 0;
  value.hour = static_cast<std::uint16_t>(magnitude / 10000);
  value.minute = static_cast<std::uint8_t>(magnitude / 100 % 100);
  value.second = static_cast<std::uint8_t>(magnitude % 100);
  return value;
}

TypedValue temporal(ByteView bytes, const TableColumn& column) {
  static constexpr unsigned k_most_digits = 6;
  if (column.metadata > k_most_digits) throw_shape();
  switch (column.type) {
    case ColumnType::timestamp2: {
      TimestampValue value;
      value.seconds = static_cast<std::uint32_t>(load_big_endian(bytes.data(), 4));
      if (column.metadata != 0) {
        value.microsecond = microseconds(load_big_endian(bytes.data() + 4, bytes.size() - 4), column.metadata);
      }
      return value;
    }
    case ColumnType::datetime2:
      return datetime2(bytes, column.metadata);
    case ColumnType::time2:
      return time2(bytes, column.metadata);
    case ColumnType::date:
    case ColumnType::newdate:
      return date(load_little_endian(bytes.data(), 3));
    case ColumnType::year: {
      TemporalValue value;
      value.year = static_cast<std::uint16_t>(bytes[0] == 0 ? 0 : 1900 + bytes[0]);
      return value;
    }
    default:
      break;
  }
  // The old forms with a fraction are MariaDB's own; their bytes are left as they are.
  if (column.metadata != 0) return bytes;
  if (column.type == ColumnType::timestamp) {
    return TimestampValue{static_cast<std::uint32_t>(load_little_endian(bytes.data(), 4)), 0};
  }
  if (column.type == ColumnType::time) return old_time(load_little_endian(bytes.data(), 3));
  return from_number(load_little_endian(bytes.data(), 8));
}

}  // namespace

TypedValue typed_value(const Cell& cell, const TableColumn& column, bool is_unsigned) {
  if (cell.is_null) return {};
  const ByteView bytes = cell.bytes;
  const ValueShape shape = quick_value_shape(column);
  if (shape.length_bytes != 0) return bytes;
  if (bytes.size() != shape.fixed_size) throw_shape();
  switch (column.type) {
    case ColumnType::tiny:
      return integer(bytes[0], 8, is_unsigned);
    case ColumnType::short_int:
      return integer(load_little_endian(bytes.data(), 2), 16, is_unsigned);
    case ColumnType::int24:
      return integer(load_little_endian(bytes.data(), 3), 24, is_unsigned);
    case ColumnType::long_int:
      return integer(load_little_endian(bytes.data(), 4), 32, is_unsigned);
    case ColumnType::longlong:
      return integer(load_little_endian(bytes.data(), 8), 64, is_unsigned);
    case ColumnType::float_type:
      return std::bit_cast<float>(static_cast<std::uint32_t>(load_little_endian(bytes.data(), 4)));
    case ColumnType::double_type:
      return std::bit_cast<double>(load_little_endian(bytes.data(), 8));
    case ColumnType::newdecimal: {
      const unsigned precision = column.metadata >> 8U;
      const unsigned scale = column.metadata & 0xffU;
      if (bytes.empty() || precision > 65 || scale > precision) throw_shape();
      return decimal(bytes, precision, scale);
    }
    case ColumnType::bit:
      if (bytes.size() > 8) throw_shape();
      return BitsValue{load_big_endian(bytes.data(), bytes.size())};
    case ColumnType::enumeration:
    case ColumnType::set:
      if (bytes.empty() || bytes.size() > 8) throw_shape();
      return BitsValue{load_little_endian(bytes.data(), bytes.size())};
    case ColumnType::year:
    case ColumnType::date:
    case ColumnType::newdate:
    case ColumnType::time:
    case ColumnType::time2:
    case ColumnType::datetime:
    case ColumnType::datetime2:
    case ColumnType::timestamp:
    case ColumnType::timestamp2:
      return temporal(bytes, column);
    default:
      return bytes;
  }
}

}  // namespace tributary::binlog
