#include "receiver_fixture.hpp"

namespace tributary::source {
namespace {

class ReceiverTest : public ReceiverFixture {};

TEST_F(ReceiverTest, storesTheSourcesFilesByteForByte) {
  start();
  insert("'one'");
  server_.run("FLUSH BINARY LOGS");
  insert("REPEAT('x', 100000)");
  server_.run("FLUSH BINARY LOGS");
  wait_until_received();
  const ReceiverStatus running = receiver_->status();
  EXPECT_EQ(running.state, ReceiverState::running);
  EXPECT_EQ(running.stage, "Waiting for source to send event");
  EXPECT_EQ(running.gtid_io_pos, server_.value("SELECT @@gtid_binlog_pos"));
  EXPECT_EQ(answers_.server_id, 11U);
  EXPECT_EQ(answers_.checksum, server_.value("SELECT @@binlog_checksum"));
  EXPECT_NE(answers_.version.find("MariaDB"), std::string::npos);
  stop();
  EXPECT_EQ(receiver_->status().state, ReceiverState::stopped);
  EXPECT_EQ(relay_.log().files().size(), 3U);
  expect_identical_files(server_);
}

TEST_F(ReceiverTest, storesFilesWithoutChecksums) {
  server_.run("SET GLOBAL binlog_checksum = NONE");
  insert("'one'");
  start();
  wait_until_received();
  insert("'two'");
  server_.run("SET GLOBAL binlog_checksum = CRC32");
  insert("'three'");
  wait_until_received();
  restart();
  insert("'four'");
  wait_until_received();
  stop();
  EXPECT_EQ(answers_.checksum, "CRC32");
  expect_identical_files(server_);
}

TEST_F(ReceiverTest, storesPacketsLargerThanSixteenMegabytes) {
  start();
  insert("REPEAT('x', 16777215)");
  insert("REPEAT('y', 40000000)");
  insert("'end'");
  wait_until_received();
  stop();
  expect_identical_files(server_);
}

TEST_F(ReceiverTest, goesOnWhereItStoppedAfterARestart) {
  start();
  for (int round = 0; round < 3; ++round) {
    insert("'" + std::to_string(round) + "'");
    wait_until_received();
    restart();
    server_.run("FLUSH BINARY LOGS");
  }
  // The checkpoint event that MariaDB adds after a rotation does not wake its dump thread: a transaction does.
  insert("'end'");
  wait_until_received();
  stop();
  EXPECT_EQ(relay_.log().files().size(), 4U);
  expect_identical_files(server_);
}

TEST_F(ReceiverTest, goesOnAfterTheSourceCrashedOrItsConnectionWasCut) {
  start();
  insert("'one'");
  wait_until_received();
  server_.kill();
  wait_until("the loss is noticed", [&] { return receiver_->status().error_code != 0; });
  const ReceiverStatus away = receiver_->status();
  EXPECT_EQ(away.state, ReceiverState::connecting);
  EXPECT_NE(away.error_message.find("Error reconnecting to source 'repl@127.0.0.1:" + std::to_string(server_.port())),
            std::string::npos)
      << away.error_message;
  EXPECT_EQ(away.error_message.find("secret"), std::string::npos);
  server_.start();
  insert("'two'");
  wait_until_received();
  EXPECT_EQ(receiver_->status().error_code, 0U);
  const auto events = receiver_->status().events;
  for (int round = 0; round < 5; ++round) {
    for (const auto& row : server_.run("SELECT id FROM information_schema.processlist WHERE command = 'Binlog Dump'")) {
      server_.run("KILL " + row.at(0).value());
    }
    insert("REPEAT('z', 1000000)");
    wait_until_received();
  }
  EXPECT_GT(receiver_->status().events, events);
  stop();
  expect_identical_files(server_);
}

TEST_F(ReceiverTest, beginsInMidFile) {
  insert("'one'");
  const auto position = server_.run("SHOW MASTER STATUS").at(0).at(1).value();
  insert("'two'");
  options_.start_file = "bin.000001";
  options_.start_position = std::stoull(position);
  start();
  wait_until_received();
  restart();
  insert("'three'");
  wait_until_received();
  stop();
  const Bytes ours = relay_.content(1);
  const std::string theirs = read_file(server_.datadir() / "bin.000001");
  ASSERT_EQ(ours.size(), theirs.size());
  EXPECT_TRUE(std::equal(ours.begin() + static_cast<std::ptrdiff_t>(options_.start_position), ours.end(),
                         theirs.begin() + static_cast<std::ptrdiff_t>(options_.start_position),
                         [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }));
  const auto cursor = relay_.log().open_cursor({});
  ASSERT_TRUE(cursor->next());
  EXPECT_EQ(cursor->next()->start.offset, options_.start_position);
}

TEST_F(ReceiverTest, countsHeartbeatsOfAnIdleSource) {
  options_.heartbeat_period = 0.05;
  start();
  wait_until("heartbeats come", [&] { return receiver_->status().heartbeats > 2; });
  EXPECT_GT(receiver_->status().last_heartbeat_at_us, 0);
}

TEST_F(ReceiverTest, goesOnByGtidWhenAnotherServerTakesOver) {
  test::TestServer second({"--log-bin=other", "--server-id=12", "--log-slave-updates", "--binlog-format=ROW"});
  server_.run("SET gtid_domain_id = 3; INSERT INTO shop.t (v) VALUES ('domain 3')");
  second.run("CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'secret'; GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'");
  second.run("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=" + std::to_string(server_.port()) +
             ", MASTER_USER='root', MASTER_USE_GTID=slave_pos; RESET MASTER; START SLAVE");
  options_.gtid_mode = SourceOptions::GtidMode::mariadb_slave_pos;
  start();
  insert("'one'");
  wait_until_received();
  const std::string position = server_.value("SELECT @@gtid_binlog_pos");
  wait_until("the second server has followed", [&] { return second.value("SELECT @@gtid_binlog_pos") == position; });
  second.run("STOP SLAVE; INSERT INTO shop.t (v) VALUES ('of the second')");
  stop();
  receiver_.reset();
  relay_.reopen();
  options_.port = second.port();
  start();
  const std::string wanted = second.value("SELECT @@gtid_binlog_pos");
  wait_until("the new group is received", [&] { return ended_ || receiver_->status().gtid_io_pos == wanted; });
  EXPECT_EQ(receiver_->status().error_message, "");
  wait_until("it is published", [&] { return relay_.log().published_end().file_number == 2; });
  stop();
  std::vector<std::string> gtids;
  const auto cursor = relay_.log().open_cursor({});
  while (const auto event = cursor->next()) {
    const auto header = binlog::EventHeader::decode(event->raw);
    if (header.type != binlog::EventType::mariadb_gtid) continue;
    ByteReader reader(event->raw.subspan(binlog::EventHeader::k_length));
    const std::uint64_t seq_no = reader.u64();
    gtids.push_back(std::to_string(reader.u32()) + "-" + std::to_string(header.server_id) + "-" +
                    std::to_string(seq_no));
  }
  auto sorted = gtids;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end()) << "a group was received twice";
  EXPECT_NE(gtids.back().find("-12-"), std::string::npos);
}

}  // namespace
}  // namespace tributary::source
