#include <array>

#include "tributary/binlog/column_values.hpp"
#include "tributary/util/error.hpp"

#include "value_length.hpp"

namespace tributary::binlog {
namespace {

constexpr unsigned k_most_digits = 6;
constexpr std::array<std::uint64_t, k_most_digits + 1> k_power = {1, 10, 100, 1000, 10000, 100000, 1000000};
constexpr std::uint64_t k_microseconds = 1000000;

struct Clock {
  std::uint64_t hour = 0, minute = 0, second = 0, microsecond = 0;

  [[nodiscard]] std::uint64_t packed() const { return hour << 12 | minute << 6 | second; }
};

[[noreturn]] void throw_no_time() {
  throw Error(error_code::k_corrupt_event,
              "a date or time in the old format cannot be read: has the column as many digits of a fraction in the "
              "target as in the source?");
}

Clock checked(const Clock& clock, std::uint64_t most_hours) {
  if (clock.hour > most_hours || clock.minute > 59 || clock.second > 59) throw_no_time();
  return clock;
}

void append_big_endian(Bytes& to, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::size_t fraction_width(unsigned digits) {
  return (digits + 1) / 2;
}

/// The fraction as the modern types store it: in units of its bytes' two, four or six digits.
std::uint64_t stored_fraction(std::uint64_t microseconds, unsigned digits) {
  return microseconds / k_power[k_most_digits - 2 * fraction_width(digits)];
}

void append_timestamp(ByteView value, unsigned digits, Bytes& to) {
  ByteReader reader(value);
  const std::uint64_t seconds = digits == 0 ? reader.u32() : reader.big_endian(4);
  const std::uint64_t fraction = digits == 0 ? 0 : reader.big_endian(reader.remaining());
  if (fraction >= k_power[digits]) throw_no_time();
  append_big_endian(to, seconds, 4);
  append_big_endian(to, stored_fraction(fraction * k_power[k_most_digits - digits], digits), fraction_width(digits));
}

void append_datetime(ByteView value, unsigned digits, Bytes& to) {
  static constexpr std::uint64_t k_offset = 0x8000000000;
  std::uint64_t year_month = 0;
  std::uint64_t day = 0;
  Clock clock;
  if (digits == 0) {
    const std::uint64_t number = ByteReader(value).u64();  // YYYYMMDDhhmmss
    clock = {number / 10000 % 100, number / 100 % 100, number % 100};
    day = number / 1000000 % 100;
    if (number / 10000000000 > 9999 || number / 100000000 % 100 > 12) throw_no_time();
    year_month = number / 10000000000 * 13 + number / 100000000 % 100;
  } else {
    const std::uint64_t units = ByteReader(value).big_endian(value.size());
    if (units > UINT64_MAX / k_power[k_most_digits - digits]) throw_no_time();
    std::uint64_t rest = units * k_power[k_most_digits - digits];
    const auto take = [&rest](std::uint64_t range) {
      const std::uint64_t part = rest % range;
      rest /= range;
      return part;
    };
    clock.microsecond = take(k_microseconds);
    clock.second = take(60);
    clock.minute = take(60);
    clock.hour = take(24);
    day = take(32);
    year_month = rest;
    if (year_month / 13 > 9999) throw_no_time();
  }
  if (day > 31) throw_no_time();
  clock = checked(clock, 23);
  append_big_endian(to, k_offset + (year_month << 22 | day << 17 | clock.packed()), 5);
  append_big_endian(to, stored_fraction(clock.microsecond, digits), fraction_width(digits));
}

void append_time(ByteView value, unsigned digits, Bytes& to) {
  static constexpr std::uint64_t k_most_hours = 838;
  static constexpr std::uint64_t k_zero_seconds = 3020400;  // one more than 838:59:59
  bool negative = false;
  Clock clock;
  if (digits == 0) {
    std::uint64_t number = ByteReader(value).u24();  // hhmmss, with a sign
    negative = (number & 0x800000) != 0;
    if (negative) number = 0x1000000 - number;
    clock = {number / 10000, number / 100 % 100, number % 100};
  } else {
    const std::uint64_t units = ByteReader(value).big_endian(value.size());
    const std::uint64_t zero = k_zero_seconds * k_power[digits];
    negative = units < zero;
    const std::uint64_t magnitude = negative ? zero - units : units - zero;
    const std::uint64_t seconds = magnitude / k_power[digits];
    clock = {seconds / 3600, seconds / 60 % 60, seconds % 60,
             magnitude % k_power[digits] * k_power[k_most_digits - digits]};
  }
  clock = checked(clock, k_most_hours);
  const std::size_t width = fraction_width(digits);
  const std::uint64_t magnitude = clock.packed() << (8 * width) | stored_fraction(clock.microsecond, digits);
  const std::uint64_t zero = std::uint64_t{0x800000} << (8 * width);
  append_big_endian(to, negative ? zero - magnitude : zero + magnitude, 3 + width);
}

}  // namespace

TableColumn modern_temporal_type(const TableColumn& column) {
  TableColumn modern = column;
  switch (column.type) {
    case ColumnType::timestamp:
      modern.type = ColumnType::timestamp2;
      break;
    case ColumnType::time:
      modern.type = ColumnType::time2;
      break;
    case ColumnType::datetime:
      modern.type = ColumnType::datetime2;
      break;
    default:
      break;
  }
  return modern;
}

void append_modern_temporal(ByteView value, const TableColumn& column, Bytes& to) {
  const unsigned digits = column.metadata;
  if (digits > k_most_digits || value.size() != value_shape(column).fixed_size) throw_no_time();
  switch (column.type) {
    case ColumnType::timestamp:
      return append_timestamp(value, digits, to);
    case ColumnType::time:
      return append_time(value, digits, to);
    case ColumnType::datetime:
      return append_datetime(value, digits, to);
    default:
      throw_no_time();
  }
}

}  // namespace tributary::binlog
