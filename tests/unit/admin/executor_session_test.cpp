#include <atomic>
#include <thread>

#include "executor_fixture.hpp"

namespace tributary::admin {
namespace {

using ExecutorSession = ExecutorTest;

TEST_F(ExecutorSession, answersWhatClientsAskAtConnect) {
  EXPECT_EQ(rows("select @@version_comment limit 1"), "Tributary test");
  EXPECT_EQ(code("select $$"), "1054");
  EXPECT_EQ(rows("select DATABASE(), USER() limit 1"), "NULL|root@127.0.0.1");
  EXPECT_EQ(rows("select @@character_set_client, @@character_set_connection, @@character_set_server, "
                 "@@character_set_database limit 1"),
            "utf8mb4|utf8mb4|utf8mb4|utf8mb4");
  EXPECT_EQ(error("/*!40100 SET @@SQL_MODE='' */"), "");
  EXPECT_EQ(error("SET NAMES utf8mb4"), "");
  EXPECT_EQ(error("SET AUTOCOMMIT = 0"), "");
  EXPECT_EQ(rows("SELECT @@autocommit, @@session.autocommit, @@global.autocommit"), "0|0|1");
  EXPECT_EQ(error("set autocommit=1, sql_mode=CONCAT(@@sql_mode,',STRICT_TRANS_TABLES'), "
                  "session_track_system_variables='autocommit'"),
            "");
  EXPECT_EQ(rows("SELECT @@sql_mode, @@session_track_system_variables"), ",STRICT_TRANS_TABLES|autocommit");
  EXPECT_EQ(error("SET lock_wait_timeout=2, log_slow_filter=DEFAULT"), "");
  EXPECT_EQ(error("SET character_set_results = NULL"), "");
  EXPECT_EQ(rows("SELECT @@character_set_results"), "NULL");
}

TEST_F(ExecutorSession, namesColumnsAsConnectorJWantsThem) {
  const wire::ResultSet set = table(
      "/* mysql-connector-j-9.0 (Revision: x) */SELECT  @@session.auto_increment_increment AS "
      "auto_increment_increment, "
      "@@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, "
      "@@character_set_results AS character_set_results, @@character_set_server AS character_set_server, "
      "@@collation_server AS collation_server, @@collation_connection AS collation_connection, @@init_connect AS "
      "init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS "
      "lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, @@net_write_timeout AS net_write_timeout, "
      "@@performance_schema AS performance_schema, @@query_cache_size AS query_cache_size, @@query_cache_type AS "
      "query_cache_type, @@sql_mode AS sql_mode, @@system_time_zone AS system_time_zone, @@time_zone AS time_zone, "
      "@@transaction_isolation AS transaction_isolation, @@tx_isolation AS tx, @@wait_timeout AS wait_timeout");
  ASSERT_EQ(set.columns.size(), 22U);
  EXPECT_EQ(set.columns[0].name, "auto_increment_increment");
  EXPECT_EQ(set.columns[0].type, wire::ColumnType::longlong);
  EXPECT_EQ(set.rows[0][9], "GPL");
  EXPECT_EQ(set.columns[21].name, "wait_timeout");
}

TEST_F(ExecutorSession, evaluatesExpressions) {
  const std::pair<const char*, const char*> cases[] = {
      {"1", "1"},
      {"-5 + 2 * 3", "1"},
      {"'it''s'", "it's"},
      {"1.50", "1.50"},
      {"- -1.50", "1.50"},
      {"0x41", "A"},
      {"18446744073709551615", "18446744073709551615"},
      {"1 = 1 AND 2 > 1", "1"},
      {"NULL = NULL", "NULL"},
      {"NULL <=> NULL", "1"},
      {"NULL AND 0", "0"},
      {"NULL OR 1", "1"},
      {"'abc' = 'ABC'", "1"},
      {"'10' = 10", "1"},
      {"'max_allowed' LIKE 'max\\_%'", "1"},
      {"'maxallowed' LIKE 'max\\_%'", "0"},
      {"'abcabd' LIKE '%abd'", "1"},
      {"2 IN (1, NULL)", "NULL"},
      {"2 NOT IN (1, 3)", "1"},
      {"IFNULL(NULL, 'x')", "x"},
      {"COALESCE(NULL, NULL, 3)", "3"},
      {"IF(1 > 2, 'a', 'b')", "b"},
      {"CONCAT('a', 1, NULL)", "NULL"},
      {"CONCAT('a', 1)", "a1"},
      {"@@global.server_id", "77"},
      {"@@read_only", "1"},
      {"@@report_host", "reporter"},
      {"CONNECTION_ID()", "5"},
      {"CURRENT_USER", "root@%"},
      {"VERSION()", "8.0.99-test"},
      {"@never_set", "NULL"},
      {"SLEEP(0)", "0"},
  };
  for (const auto& [expression, expected] : cases) {
    EXPECT_EQ(rows(std::string("SELECT ") + expression), expected) << expression;
  }
  EXPECT_EQ(rows("SELECT 1 LIMIT 0"), "");
  EXPECT_EQ(code("SELECT 9223372036854775807 + 1"), "1690");
  EXPECT_EQ(code("SELECT @@nothing"), "1193");
  EXPECT_EQ(error("SELECT nothing(1)"), "1305 FUNCTION nothing does not exist");
  EXPECT_EQ(code("SELECT VERSION(1)"), "1582");
  EXPECT_EQ(code("SELECT a"), "1054");
  EXPECT_EQ(code("SELECT * FROM t"), "1046");
  EXPECT_EQ(error("SELECT * FROM mysql.user"), "1146 Table 'mysql.user' doesn't exist");
}

TEST_F(ExecutorSession, keepsUserVariablesWithTheirTypes) {
  EXPECT_EQ(error("SET @a = 5, @b := 'x', @C = NULL, @d = 1.5"), "");
  const wire::ResultSet set = table("SELECT @A, @b, @c, @d");
  EXPECT_EQ(set.rows[0], (wire::ResultRow{"5", "x", std::nullopt, "1.5"}));
  EXPECT_EQ(set.columns[0].type, wire::ColumnType::longlong);
  EXPECT_EQ(set.columns[1].type, wire::ColumnType::var_string);
}

TEST_F(ExecutorSession, boundsWhatASessionKeeps) {
  run("SET @a = '" + std::string(60000, 'x') + "'");
  EXPECT_EQ(rows("SELECT CONCAT(@a, @a)"), "NULL");
  EXPECT_EQ(warnings(), "Warning 1301");
  std::string failure;
  for (int i = 0; i < 100 && failure.empty(); ++i) failure = code("SET @v" + std::to_string(i) + " = @a");
  EXPECT_EQ(failure, "1041");
}

TEST_F(ExecutorSession, setsAllOrNothing) {
  EXPECT_EQ(code("SET autocommit = 0, @x = 1, nothing = 2"), "1193");
  EXPECT_EQ(rows("SELECT @@autocommit, @x"), "1|NULL");
}

TEST_F(ExecutorSession, refusesSettingsThatItCannotHonour) {
  EXPECT_EQ(error("SET GLOBAL wait_timeout = 1"), "1238 Variable 'wait_timeout' is a read only variable");
  EXPECT_EQ(code("SET server_id = 1"), "1238");
  EXPECT_EQ(code("SET sql_mode = 'ANSI_QUOTES'"), "1231");
  EXPECT_EQ(code("SET sql_mode = 'NO_BACKSLASH_ESCAPES'"), "1231");
  EXPECT_EQ(code("SET autocommit = 2"), "1231");
  EXPECT_EQ(code("SET wait_timeout = 'x'"), "1232");
  EXPECT_EQ(error("SET NAMES sjis"), "1115 Unknown character set: 'sjis'");
  EXPECT_EQ(code("SET NAMES latin1 COLLATE utf8mb4_bin"), "1253");
  EXPECT_EQ(code("SET time_zone = 'Europe/Berlin'"), "1298");
  EXPECT_EQ(code("SET tx_isolation = 'x'"), "1231");
  EXPECT_EQ(code("SELECT @@default_cache.key_buffer_size"), "1272");
}

TEST_F(ExecutorSession, honoursTimeZonesAndIsolationLevels) {
  EXPECT_EQ(error("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"), "");
  EXPECT_EQ(rows("SELECT @@tx_isolation, @@transaction_isolation"), "READ-COMMITTED|READ-COMMITTED");
  EXPECT_EQ(rows("SHOW VARIABLES LIKE 't%x_isolation'"), "tx_isolation|READ-COMMITTED");
  run("SET time_zone = '+00:00'");
  const std::string utc = rows("SELECT NOW()");
  run("SET time_zone = '+13:00'");
  EXPECT_GT(rows("SELECT NOW()"), utc);
  EXPECT_EQ(utc.size(), 19U);
}

TEST_F(ExecutorSession, filtersVariables) {
  EXPECT_EQ(rows("SHOW VARIABLES LIKE 'server\\_id'"), "server_id|77");
  EXPECT_EQ(rows("SHOW GLOBAL VARIABLES WHERE Variable_name = 'log_bin' OR variable_name IN ('port', 'gtid_mode')"),
            "gtid_mode|OFF\nlog_bin|OFF\nport|0");
  EXPECT_EQ(rows("SHOW VARIABLES LIKE 'maxscale%'"), "");
  EXPECT_EQ(rows("SHOW VARIABLES WHERE Value = 'reporter'"), "report_host|reporter");
  EXPECT_EQ(code("SHOW VARIABLES WHERE nothing = 1"), "1054");
  EXPECT_EQ(rows("SHOW VARIABLES LIKE 'sql_log_bin'"), "");
  run("SET sql_log_bin = 0");
  EXPECT_EQ(rows("SHOW VARIABLES LIKE 'sql_log_bin'"), "sql_log_bin|OFF");
}

TEST_F(ExecutorSession, showsWarnings) {
  EXPECT_EQ(code("SELECT @@nothing"), "1193");
  EXPECT_EQ(rows("SHOW WARNINGS"), "Error|1193|Unknown system variable 'nothing'");
  EXPECT_EQ(warnings(), "");  // SHOW WARNINGS itself raises none
  EXPECT_EQ(rows("SELECT @@warning_count, @@error_count"), "1|1");
  EXPECT_EQ(rows("SHOW ERRORS LIMIT 0"), "");
  EXPECT_EQ(rows("SHOW COUNT(*) WARNINGS"), "1");
  EXPECT_EQ(rows("SELECT 1"), "1");
  EXPECT_EQ(rows("SHOW WARNINGS"), "");
  EXPECT_EQ(code("SYNTAX ERROR"), "1064");
  EXPECT_EQ(warnings(), "Error 1064");
}

TEST_F(ExecutorSession, showsDatabases) {
  EXPECT_EQ(rows("SHOW DATABASES LIKE '%a'"), "information_schema\nperformance_schema");
  EXPECT_EQ(table("SHOW DATABASES LIKE 'x'").columns[0].name, "Database (x)");
  EXPECT_EQ(code("SHOW TABLES"), "1046");
  EXPECT_EQ(code("USE shop"), "1049");
  EXPECT_EQ(error("USE MySQL"), "");
  EXPECT_EQ(rows("SELECT DATABASE()"), "mysql");
  EXPECT_EQ(table("SHOW FULL TABLES").columns.size(), 2U);
}

TEST_F(ExecutorSession, showsAndKillsSessions) {
  std::atomic<int> kills{0};
  RegisteredSession other(sessions_, "10.0.0.9:4711",
                          [&](KillKind kind) { kills += kind == KillKind::query ? 1 : 10; });
  other.logged_in("admin", "");
  other.begin("Query", "SELECT SLEEP(100)");
  const wire::ResultSet list = table("SHOW PROCESSLIST");
  ASSERT_EQ(list.rows.size(), 1U);
  EXPECT_EQ(list.rows[0][0], std::to_string(other.id()));
  EXPECT_EQ(list.rows[0][1], "admin");
  EXPECT_EQ(list.rows[0][3], std::nullopt);
  EXPECT_EQ(list.rows[0][7], "SELECT SLEEP(100)");
  EXPECT_EQ(error("KILL QUERY " + std::to_string(other.id())), "");
  EXPECT_EQ(error("KILL " + std::to_string(other.id())), "");
  EXPECT_EQ(kills, 11);
  EXPECT_EQ(error("KILL 99999999999"), "1094 Unknown thread id: 99999999999");
}

TEST_F(ExecutorSession, isInterrupted) {
  std::jthread killer([this] { stop_.request_stop(); });
  EXPECT_EQ(error("SELECT SLEEP(1000)"), "1317 Query execution was interrupted");
}

TEST_F(ExecutorSession, doesTheHarmlessAndRefusesTheUnknown) {
  for (const char* statement :
       {"BEGIN", "START TRANSACTION READ ONLY", "COMMIT", "ROLLBACK", "UNLOCK TABLES", "DO 1"}) {
    EXPECT_EQ(error(statement), "") << statement;
  }
  EXPECT_EQ(error("INSERT INTO t VALUES (1)"), "1235 This version of Tributary doesn't yet support 'INSERT'");
  EXPECT_EQ(code("SHOW MASTER STATUS"), "1235");
  EXPECT_EQ(code("HELLO"), "1064");
  EXPECT_EQ(code(""), "1065");
  EXPECT_EQ(error("SHUTDOWN"), "");
  EXPECT_EQ(shutdowns_, 1);
}

}  // namespace
}  // namespace tributary::admin
