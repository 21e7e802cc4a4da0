#include <fmt/core.h>
#include <gmock/gmock.h>

#include "tributary/binlog/control_events.hpp"

#include "replication_fixture.hpp"

namespace tributary::apply {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

/// One cause each: the applier stops in front of exactly the transaction that fails, names it, and goes on once the
/// cause is mended.
class ErrorsTest : public ReplicationTest {
 protected:
  void make_table() {
    source().run(
        "CREATE TABLE d.orders (id INT UNSIGNED PRIMARY KEY, name VARCHAR(20), n INT, UNIQUE (name)); INSERT INTO "
        "d.orders "
        "VALUES (1,'a',1),(2,'b',2),(3,'c',3)");
    ASSERT_EQ(apply().error_code, 0);
  }
  /// Writes 10 transactions, the guilty one in between, so that they go in one batch.
  void among_others(const std::string& guilty) {
    for (int i = 100; i < 105; ++i) source().run(fmt::format("INSERT INTO d.orders VALUES ({},'n{}',0)", i, i));
    source().run(guilty);
    for (int i = 105; i < 110; ++i) source().run(fmt::format("INSERT INTO d.orders VALUES ({},'n{}',0)", i, i));
  }
  static void expect_only_what_stood_before() {
    EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.orders WHERE id BETWEEN 100 AND 104"), "5");
    EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.orders WHERE id BETWEEN 105 AND 109"), "0");
  }
};

TEST_F(ErrorsTest, DuplicateKey) {
  make_table();
  among_others("INSERT INTO d.orders VALUES (10,'j',1),(5,'x',NULL),(11,'k',1)");
  target().run("INSERT INTO d.orders VALUES (5,'mine',0)");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1062);
  EXPECT_THAT(
      status.error_message,
      MatchesRegex("Could not execute Write_rows event on table d\\.orders; Duplicate entry '5' for key 'PRIMARY' "
                   "\\(1062\\); row \\(id=5, name='x', n=NULL\\); transaction 0-1-[0-9]+ at source-bin\\.[0-9]+:"
                   "[0-9]+, end position [0-9]+"));
  EXPECT_FALSE(status.running);
  expect_only_what_stood_before();
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.orders WHERE id IN (10, 11)"), "0");
  target().run("DELETE FROM d.orders WHERE id=5");
  replicate();
}

TEST_F(ErrorsTest, MissingRow) {
  make_table();
  target().run("DELETE FROM d.orders WHERE id=2");
  among_others("UPDATE d.orders SET n=n+10 WHERE id <= 3");
  ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1032);
  EXPECT_THAT(status.error_message,
              HasSubstr("Could not execute Update_rows event on table d.orders; Can't find record in "
                        "'orders' (1032); row (id=2, name='b', n=2); transaction 0-1-"));
  expect_only_what_stood_before();
  EXPECT_EQ(target().value("SELECT n FROM d.orders WHERE id=1"), "1");
  target().run("INSERT INTO d.orders VALUES (2,'b',2)");
  replicate();
  target().run("DELETE FROM d.orders WHERE id=3");
  source().run("DELETE FROM d.orders");
  status = apply();
  EXPECT_EQ(status.error_code, 1032);
  EXPECT_THAT(status.error_message, HasSubstr("Could not execute Delete_rows event on table d.orders;"));
  EXPECT_THAT(status.error_message, HasSubstr("row (id=3, "));
}

TEST_F(ErrorsTest, MissingTable) {
  make_table();
  target().run("RENAME TABLE d.orders TO d.away");
  source().run("UPDATE d.orders SET n=5 WHERE id=1");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1146);
  EXPECT_THAT(status.error_message, HasSubstr("Could not execute Update_rows event on table d.orders; Table 'd.orders' "
                                              "doesn't exist (1146)"));
  target().run("RENAME TABLE d.away TO d.orders");
  replicate();
}

