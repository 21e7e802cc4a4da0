#include "tributary/binlog/control_events.hpp"

#include <gtest/gtest.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

/// Decodes an event made of @p body.
template <typename Event>
Event decoded(EventType type, const Bytes& body, std::uint32_t server_id = 1) {
  const Bytes raw = make_event(type, body, 0, server_id);
  return Event::decode(EventView(raw, ChecksumAlgorithm::off));
}

TEST(RotateEvent, namesTheNextFile) {
  const auto rotate = decoded<RotateEvent>(EventType::rotate, from_hex("0400000001000000 | 62696e2e303030303032"));
  EXPECT_EQ(rotate.position, 0x100000004U);
  EXPECT_EQ(rotate.next_file, "bin.000002");
  EXPECT_EQ(error_of([] { decoded<RotateEvent>(EventType::rotate, from_hex("0400000000000000")); }), 1610);
}

TEST(GtidListEvent, readsFlagsAndGtids) {
  const auto list = decoded<GtidListEvent>(
      EventType::mariadb_gtid_list,
      from_hex("03000030 | 00000000 01000000 0500000000000000 | 01000000 02000000 0700000001000000 | "
               "00000000 03000000 0600000000000000"));
  EXPECT_TRUE(list.until_reached);
  EXPECT_TRUE(list.ignore_gtids);
  EXPECT_EQ(list.gtids.size(), 3U);
  EXPECT_EQ(list.position().to_string(), "0-3-6,1-2-4294967303");
  EXPECT_TRUE(decoded<GtidListEvent>(EventType::mariadb_gtid_list, from_hex("00000000 0000")).gtids.empty());
  EXPECT_EQ(error_of([] { decoded<GtidListEvent>(EventType::mariadb_gtid_list, from_hex("ffffff0f 0000")); }), 1610);
}

TEST(MariadbGtidEvent, readsTheVectorsOfRealServers) {
  const auto ddl = decoded<MariadbGtidEvent>(EventType::mariadb_gtid,
                                             from_hex("2600000000000000 | 00000000 | 29 | 10 | 06000000 | 00"), 11);
  EXPECT_EQ(ddl.gtid, (gtid::MariadbGtid{0, 11, 38}));
  EXPECT_TRUE(ddl.has(MariadbGtidEvent::k_standalone));
  EXPECT_TRUE(ddl.has(MariadbGtidEvent::k_ddl));
  EXPECT_EQ(ddl.thread_id, 6U);
  EXPECT_FALSE(ddl.commit_id);

  const auto prepare = decoded<MariadbGtidEvent>(
      EventType::mariadb_gtid, from_hex("0a00000000000000 | 00000000 | 4c | 07000000 02 02 78676271 | 11 ff 05000000"));
  ASSERT_TRUE(prepare.xid);
  EXPECT_EQ(*prepare.xid, (XaId{7, "xg", "bq"}));
  EXPECT_EQ(prepare.xid->to_sql(), "X'7867',X'6271',7");
  EXPECT_EQ(prepare.extra_engines, 255);
  EXPECT_EQ(prepare.thread_id, 5U);

  const auto commit_alter = decoded<MariadbGtidEvent>(
      EventType::mariadb_gtid, from_hex("0e00000000000000 | 00000000 | 29 | 14 | 0d00000000000000 | 05000000"));
  EXPECT_TRUE(commit_alter.has_extra(MariadbGtidEvent::k_commit_alter));
  EXPECT_EQ(commit_alter.start_alter_seq_no, 13U);

  const auto group = decoded<MariadbGtidEvent>(
      EventType::mariadb_gtid, from_hex("ed03000000000000 | 00000000 | 0e | d400000000000000 | 10 29000000"));
  EXPECT_EQ(group.commit_id, 212U);
  EXPECT_EQ(group.thread_id, 41U);

  const auto short_event =
      decoded<MariadbGtidEvent>(EventType::mariadb_gtid, from_hex("0100000000000000 | 02000000 | 0c | 000000000000"));
  EXPECT_EQ(short_event.gtid.domain_id, 2U);
  EXPECT_EQ(short_event.flags_extra, 0);
  EXPECT_FALSE(short_event.thread_id);
  EXPECT_EQ(
      error_of([] { decoded<MariadbGtidEvent>(EventType::mariadb_gtid, from_hex("0100000000000000 00000000 02 01")); }),
      1610);
}

