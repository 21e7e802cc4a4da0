#include "tributary/apply/statement_scan.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

std::string kind_name(StatementKind kind) {
  switch (kind) {
    case StatementKind::empty:
      return "empty";
    case StatementKind::begin:
      return "begin";
    case StatementKind::commit:
      return "commit";
    case StatementKind::rollback:
      return "rollback";
    case StatementKind::savepoint:
      return "savepoint";
    case StatementKind::xa:
      return "xa";
    case StatementKind::dml:
      return "dml";
    case StatementKind::temporary_table:
      return "temporary";
    case StatementKind::ddl:
      break;
  }
  return "ddl";
}

std::string effect_name(DdlEffect effect) {
  switch (effect) {
    case DdlEffect::create:
      return "create";
    case DdlEffect::drop:
      return "drop";
    case DdlEffect::alter:
      return "alter";
    case DdlEffect::unknown:
      break;
  }
  return "unknown";
}

std::string object_text(const target::ObjectName& object) {
  static constexpr const char* k_kinds[] = {"database", "table", "procedure", "function", "trigger", "event", "user"};
  std::string text = k_kinds[static_cast<std::size_t>(object.kind)];
  text += ' ';
  if (!object.database.empty()) text += object.database + '.';
  return text + object.name;
}

/// "ddl alter: table d.t" and " again" where it may be repeated.
std::string scan(std::string_view statement, const SqlDialect& dialect = {}) {
  const StatementScan result = scan_statement(statement, "d", dialect);
  std::string text = kind_name(result.kind);
  if (result.kind == StatementKind::ddl) text += ' ' + effect_name(result.effect);
  std::string separator = ": ";
  for (const target::ObjectName& object : result.objects) {
    text += separator + object_text(object);
    separator = ", ";
  }
  if (result.repeatable) text += " again";
  return text;
}

struct Case {
  const char* statement;
  const char* expected;
};

class StatementScanCases : public testing::TestWithParam<Case> {};

TEST_P(StatementScanCases, Scans) {
  EXPECT_EQ(scan(GetParam().statement), GetParam().expected) << GetParam().statement;
}

INSTANTIATE_TEST_SUITE_P(
    TransactionControl, StatementScanCases,
    testing::Values(Case{"BEGIN", "begin"}, Case{"begin /* x */", "begin"}, Case{"START TRANSACTION", "begin"},
                    Case{"COMMIT", "commit"}, Case{"ROLLBACK", "rollback"}, Case{"ROLLBACK WORK", "rollback"},
                    Case{"ROLLBACK TO `x`", "savepoint"}, Case{"ROLLBACK WORK TO SAVEPOINT x", "savepoint"},
                    Case{"SAVEPOINT `x`", "savepoint"}, Case{"RELEASE SAVEPOINT x", "savepoint"},
                    Case{"XA START X'61',X'',1", "xa"}, Case{"", "empty"}, Case{"# Dummy event", "empty"}));

INSTANTIATE_TEST_SUITE_P(
    Dml, StatementScanCases,
    testing::Values(
        Case{"INSERT INTO t VALUES (1)", "dml: table d.t"},
        Case{"insert low_priority ignore into x.t values (1)", "dml: table x.t"},
        Case{"REPLACE `tributary`.`applier_checkpoint` VALUES (1)", "dml: table tributary.applier_checkpoint"},
        Case{"UPDATE IGNORE a.b SET x=1", "dml: table a.b"}, Case{"DELETE FROM t", "dml: table d.t"},
        Case{"DELETE QUICK FROM `a b`.t", "dml: table a b.t"}, Case{"SELECT f()", "dml"}, Case{"(SELECT f())", "dml"},
        Case{"CALL p()", "dml"}, Case{"DO f()", "dml"}, Case{"WITH x AS (SELECT 1) DELETE FROM t", "dml"},
        Case{"/* CREATE */ INSERT t VALUES (1)", "dml: table d.t"},
        Case{"/*!50000 INSERT */ INTO t VALUES (1)", "dml: table d.t"},
        Case{"SET STATEMENT max_statement_time=1, sort_buffer_size=(2) FOR UPDATE t SET x=1", "dml: table d.t"},
        Case{"ANALYZE FORMAT=JSON UPDATE t SET a=1", "dml: table d.t"},
        Case{"ANALYZE DELETE FROM t", "dml: table d.t"}));

