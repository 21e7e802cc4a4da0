#include "tributary/binlog/decimal.hpp"

#include <array>

#include <fmt/core.h>

namespace tributary::binlog {
namespace {

constexpr unsigned k_digits_per_group = 9;
/// A column has at most 65; in JSON and user variables the digits are counted in whole groups (decimal2bin,
/// strings/decimal.cc: a decimal_t has at most 9 of them).
constexpr unsigned k_highest_precision = 81;
constexpr std::size_t k_longest = 40;  // 9 groups, and two begun ones
constexpr std::uint8_t k_sign_bit = 0x80;
/// Bytes of a group of so many digits (dig2bytes, strings/decimal.c).
constexpr std::array<std::uint8_t, k_digits_per_group + 1> k_group_bytes = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<std::uint32_t, k_digits_per_group + 1> k_powers_of_ten = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

std::size_t digits_size(unsigned digits) {
  return std::size_t{digits / k_digits_per_group} * 4 + k_group_bytes[digits % k_digits_per_group];
}

}  // namespace

std::size_t decimal_size(unsigned precision, unsigned scale) {
  return scale > precision ? 0 : digits_size(precision - scale) + digits_size(scale);
}

std::optional<std::string> decimal_to_text(ByteView packed, unsigned precision, unsigned scale) {
  if (precision == 0 || precision > k_highest_precision || scale > precision) return std::nullopt;
  if (packed.size() != decimal_size(precision, scale)) return std::nullopt;

  // The sign is the top bit, inverted; a negative number has all its bits inverted.
  std::array<std::uint8_t, k_longest> bytes{};
  const bool negative = (packed[0] & k_sign_bit) == 0;
  for (std::size_t i = 0; i < packed.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(negative ? ~packed[i] : packed[i]);
  bytes[0] ^= k_sign_bit;

  ByteReader reader(ByteView(bytes).first(packed.size()));
  std::string digits;
  const auto append_group = [&](unsigned count) {
    if (count == 0) return true;
    const std::uint64_t group = reader.big_endian(k_group_bytes[count]);
    if (group >= k_powers_of_ten[count]) return false;
    digits += fmt::format("{:0{}}", group, count);
    return true;
  };
  const unsigned integer_digits = precision - scale;
  if (!append_group(integer_digits % k_digits_per_group)) return std::nullopt;
  for (unsigned i = 0; i < integer_digits / k_digits_per_group; ++i) {
    if (!append_group(k_digits_per_group)) return std::nullopt;
  }
  const std::size_t point = digits.size();
  for (unsigned i = 0; i < scale / k_digits_per_group; ++i) {
    if (!append_group(k_digits_per_group)) return std::nullopt;
  }
  if (!append_group(scale % k_digits_per_group)) return std::nullopt;

  std::string text = negative ? "-" : "";
  const std::size_t first = digits.substr(0, point).find_first_not_of('0');
  text += first == std::string::npos ? "0" : digits.substr(first, point - first);
  if (scale != 0) text += '.' + digits.substr(point);
  return text;
}

}  // namespace tributary::binlog
