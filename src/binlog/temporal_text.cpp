#include "temporal_text.hpp"

#include <chrono>

#include <fmt/core.h>

#include "tributary/util/utc_text.hpp"

#include "value_length.hpp"

namespace tributary::binlog {
namespace {

/// "" or "." and @p digits digits of @p microseconds.
std::string fraction_text(std::uint64_t microseconds, unsigned digits) {
  if (digits == 0) return {};
  return "." + fmt::format("{:06}", microseconds).substr(0, digits);
}

/// The big-endian fraction of (digits + 1) / 2 bytes, in microseconds.
std::uint64_t to_microseconds(std::uint64_t stored, unsigned digits) {
  switch ((digits + 1) / 2) {
    case 1:
      return stored * 10000;
    case 2:
      return stored * 100;
    default:
      return stored;
  }
}

std::string timestamp_text(std::uint64_t seconds, const std::string& fraction) {
  if (seconds == 0) return "0000-00-00 00:00:00" + fraction;
  return utc_text(std::chrono::sys_seconds{std::chrono::seconds(seconds)}) + fraction + "+00:00";
}

std::string date_text(std::uint64_t packed) {
  return fmt::format("{:04}-{:02}-{:02}", packed >> 9, packed >> 5 & 15, packed & 31);
}

/// DATETIME2: 17 bits year * 13 + month, 5 day, 5 hour, 6 minute, 6 second, with 2^39 added.
std::string datetime2_text(ByteReader reader, unsigned digits) {
  static constexpr std::uint64_t k_offset = 0x8000000000;
  const std::uint64_t packed = reader.big_endian(5) - k_offset;
  const std::uint64_t fraction = digits == 0 ? 0 : reader.big_endian((digits + 1) / 2);
  const std::uint64_t year_month = packed >> 22 & 0x1ffff;
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}", year_month / 13, year_month % 13, packed >> 17 & 31,
                     packed >> 12 & 31, packed >> 6 & 63, packed & 63,
                     fraction_text(to_microseconds(fraction, digits), digits));
}

/// TIME2: the seconds and the fraction together are one number, stored with an offset instead of a sign
/// (my_time_packed_to_binary, sql-common/my_time.cc).
std::string time2_text(ByteReader reader, unsigned digits) {
  const unsigned fraction_bits = (digits + 1) / 2 * 8;
  const auto stored = static_cast<std::int64_t>(reader.big_endian(3 + fraction_bits / 8));
  const std::int64_t value = stored - (std::int64_t{0x800000} << fraction_bits);
  const auto magnitude = static_cast<std::uint64_t>(value < 0 ? -value : value);
  const std::uint64_t clock = magnitude >> fraction_bits;
  const std::uint64_t fraction = magnitude & ((std::uint64_t{1} << fraction_bits) - 1);
  return fmt::format("{}{:02}:{:02}:{:02}{}", value < 0 ? "-" : "", clock >> 12 & 0x3ff, clock >> 6 & 63, clock & 63,
                     fraction_text(to_microseconds(fraction, digits), digits));
}

/// TIME before MySQL 5.6: the number hhmmss with a sign, three bytes.
std::string old_time_text(std::uint64_t stored) {
  const auto number = static_cast<std::int64_t>(stored) - ((stored & 0x800000) != 0 ? 0x1000000 : 0);
  const auto magnitude = static_cast<std::uint64_t>(number < 0 ? -number : number);
  return fmt::format("{}{:02}:{:02}:{:02}", number < 0 ? "-" : "", magnitude / 10000, magnitude / 100 % 100,
                     magnitude % 100);
}

/// DATETIME before MySQL 5.6: the number YYYYMMDDhhmmss.
std::string old_datetime_text(std::uint64_t number) {
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", number / 10000000000, number / 100000000 % 100,
                     number / 1000000 % 100, number / 10000 % 100, number / 100 % 100, number % 100);
}

}  // namespace

std::optional<std::string> temporal_to_text(ByteView bytes, const TableColumn& column) {
  static constexpr unsigned k_most_digits = 6;
  const unsigned digits = column.metadata;
  if (digits > k_most_digits || bytes.size() != value_shape(column).fixed_size) return std::nullopt;
  ByteReader reader(bytes);
  switch (column.type) {
    case ColumnType::year: {
      const unsigned year = reader.u8();
      return year == 0 ? "0000" : fmt::format("{}", 1900 + year);
    }
    case ColumnType::date:
    case ColumnType::newdate:
      return date_text(reader.u24());
    case ColumnType::timestamp2: {
      const std::uint64_t seconds = reader.big_endian(4);
      const std::uint64_t fraction = digits == 0 ? 0 : reader.big_endian((digits + 1) / 2);
      return timestamp_text(seconds, fraction_text(to_microseconds(fraction, digits), digits));
    }
    case ColumnType::datetime2:
      return datetime2_text(reader, digits);
    case ColumnType::time2:
      return time2_text(reader, digits);
    default:
      break;
  }
  if (digits != 0) return std::nullopt;
  switch (column.type) {
    case ColumnType::timestamp:
      return timestamp_text(reader.u32(), {});
    case ColumnType::time:
      return old_time_text(reader.u24());
    case ColumnType::datetime:
      return old_datetime_text(reader.u64());
    default:
      return std::nullopt;
  }
}

}  // namespace tributary::binlog
