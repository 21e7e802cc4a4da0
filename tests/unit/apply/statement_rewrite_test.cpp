#include "tributary/apply/statement_rewrite.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

std::string without_start(const std::string& statement) {
  return without_start_transaction(statement, {});
}

TEST(StatementRewrite, CreateTableWithoutStartTransaction) {
  EXPECT_EQ(without_start("CREATE TABLE `t` (\n  `a` int\n) START TRANSACTION"), "CREATE TABLE `t` (\n  `a` int\n) ");
  EXPECT_EQ(without_start("CREATE TABLE t (a INT) START TRANSACTION COMMENT='START TRANSACTION'"),
            "CREATE TABLE t (a INT)  COMMENT='START TRANSACTION'");
  EXPECT_EQ(without_start("create table t (`START TRANSACTION` INT) ENGINE=InnoDB start /* x */ transaction"),
            "create table t (`START TRANSACTION` INT) ENGINE=InnoDB ");
  for (const char* same : {"START TRANSACTION", "CREATE TABLE t (a INT) COMMENT='START TRANSACTION'",
                           "CREATE TABLE t (start INT, transaction INT)", "CREATE TABLE t (START TRANSACTION)",
                           "CREATE VIEW v AS SELECT 1 START TRANSACTION"}) {
    EXPECT_EQ(without_start(same), same);
  }
}

std::string with_known(const std::string& statement) {
  return with_collations(statement, {}, [](std::string_view name, const CollationPlace& place) {
    return name == "uca1400_y" ? std::optional((place.defines ? "new(" : "expression(") + place.character_set + ")")
                               : std::nullopt;
  });
}

TEST(StatementRewrite, CollationsByTheTargetsNames) {
  EXPECT_EQ(with_known("CREATE TABLE t (a TEXT COLLATE uca1400_y) COLLATE=uca1400_y"),
            "CREATE TABLE t (a TEXT COLLATE new()) COLLATE=new()");
  EXPECT_EQ(with_known("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb3 collate `uca1400_y`"),
            "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb3 collate new(utf8mb3)");
  EXPECT_EQ(with_known("ALTER DATABASE d CHARSET = ucs2 COLLATE 'uca1400_y'"),
            "ALTER DATABASE d CHARSET = ucs2 COLLATE new(ucs2)");
  for (const char* same : {"", "SELECT 'COLLATE uca1400_y'", "SELECT 1 /* COLLATE uca1400_y */", "uca1400_y",
                           "SELECT a COLLATE other_0900_z", "COLLATE",
                           "COLLATE =", "CREATE TABLE uca1400_y (collate int)", "SELECT COLLATE(uca1400_y)"}) {
    EXPECT_EQ(with_known(same), same);
  }
}

TEST(StatementRewrite, CharacterSetOfATable) {
  EXPECT_EQ(
      character_set_of_table("CREATE TEMPORARY TABLE `w` (\n  `a` text CHARACTER SET latin1 COMMENT 'CHARSET=x'\n) "
                             "ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_bin COMMENT='CHARSET=y'",
                             {}),
      "utf8mb3");
  EXPECT_EQ(character_set_of_table("CREATE TABLE t (a TEXT CHARACTER SET latin1)", {}), "");
}

TEST(StatementRewrite, ACharacterSetIsOfItsOwnColumnOnly) {
  EXPECT_EQ(with_known("CREATE TABLE t (id INT, a VARCHAR(9) CHARACTER SET utf8mb3, b TEXT) COLLATE=uca1400_y"),
            "CREATE TABLE t (id INT, a VARCHAR(9) CHARACTER SET utf8mb3, b TEXT) COLLATE=new()");
  EXPECT_EQ(with_known("CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf16, b TEXT COLLATE uca1400_y, "
                       "c CHAR(9) CHARSET ucs2 COLLATE uca1400_y)"),
            "CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf16, b TEXT COLLATE new(), "
            "c CHAR(9) CHARSET ucs2 COLLATE new(ucs2))");
  EXPECT_EQ(with_known("CREATE TABLE t (a CHAR(9) CHARACTER SET utf16 DEFAULT (x(1, 2)) COLLATE uca1400_y)"),
            "CREATE TABLE t (a CHAR(9) CHARACTER SET utf16 DEFAULT (x(1, 2)) COLLATE new(utf16))");
  EXPECT_EQ(with_known("ALTER TABLE t ADD a TEXT CHARACTER SET utf16, ADD b TEXT COLLATE uca1400_y"),
            "ALTER TABLE t ADD a TEXT CHARACTER SET utf16, ADD b TEXT COLLATE new()");
  EXPECT_EQ(with_known("ALTER TABLE t MODIFY a TEXT CHARACTER SET utf16, COLLATE uca1400_y"),
            "ALTER TABLE t MODIFY a TEXT CHARACTER SET utf16, COLLATE new()");
}

TEST(StatementRewrite, AColumnHasTheCharacterSetOfItsTable) {
  EXPECT_EQ(
      with_known("CREATE TABLE t (a TEXT COLLATE uca1400_y) ENGINE=InnoDB, DEFAULT CHARSET=utf16 COLLATE=uca1400_y"),
      "CREATE TABLE t (a TEXT COLLATE new(utf16)) ENGINE=InnoDB, DEFAULT CHARSET=utf16 COLLATE=new(utf16)");
  EXPECT_EQ(with_known("CREATE TABLE t (a TEXT COLLATE uca1400_y) COLLATE=utf16_bin"),
            "CREATE TABLE t (a TEXT COLLATE new(utf16)) COLLATE=utf16_bin");
  EXPECT_EQ(with_known("ALTER TABLE t CHARACTER SET utf16, COLLATE uca1400_y, ADD (b TEXT COLLATE uca1400_y)"),
            "ALTER TABLE t CHARACTER SET utf16, COLLATE new(utf16), ADD (b TEXT COLLATE new(utf16))");
}

TEST(StatementRewrite, CollationsInExpressions) {
  for (const char* before : {"SELECT a ", "CREATE TABLE u CHARSET=utf16 SELECT a ", "CREATE VIEW v AS SELECT a ",
                             "CREATE TABLE t (a INT, b TEXT AS (CONCAT(a ", "CREATE PROCEDURE p(a TEXT "}) {
    EXPECT_EQ(with_known(before + std::string("COLLATE uca1400_y")), before + std::string("COLLATE expression()"));
  }
}

}  // namespace
}  // namespace tributary::apply
