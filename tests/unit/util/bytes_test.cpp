#include "tributary/util/bytes.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

namespace tributary {
namespace {

TEST(ByteReader, readsWhatByteWriterWrote) {
  ByteWriter writer;
  writer.u8(0xfe);
  writer.u16(0x1234);
  writer.u24(0x123456);
  writer.u32(0x89abcdef);
  writer.u48(0x123456789abc);
  writer.u64(0xfedcba9876543210);
  for (const std::uint64_t value : {0ULL, 250ULL, 251ULL, 65535ULL, 65536ULL, 16777215ULL, 16777216ULL, ~0ULL})
    writer.lenenc(value);
  writer.lenenc_text("shard");
  writer.null_terminated_text("zero");

  const Bytes bytes = writer.take();
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 0xfe);
  EXPECT_EQ(reader.u16(), 0x1234);
  EXPECT_EQ(reader.u24(), 0x123456U);
  EXPECT_EQ(reader.u32(), 0x89abcdefU);
  EXPECT_EQ(reader.u48(), 0x123456789abcU);
  EXPECT_EQ(reader.u64(), 0xfedcba9876543210U);
  for (const std::uint64_t value : {0ULL, 250ULL, 251ULL, 65535ULL, 65536ULL, 16777215ULL, 16777216ULL, ~0ULL})
    EXPECT_EQ(reader.lenenc(), value);
  EXPECT_EQ(reader.lenenc_text(), "shard");
  EXPECT_EQ(reader.null_terminated_text(), "zero");
  EXPECT_TRUE(reader.at_end());
}

TEST(ByteReader, refusesToReadPastTheEnd) {
  const Bytes bytes{1, 2, 3};
  EXPECT_THROW(ByteReader(bytes).u32(), Error);
  EXPECT_THROW(ByteReader(bytes).bytes(4), Error);
  EXPECT_THROW(ByteReader(bytes).null_terminated_text(), Error);
  const Bytes huge_length{254, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  EXPECT_THROW(ByteReader(huge_length).lenenc_text(), Error);
  const Bytes null_marker{251};
  EXPECT_THROW(ByteReader(null_marker).lenenc(), Error);
}

TEST(ByteReader, readsBigEndian) {
  const Bytes bytes{0x80, 0x00, 0x01};
  EXPECT_EQ(ByteReader(bytes).big_endian(3), 0x800001U);
}

TEST(ByteWriter, patchesOnlyWhatWasWritten) {
  ByteWriter writer;
  writer.u32(0);
  writer.patch(1, 0xabcd, 2);
  EXPECT_EQ(to_hex(writer.view()), "00cdab00");
  EXPECT_THROW(writer.patch(3, 0, 2), Error);
}

TEST(Base64, encodesAsRfc4648Does) {
  EXPECT_EQ(to_base64({}), "");
  EXPECT_EQ(to_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(to_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
}

}  // namespace
}  // namespace tributary
