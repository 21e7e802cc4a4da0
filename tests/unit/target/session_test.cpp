#include "tributary/target/session.hpp"

#include "live_target.hpp"

namespace tributary::target {
namespace {

using SessionTest = LiveTarget;

TEST_F(SessionTest, putsASessionIntoApplierMode) {
  server_.run(
      "SET GLOBAL sql_mode = 'ANSI,STRICT_ALL_TABLES', GLOBAL time_zone = '+05:00', GLOBAL autocommit = 0,"
      " GLOBAL max_statement_time = 1, GLOBAL foreign_key_checks = 0, GLOBAL max_join_size = 100,"
      " GLOBAL completion_type = 2");
  TargetConnection connection(options());
  prepare_applier_session(connection, ApplierSessionOptions{3, 7});
  EXPECT_EQ(connection.query("SELECT @@autocommit, @@sql_mode, @@time_zone, @@tx_isolation, @@tx_read_only,"
                             " @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@foreign_key_checks, @@unique_checks,"
                             " @@max_statement_time, @@wait_timeout, @@character_set_client, @@sql_big_selects,"
                             " @@completion_type, @@system_versioning_alter_history")[0],
            (Row{"1", "", "+00:00", "READ-COMMITTED", "0", "3", "7", "1", "1", "0.000000", "31536000", "utf8mb4", "1",
                 "NO_CHAIN", "KEEP"}));
}

TEST_F(SessionTest, bringsASessionBackAfterAStatementEvent) {
  TargetConnection connection(options());
  prepare_applier_session(connection, {});
  connection.execute("SET timestamp = 1, sql_mode = 'ANSI', time_zone = '-03:00', unique_checks = 0, NAMES latin1");
  prepare_applier_session(connection, {});
  EXPECT_EQ(connection.query("SELECT @@sql_mode, @@time_zone, @@unique_checks, @@character_set_client,"
                             " UNIX_TIMESTAMP() > 1700000000")[0],
            (Row{"", "+00:00", "1", "utf8mb4", "1"}));
}

TEST_F(SessionTest, rowChangesWorkWhereTheTargetLogsStatements) {
  server_.stop();
  const test::TestServer logging({"--log-bin=bin", "--binlog-format=STATEMENT", "--server-id=7"});
  logging.run("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY); INSERT INTO d.t VALUES (1)");
  TargetOptions where = options();
  where.port = logging.port();
  TargetConnection connection(where);
  prepare_applier_session(connection, {});
  connection.execute("UPDATE d.t SET a = 2");
  EXPECT_EQ(logging.value("SELECT a FROM d.t"), "2");
}

TEST_F(SessionTest, saysWhatToDoWhereItMayNotLeaveStatementFormat) {
  server_.stop();
  const test::TestServer logging({"--log-bin=bin", "--binlog-format=STATEMENT", "--server-id=7"});
  logging.run("CREATE USER plain@'%'");
  TargetOptions where = options();
  where.port = logging.port();
  where.user = "plain";
  TargetConnection connection(where);
  try {
    prepare_applier_session(connection, {});
    FAIL() << "STATEMENT format was accepted";
  } catch (const TargetError& error) {
    EXPECT_EQ(error.code(), 1227);
    EXPECT_NE(std::string(error.what()).find("binlog_format to ROW or MIXED"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tributary::target
