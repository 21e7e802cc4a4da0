#include "tributary/gtid/serialization.hpp"

#include <bit>

namespace tributary::gtid {

std::uint64_t read_varlen_unsigned(ByteReader& reader) {
  const std::uint8_t first = reader.u8();
  const auto following = static_cast<std::size_t>(std::countr_one(first));
  if (following == 8) return reader.u64();
  // following + 1 bytes in all; the length marker takes the lowest following + 1 bits.
  std::uint64_t value = first;
  if (following != 0) value |= reader.little_endian(following) << 8;
  return value >> (following + 1);
}

std::int64_t read_varlen_signed(ByteReader& reader) {
  const std::uint64_t folded = read_varlen_unsigned(reader);
  return static_cast<std::int64_t>((folded >> 1) ^ (~(folded & 1) + 1));
}

void write_varlen_unsigned(ByteWriter& writer, std::uint64_t value) {
  static constexpr std::size_t k_bits_per_byte = 7;
  const auto bits = static_cast<std::size_t>(std::bit_width(value));
  if (bits > 8 * k_bits_per_byte) {
    writer.u8(0xff);
    writer.u64(value);
    return;
  }
  const std::size_t width = bits == 0 ? 1 : (bits + k_bits_per_byte - 1) / k_bits_per_byte;
  const std::uint64_t marker = (std::uint64_t{1} << (width - 1)) - 1;
  writer.little_endian(value << width | marker, width);
}

void write_varlen_signed(ByteWriter& writer, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  write_varlen_unsigned(writer, bits << 1 ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

}  // namespace tributary::gtid
