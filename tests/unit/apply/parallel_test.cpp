#include <chrono>
#include <optional>

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "replication_fixture.hpp"

namespace tributary::apply {
namespace {

/// Several workers, and one source transaction in each target transaction: whatever may overlap does.
class ParallelTest : public ReplicationTest {
 protected:
  void SetUp() override {
    ReplicationTest::SetUp();
    options().workers = 4;
    options().batch_transactions = 1;
    // Nothing may end because somebody has waited for long enough.
    options().row_lock_wait = 1000;
    source().run(
        "CREATE TABLE d.head (id INT PRIMARY KEY, n INT); INSERT INTO d.head VALUES (1,0); CREATE TABLE d.t (id INT "
        "PRIMARY KEY, u VARCHAR(20) COLLATE utf8mb4_unicode_ci UNIQUE, n INT)");
    source().run("INSERT INTO d.t VALUES (1,'x1',0),(2,'x2',0),(3,'x3',0)");
    replicate();
  }

  /// Writes behind some others, by which the table's keys are known: they are asked for when it was seen some times.
  static void write(const std::string& sql) {
    static int id = 1000;
    for (int i = 0; i < 4; ++i, ++id) source().run(fmt::format("INSERT INTO d.t VALUES ({},'w{}',0)", id, id));
    source().run(sql);
  }