INSTANTIATE_TEST_SUITE_P(
    Create, StatementScanCases,
    testing::Values(
        Case{"CREATE TABLE t (a INT)", "ddl create: table d.t"},
        Case{"CREATE TABLE IF NOT EXISTS x.`t` LIKE y", "ddl create: table x.t again"},
        Case{"create or replace table t (a int)", "ddl create: table d.t again"},
        Case{"CREATE TEMPORARY TABLE t (a INT)", "temporary: table d.t"},
        Case{"CREATE OR REPLACE TEMPORARY TABLE t (a INT)", "temporary: table d.t again"},
        Case{"CREATE UNIQUE INDEX i USING BTREE ON x.t (a)", "ddl alter: table x.t"},
        Case{"CREATE INDEX IF NOT EXISTS i ON t (a)", "ddl alter: table d.t again"},
        Case{"CREATE SPATIAL INDEX i ON t (a)", "ddl alter: table d.t"},
        Case{"CREATE DATABASE x", "ddl create: database x"},
        Case{"CREATE SCHEMA IF NOT EXISTS `x y` CHARACTER SET utf8", "ddl create: database x y again"},
        Case{"CREATE SEQUENCE s", "ddl create: table d.s"},
        Case{"CREATE ALGORITHM=UNDEFINED DEFINER=`view`@`table` SQL SECURITY DEFINER VIEW `v` AS SELECT 1",
             "ddl create: table d.v"},
        Case{"CREATE DEFINER=root@localhost PROCEDURE p() BEGIN DELETE FROM t; END", "ddl create: procedure d.p"},
        Case{"CREATE DEFINER='a'@'%' FUNCTION x.f() RETURNS INT RETURN 1", "ddl create: function x.f"},
        Case{"CREATE FUNCTION f RETURNS STRING SONAME 'f.so'", "ddl unknown"},
        Case{"CREATE AGGREGATE FUNCTION IF NOT EXISTS f(x INT) RETURNS INT RETURN 1", "ddl create: function d.f again"},
        Case{"CREATE /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET "
             "@a=1 */",
             "ddl create: trigger d.tr"},
        Case{"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DROP TABLE t", "ddl create: event d.e"},
        Case{"CREATE USER 'a'@'%'", "ddl unknown"}, Case{"CREATE USER IF NOT EXISTS a", "ddl unknown again"},
        Case{"CREATE ROLE r", "ddl unknown"}, Case{"CREATE OR REPLACE PACKAGE p AS END", "ddl unknown again"},
        Case{"CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')", "ddl unknown"},
        Case{"SET STATEMENT foreign_key_checks=0 FOR CREATE TABLE t (a INT)", "ddl create: table d.t"}));

INSTANTIATE_TEST_SUITE_P(
    Alter, StatementScanCases,
    testing::Values(
        Case{"ALTER TABLE t ADD COLUMN c INT", "ddl alter: table d.t"},
        Case{"ALTER ONLINE IGNORE TABLE IF EXISTS x.t DROP c", "ddl alter: table x.t"},
        Case{"ALTER TABLE t RENAME TO y.u", "ddl alter: table d.t, table y.u"},
        Case{"ALTER TABLE t RENAME = u, ADD c INT", "ddl alter: table d.t, table d.u"},
        Case{"ALTER TABLE t RENAME COLUMN a TO b, RENAME INDEX i TO j, RENAME KEY k TO l", "ddl alter: table d.t"},
        Case{"ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", "ddl alter: table d.t, table d.u"},
        Case{"ALTER TABLE t CONVERT PARTITION p TO TABLE u", "ddl alter: table d.t, table d.u"},
        Case{"ALTER TABLE t CONVERT TABLE u TO PARTITION p VALUES LESS THAN (9)", "ddl alter: table d.t, table d.u"},
        Case{"ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", "ddl alter: table d.t"},
        Case{"ALTER TABLE t COMMENT 'RENAME TO x'", "ddl alter: table d.t"},
        Case{"ALTER DATABASE x CHARACTER SET latin1", "ddl alter: database x"},
        Case{"ALTER DATABASE CHARACTER SET latin1", "ddl unknown"},
        Case{"ALTER DEFINER=`a`@`b` EVENT e RENAME TO f", "ddl alter: event d.e, event d.f"},
        Case{"ALTER USER a IDENTIFIED BY 'x'", "ddl alter: user %.a"}, Case{"ALTER USER a, b", "ddl unknown"},
        Case{"ALTER USER USER() IDENTIFIED BY 'x'", "ddl unknown"},
        Case{"RENAME TABLE a TO b, x.c TO y.d", "ddl alter: table d.a, table d.b, table x.c, table y.d"},
        Case{"RENAME TABLE IF EXISTS a WAIT 5 TO b", "ddl alter: table d.a, table d.b"},
        Case{"RENAME USER a@h TO b, c TO d", "ddl alter: user h.a, user %.b, user %.c, user %.d"},
        Case{"TRUNCATE x.t", "ddl alter: table x.t again"}, Case{"TRUNCATE TABLE `t`", "ddl alter: table d.t again"}));

