#include "tributary/binlog/event.hpp"

#include <gtest/gtest.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

TEST(EventHeader, decodesWhatItEncoded) {
  EventHeader header;
  header.timestamp = 0x01020304;
  header.type = EventType::mariadb_gtid;
  header.server_id = 0xfffffffe;
  header.event_size = 42;
  header.log_pos = 0xfedcba98;
  header.flags = event_flag::k_artificial | event_flag::k_ignorable;
  ByteWriter writer;
  header.encode(writer);
  ASSERT_EQ(writer.size(), EventHeader::k_length);
  const EventHeader read = EventHeader::decode(writer.view());
  EXPECT_EQ(read.timestamp, header.timestamp);
  EXPECT_EQ(read.type, header.type);
  EXPECT_EQ(read.server_id, header.server_id);
  EXPECT_EQ(read.event_size, header.event_size);
  EXPECT_EQ(read.log_pos, header.log_pos);
  EXPECT_EQ(read.flags, header.flags);
  EXPECT_TRUE(read.is_artificial());
}

TEST(EventHeader, refusesWhatCannotBeAnEvent) {
  const Bytes event = make_event(EventType::stop, {});
  for (std::size_t size = 0; size < event.size(); ++size) {
    EXPECT_EQ(error_of([&] { EventHeader::decode(ByteView(event).first(size)); }), 1610);
  }
  Bytes short_size = event;
  short_size[9] = 18;
  EXPECT_EQ(error_of([&] { EventHeader::decode(short_size); }), 1610);
}

TEST(EventView, splitsHeaderBodyAndChecksum) {
  Bytes event = make_event(EventType::xid, from_hex("0102030405060708"));
  finish_event(event, ChecksumAlgorithm::crc32);
  const EventView view(event, ChecksumAlgorithm::crc32);
  EXPECT_EQ(to_hex(view.body()), "0102030405060708");
  EXPECT_EQ(view.raw().size(), 19U + 8 + 4);
  EXPECT_TRUE(view.checksum_matches());
  event[20] ^= 1;
  EXPECT_FALSE(EventView(event, ChecksumAlgorithm::crc32).checksum_matches());
  EXPECT_TRUE(EventView(event, ChecksumAlgorithm::off).checksum_matches()) << "nothing to compare";
}

TEST(EventView, refusesAnotherSizeThanTheHeaderSays) {
  const Bytes event = make_event(EventType::xid, from_hex("0102030405060708"));
  EXPECT_EQ(error_of([&] { EventView(ByteView(event).first(event.size() - 1), ChecksumAlgorithm::off); }), 1610);
  Bytes longer = event;
  longer.push_back(0);
  EXPECT_EQ(error_of([&] { EventView(longer, ChecksumAlgorithm::off); }), 1610);
  const Bytes no_room = make_event(EventType::stop, from_hex("010203"));
  EXPECT_EQ(error_of([&] { EventView(no_room, ChecksumAlgorithm::crc32); }), 1610);
}

TEST(EventView, checksOfAFormatDescriptionInUse) {
  for_each_event(binlog_file("mariadb1011-bin.000006"),
                 [](const EventView& event, const FormatDescription&, std::uint64_t) {
                   if (event.type() != EventType::format_description) return;
                   Bytes in_use(event.raw().begin(), event.raw().end());
                   in_use[17] |= event_flag::k_binlog_in_use;
                   EXPECT_TRUE(EventView(in_use, ChecksumAlgorithm::crc32).checksum_matches());
                   in_use[30] ^= 1;
                   EXPECT_FALSE(EventView(in_use, ChecksumAlgorithm::crc32).checksum_matches());
                 });
}

TEST(EventType, hasTheServersNames) {
  EXPECT_EQ(event_type_name(EventType::write_rows_v1), "Write_rows_v1");
  EXPECT_EQ(event_type_name(EventType::mariadb_gtid_list), "Gtid_list");
  EXPECT_EQ(event_type_name(static_cast<EventType>(200)), "Unknown(200)");
}

}  // namespace
}  // namespace tributary::binlog