TEST_F(ErrorsTest, ColumnOfAnotherType) {
  make_table();
  target().run("UPDATE d.orders SET n=NULL; ALTER TABLE d.orders MODIFY n DATETIME");
  among_others("UPDATE d.orders SET n=4 WHERE id=1");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1677);
  EXPECT_THAT(status.error_message,
              HasSubstr("Column 2 of table 'd.orders' cannot be converted from type 'int' to type "
                        "'datetime'"));
  target().run("UPDATE d.orders SET n=NULL; ALTER TABLE d.orders MODIFY n INT; UPDATE d.orders SET n=id");
  replicate();
}

TEST_F(ErrorsTest, StatementInABatch) {
  make_table();
  among_others("SET binlog_format=STATEMENT; INSERT INTO d.orders VALUES (5,'s',0)");
  target().run("INSERT INTO d.orders VALUES (5,'mine',0)");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1062);
  EXPECT_THAT(
      status.error_message,
      HasSubstr("Error 'Duplicate entry '5' for key 'PRIMARY'' (1062) on query. Default database: ''. Query: 'INSERT "
                "INTO d.orders VALUES (5,'s',0)'; transaction 0-1-"));
  expect_only_what_stood_before();
  target().run("DELETE FROM d.orders WHERE id=5");
  replicate();
}

TEST_F(ErrorsTest, TableOfAnotherEngine) {
  source().run("CREATE TABLE d.orders (id INT PRIMARY KEY, name VARCHAR(20), n INT) ENGINE=MyISAM");
  ASSERT_EQ(apply().error_code, 0);
  target().run("INSERT INTO d.orders VALUES (5,'mine',0)");
  source().run(
      "INSERT INTO d.orders VALUES (1,'a',0); INSERT INTO d.orders VALUES (5,'b',0); INSERT INTO d.orders VALUES "
      "(6,'c',0)");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1062);
  EXPECT_THAT(status.error_message,
              HasSubstr("Could not execute Write_rows event on table d.orders; Duplicate entry '5' for "
                        "key 'PRIMARY' (1062); transaction 0-1-"));
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.orders"), "2");
  target().run("DELETE FROM d.orders WHERE id=5");
  replicate();
}

TEST_F(ErrorsTest, LockHeldByAnotherSessionIsWaitedForAndTriedAgain) {
  make_table();
  among_others("UPDATE d.orders SET n=77 WHERE id=1");
  feed().receive();
  {
    const RowLock lock(target(), "UPDATE d.orders SET n=n WHERE id=1");
    start();
    while (applier().status().retries == 0 && applier().status().running)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(wait().error_code, 0);
  stop();
  expect_equal("d");
}

TEST_F(ErrorsTest, ALockIsWaitedForHoweverLongAndTheStatusTells) {
  make_table();
  among_others("UPDATE d.orders SET n=77 WHERE id=1");
  options().transaction_retries = 1;
  feed().receive();
  {
    const RowLock lock(target(), "UPDATE d.orders SET n=n WHERE id=1");
    start();
    // The batch, and then the transaction alone, more often than other errors are borne.
    while (applier().status().retries < 4 && applier().status().running)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    // The next try is under way: what is waited for is still to be seen.
    while (applier().status().stage == "Waiting to try the transaction again") std::this_thread::yield();
    const ApplierStatus status = applier().status();
    EXPECT_TRUE(status.running);
    EXPECT_EQ(status.error_code, 1205);
    EXPECT_THAT(status.error_message, HasSubstr("Lock wait timeout exceeded"));
    EXPECT_THAT(status.error_message, HasSubstr("at source-bin."));
    EXPECT_THAT(status.error_message, HasSubstr("trying again"));
    expect_only_what_stood_before();
  }
  EXPECT_EQ(wait().error_code, 0);
  stop();
  expect_equal("d");
}

TEST_F(ErrorsTest, LockErrorsOfTheSourceNeedNotHappenHere) {
  // Rows of a table without transactions stay, so the source logs the statement though its trigger met a lock.
  source().run(
      "USE d; CREATE TABLE orders (id INT PRIMARY KEY, n INT); INSERT INTO orders VALUES (1, 0); CREATE TABLE my (id "
      "INT) "
      "ENGINE=MyISAM; CREATE TRIGGER tr AFTER INSERT ON my FOR EACH ROW UPDATE orders SET n=n+1 WHERE id=NEW.id");
  {
    const RowLock lock(source(), "UPDATE d.orders SET n=n WHERE id=1");
    EXPECT_THROW(
        source().run("SET binlog_format=STATEMENT, innodb_lock_wait_timeout=1; USE d; INSERT INTO my VALUES (9),(1)"),
        std::runtime_error);
  }
  source().run("INSERT INTO d.orders VALUES (2, 0)");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 0) << status.error_message;
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.orders"), "2");
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.my WHERE id=9"), "1");
}

