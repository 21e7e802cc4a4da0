#include "failure_text.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

TransactionStart transaction() {
  TransactionStart start;
  start.begin = {3, 1200};
  start.source_file = "binlog.000003";
  start.gtid = "0-1-42";
  return start;
}

TEST(FailureTextTest, RowsNameEventTableRowAndPlace) {
  const EventPlace place{binlog::EventType::mariadb_write_rows_compressed_v1, {3, 1234}, {3, 1500}};
  EXPECT_EQ(
      rows_failure_text(place, transaction(), "shop.orders", 1062, "Duplicate entry '5' for key 'PRIMARY'",
                        "id=5, name='x'"),
      "Could not execute Write_rows event on table shop.orders; Duplicate entry '5' for key 'PRIMARY' (1062); row "
      "(id=5, name='x'); transaction 0-1-42 at binlog.000003:1234, end position 1500");
  EXPECT_EQ(rows_failure_text(place, transaction(), "", 1062, "Duplicate entry '5' for key 'orders.PRIMARY'", ""),
            "Could not execute Write_rows event, or one before it in the transaction; Duplicate entry '5' for key "
            "'orders.PRIMARY' (1062); transaction 0-1-42 at binlog.000003:1234, end position 1500");
}

TEST(FailureTextTest, StatementsNameDatabaseAndText) {
  SourceStatement statement;
  statement.place = {binlog::EventType::query, {3, 1234}, {3, 1500}};
  statement.transaction = transaction();
  statement.context.database = "shop";
  statement.text = "DROP TABLE t";
  EXPECT_EQ(
      statement_failure_text(statement, 1051, "Unknown table 'shop.t'"),
      "Error 'Unknown table 'shop.t'' (1051) on query. Default database: 'shop'. Query: 'DROP TABLE t'; transaction "
      "0-1-42 at binlog.000003:1234, end position 1500");
}

TEST(FailureTextTest, AServersMessageQuotesNoPassword) {
  SourceStatement statement;
  statement.text = "CREATE OR REPLACE USER a IDENTIFIED BY 'secret'";
  const std::string message =
      "You have an error in your SQL syntax near 'REPLACE USER a IDENTIFIED BY 'secret'' at line 1";
  const std::string text = statement_failure_text(statement, 1064, message);
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
  EXPECT_NE(text.find("error in your SQL syntax near '...'"), std::string::npos) << text;
  const std::string late = "GRANT " + std::string(300, 'x') + " IDENTIFIED BY 'secret'";
  EXPECT_EQ(message_without_password(late, "syntax near 'BY 'secret''"), "syntax near '...'");
  EXPECT_EQ(message_without_password("DROP TABL t", "syntax near 'TABL t'"), "syntax near 'TABL t'");
  EXPECT_EQ(message_without_password(late, "Table 'd.t' doesn't exist"), "Table 'd.t' doesn't exist");
  EXPECT_EQ(
      message_without_password("CREATE USER c IDENTIFIED BY 'geheim'", "Fehler bei 'USER c IDENTIFIED BY 'geheim''"),
      "Fehler bei '...'");
  const std::string plugin = "Plugin 'mysql_native_password' is not loaded";
  for (const char* name :
       {"WITH mysql_native_password", "with 'mysql_native_password'", "VIA `mysql_native_password`"}) {
    EXPECT_EQ(message_without_password(std::string("CREATE USER a IDENTIFIED ") + name + " AS '*0123'", plugin),
              plugin);
  }
  EXPECT_EQ(message_without_password("SET PASSWORD='x'", "near '='x''"), "near '...'");
}

TEST(FailureTextTest, ExcerptsAreShortValidAndWithoutPasswords) {
  EXPECT_EQ(statement_excerpt("SELECT 1"), "SELECT 1");
  EXPECT_EQ(statement_excerpt(std::string(500, 'x')), std::string(200, 'x') + "...");
  EXPECT_EQ(statement_excerpt("caf\xe9 \xc3\xa9 \xf0\x9f"), "caf? \xc3\xa9 ??");
  EXPECT_EQ(statement_excerpt("SELECT\n\t1"), "SELECT  1");
  EXPECT_EQ(statement_excerpt("ALTER USER a IDENTIFIED BY 'secret'"), "ALTER USER a IDENTIFIED...");
  EXPECT_EQ(statement_excerpt("SET PASSWORD FOR a = 'secret'"), "SET PASSWORD...");
  EXPECT_EQ(statement_excerpt("CREATE USER 'b\\'@'%' IDENTIFIED BY 'secret'"), "CREATE USER 'b\\'@'%' IDENTIFIED...")
      << "whatever a backslash is to the source";
  // Characters of two bytes are not cut in two.
  std::string text(199, 'x');
  text += "é";
  EXPECT_EQ(statement_excerpt(text), text);
}

}  // namespace
}  // namespace tributary::apply
