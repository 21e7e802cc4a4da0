#include <atomic>
#include <chrono>
#include <fstream>

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "replication_fixture.hpp"

namespace tributary::apply {
namespace {

using testing::HasSubstr;

class RecoveryTest : public ReplicationTest {
 protected:
  static void write_counters(int transactions) {
    source().run(fmt::format(
        "USE d; FOR i IN 1..{} DO UPDATE counter SET n=n+1; INSERT INTO history VALUES (i, RAND()); END FOR",
        transactions));
  }
  static void make_counters() {
    source().run(
        "CREATE TABLE d.counter (n INT); INSERT INTO d.counter VALUES (0); CREATE TABLE d.history (i INT, r DOUBLE)");
  }
};

TEST_F(RecoveryTest, AnotherApplierGoesOnAtTheCheckpoint) {
  make_counters();
  for (int round = 0; round < 5; ++round) {
    write_counters(20);
    replicate();
  }
  EXPECT_EQ(target().value("SELECT n FROM d.counter"), "100");
}

TEST_F(RecoveryTest, TransactionsAreGroupedWhenThereIsABacklog) {
  make_counters();
  replicate();
  write_counters(400);
  feed().receive();
  const auto commits = [] { return std::stoi(*target().run("SHOW GLOBAL STATUS LIKE 'Com_commit'").at(0).at(1)); };
  int before = 0;
  {
    // The target waits until the coordinator has read everything: who is faster does not matter.
    const RowLock lock(target(), "UPDATE d.counter SET n=n");
    before = commits();
    start();
    while (applier().status().reading != relay_log().published_end()) std::this_thread::yield();
  }
  EXPECT_EQ(wait().error_code, 0);
  stop();
  // 800 transactions, at most 100 in one; the first batches are small.
  EXPECT_LT(commits() - before, 100);
  EXPECT_EQ(applier().status().transactions, 800U);
  expect_equal("d");
}

TEST_F(RecoveryTest, StatementsThatCountAreAppliedOnceThoughTheApplierIsStoppedAgainAndAgain) {
  make_counters();
  source().run("SET GLOBAL binlog_format=STATEMENT");
  write_counters(1500);
  source().run("SET GLOBAL binlog_format=ROW");
  feed().receive();
  for (int round = 0; round < 12; ++round) {
    start();
    std::this_thread::sleep_for(std::chrono::milliseconds(round * 3));
    stop();
    EXPECT_EQ(applier().status().error_code, 0) << applier().status().error_message;
  }
  replicate();
  EXPECT_EQ(target().value("SELECT n FROM d.counter"), "1500");
}

TEST_F(RecoveryTest, TheTargetIsKilledAgainAndAgain) {
  make_counters();
  write_counters(1500);
  feed().receive();
  start();
  for (int round = 0; round < 4; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + round * 30));
    target().kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    target().start();
  }
  const ApplierStatus status = wait();
  stop();
  EXPECT_EQ(status.error_code, 0) << status.error_message;
  expect_equal("d");
}