TEST(StatementScanTest, NamesAreInUtf8WhateverTheClientWrote) {
  const auto in_charset = [](std::string_view statement, std::uint16_t collation) {
    return scan(statement, SqlDialect::of_session(0, collation));
  };
  EXPECT_EQ(in_charset("ALTER TABLE \xe4.`\xf6\x80` ADD c INT", 8), "ddl alter: table \u00e4.\u00f6\u20ac");  // cp1252
  EXPECT_EQ(in_charset("RENAME TABLE `\xce\xc4` TO b", 28), "ddl alter: table d.\u6587, table d.b");          // gbk
  EXPECT_EQ(in_charset("DROP TABLE \xd4", 7), "ddl drop: table d.\u0442");                                    // koi8r
  for (const std::uint16_t utf8 : std::initializer_list<std::uint16_t>{0, 33, 45, 255, 2304}) {
    EXPECT_EQ(in_charset("DROP TABLE \u00e4", utf8), "ddl drop: table d.\u00e4") << utf8;
  }
  // Not well-formed, or of a character set that nothing here knows: it may be about any table.
  EXPECT_EQ(in_charset("ALTER TABLE `\x81` ADD c INT", 8), "ddl unknown");
  EXPECT_EQ(in_charset("ALTER TABLE `\xc1` ADD c INT", 92), "ddl unknown");
  EXPECT_EQ(in_charset("ALTER TABLE a ADD c INT", 92), "ddl alter: table d.a");
}

INSTANTIATE_TEST_SUITE_P(
    DropAndOthers, StatementScanCases,
    testing::Values(Case{"DROP TABLE a, x.b /* generated by server */", "ddl drop: table d.a, table x.b"},
                    Case{"DROP TABLE IF EXISTS `a`", "ddl drop: table d.a again"},
                    Case{"DROP TEMPORARY TABLE IF EXISTS `a`", "temporary: table d.a again"},
                    Case{"DROP INDEX i ON t", "ddl alter: table d.t"}, Case{"DROP DATABASE x", "ddl drop: database x"},
                    Case{"DROP VIEW v, w", "ddl drop: table d.v, table d.w"},
                    Case{"DROP TRIGGER x.t", "ddl drop: trigger x.t"},
                    Case{"DROP PROCEDURE p", "ddl drop: procedure d.p"},
                    Case{"DROP USER 'a'@'h', b", "ddl drop: user h.a, user %.b"},
                    Case{"GRANT SELECT ON *.* TO a", "ddl unknown"}, Case{"REVOKE ALL ON x.* FROM a", "ddl unknown"},
                    Case{"SET PASSWORD FOR a = 'x'", "ddl unknown"}, Case{"ANALYZE TABLE t", "ddl unknown"},
                    Case{"OPTIMIZE TABLE t", "ddl unknown"}, Case{"FLUSH TABLES", "ddl unknown"},
                    Case{"what is this?", "ddl unknown"}));

