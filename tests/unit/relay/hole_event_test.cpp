#include "hole_event.hpp"

#include <gtest/gtest.h>

#include "tributary/util/crc32.hpp"

namespace tributary::relay {
namespace {

using binlog::ChecksumAlgorithm;

TEST(HoleEvent, computesTheChecksumOfZerosWithoutReadingThem) {
  for (const std::uint64_t zeros : {0U, 1U, 2U, 7U, 100U, 4096U, 65537U, 1000003U}) {
    Bytes event = encode_hole_header(static_cast<std::uint32_t>(zeros + 23), 4711, 5);
    const std::uint32_t computed = hole_checksum(event, zeros);
    event.resize(event.size() + zeros, 0);
    EXPECT_EQ(computed, crc32(event)) << zeros;
  }
}

TEST(HoleEvent, splitsAHoleIntoEventsThatAllHaveRoomForAHeader) {
  for (const auto checksum : {ChecksumAlgorithm::off, ChecksumAlgorithm::crc32}) {
    for (const std::uint64_t total :
         {smallest_hole(checksum), k_largest_hole - 1, k_largest_hole, k_largest_hole + 1, k_largest_hole + 18,
          k_largest_hole + 23, 3 * k_largest_hole + 5, std::uint64_t{5} << 30}) {
      std::uint64_t remaining = total;
      while (remaining != 0) {
        const std::uint64_t size = next_hole_size(remaining, checksum);
        ASSERT_GE(size, smallest_hole(checksum)) << total;
        ASSERT_LE(size, k_largest_hole) << total;
        remaining -= size;
      }
    }
  }
}

TEST(HoleEvent, isToldFromAnIgnorableEventOfTheSource) {
  const Bytes raw = encode_hole_header(23, 100, 1);
  auto header = binlog::EventHeader::decode(raw);
  EXPECT_TRUE(is_hole(header));
  header.flags = binlog::event_flag::k_ignorable;
  EXPECT_FALSE(is_hole(header));
}

}  // namespace
}  // namespace tributary::relay
