#include "tributary/gtid/serialization.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

namespace tributary::gtid {
namespace {

std::string encoded_unsigned(std::uint64_t value) {
  ByteWriter writer;
  write_varlen_unsigned(writer, value);
  return to_hex(writer.view());
}

std::string encoded_signed(std::int64_t value) {
  ByteWriter writer;
  write_varlen_signed(writer, value);
  return to_hex(writer.view());
}

TEST(Varlen, encodesTheKnownVectors) {
  EXPECT_EQ(encoded_unsigned(65535), "fbff07");
  EXPECT_EQ(encoded_unsigned(215), "5d03");
  EXPECT_EQ(encoded_signed(65535), "f3ff0f");
  EXPECT_EQ(encoded_signed(-65535), "ebff0f");
  EXPECT_EQ(encoded_signed(-65536), "fbff0f");
  EXPECT_EQ(encoded_signed(123), "d903");
}

TEST(Varlen, readsWhatItWroteAtEveryWidth) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value :
         {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1, ~(std::uint64_t{1} << bit)}) {
      ByteWriter writer;
      write_varlen_unsigned(writer, value);
      write_varlen_signed(writer, static_cast<std::int64_t>(value));
      ByteReader reader(writer.view());
      EXPECT_EQ(read_varlen_unsigned(reader), value);
      EXPECT_EQ(read_varlen_signed(reader), static_cast<std::int64_t>(value));
      EXPECT_TRUE(reader.at_end());
    }
  }
}

TEST(Varlen, refusesToReadPastTheEnd) {
  for (const Bytes& bytes : {Bytes{}, Bytes{0x01}, Bytes{0x7f, 1, 2, 3, 4, 5, 6}, Bytes{0xff, 1, 2, 3, 4, 5, 6, 7}}) {
    ByteReader reader(bytes);
    EXPECT_THROW(read_varlen_unsigned(reader), Error);
  }
}

}  // namespace
}  // namespace tributary::gtid