TEST_F(ErrorsTest, TemporaryTablesAndALockThatIsWaitedFor) {
  make_table();
  // One transaction after another in a backlog, and all of it in one transaction.
  for (const char* const begin : {"", "BEGIN;"}) {
    const std::string id = *begin == 0 ? "201" : "202";
    source().run(fmt::format(
        "SET binlog_format=STATEMENT; {} CREATE TEMPORARY TABLE d.tmp (a INT); INSERT INTO d.tmp VALUES ({}); INSERT "
        "INTO "
        "d.orders SELECT a, a, 0 FROM d.tmp; UPDATE d.orders SET n=n+1 WHERE id=1; DROP TEMPORARY TABLE d.tmp; UPDATE "
        "d.orders SET n=n+1 WHERE id=1; COMMIT",
        begin, id));
    source().run("INSERT INTO d.orders VALUES (30" + id + ",'after',0); DELETE FROM d.orders WHERE name='after'");
    feed().receive();
    {
      const RowLock lock(target(), "UPDATE d.orders SET n=n WHERE id=1");
      start();
      while (applier().status().retries < 2 && applier().status().running)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const ApplierStatus status = wait();
    EXPECT_EQ(status.error_code, 0) << status.error_message;
    stop();
    expect_equal("d");
  }
}

TEST_F(ErrorsTest, TemporaryTablesThatAreLostAreNamedAsTheCause) {
  make_table();
  source().run(
      "SET binlog_format=STATEMENT; CREATE TEMPORARY TABLE d.tmp (a INT); INSERT INTO d.tmp VALUES (7); INSERT "
      "INTO d.orders SELECT a, a, 0 FROM d.tmp");
  replicate();
  source().run(
      "SET binlog_format=STATEMENT; CREATE TEMPORARY TABLE d.tmp (a INT); INSERT INTO d.tmp VALUES (8); SET "
      "@x=SLEEP(0); INSERT INTO d.orders SELECT a, a, 0 FROM d.tmp");
  target().run("INSERT INTO d.orders VALUES (8, 'mine', 0)");
  EXPECT_EQ(apply().error_code, 1062);
  target().run("DELETE FROM d.orders WHERE id=8");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1146);
  EXPECT_THAT(status.error_message, HasSubstr("A temporary table of the source's session may be what is missing"));
}

/// A table that has transactions in the source only: what is rolled back here stays.
class OtherEngineTest : public ErrorsTest {
 protected:
  void make_log() {
    make_table();
    source().run("CREATE TABLE d.log (a INT)");
    ASSERT_EQ(apply().error_code, 0);
    target().run("ALTER TABLE d.log ENGINE=Aria");
  }
  static std::string logged() { return *target().run("SELECT GROUP_CONCAT(a ORDER BY a) FROM d.log").at(0).at(0); }
};

