#include "replication_fixture.hpp"

namespace tributary::apply {
namespace {

class DdlTest : public ReplicationTest {};

TEST_F(DdlTest, EveryKindOfObject) {
  source().run(
      "USE d; CREATE TABLE a (id INT PRIMARY KEY, n INT); CREATE TABLE b LIKE a; CREATE TABLE IF NOT EXISTS b (x INT);"
      "ALTER TABLE a ADD COLUMN c VARCHAR(10) DEFAULT 'x', ADD INDEX i (n); CREATE INDEX j ON b (n); DROP INDEX j ON b;"
      "INSERT INTO a (id) VALUES (1),(2); RENAME TABLE a TO tmp, b TO a, tmp TO b; TRUNCATE TABLE a; INSERT INTO a "
      "VALUES "
      "(7,7); CREATE OR REPLACE TABLE z (q INT); DROP TABLE z; DROP TABLE IF EXISTS nothing; ALTER TABLE b RENAME TO c;"
      "CREATE SEQUENCE s START WITH 5; CREATE VIEW v AS SELECT * FROM c; ALTER VIEW v AS SELECT id FROM c;"
      "CREATE DATABASE e CHARACTER SET latin1; ALTER DATABASE e CHARACTER SET utf8mb4; CREATE TABLE e.t (id INT);"
      "INSERT INTO e.t VALUES (1); DROP DATABASE e; CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR DO SELECT 1;"
      "ALTER EVENT ev RENAME TO ev2; DROP EVENT ev2; ANALYZE TABLE c; OPTIMIZE TABLE c; FLUSH TABLES;"
      "CREATE USER u@'%' IDENTIFIED BY 'secret'; GRANT SELECT ON d.* TO u@'%'; SET PASSWORD FOR u@'%' = "
      "PASSWORD('other');"
      "REVOKE ALL ON d.* FROM u@'%'; DROP USER u@'%'; CREATE ROLE r; DROP ROLE r;"
      "CREATE TABLE p (id INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS "
      "THAN "
      "(20)); CREATE TABLE x (id INT); INSERT INTO p VALUES (1),(11); ALTER TABLE p EXCHANGE PARTITION p1 WITH TABLE x;"
      "ALTER TABLE p DROP PARTITION p0; ALTER TABLE p ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))");
  replicate();
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM tributary.ddl_intent WHERE channel='" + options().channel + "'"), "0");
  EXPECT_TRUE(target().run("SHOW DATABASES LIKE 'e'").empty());
}

TEST_F(DdlTest, CreateTableSelectInRowFormat) {
  source().run(
      "USE d; CREATE TABLE a AS SELECT seq AS id, REPEAT('x', seq) AS t FROM seq_1_to_100; CREATE OR REPLACE TABLE b "
      "AS "
      "SELECT * FROM a WHERE id < 10; INSERT INTO b VALUES (0, ''); CREATE TABLE empty_one AS SELECT 1 AS n FROM DUAL "
      "WHERE 0");
  replicate();
}

TEST_F(DdlTest, TwoPhaseAlter) {
  source().run(
      "USE d; SET GLOBAL binlog_alter_two_phase=1; CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES (1);"
      "SET SESSION binlog_alter_two_phase=1; ALTER TABLE a ADD COLUMN b INT DEFAULT 5; INSERT INTO a VALUES (2, 2);"
      "SET GLOBAL binlog_alter_two_phase=0");
  EXPECT_THROW(
      source().run("USE d; SET SESSION binlog_alter_two_phase=1; INSERT INTO a VALUES (3,2); ALTER TABLE a ADD "
                   "UNIQUE (b)"),
      std::runtime_error);
  replicate();
}

TEST_F(DdlTest, AStatementThatFailsStopsAndRunsOnceTheCauseIsMended) {
  source().run("USE d; CREATE TABLE a (id INT PRIMARY KEY)");
  ASSERT_EQ(apply().error_code, 0);
  source().run("USE d; ALTER TABLE a ADD COLUMN b INT; INSERT INTO a VALUES (1, 1)");
  target().run("DROP TABLE d.a");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 1146);
  EXPECT_NE(
      status.error_message.find("Error 'Table 'd.a' doesn't exist' (1146) on query. Default database: 'd'. Query: "
                                "'ALTER TABLE a ADD COLUMN b INT'; transaction 0-1-"),
      std::string::npos)
      << status.error_message;
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM tributary.ddl_intent WHERE channel='" + options().channel + "'"), "0");
  target().run("CREATE TABLE d.a (id INT PRIMARY KEY)");
  replicate();
}

}  // namespace
}  // namespace tributary::apply
