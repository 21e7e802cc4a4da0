#include "tributary/wire/packet.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"
#include "tributary/wire/protocol.hpp"

#include "bytes_of.hpp"

namespace tributary::wire {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t k_large = std::size_t{64} << 20;

std::uint16_t error_of(PacketReader& reader) {
  try {
    reader.next();
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

TEST(PacketReader, takesPayloadsFedByteByByte) {
  PacketReader reader(k_large);
  const Bytes stream = bytes_of("\x03\0\0\0abc\x01\0\0\x01z"sv);
  std::vector<Bytes> payloads;
  for (const std::uint8_t byte : stream) {
    reader.feed({&byte, 1});
    if (auto payload = reader.next()) payloads.push_back(*payload);
  }
  EXPECT_EQ(payloads, (std::vector<Bytes>{bytes_of("abc"), bytes_of("z")}));
  EXPECT_EQ(reader.expected_sequence(), 2);
  EXPECT_EQ(reader.buffered(), 0U);
}

TEST(PacketReader, takesSeveralPayloadsFedAtOnce) {
  PacketReader reader(k_large);
  reader.feed(bytes_of("\x01\0\0\0a\0\0\0\x01\x02\0\0\x02yz\x05\0"sv));
  EXPECT_EQ(reader.next(), bytes_of("a"));
  EXPECT_EQ(reader.next(), Bytes{});
  EXPECT_EQ(reader.next(), bytes_of("yz"));
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_EQ(reader.buffered(), 2U);
}

TEST(PacketReader, refusesAnotherSequenceNumber) {
  PacketReader reader(k_large);
  reader.feed(bytes_of("\x01\0\0\x05x"sv));
  EXPECT_EQ(error_of(reader), error_code::k_packets_out_of_order);
  EXPECT_EQ(reader.expected_sequence(), 6);

  PacketReader second(k_large);
  second.expect_sequence(5);
  second.feed(bytes_of("\x01\0\0\x05x"sv));
  EXPECT_EQ(second.next(), bytes_of("x"));
}

TEST(PacketReader, sequenceNumbersWrap) {
  PacketReader reader(k_large);
  reader.expect_sequence(255);
  reader.feed(
      bytes_of("\x01\0\0\xff"
               "a\x01\0\0\0b"sv));
  EXPECT_EQ(reader.next(), bytes_of("a"));
  EXPECT_EQ(reader.next(), bytes_of("b"));
}

TEST(PacketReader, refusesAnOversizedPayloadByItsHeaderAlone) {
  PacketReader reader(1000);
  reader.feed(bytes_of("\xe9\x03\0\0"sv));
  EXPECT_EQ(error_of(reader), error_code::k_packet_too_large);
  EXPECT_EQ(reader.expected_sequence(), 1);

  PacketReader exact(1000);
  exact.feed(bytes_of("\xe8\x03\0\0"sv));
  exact.feed(Bytes(1000, 'x'));
  EXPECT_EQ(exact.next(), Bytes(1000, 'x'));
}

TEST(PacketReader, countsAllChunksOfAPayloadAgainstTheLimit) {
  PacketReader reader(k_max_chunk + 10);
  reader.feed(bytes_of("\xff\xff\xff\0"sv));
  reader.feed(Bytes(k_max_chunk, 'x'));
  EXPECT_EQ(reader.next(), std::nullopt);
  reader.feed(bytes_of("\x0b\0\0\x01"sv));
  EXPECT_EQ(error_of(reader), error_code::k_packet_too_large);
}

TEST(PacketWriter, framesAnEmptyPayload) {
  PacketWriter writer(7);
  writer.add({});
  EXPECT_EQ(writer.take(), bytes_of("\0\0\0\x07"sv));
  EXPECT_EQ(writer.sequence(), 8);
}

class PacketRoundTrip : public testing::TestWithParam<std::size_t> {};

TEST_P(PacketRoundTrip, splitsAndJoins) {
  const Bytes payload = pattern(GetParam());
  PacketWriter writer(254);
  writer.add(payload);
  writer.add(bytes_of("end"));
  const Bytes stream = writer.take();
  const std::size_t chunks = payload.size() / k_max_chunk + 1;
  EXPECT_EQ(stream.size(), payload.size() + chunks * k_packet_header + 3 + k_packet_header);

  PacketReader reader(k_large);
  reader.expect_sequence(254);
  std::vector<Bytes> payloads;
  for (std::size_t at = 0; at < stream.size(); at += 65536) {
    reader.feed(ByteView(stream).subspan(at, std::min<std::size_t>(65536, stream.size() - at)));
    while (auto next = reader.next()) payloads.push_back(std::move(*next));
  }
  ASSERT_EQ(payloads.size(), 2U);
  EXPECT_TRUE(payloads[0] == payload);
  EXPECT_EQ(payloads[1], bytes_of("end"));
  EXPECT_EQ(reader.expected_sequence(), writer.sequence());
}

INSTANTIATE_TEST_SUITE_P(Sizes, PacketRoundTrip,
                         testing::Values(0, 1, 250, k_max_chunk - 1, k_max_chunk, k_max_chunk + 1, 2 * k_max_chunk));

}  // namespace
}  // namespace tributary::wire