TEST_F(OtherEngineTest, ItsChangesAreNotRepeatedWithABatch) {
  make_log();
  for (const char* const format : {"ROW", "STATEMENT"}) {
    source().run(std::string("SET binlog_format=") + format +
                 "; DELETE FROM d.log; INSERT INTO d.log VALUES (1); INSERT INTO d.log VALUES (2); UPDATE d.orders SET "
                 "n=n+1 WHERE id=1; INSERT INTO d.log VALUES (3)");
    feed().receive();
    {
      const RowLock lock(target(), "UPDATE d.orders SET n=n WHERE id=1");
      start();
      while (applier().status().retries < 3 && applier().status().running)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(wait().error_code, 0);
    stop();
    EXPECT_EQ(logged(), "1,2,3");
  }
}

TEST_F(OtherEngineTest, ATransactionThatCannotBeRolledBackIsNotTriedAgain) {
  make_log();
  source().run("BEGIN; INSERT INTO d.log VALUES (1); UPDATE d.orders SET n=n+1 WHERE id=1; COMMIT");
  const RowLock lock(target(), "UPDATE d.orders SET n=n WHERE id=1");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1205);
  EXPECT_THAT(status.error_message, HasSubstr("rolled back, but for changes to tables without transactions"));
  EXPECT_EQ(logged(), "1");
}

TEST_F(ErrorsTest, PasswordsAreNotShown) {
  make_table();
  source().run("CREATE USER once@localhost IDENTIFIED BY 'verysecret'");
  target().run("CREATE USER once@localhost");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1396);
  EXPECT_THAT(status.error_message, HasSubstr("Query: 'CREATE USER once@localhost IDENTIFIED...'"));
  source().run("SET sql_log_bin=0; DROP USER once@localhost");
  target().run("DROP USER once@localhost");
}

TEST_F(ErrorsTest, EventsThatAreNotSupportedStopAfterEverythingBefore) {
  make_table();
  among_others("DROP DATABASE IF EXISTS tributary");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1593);
  EXPECT_THAT(status.error_message, HasSubstr("Fatal error: cannot execute the Query event (type 2) at source-bin."));
  EXPECT_THAT(status.error_message, HasSubstr("it would change or drop Tributary's own schema"));
  expect_only_what_stood_before();
}

TEST_F(ErrorsTest, AnUnknownEventStopsUnlessItMayBeIgnored) {
  make_table();
  const auto unknown = [](std::uint16_t flags) {
    ByteWriter writer;
    binlog::EventHeader header;
    header.type = static_cast<binlog::EventType>(200);
    header.server_id = 1;
    header.flags = flags;
    header.encode(writer);
    writer.text("what is this");
    Bytes event = writer.take();
    binlog::finish_event(event, binlog::ChecksumAlgorithm::crc32);
    return event;
  };
  among_others("DO 1");
  feed().receive();
  feed().append(unknown(binlog::event_flag::k_ignorable));
  EXPECT_EQ(apply().error_code, 0);
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.orders WHERE id >= 100"), "10");
  feed().append(unknown(0));
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1593);
  EXPECT_THAT(status.error_message, HasSubstr("cannot execute the Unknown(200) event (type 200) at source-bin."));
  EXPECT_THAT(status.error_message, HasSubstr("relay file test-relay-bin-"));
}

TEST_F(ErrorsTest, AnIncidentOfTheSourceStopsTheApplier) {
  source().run("CREATE TABLE d.before_incident (id INT)");
  feed().receive();
  ByteWriter writer;
  binlog::EventHeader header;
  header.type = binlog::EventType::incident;
  header.server_id = 1;
  header.encode(writer);
  writer.u16(binlog::IncidentEvent::k_lost_events);
  writer.u8(9);
  writer.text("disk full");
  Bytes event = writer.take();
  binlog::finish_event(event, binlog::ChecksumAlgorithm::crc32);
  feed().append(event);
  start();
  const ApplierStatus status = wait();
  stop();
  EXPECT_EQ(status.error_code, 1590);
  EXPECT_THAT(status.error_message, HasSubstr("LOST_EVENTS"));
  EXPECT_THAT(status.error_message, HasSubstr("disk full"));
  EXPECT_THAT(status.error_message, HasSubstr("source-bin."));
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.before_incident"), "0");
}

}  // namespace
}  // namespace tributary::apply