TEST(MysqlGtidEvent, readsTheVectorOfMysql97) {
  const auto event = decoded<MysqlGtidEvent>(
      EventType::gtid,
      from_hex("00 | 22222222222233334444555555555555 | 0700000000000000 | 02 | 0000000000000000 | 0100000000000000 | "
               "e30fb31bb46086 | 00401e18240a06 | fc2a01 | 50620180 | a4380100"));
  EXPECT_EQ(event.gtid.to_string(), "22222222-2222-3333-4444-555555555555:7");
  EXPECT_FALSE(event.anonymous);
  EXPECT_EQ(event.last_committed, 0);
  EXPECT_EQ(event.sequence_number, 1);
  EXPECT_EQ(event.immediate_commit_timestamp, 0x0660b41bb30fe3U);
  EXPECT_EQ(event.original_commit_timestamp, 1700000000000000U);
  EXPECT_EQ(event.transaction_length, 298U);
  EXPECT_EQ(event.immediate_server_version, 90704U);
  EXPECT_EQ(event.original_server_version, 80036U);
  EXPECT_FALSE(event.commit_group_ticket);
}

TEST(MysqlGtidEvent, readsWhatEachVersionWrites) {
  const std::string mysql56 = "01 | 22222222222233334444555555555555 | 0700000000000000";
  const auto oldest = decoded<MysqlGtidEvent>(EventType::gtid, from_hex(mysql56));
  EXPECT_EQ(oldest.gtid.gno, 7);
  EXPECT_FALSE(oldest.last_committed);
  const auto mysql57 =
      decoded<MysqlGtidEvent>(EventType::gtid, from_hex(mysql56 + "02 | 0300000000000000 | 0500000000000000"));
  EXPECT_EQ(mysql57.last_committed, 3);
  EXPECT_EQ(mysql57.sequence_number, 5);
  EXPECT_FALSE(mysql57.immediate_commit_timestamp);

  const auto anonymous = decoded<MysqlGtidEvent>(EventType::anonymous_gtid,
                                                 from_hex("00 | 00000000000000000000000000000000 | 0000000000000000"));
  EXPECT_TRUE(anonymous.anonymous);
  EXPECT_EQ(anonymous.gtid.gno, 0);
  EXPECT_EQ(error_of([] {
              decoded<MysqlGtidEvent>(EventType::gtid,
                                      from_hex("00 | 00000000000000000000000000000000 | 0000000000000000"));
            }),
            1610)
      << "a number is needed unless anonymous";
}

TEST(MysqlGtidEvent, readsTheTaggedVector) {
  const std::string body =
      "02 70 00 00 00 02 ea f4 e5 02 12 91 03 61 03 22 c5 03 c1 02 55 03 04 f1 03 00 00 00 02 04 04 06 06 66 6f 6f 08 "
      "10 0a 2c"
      "0c 7f ec 36 b1 e3 b3 60 06 10 81 04 12 83 12 0b";
  const auto event = decoded<MysqlGtidEvent>(EventType::gtid_tagged, from_hex(body));
  EXPECT_EQ(event.gtid.to_string(), "757ab909-e4d8-11f1-b0d5-02fc00000001:foo:1");
  EXPECT_EQ(event.last_committed, 4);
  EXPECT_EQ(event.sequence_number, 11);
  EXPECT_EQ(event.immediate_commit_timestamp, 1795175595718380U);
  EXPECT_EQ(event.original_commit_timestamp, 1795175595718380U);
  EXPECT_EQ(event.transaction_length, 288U);
  EXPECT_EQ(event.original_server_version, 90704U);
  EXPECT_FALSE(event.commit_group_ticket);

  Bytes newer = from_hex(body);
  newer[2] = 13 << 1;  // last field that must not be ignored
  EXPECT_EQ(error_of([&] { decoded<MysqlGtidEvent>(EventType::gtid_tagged, newer); }), 1610);
  Bytes longer = from_hex(body);
  longer[1] = 0x7e;  // message size
  EXPECT_EQ(error_of([&] { decoded<MysqlGtidEvent>(EventType::gtid_tagged, longer); }), 1610);
}

