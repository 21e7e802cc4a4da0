#include "tributary/apply/event_statement.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

std::string disabled(std::string_view statement) {
  return disable_event_on_replica(statement, SqlDialect{});
}

TEST(EventStatementTest, ANewEventIsDisabled) {
  EXPECT_EQ(disabled("CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO t VALUES (1)"),
            "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DISABLE ON SLAVE DO INSERT INTO t VALUES (1)");
  EXPECT_EQ(disabled("CREATE DEFINER=`root`@`%` EVENT IF NOT EXISTS d.e ON SCHEDULE AT NOW() + INTERVAL 1 DAY ON "
                     "COMPLETION PRESERVE ENABLE COMMENT 'DO' DO BEGIN ALTER EVENT f ENABLE; END"),
            "CREATE DEFINER=`root`@`%` EVENT IF NOT EXISTS d.e ON SCHEDULE AT NOW() + INTERVAL 1 DAY ON "
            "COMPLETION PRESERVE DISABLE ON SLAVE COMMENT 'DO' DO BEGIN ALTER EVENT f ENABLE; END");
  EXPECT_EQ(disabled("create or replace definer = current_user() event `enable` on schedule every @do + (if(1, 2, 3)) "
                     "day comment 'c' do do 1"),
            "create or replace definer = current_user() event `enable` on schedule every @do + (if(1, 2, 3)) "
            "day DISABLE ON SLAVE comment 'c' do do 1");
  EXPECT_EQ(disabled("CREATE EVENT enable.do ON SCHEDULE EVERY 1 DAY DO DO 1"),
            "CREATE EVENT enable.do ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO DO 1");
}

TEST(EventStatementTest, WhatIsSetForTheStatementStandsBeforeIt) {
  EXPECT_EQ(
      disabled("SET STATEMENT a=1 FOR ; SET STATEMENT b=(2) FOR CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DO 1"),
      "SET STATEMENT a=1 FOR ; SET STATEMENT b=(2) FOR CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO "
      "DO 1");
  EXPECT_EQ(disabled("SET STATEMENT a=1"), "SET STATEMENT a=1");
}

TEST(EventStatementTest, AChangeDoesNotEnableIt) {
  EXPECT_EQ(disabled("ALTER EVENT d.e ENABLE"), "ALTER EVENT d.e DISABLE ON SLAVE");
  EXPECT_EQ(disabled("ALTER DEFINER=a@b EVENT e RENAME TO d.enable ENABLE DO DO 1"),
            "ALTER DEFINER=a@b EVENT e RENAME TO d.enable DISABLE ON SLAVE DO DO 1");
}

TEST(EventStatementTest, OthersStayAsTheyAre) {
  for (const char* const statement :
       {"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SET @enable = 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO DO 1", "ALTER EVENT e COMMENT 'x' DO DO 1",
        "ALTER EVENT enable RENAME TO do", "ALTER EVENT e DISABLE", "ALTER TABLE t ENABLE KEYS", "DROP EVENT e",
        "CREATE TABLE event (enable INT)", "CREATE EVENT", ""}) {
    EXPECT_EQ(disabled(statement), statement);
  }
}

}  // namespace
}  // namespace tributary::apply
