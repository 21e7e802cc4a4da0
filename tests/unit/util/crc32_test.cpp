#include "tributary/util/crc32.hpp"

#include <gtest/gtest.h>

namespace tributary {
namespace {

// The check value of CRC-32/ISO-HDLC, which zlib's crc32() computes.
TEST(Crc32, matchesTheCheckValue) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xcbf43926U);
}

TEST(Crc32, continuesFromASeed) {
  EXPECT_EQ(crc32(as_bytes("6789"), crc32(as_bytes("12345"))), 0xcbf43926U);
}

}  // namespace
}  // namespace tributary
