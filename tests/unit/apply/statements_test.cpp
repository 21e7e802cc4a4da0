#include <set>

#include "replication_fixture.hpp"

namespace tributary::apply {
namespace {

/// Statements run with the session that they were written in.
class StatementsTest : public ReplicationTest {
 protected:
  static void statements(const std::string& sql) { source().run("SET binlog_format=STATEMENT; USE d; " + sql); }
};

TEST_F(StatementsTest, TimeAndTimeZone) {
  statements(
      "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a DATETIME(6), b DATE, c TIMESTAMP(6) NULL, d INT);"
      "SET time_zone='+09:30'; SET timestamp=1700000000.123456; INSERT INTO t (a,b,c) VALUES (NOW(6), CURDATE(), "
      "NOW(6));"
      "SET timestamp=1600000000; INSERT INTO t (a,c) VALUES (NOW(), NOW());"
      "SET time_zone='SYSTEM'; INSERT INTO t (a,d) VALUES (NOW(6), UNIX_TIMESTAMP());"
      "SET timestamp=DEFAULT, time_zone='-03:00'; INSERT INTO t (a,c) VALUES (NOW(6), '2026-01-01 00:00:00')");
  replicate();
}

TEST_F(StatementsTest, RandomNumbersVariablesAndInsertIds) {
  statements(
      "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a DOUBLE, b VARBINARY(100), n BIGINT UNSIGNED, m "
      "DECIMAL(30,10));"
      "INSERT INTO t (a) VALUES (RAND()), (RAND()); UPDATE t SET a=RAND() WHERE id=1;"
      "SET @s='it''s \\\\ ü', @i=-5, @u=18446744073709551615, @f=1.25e-7, @d=12345678901234567890.0123456789, @n=NULL,"
      " @`odd ``name`=3, @b=x'00ff27', @l=_latin1'\xe9';"
      "INSERT INTO t (b,n,a,m) VALUES (@s, @u, @f, @d), (@n, 1, @i, @`odd ``name`), (@b, 2, 0, 0), (HEX(@l), 3, 0, 0);"
      "SET insert_id=50; INSERT INTO t (a) VALUES (1); INSERT INTO t (a) VALUES (LAST_INSERT_ID());"
      "SET auto_increment_increment=7, auto_increment_offset=3; INSERT INTO t (a) VALUES (1),(2),(3);"
      "SET auto_increment_increment=1, auto_increment_offset=1; INSERT INTO t (a) VALUES (4)");
  replicate();
}

TEST_F(StatementsTest, SqlModeAndCharset) {
  statements(
      "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(50) CHARACTER SET utf8mb4, b INT NOT NULL DEFAULT "
      "5);"
      "SET sql_mode='NO_BACKSLASH_ESCAPES'; INSERT INTO t (a) VALUES ('back\\slash');"
      "SET sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT'; INSERT INTO \"t\" (\"a\") VALUES ('x' || 'y');"
      "SET sql_mode=''; INSERT INTO t (a,b) VALUES ('zero date', '12abc');"
      "SET sql_mode='ORACLE'; INSERT INTO t (a) VALUES ('oracle'); SET sql_mode='TRADITIONAL'; INSERT INTO t (a) "
      "VALUES ('t');"
      "SET sql_mode=''; SET NAMES latin1; INSERT INTO t (a) VALUES ('caf\xe9');"
      "SET NAMES sjis; INSERT INTO t (a) VALUES ('\x95\x5c'); SET NAMES gbk; INSERT INTO t (a) VALUES ('\xb0\x5c'';');"
      "SET NAMES utf8mb4 COLLATE utf8mb4_bin; INSERT INTO t (a) SELECT 'B' FROM DUAL WHERE 'b' <> 'B';"
      "SET NAMES utf8mb4; INSERT INTO t (a) VALUES ('ende'); -- the end\n");
  replicate();
}

TEST_F(StatementsTest, TextThatLooksLikeSomethingElse) {
  statements(
      "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT); INSERT INTO t (a) VALUES ('; COMMIT; -- '), ('/*');"
      "INSERT INTO t (a) VALUES ('x') -- to the end of the line\n; INSERT INTO t (a) VALUES ('y') # also this\n;"
      "/* first */ INSERT INTO t (a) VALUES ('z') /* last */; INSERT /*!50000 INTO */ t (a) VALUES ('v')");
  replicate();
}

TEST_F(StatementsTest, ChecksOfKeysAreAsInTheSource) {
  statements(
      "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p "
      "(id));"
      "SET foreign_key_checks=0; INSERT INTO c VALUES (1, 77); SET foreign_key_checks=1; INSERT INTO p VALUES (1);"
      "INSERT INTO c VALUES (2, 1)");
  replicate();
}

TEST_F(StatementsTest, RoutinesTriggersAndViews) {
  statements("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b INT)");
  statements("CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC RETURN x * 2");
  statements(
      "CREATE PROCEDURE p(n INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < n DO INSERT INTO t (a) VALUES (f(i)); SET "
      "i = i + 1; END WHILE; END");
  statements("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.b = COALESCE(NEW.a, 0) + 100");
  statements("CREATE VIEW v AS SELECT a, b FROM t WHERE a > 2 WITH CHECK OPTION");
  statements("CALL p(5); INSERT INTO v (a) VALUES (50); SELECT f(1)");
  replicate();
  EXPECT_EQ(target().value("SELECT SUM(b) FROM d.t"), source().value("SELECT SUM(b) FROM d.t"));
}

TEST_F(StatementsTest, TemporaryTablesOfSeveralSessions) {
  statements(
      "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT); CREATE TEMPORARY TABLE x (a INT);"
      "INSERT INTO x VALUES (1),(2); BEGIN; INSERT INTO t (a) SELECT a FROM x; INSERT INTO x VALUES (3);"
      "INSERT INTO t (a) SELECT a+10 FROM x; COMMIT; ALTER TABLE x ADD b INT; UPDATE x SET b=a; INSERT INTO t (a) "
      "SELECT b "
      "FROM x; DROP TEMPORARY TABLE x");
  statements("CREATE TEMPORARY TABLE x (z INT); INSERT INTO x VALUES (1000); INSERT INTO t (a) SELECT z FROM x");
  replicate();
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.t"), "9");
}

TEST_F(StatementsTest, TemporaryTablesGoWithARestartOfTheSource) {
  statements("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT); INSERT INTO t (a) VALUES (0)");
  feed().receive();
  start();
  for (int round = 0; round < 2; ++round) {
    // Never dropped: the source dies with its session open. Its next sessions have the same numbers again.
    std::jthread holder([](const std::stop_token&) {
      EXPECT_THROW(
          statements("CREATE TEMPORARY TABLE x (n INT); INSERT INTO x VALUES (7); INSERT INTO t (a) SELECT n FROM x; "
                     "SELECT SLEEP(60)"),
          std::runtime_error);
    });
    while (source().value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(60)%' AND ID <> "
                          "CONNECTION_ID()") == "0") {
      std::this_thread::yield();
    }
    feed().receive();
    ASSERT_EQ(wait().error_code, 0) << applier().status().error_message;
    source().kill();
    source().start();
    holder.join();
  }
  feed().receive();
  EXPECT_EQ(wait().error_code, 0) << applier().status().error_message;
  stop();
  expect_equal("d");
  EXPECT_EQ(target().value("SELECT SUM(a) FROM d.t"), "14");
}

TEST_F(StatementsTest, AnErrorThatTheSourceSawToo) {
  statements(
      "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO t VALUES (5); INSERT IGNORE INTO t VALUES (5)");
  EXPECT_THROW(statements("INSERT INTO t VALUES (1),(2),(5),(6)"), std::runtime_error);
  statements("INSERT INTO t VALUES (7)");
  replicate();
  EXPECT_EQ(target().value("SELECT GROUP_CONCAT(id ORDER BY id) FROM d.t"), "1,2,5,7");
}

TEST_F(StatementsTest, AnErrorThatOnlyTheSourceSaw) {
  statements("CREATE TABLE t (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO t VALUES (5)");
  ASSERT_EQ(apply().error_code, 0);
  EXPECT_THROW(statements("INSERT INTO t VALUES (1),(2),(5),(6)"), std::runtime_error);
  target().run("DELETE FROM d.t");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 3002);
  EXPECT_NE(status.error_message.find("Query caused different errors on source and replica. Error on source: error "
                                      "code=1062 ; Error on replica: actual message='no error', error code=0"),
            std::string::npos)
      << status.error_message;
}