TEST(StatementScan, CurrentUserIsSeenOnlyAsAWord) {
  EXPECT_TRUE(scan_statement("GRANT SELECT ON *.* TO CURRENT_USER()", "", {}).names_current_user);
  EXPECT_FALSE(scan_statement("GRANT SELECT ON *.* TO 'CURRENT_USER'", "", {}).names_current_user);
}

TEST(StatementScan, CurrentUserInAPackageIsWhoRunsIt) {
  for (const char* statement :
       {"CREATE PACKAGE BODY p AS FUNCTION f RETURN INT AS BEGIN RETURN CURRENT_USER(); END; END",
        "CREATE OR REPLACE DEFINER=`a`@`%` PACKAGE p AUTHID CURRENT_USER AS END"}) {
    EXPECT_FALSE(scan_statement(statement, "", {}).names_current_user) << statement;
  }
  for (const char* statement :
       {"CREATE DEFINER=CURRENT_USER PACKAGE BODY p AS END", "GRANT EXECUTE ON PACKAGE BODY d.p TO CURRENT_USER",
        "ALTER USER package, CURRENT_USER"}) {
    EXPECT_TRUE(scan_statement(statement, "", {}).names_current_user) << statement;
  }
}

TEST(StatementScan, AnsiQuotesMakeIdentifiers) {
  EXPECT_EQ(scan(R"(CREATE TABLE "a b" (x INT))", SqlDialect::of_session(0x4, 8)), "ddl create: table d.a b");
}

TEST(StatementScanTest, AnyNumberOfSetStatementsIsReadInBoundedMemory) {
  std::string statement;
  for (int i = 0; i < 200000; ++i) statement += "SET STATEMENT a=1 FOR ";
  EXPECT_EQ(scan_statement(statement + "DELETE FROM t", "d", {}).kind, StatementKind::dml);
}

TEST(OwnTablesTest, AreFoundByName) {
  EXPECT_TRUE(is_own_table("tributary", "applier_checkpoint"));
  EXPECT_TRUE(is_own_table("Tributary", "DDL_intent"));
  EXPECT_FALSE(is_own_table("tributary", "app"));
  EXPECT_FALSE(is_own_table("d", "applier_checkpoint"));
  const auto names = [](std::string_view statement, std::string_view database = "d") {
    return names_own_table(statement, database, SqlDialect{});
  };
  EXPECT_TRUE(names("INSERT INTO tributary.applier_checkpoint SET worker=1"));
  EXPECT_TRUE(names("UPDATE d.t, `tributary` . `ddl_intent` SET a=1"));
  EXPECT_TRUE(names("DELETE FROM t WHERE a IN (SELECT 1 FROM tributary.schema_version)"));
  EXPECT_TRUE(names("INSERT INTO d.t SELECT * FROM applier_checkpoint", "tributary"));
  EXPECT_TRUE(names("UPDATE x SET a=tributary.applier_checkpoint.worker"));
  EXPECT_FALSE(names("INSERT INTO applier_checkpoint VALUES ('tributary.ddl_intent')"));
  EXPECT_FALSE(names("INSERT INTO tributary.app VALUES (1) -- tributary.ddl_intent"));
  EXPECT_FALSE(names("SELECT d.applier_checkpoint", "tributary"));
}

TEST(OwnTablesTest, StatementsOfOneTable) {
  const auto one = [](std::string_view statement) { return scan_statement(statement, "d", {}).changes_one_table; };
  EXPECT_TRUE(one("INSERT INTO tributary.applier_checkpoint SET a=1 ON DUPLICATE KEY UPDATE a=2"));
  EXPECT_TRUE(one("REPLACE INTO t SELECT * FROM u"));
  EXPECT_TRUE(one("UPDATE LOW_PRIORITY t SET a=1"));
  EXPECT_TRUE(one("DELETE FROM t WHERE a=1"));
  EXPECT_TRUE(one("DELETE QUICK FROM t"));
  EXPECT_FALSE(one("UPDATE t, u SET t.a=1"));
  EXPECT_FALSE(one("UPDATE t JOIN u SET t.a=1"));
  EXPECT_FALSE(one("DELETE t, u FROM t JOIN u"));
  EXPECT_FALSE(one("DELETE FROM t USING t JOIN u"));
}

}  // namespace
}  // namespace tributary::apply