  /// Applies what the source has written while the row of d.head cannot be changed in the target.
  void start_behind_blocked_head() {
    lock_.emplace(target(), "UPDATE d.head SET n=n");
    feed().receive();
    start();
  }
  void unblock() { lock_.reset(); }
  /// Rows with this number, uncommitted ones too.
  static std::string uncommitted(int n) {
    return target().value(fmt::format(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; SELECT COUNT(*) FROM d.t WHERE n={}", n));
  }
  static void wait_uncommitted(int n, const std::string& count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (uncommitted(n) != count) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << uncommitted(n) << " rows instead of " << count;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  void finish() {
    unblock();
    const ApplierStatus status = wait();
    stop();
    EXPECT_EQ(status.error_code, 0) << status.error_message;
    expect_equal("d");
  }

 private:
  std::optional<RowLock> lock_;
};

TEST_F(ParallelTest, OthersRunAheadButCommitInOrder) {
  write("UPDATE d.head SET n=100; INSERT INTO d.t VALUES (10,'a',7); INSERT INTO d.t VALUES (11,'b',7)");
  start_behind_blocked_head();
  wait_uncommitted(7, "2");
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.t WHERE n=7"), "0");
  finish();
}

TEST_F(ParallelTest, WhatChangesTheSameRowWaits) {
  write(
      "BEGIN; UPDATE d.head SET n=100; UPDATE d.t SET n=5 WHERE id=1; COMMIT; UPDATE d.t SET n=6 WHERE id=1; INSERT "
      "INTO d.t VALUES (10,'a',7)");
  start_behind_blocked_head();
  wait_uncommitted(7, "1");
  EXPECT_EQ(uncommitted(6), "0");
  finish();
}

TEST_F(ParallelTest, AStatementIsABarrier) {
  write(
      "UPDATE d.head SET n=100; SET binlog_format=STATEMENT; INSERT INTO d.t SELECT 20,'s',n FROM d.head; SET "
      "binlog_format=ROW; INSERT INTO d.t VALUES (10,'a',7)");
  start_behind_blocked_head();
  while (applier().status().reading != relay_log().published_end()) std::this_thread::yield();
  EXPECT_EQ(uncommitted(7), "0");
  finish();
  EXPECT_EQ(target().value("SELECT n FROM d.t WHERE id=20"), "100");
}

TEST_F(ParallelTest, WhoeverHoldsALockThatTheHeadNeedsGivesWay) {
  // A collation takes the two values for one: no hash does.
  write(
      "BEGIN; UPDATE d.head SET n=100; INSERT INTO d.t VALUES (10,'\xc3\xa9',1); DELETE FROM d.t WHERE id=10; COMMIT; "
      "INSERT INTO d.t VALUES (11,'E',7)");
  start_behind_blocked_head();
  wait_uncommitted(7, "1");
  finish();
  EXPECT_GE(applier().status().retries, 1U);
}

TEST_F(ParallelTest, AnErrorOfOneThatRanAheadIsNone) {
  source().run("INSERT INTO d.t VALUES (10,'\xc3\xa9',1)");
  replicate();
  write("UPDATE d.head SET n=100; DELETE FROM d.t WHERE id=10; INSERT INTO d.t VALUES (11,'E',7)");
  start_behind_blocked_head();
  while (applier().status().retries == 0) std::this_thread::yield();
  finish();
}

TEST_F(ParallelTest, ARealErrorNamesItsTransactionWithAllBeforeItCommitted) {
  target().run("DELETE FROM d.t WHERE id=3");
  write(
      "UPDATE d.head SET n=100; INSERT INTO d.t VALUES (10,'a',7); UPDATE d.t SET n=8 WHERE id=3; INSERT INTO "
      "d.t VALUES (12,'c',7)");
  start_behind_blocked_head();
  wait_uncommitted(7, "2");
  unblock();
  const ApplierStatus status = wait();
  stop();
  EXPECT_EQ(status.error_code, 1032);
  EXPECT_EQ(target().value("SELECT GROUP_CONCAT(id) FROM d.t WHERE n=7"), "10");
}

/// Many small changes of few rows, by keys of several kinds.
TEST_F(ParallelTest, AnythingEndsEqual) {
  source().run(
      "USE d; CREATE TABLE d.parent (id INT PRIMARY KEY); CREATE TABLE d.child (id INT PRIMARY KEY, p INT, FOREIGN KEY "
      "(p) "
      "REFERENCES d.parent (id) ON DELETE CASCADE); CREATE TABLE d.nokey (a INT, b INT); INSERT INTO d.parent SELECT "
      "seq FROM seq_1_to_8");
  source().run(
      "USE d; BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1062, 1452 BEGIN END; FOR i IN 1..1500 DO CASE "
      "FLOOR(RAND(i)*8) "
      "WHEN 0 THEN REPLACE INTO t VALUES (RAND(i+1)*20, CONCAT('v',ROUND(RAND(i+2)*20)), i); "
      "WHEN 1 THEN UPDATE t SET u=CONCAT('v',ROUND(RAND(i+2)*20)) WHERE id=ROUND(RAND(i+1)*20); "
      "WHEN 2 THEN DELETE FROM t WHERE id=ROUND(RAND(i+1)*20); "
      "WHEN 3 THEN INSERT INTO child VALUES (i, 1+FLOOR(RAND(i+1)*8)); "
      "WHEN 4 THEN DELETE FROM parent WHERE id=1+FLOOR(RAND(i+1)*8); "
      "WHEN 5 THEN INSERT IGNORE INTO parent VALUES (1+FLOOR(RAND(i+1)*8)); "
      "WHEN 6 THEN INSERT INTO nokey VALUES (RAND(i+1)*5, 1); "
      "ELSE DELETE FROM nokey WHERE a=ROUND(RAND(i+1)*5) LIMIT 1; END CASE; END FOR; END");
  for (const DependencyMode mode :
       {DependencyMode::writeset, DependencyMode::logical_clock, DependencyMode::database}) {
    options().dependencies = mode;
    options().batch_transactions = mode == DependencyMode::writeset ? 1 : 3;
    replicate();
    source().run(
        "USE d; DELETE FROM nokey; FOR i IN 1..300 DO INSERT INTO nokey VALUES (i,i); UPDATE t SET n=-i WHERE "
        "id=ROUND(RAND(i)*20); END FOR");
  }
  replicate();
}

}  // namespace
}  // namespace tributary::apply