TEST_F(StatementsTest, MixedWithRowsInOneTransaction) {
  statements(
      "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT); CREATE TABLE u (id INT PRIMARY KEY, a VARCHAR(36));"
      "BEGIN; INSERT INTO t (a) VALUES (1); COMMIT; SET binlog_format=MIXED; BEGIN; INSERT INTO t (a) VALUES (2);"
      "INSERT INTO u VALUES (1, UUID()); INSERT INTO t (a) SELECT COUNT(*) FROM u; UPDATE u SET a=UUID(); COMMIT");
  replicate();
}

TEST_F(StatementsTest, DefaultDatabaseThatWasDropped) {
  statements(
      "CREATE DATABASE e; CREATE TABLE t (a INT); USE e; CREATE TABLE t (a INT); INSERT INTO t VALUES (1); DROP "
      "DATABASE "
      "e; CREATE TABLE d.u (a INT); USE d; INSERT INTO u VALUES (2); CREATE DATABASE e; USE e; CREATE TABLE t (b INT)");
  replicate({"d", "e"});
  source().run("DROP DATABASE e");
  target().run("DROP DATABASE e");
}

/// "server id" of the row and query events that the target's binary log has got since @p file began.
std::set<std::string> server_ids_in_binlog(const test::TestServer& server, const std::string& file) {
  std::set<std::string> ids;
  for (const auto& row : server.run("SHOW BINLOG EVENTS IN '" + file + "'")) {
    const bool of_a_source = *row.at(2) != "Format_desc" && *row.at(2) != "Gtid_list" &&
                             *row.at(2) != "Binlog_checkpoint" && row.at(5)->find("tributary") == std::string::npos;
    if (of_a_source) ids.insert(*row.at(2) + " " + *row.at(3));
  }
  return ids;
}

TEST_F(StatementsTest, TheTargetsOwnBinlogNamesTheServerThatWroteAChange) {
  statements("CREATE TABLE t (id INT PRIMARY KEY, n INT)");
  ASSERT_EQ(apply().error_code, 0);
  target().run("FLUSH BINARY LOGS");
  const std::string file = *target().run("SHOW MASTER STATUS").at(0).at(0);
  source().run("INSERT INTO d.t VALUES (0, 0); SET server_id=71; INSERT INTO d.t VALUES (1, @@server_id)");
  statements("SET server_id=72; INSERT INTO t VALUES (2, @@server_id)");
  source().run("INSERT INTO d.t VALUES (3, 3)");
  replicate();
  const std::set<std::string> ids = server_ids_in_binlog(target(), file);
  EXPECT_TRUE(ids.contains("Write_rows_v1 1")) << testing::PrintToString(ids);
  EXPECT_TRUE(ids.contains("Write_rows_v1 71")) << testing::PrintToString(ids);
  EXPECT_TRUE(ids.contains("Write_rows_v1 72")) << testing::PrintToString(ids);
}

}  // namespace
}  // namespace tributary::apply