TEST(PreviousGtids, areASet) {
  std::vector<std::string> sets;
  for (const auto& file : binlog_files()) {
    for_each_event(file, [&](const EventView& event, const FormatDescription&, std::uint64_t) {
      if (event.type() == EventType::previous_gtids) sets.push_back(decode_previous_gtids(event).to_string());
    });
  }
  ASSERT_FALSE(sets.empty());
  EXPECT_TRUE(std::any_of(sets.begin(), sets.end(), [](const std::string& set) {
    return set.find(":bar_baz:") != std::string::npos || set.find(":foo:") != std::string::npos;
  })) << "one file begins with tagged GTIDs";
}

TEST(XaPrepareEvent, readsTheName) {
  const auto prepare =
      decoded<XaPrepareEvent>(EventType::xa_prepare, from_hex("01 | 07000000 | 02000000 | 01000000 | 6162 | ff"));
  EXPECT_TRUE(prepare.one_phase);
  EXPECT_EQ(prepare.xid, (XaId{7, "ab", "\xff"}));
  EXPECT_EQ(error_of([] {
              decoded<XaPrepareEvent>(EventType::xa_prepare, from_hex("01 | 07000000 | ffffffff | 01000000 | 6162"));
            }),
            1610);
}

TEST(IncidentEvent, carriesItsMessage) {
  const auto incident = decoded<IncidentEvent>(EventType::incident, from_hex("0100 | 04 | 6c6f7374"));
  EXPECT_EQ(incident.incident, IncidentEvent::k_lost_events);
  EXPECT_EQ(incident.message, "lost");
  EXPECT_EQ(error_of([] { decoded<IncidentEvent>(EventType::incident, from_hex("0100 | 05 | 6c6f7374")); }), 1610);
}

TEST(HeartbeatEvent, readsBothVersionsAndMariadbsLongPosition) {
  ByteWriter writer;
  EventHeader header;
  header.type = EventType::heartbeat;
  header.log_pos = 0x3d7;
  header.encode(writer);
  writer.text("bin.000008");
  Bytes raw = writer.take();
  finish_event(raw, ChecksumAlgorithm::off);
  const auto first = HeartbeatEvent::decode(EventView(raw, ChecksumAlgorithm::off));
  EXPECT_EQ(first.file, "bin.000008");
  EXPECT_EQ(first.position, 0x3d7U);

  const auto past_4_gib =
      decoded<HeartbeatEvent>(EventType::heartbeat, from_hex("0100000001000000 | 62696e2e303030303038"));
  EXPECT_EQ(past_4_gib.file, "bin.000008");
  EXPECT_EQ(past_4_gib.position, 0x100000001U);

  const auto second = decoded<HeartbeatEvent>(EventType::heartbeat_v2,
                                              from_hex("01 0a 62696e2e303030303038 | 09 02 ffff | 02 03 fcd703 | 00"));
  EXPECT_EQ(second.file, "bin.000008");
  EXPECT_EQ(second.position, 0x3d7U);
}

TEST(ControlEvents, refuseEventsOfAnotherType) {
  const Bytes raw = make_event(EventType::query, from_hex("0102030405060708"));
  const EventView view(raw, ChecksumAlgorithm::off);
  EXPECT_EQ(error_of([&] { decode_xid(view); }), 1610);
  EXPECT_EQ(error_of([&] { RotateEvent::decode(view); }), 1610);
  EXPECT_EQ(error_of([&] { MariadbGtidEvent::decode(view); }), 1610);
}

}  // namespace
}  // namespace tributary::binlog
