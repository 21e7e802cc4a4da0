#include <fmt/core.h>

#include "replication_fixture.hpp"

namespace tributary::apply {
namespace {

class RowsTest : public ReplicationTest {};

TEST_F(RowsTest, InsertsUpdatesAndDeletes) {
  source().run(
      "CREATE TABLE d.t (id INT PRIMARY KEY, a VARCHAR(20), b INT UNSIGNED); INSERT INTO d.t VALUES (1,'one',1),"
      "(2,'two',4294967295),(3,NULL,NULL); UPDATE d.t SET a='zwei' WHERE id=2; DELETE FROM d.t WHERE id=3");
  replicate();
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.t"), "2");
}

constexpr const char* k_all_types =
    "CREATE TABLE d.zoo (id INT {} AUTO_INCREMENT, ti TINYINT, tu TINYINT UNSIGNED, si SMALLINT, su SMALLINT UNSIGNED,"
    " mi MEDIUMINT, mu MEDIUMINT UNSIGNED, i INT, u INT UNSIGNED, bi BIGINT, bu BIGINT UNSIGNED, f FLOAT, db DOUBLE,"
    " de DECIMAL(65,30), d0 DECIMAL(10,0), b1 BIT(1), b64 BIT(64), y YEAR, da DATE, t0 TIME, t6 TIME(6), dt DATETIME,"
    " dt6 DATETIME(6), ts TIMESTAMP NULL, ts3 TIMESTAMP(3) NULL, c CHAR(10), cl CHAR(200) CHARACTER SET utf8mb4,"
    " vc VARCHAR(100), vl VARCHAR(2000) CHARACTER SET latin1, vs VARCHAR(50) CHARACTER SET sjis, bn BINARY(6),"
    " vb VARBINARY(300), tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB, tx TEXT, lt LONGTEXT, e ENUM('a','b','ü'),"
    " s SET('x','y','z'), s64 SET({}), j JSON, g GEOMETRY, p POINT, i6 INET6, i4 INET4, uu UUID,"
    " cb BLOB COMPRESSED, cv VARCHAR(500) COMPRESSED, gs INT AS (i+1) STORED, gv INT AS (i*2) VIRTUAL,"
    " hidden INT INVISIBLE DEFAULT 7, KEY (id))";

constexpr const char* k_values[] = {
    "ti=-128,tu=255,si=-32768,su=65535,mi=-8388608,mu=16777215,i=-2147483648+1,u=4294967295,bi=-9223372036854775808,"
    "bu=18446744073709551615,f=-1.17549435e-38,db=1.7976931348623157e308,"
    "de=-99999999999999999999999999999999999.999999999999999999999999999999,d0=-7,b1=1,b64=~0,y=2155,da='9999-12-31',"
    "t0='-838:59:59',t6='-00:00:00.000001',dt='0001-01-01 00:00:00',dt6='9999-12-31 23:59:59.999999',"
    "ts='2038-01-19 03:14:07',ts3='1970-01-01 00:00:01.001',c='trail',cl='üßç€😀',vc='',vl=REPEAT('é',2000),vs='表',"
    "bn=x'010000000000',vb=x'00ff27',tb=x'00',bl=REPEAT('b',60000),mb=REPEAT(x'00',70000),lb=x'',tx='text''\\\\',"
    "lt=REPEAT('long',5000),e='ü',s='x,z',s64=0x8000000000000001,j='{\"a\":[1,2,{\"b\":null}]}',"
    "g=ST_GeomFromText('LINESTRING(0 0,1 1)'),p=POINT(1,-2),i6='::1',i4='10.0.0.255',"
    "uu='01234567-89ab-cdef-0123-456789abcdef',cb=REPEAT('z',3000),cv=REPEAT('q',400),hidden=8",
    "i=0",
    "ti=0,tu=0,si=0,su=0,mi=0,mu=0,i=0,u=0,bi=0,bu=0,f=0,db=-0.0,de=0,d0=0,b1=0,b64=0,y=0,da='0000-00-00',t0='00:00:00'"
    ","
    "t6='838:59:59.999999',dt='0000-00-00 00:00:00',dt6='2026-02-00 00:00:00.5',ts='0000-00-00 "
    "00:00:00',ts3=0,c='',cl='',"
    "vc=REPEAT('v',100),bn=x'',vb=x'',e='',s='',s64=0,i6='::',i4='0.0.0.0',uu='00000000-0000-0000-0000-000000000000',"
    "cb='',"
    "cv=''",
};

std::string sixty_four_members() {
  std::string members;
  for (int i = 0; i < 64; ++i) members += fmt::format("{}'m{}'", i == 0 ? "" : ",", i);
  return members;
}

struct ImageCase {
  const char* name;
  const char* key;
  const char* row_image;
  bool metadata_full;
};

class AllTypes : public ReplicationTest, public testing::WithParamInterface<ImageCase> {};

TEST_P(AllTypes, AreEqualOnTheTarget) {
  const ImageCase& parameter = GetParam();
  std::string sql =
      fmt::format("USE d; SET sql_mode='', time_zone='+05:30', binlog_row_image={}; SET GLOBAL binlog_row_metadata={};",
                  parameter.row_image, parameter.metadata_full ? "FULL" : "NO_LOG");
  sql += fmt::format(fmt::runtime(k_all_types), parameter.key, sixty_four_members()) + ";";
  for (const char* values : k_values) sql += fmt::format("INSERT INTO d.zoo SET {};", values);
  // Each column changed on its own row, from each value to another; and deletes that must find their rows.
  sql += "INSERT INTO d.zoo (i, vc) SELECT 100 + seq, CONCAT('row ', seq) FROM seq_1_to_50;";
  for (const char* values : k_values) sql += fmt::format("UPDATE d.zoo SET {} WHERE id BETWEEN 10 AND 12;", values);
  sql += "UPDATE d.zoo SET f=f+1.5, db=db/3, bl=NULL, j='[]' WHERE id IN (2, 13, 14);";
  sql += "UPDATE d.zoo SET id=id+1000 WHERE id IN (1, 20); DELETE FROM d.zoo WHERE id IN (3, 30, 31);";
  sql += "DELETE FROM d.zoo WHERE id=1001; SET GLOBAL binlog_row_metadata=NO_LOG";
  source().run(sql);
  replicate();
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.zoo"), "49");
}

INSTANTIATE_TEST_SUITE_P(Images, AllTypes,
                         testing::Values(ImageCase{"FullWithKey", "PRIMARY KEY", "FULL", false},
                                         ImageCase{"MinimalWithKey", "PRIMARY KEY", "MINIMAL", false},
                                         ImageCase{"NoblobWithKey", "PRIMARY KEY", "NOBLOB", true},
                                         ImageCase{"FullWithoutKey", "", "FULL", false},
                                         ImageCase{"MinimalWithoutKey", "", "MINIMAL", true}),
                         [](const auto& test_case) { return test_case.param.name; });

TEST_F(RowsTest, TablesWithoutAnyKeyKeepTheirDuplicates) {
  source().run(
      "CREATE TABLE d.t (a INT, b VARCHAR(10)); INSERT INTO d.t VALUES (1,'x'),(1,'x'),(1,'x'),(NULL,NULL),(NULL,NULL);"
      "DELETE FROM d.t WHERE a=1 LIMIT 1; UPDATE d.t SET b='y' WHERE a IS NULL LIMIT 1");
  replicate();
}

TEST_F(RowsTest, MoreThanSixtyFourColumns) {
  std::string columns;
  std::string values;
  for (int i = 0; i < 300; ++i) {
    columns += fmt::format(", c{} INT NULL", i);
    values += fmt::format(", {}", i % 7 == 0 ? "NULL" : std::to_string(i));
  }
  source().run(
      fmt::format("CREATE TABLE d.t (id INT PRIMARY KEY{}); INSERT INTO d.t VALUES (1{}); SET "
                  "binlog_row_image=MINIMAL; UPDATE d.t SET c299=-1, c63=5, c64=NULL WHERE id=1",
                  columns, values));
  replicate();
}

TEST_F(RowsTest, CompressedEvents) {
  source().run(
      "USE d; SET GLOBAL log_bin_compress=ON, GLOBAL log_bin_compress_min_len=10; CREATE TABLE d.t (id INT PRIMARY "
      "KEY, a TEXT);"
      "INSERT INTO d.t SELECT seq, REPEAT('compress me ', 50) FROM seq_1_to_200;"
      "UPDATE d.t SET a=REPEAT('x', 300) WHERE id < 50; DELETE FROM d.t WHERE id > 190;"
      "SET binlog_format=STATEMENT; INSERT INTO d.t VALUES (1000, '" +
      std::string(500, 'q') + "'); SET GLOBAL log_bin_compress=OFF");
  replicate();
}

TEST_F(RowsTest, RowEventsDoNotFireTriggers) {
  source().run(
      "CREATE TABLE d.t (id INT PRIMARY KEY); CREATE TABLE d.log (n INT);"
      "CREATE TRIGGER d.tr AFTER INSERT ON d.t FOR EACH ROW INSERT INTO d.log VALUES (NEW.id);"
      "INSERT INTO d.t VALUES (1),(2)");
  replicate();
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.log"), "2");
}

TEST_F(RowsTest, ForeignKeysAndChecksFollowTheSource) {
  source().run(
      "CREATE TABLE d.p (id INT PRIMARY KEY); CREATE TABLE d.c (id INT PRIMARY KEY, p INT, n INT CHECK (n > 0),"
      " FOREIGN KEY (p) REFERENCES d.p (id) ON DELETE CASCADE);"
      "INSERT INTO d.p VALUES (1),(2),(3); INSERT INTO d.c VALUES (1,1,1),(2,1,1),(3,2,1);"
      "SET foreign_key_checks=0; INSERT INTO d.c VALUES (4,99,1); SET foreign_key_checks=1;"
      "SET check_constraint_checks=0; INSERT INTO d.c VALUES (5,2,-5); SET check_constraint_checks=1;"
      "DELETE FROM d.p WHERE id=1");
  replicate();
  EXPECT_EQ(target().value("SELECT GROUP_CONCAT(id ORDER BY id) FROM d.c"), "3,4,5");
}

TEST_F(RowsTest, SavepointsAndPartlyRolledBackTransactions) {
  source().run(
      "CREATE TABLE d.t (id INT PRIMARY KEY); CREATE TABLE d.m (id INT) ENGINE=MyISAM;"
      "BEGIN; INSERT INTO d.t VALUES (1); SAVEPOINT a; INSERT INTO d.t VALUES (2); ROLLBACK TO a;"
      "INSERT INTO d.t VALUES (3); COMMIT;"
      "BEGIN; INSERT INTO d.t VALUES (4); SAVEPOINT `b c`; INSERT INTO d.m VALUES (1); INSERT INTO d.t VALUES (5);"
      "ROLLBACK TO `b c`; INSERT INTO d.t VALUES (6); COMMIT;"
      "BEGIN; INSERT INTO d.t VALUES (7); INSERT INTO d.m VALUES (2); ROLLBACK;"
      "INSERT INTO d.m VALUES (3); INSERT INTO d.t VALUES (8)");
  replicate();
  EXPECT_EQ(target().value("SELECT GROUP_CONCAT(id ORDER BY id) FROM d.t"), "1,3,4,6,8");
  EXPECT_EQ(target().value("SELECT GROUP_CONCAT(id ORDER BY id) FROM d.m"), "1,2,3");
}

TEST_F(RowsTest, SequencesAndSystemVersionedTables) {
  source().run(
      "USE d; CREATE SEQUENCE s START WITH 5 CACHE 3; CREATE TABLE t (id INT PRIMARY KEY DEFAULT NEXTVAL(s), a INT);"
      "INSERT INTO t (a) VALUES (1),(2),(3),(4),(5); SELECT NEXTVAL(s);"
      "CREATE TABLE v (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING; INSERT INTO v VALUES (1,1),(2,2),(3,3);"
      "UPDATE v SET a=a+1 WHERE id < 3; DELETE FROM v WHERE id=2; REPLACE INTO v VALUES (3,9)");
  replicate();
  const char* const history = "SELECT id, a, row_start, row_end FROM d.v FOR SYSTEM_TIME ALL ORDER BY 1,2,3,4";
  EXPECT_EQ(source().run(history), target().run(history));
}

TEST_F(RowsTest, NamesThatNeedQuotes) {
  source().run(
      "CREATE DATABASE `d ``'ü`; CREATE TABLE `d ``'ü`.`t \\ \"` (`a ``b` INT PRIMARY KEY); INSERT INTO `d ``'ü`.`t \\ "
      "\"` "
      "VALUES (1); USE `d ``'ü`; SET binlog_format=STATEMENT; INSERT INTO `t \\ \"` VALUES (2)");
  const ApplierStatus status = apply();
  EXPECT_EQ(status.error_code, 0) << status.error_message;
  EXPECT_EQ(target().value("SELECT SUM(`a ``b`) FROM `d ``'ü`.`t \\ \"`"), "3");
  source().run("DROP DATABASE `d ``'ü`");
  target().run("DROP DATABASE `d ``'ü`");
}

TEST_F(RowsTest, TheSchemaOfAnUpstreamTributaryIsLeftAlone) {
  target().run("CREATE DATABASE IF NOT EXISTS tributary");
  source().run(
      "CREATE DATABASE IF NOT EXISTS tributary; CREATE TABLE tributary.applier_checkpoint (id INT PRIMARY KEY, n INT);"
      "CREATE TABLE d.t (id INT PRIMARY KEY); BEGIN; INSERT INTO tributary.applier_checkpoint VALUES (1,1); INSERT "
      "INTO d.t"
      " VALUES (1); UPDATE tributary.applier_checkpoint SET n=2; COMMIT; SET binlog_format=STATEMENT;"
      "UPDATE tributary.applier_checkpoint SET n=3; USE tributary; INSERT INTO applier_checkpoint VALUES (2,2);"
      "DROP TABLE applier_checkpoint; SET sql_log_bin=0; DROP DATABASE tributary");
  replicate();
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA='tributary'"), "4");
}

TEST_F(RowsTest, SeveralFiles) {
  source().run("CREATE TABLE d.t (id INT PRIMARY KEY)");
  for (int i = 0; i < 5; ++i) source().run(fmt::format("INSERT INTO d.t VALUES ({}); FLUSH BINARY LOGS", i));
  replicate();
  const ApplierStatus status = applier().status();
  EXPECT_EQ(status.applied.position.file_number, 5U);
  EXPECT_EQ(status.transactions, 6U);
}

TEST_F(RowsTest, TheCheckpointTellsThePlaceAndTheGtid) {
  source().run(
      "CREATE TABLE d.t (id INT PRIMARY KEY); SET gtid_domain_id=7; INSERT INTO d.t VALUES (1); SET gtid_domain_id=0;"
      "INSERT INTO d.t VALUES (2)");
  replicate();
  const target::Checkpoint applied = applier().status().applied;
  const auto master = source().run("SHOW MASTER STATUS").at(0);
  EXPECT_EQ(applied.source_file, master.at(0));
  EXPECT_EQ(std::to_string(applied.source_offset), master.at(1));
  EXPECT_EQ(applied.position.offset, applied.source_offset);
  EXPECT_EQ(applied.gtid, source().value("SELECT @@gtid_binlog_pos"));
  EXPECT_GT(applied.source_timestamp, 1700000000U);
}

}  // namespace
}  // namespace tributary::apply