TEST_F(RecoveryTest, SessionsAreKilledAgainAndAgain) {
  make_counters();
  source().run("SET GLOBAL binlog_format=STATEMENT");
  write_counters(2000);
  source().run("SET GLOBAL binlog_format=ROW");
  feed().receive();
  start();
  std::atomic<bool> done{false};
  std::jthread killer([&done] {
    while (!done) {
      for (const auto& row :
           target().run("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO IS NOT NULL AND ID <> "
                        "CONNECTION_ID() OR COMMAND='Sleep'")) {
        try {
          target().run("KILL " + *row.at(0));
        } catch (const std::runtime_error&) {
          // gone already
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
    }
  });
  const ApplierStatus status = wait();
  done = true;
  killer.join();
  stop();
  EXPECT_EQ(status.error_code, 0) << status.error_message;
  EXPECT_EQ(target().value("SELECT n FROM d.counter"), "2000");
  expect_equal("d");
}

TEST_F(RecoveryTest, TheTargetIsAwayWhenTheApplierStarts) {
  make_counters();
  target().stop();
  feed().receive();
  start();
  while (applier().status().error_code == 0) std::this_thread::yield();
  ApplierStatus status = applier().status();
  EXPECT_TRUE(status.running);
  EXPECT_FALSE(status.caught_up);
  EXPECT_THAT(status.error_message, HasSubstr("Error at the target 'root@127.0.0.1:"));
  target().start();
  status = wait();
  EXPECT_EQ(status.error_code, 0);
  EXPECT_TRUE(status.caught_up);
  stop();
  expect_equal("d");
}

TEST_F(RecoveryTest, StopsThoughTheTargetHangs) {
  make_counters();
  ASSERT_EQ(apply().error_code, 0);
  write_counters(50);
  feed().receive();
  target().freeze();
  start();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto before = std::chrono::steady_clock::now();
  stop();
  const auto took = std::chrono::steady_clock::now() - before;
  target().thaw();
  EXPECT_FALSE(applier().status().running);
  EXPECT_LT(took, std::chrono::seconds(60)) << "hung until the server answered";
  replicate();
}

TEST_F(RecoveryTest, AHugeTransactionStreamsInBoundedMemory) {
  const auto resident = [] {
    std::ifstream stream("/proc/self/status");
    for (std::string line; std::getline(stream, line);) {
      if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) / 1024;
    }
    return 0UL;
  };
  source().run(
      "USE d; CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(1000)); BEGIN; INSERT INTO t SELECT seq, REPEAT('x', 900) "
      "FROM "
      "seq_1_to_60000; UPDATE t SET a=REPEAT('y', 900) WHERE id <= 30000; COMMIT; INSERT INTO t VALUES (0, 'after')");
  feed().receive();
  const unsigned long before = resident();
  start();
  unsigned long most = before;
  while (!applier().status().caught_up && applier().status().running) {
    most = std::max(most, resident());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const ApplierStatus status = wait();
  stop();
  ASSERT_EQ(status.error_code, 0) << status.error_message;
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.t WHERE a LIKE 'y%'"), "30000");
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.t"), "60001");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr unsigned long k_bound = 640;  // sanitizers keep what was freed, and shadows of it
#else
  constexpr unsigned long k_bound = 48;
#endif
  EXPECT_LT(most - before, k_bound) << "MiB for a transaction of 110 MB";
}

TEST_F(RecoveryTest, AHugeTransactionThatFailsLeavesNothingBehind) {
  source().run("USE d; CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(1000))");
  ASSERT_EQ(apply().error_code, 0);
  target().run("INSERT INTO d.t VALUES (4990, 'mine')");
  source().run(
      "USE d; INSERT INTO t VALUES (-1, 'before'); INSERT INTO t SELECT seq, REPEAT('x', 900) FROM seq_1_to_5000");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1062);
  EXPECT_THAT(status.error_message, HasSubstr("row (id=4990, a='xxxx"));
  EXPECT_EQ(target().value("SELECT GROUP_CONCAT(id ORDER BY id) FROM d.t"), "-1,4990");
  target().run("DELETE FROM d.t WHERE id=4990");
  replicate();
}

TEST_F(RecoveryTest, RowsThatDoNotFitAPacketAreSplitOrNamed) {
  source().run("USE d; CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT)");
  ASSERT_EQ(apply().error_code, 0);
  target().run("SET GLOBAL max_allowed_packet=2*1024*1024");
  source().run("USE d; SET binlog_row_image=FULL; INSERT INTO t SELECT seq, REPEAT('x', 500000) FROM seq_1_to_12");
  replicate();
  source().run("USE d; INSERT INTO t VALUES (100, REPEAT('z', 3000000))");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1153);
  EXPECT_THAT(status.error_message, HasSubstr("a row of table d.t has 3000"));
  EXPECT_THAT(status.error_message, HasSubstr("set max_allowed_packet on the target"));
  target().run("SET GLOBAL max_allowed_packet=33554432");
  replicate();
}

TEST_F(RecoveryTest, ACheckpointAheadOfTheRelayLogIsWaitedFor) {
  make_counters();
  write_counters(10);
  ASSERT_EQ(apply().error_code, 0);
  const auto applied = applier().status().applied.position;
  target().run(fmt::format("UPDATE tributary.applier_checkpoint SET relay_offset={} WHERE channel='{}'",
                           applied.offset + 1, options().channel));
  start();
  const ApplierStatus waiting = wait();
  EXPECT_EQ(waiting.error_code, 0);
  EXPECT_EQ(waiting.stage, "Waiting until what is applied is in the relay log again");
  stop();
  target().run(fmt::format("UPDATE tributary.applier_checkpoint SET relay_offset={} WHERE channel='{}'", applied.offset,
                           options().channel));
  write_counters(3);
  replicate();
}

TEST_F(RecoveryTest, ACheckpointInAPurgedRelayFileIsAnError) {
  make_counters();
  ASSERT_EQ(apply().error_code, 0);
  source().run("FLUSH BINARY LOGS; FLUSH BINARY LOGS");
  feed().receive();
  relay_log().purge_before(3);
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1594);
  EXPECT_THAT(status.error_message,
              HasSubstr(fmt::format("test-relay-bin-{}.000001, which does not exist any more; the "
                                    "oldest one is test-relay-bin-{}.000003",
                                    options().channel, options().channel)));
}

