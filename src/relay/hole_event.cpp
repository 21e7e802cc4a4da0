#include "hole_event.hpp"

#include <algorithm>
#include <array>

#include "tributary/util/crc32.hpp"

namespace tributary::relay {
namespace {

using binlog::ChecksumAlgorithm;
using binlog::EventHeader;

constexpr std::uint16_t k_hole_flags = binlog::event_flag::k_relay_log | binlog::event_flag::k_ignorable;

/// Product of two polynomials modulo the CRC-32 polynomial; bit 31 is the coefficient of x^0.
std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
  constexpr std::uint32_t k_polynomial = 0xedb88320U;
  std::uint32_t product = 0;
  for (std::uint32_t bit = 0x80000000U; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b & 1U) != 0 ? (b >> 1) ^ k_polynomial : b >> 1;
  }
  return product;
}

/// x^(8 * count) modulo the CRC-32 polynomial: what @p count zero bytes do to a CRC register.
std::uint32_t zero_bytes_operator(std::uint64_t count) {
  std::uint32_t result = 0x80000000U;  // x^0
  std::uint32_t power = 0x00800000U;   // x^8
  for (; count != 0; count >>= 1) {
    if ((count & 1U) != 0) result = multiply(result, power);
    power = multiply(power, power);
  }
  return result;
}

std::size_t checksum_size(ChecksumAlgorithm checksum) {
  return checksum == ChecksumAlgorithm::off ? 0 : binlog::k_checksum_length;
}

}  // namespace

bool is_hole(const EventHeader& header) {
  return header.type == binlog::EventType::ignorable && (header.flags & k_hole_flags) == k_hole_flags;
}

std::uint64_t smallest_hole(ChecksumAlgorithm checksum) {
  return EventHeader::k_length + checksum_size(checksum);
}

std::uint64_t next_hole_size(std::uint64_t remaining, ChecksumAlgorithm checksum) {
  if (remaining <= k_largest_hole) return remaining;
  // What is left must be large enough for an event of its own.
  return std::min(k_largest_hole, remaining - smallest_hole(checksum));
}

Bytes encode_hole_header(std::uint32_t size, std::uint64_t end, std::uint32_t server_id) {
  EventHeader header;
  header.type = binlog::EventType::ignorable;
  header.server_id = server_id;
  header.event_size = size;
  header.log_pos = static_cast<std::uint32_t>(end);
  header.flags = k_hole_flags;
  ByteWriter out(EventHeader::k_length);
  header.encode(out);
  return out.take();
}

std::uint32_t hole_checksum(ByteView header, std::uint64_t zeros) {
  const std::uint32_t register_before = ~crc32(header);
  return ~multiply(zero_bytes_operator(zeros), register_before);
}

bool hole_is_intact(const File& file, std::uint64_t offset, const EventHeader& header, ChecksumAlgorithm checksum) {
  if (checksum == ChecksumAlgorithm::off) return true;
  const std::uint64_t smallest = smallest_hole(checksum);
  std::array<std::uint8_t, EventHeader::k_length> head{};
  std::array<std::uint8_t, binlog::k_checksum_length> stored{};
  return header.event_size >= smallest && file.read_at(offset, head) == head.size() &&
         file.read_at(offset + header.event_size - stored.size(), stored) == stored.size() &&
         load_little_endian(stored.data(), stored.size()) == hole_checksum(head, header.event_size - smallest);
}

}  // namespace tributary::relay
