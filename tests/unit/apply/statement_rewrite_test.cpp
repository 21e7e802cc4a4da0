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
  return with_collations(statement, {}, [](std::string_view name, std::string_view character_set) {
    return name == "x_0900_y" ? std::optional("new(" + std::string(character_set) + ")") : std::nullopt;
  });
}

TEST(StatementRewrite, CollationsByTheTargetsNames) {
  EXPECT_EQ(with_known("CREATE TABLE t (a TEXT COLLATE x_0900_y) COLLATE=x_0900_y"),
            "CREATE TABLE t (a TEXT COLLATE new()) COLLATE=new()");
  EXPECT_EQ(
      with_known(
          "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb3 collate `x_0900_y`, CHARSET = ucs2 COLLATE 'x_0900_y' x"),
      "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb3 collate new(utf8mb3), CHARSET = ucs2 COLLATE new(ucs2) x");
  for (const char* same :
       {"", "SELECT 'COLLATE x_0900_y'", "SELECT 1 /* COLLATE x_0900_y */", "x_0900_y", "SELECT a COLLATE other_0900_z",
        "COLLATE", "COLLATE =", "CREATE TABLE x_0900_y (collate int)", "SELECT COLLATE(x_0900_y)"}) {
    EXPECT_EQ(with_known(same), same);
  }
}

}  // namespace
}  // namespace tributary::apply