TEST_F(RecoveryTest, ALostCheckpointIsAnErrorAndNothingIsRepeated) {
  make_counters();
  source().run("CREATE TABLE d.twice (i INT); INSERT INTO d.twice VALUES (1)");
  ASSERT_EQ(apply().error_code, 0);
  const std::string mine = "FROM tributary.applier_checkpoint WHERE channel='" + options().channel + "'";
  const auto applied = applier().status().applied;
  options().known_applied = applied.position;
  replicate();

  // Another target, or one that was restored without it.
  target().run("DELETE " + mine);
  ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1593);
  EXPECT_THAT(status.error_message, HasSubstr(fmt::format("has applied everything up to {}:{}, but the target's "
                                                          "tributary.applier_checkpoint has no position of it",
                                                          applied.source_file, applied.source_offset)));
  EXPECT_THAT(status.error_message, HasSubstr("CHANGE MASTER TO"));
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.twice"), "1");
  EXPECT_EQ(target().value("SELECT COUNT(*) " + mine), "0");

  // Coordinates that an administrator has given since make it right again.
  source().run("FLUSH BINARY LOGS; INSERT INTO d.twice VALUES (2)");
  options().start = {2, 4};
  replicate();

  // One that was restored together with its data is as good as it ever was.
  options().known_applied = applier().status().applied.position;
  target().run(
      "DELETE FROM d.twice WHERE i = 2; UPDATE tributary.applier_checkpoint SET relay_offset=4 WHERE channel='" +
      options().channel + "'");
  EXPECT_EQ(apply().error_code, 0);
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.twice"), "2");
}

TEST_F(RecoveryTest, ACheckpointLostWhileRunningIsAnError) {
  make_counters();
  feed().receive();
  start();
  ASSERT_EQ(wait().error_code, 0);
  target().run("DELETE FROM tributary.applier_checkpoint WHERE channel='" + options().channel + "'");
  target().kill();
  target().start();
  write_counters(1);
  feed().receive();
  const ApplierStatus status = wait();
  stop();
  EXPECT_EQ(status.error_code, 1593) << status.error_message;
}

TEST_F(RecoveryTest, WithoutCheckpointTheFirstRelayFileMustBeThere) {
  make_counters();
  source().run("FLUSH BINARY LOGS; CREATE TABLE d.later (i INT)");
  feed().receive();
  relay_log().purge_before(2);
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1593);
  EXPECT_THAT(status.error_message, HasSubstr("has no position of this channel, and the first relay files do not "
                                              "exist any more; the oldest one is test-relay-bin-"));
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA='d'"), "0");
}

TEST_F(RecoveryTest, StartsWhereTheAdministratorSaidUnlessTheCheckpointIsFurther) {
  make_counters();
  ASSERT_EQ(apply().error_code, 0);
  source().run("FLUSH BINARY LOGS");
  write_counters(2);
  source().run("FLUSH BINARY LOGS");
  source().run("CREATE TABLE d.only (id INT)");
  // New coordinates: what stands before them is not wanted.
  options().start = {3, 4};
  ASSERT_EQ(apply().error_code, 0);
  EXPECT_EQ(target().value("SELECT n FROM d.counter"), "0");
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.only"), "0");
  options().start = {1, 4};
  ASSERT_EQ(apply().error_code, 0);
  EXPECT_EQ(target().value("SELECT n FROM d.counter"), "0");
}

TEST_F(RecoveryTest, SeveralWorkersKeepTheOrder) {
  make_counters();
  options().workers = 3;
  options().batch_transactions = 5;
  write_counters(300);
  source().run(
      "CREATE TABLE d.x (id INT); INSERT INTO d.x VALUES (1); ALTER TABLE d.x ADD y INT; INSERT INTO d.x VALUES (2,2)");
  replicate();
  EXPECT_EQ(applier().status().applied.gtid, source().value("SELECT @@gtid_binlog_pos"));
}

TEST_F(RecoveryTest, StatusTellsTheTruth) {
  make_counters();
  ASSERT_EQ(apply().error_code, 0);
  start();
  ApplierStatus status = wait();
  EXPECT_TRUE(status.caught_up);
  EXPECT_EQ(status.stage, "Replica has read all relay log; waiting for more updates");
  EXPECT_EQ(status.current_timestamp, 0U);
  EXPECT_EQ(status.reading, relay_log().published_end());
  target().run("LOCK TABLE d.counter WRITE; SELECT 1");  // released with its session
  source().run("SET timestamp=1700000000; USE d; UPDATE counter SET n=n+1");
  std::jthread holder([](const std::stop_token&) { target().run("LOCK TABLE d.counter WRITE; SELECT SLEEP(1)"); });
  while (target().value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(1)%' AND ID <> "
                        "CONNECTION_ID()") == "0") {
    std::this_thread::yield();
  }
  feed().receive();
  EXPECT_FALSE(applier().status().caught_up);
  while (applier().status().current_timestamp == 0 && !applier().status().caught_up) std::this_thread::yield();
  EXPECT_EQ(applier().status().current_timestamp, 1700000000U);
  holder.join();
  status = wait();
  EXPECT_EQ(status.applied.source_timestamp, 1700000000U);
  stop();
  EXPECT_FALSE(applier().status().caught_up);
  expect_equal("d");
}

}  // namespace
}  // namespace tributary::apply
