#include "executable_comments.hpp"

#include <gtest/gtest.h>

#include "dialect_of.hpp"

namespace tributary::apply {
namespace {

const SqlDialect k_mysql56 = dialect_of(false, 50624);
const SqlDialect k_mysql97 = dialect_of(false, 90700);
const SqlDialect k_mariadb1011 = dialect_of(true, 101119);
const SqlDialect k_mariadb118 = dialect_of(true, 110808);

TEST(ExecutableComments, ThatRanInTheSourceOnlyBecomeText) {
  EXPECT_EQ(with_comments_of_source("UPDATE t SET a=9 /*!80000 WHERE id=1 */", k_mysql97, k_mariadb118),
            "UPDATE t SET a=9          WHERE id=1   ");
  EXPECT_EQ(with_comments_of_source("VALUES (3,3) /*!50700,(4,4)*/, (5,5)", k_mysql97, k_mariadb118),
            "VALUES (3,3)         ,(4,4)  , (5,5)");
  EXPECT_EQ(with_comments_of_source("UPDATE t SET a=9 /*M! WHERE id=1 */", k_mariadb118, k_mysql97),
            "UPDATE t SET a=9      WHERE id=1   ");
  EXPECT_EQ(with_comments_of_source("(3,3) /*!100100 ,(4,4) */", k_mariadb118, k_mysql97), "(3,3)           ,(4,4)   ");
  EXPECT_EQ(with_comments_of_source("(3,3) /*!110100 ,(4,4) */", k_mariadb118, k_mariadb1011),
            "(3,3)           ,(4,4)   ");
  EXPECT_EQ(with_comments_of_source("(3) /*M!110000 ,(4) */ /*M!100500 ,(5) */", k_mariadb118, k_mariadb1011),
            "(3)            ,(4)    /*M!100500 ,(5) */");
  EXPECT_EQ(
      with_comments_of_source("CREATE TABLE t (a INT /*!80023 INVISIBLE */, b INT /*!80000 NOT NULL DEFAULT 7 */)",
                              k_mysql97, k_mariadb118),
      "CREATE TABLE t (a INT          INVISIBLE   , b INT          NOT NULL DEFAULT 7   )");
  EXPECT_EQ(with_comments_of_source("/*!80000 CREATE TABLE t (a INT) /* x */ */", k_mysql97, k_mariadb118),
            "         CREATE TABLE t (a INT) /* x */   ");
  EXPECT_EQ(with_comments_of_source("SELECT 1 /*!80000 + 1", k_mysql97, k_mariadb118), "SELECT 1          + 1");
}

TEST(ExecutableComments, ThatDidNotRunInTheSourceBecomePlain) {
  EXPECT_EQ(with_comments_of_source("(7,7) /*M! ,(8,8) */", k_mysql97, k_mariadb118), "(7,7) /*M  ,(8,8) */");
  EXPECT_EQ(with_comments_of_source("(7,7) /*!50700 ,(8,8) */", k_mysql56, k_mysql97), "(7,7) /* 50700 ,(8,8) */");
  EXPECT_EQ(with_comments_of_source("(7,7) /*!80000 ,(8,8) */", k_mariadb118, k_mysql97), "(7,7) /* 80000 ,(8,8) */");
  EXPECT_EQ(with_comments_of_source("(7) /*!110100 ,(8) /* x */ ,(9) */", k_mariadb1011, k_mariadb118),
            "(7) /* 110100 ,(8)    x    ,(9) */");
  EXPECT_EQ(with_comments_of_source("(7) /*!50100 ,(8) /*M! ,(9) */ */", k_mysql97, k_mariadb118),
            "(7) /*!50100 ,(8) /*M  ,(9) */ */");
}

TEST(ExecutableComments, ThatBothRunStay) {
  for (const char* statement :
       {"/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW "
        "SET "
        "NEW.a=1 */",
        "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `x` /*!40100 DEFAULT CHARACTER SET utf8mb4 */",
        "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `t`", "SELECT 1 /*! + 1 */", "SELECT '/*!80000 a */', `/*M! b */`",
        "SELECT 1 -- /*!80000 a */", "SELECT 1 /* a */", ""}) {
    EXPECT_EQ(with_comments_of_source(statement, k_mysql97, k_mariadb118), statement);
    EXPECT_EQ(with_comments_of_source(statement, k_mariadb118, k_mysql97), statement);
    EXPECT_EQ(with_comments_of_source(statement, k_mysql56, k_mysql97), statement);
  }
}

TEST(ExecutableComments, AboutStorageStayComments) {
  for (const char* statement :
       {"CREATE DATABASE `x` /*!40100 DEFAULT CHARACTER SET utf8mb4 */ /*!80016 DEFAULT ENCRYPTION='N' */",
        "CREATE TABLE t (g POINT /*!80003 SRID 4326 */, KEY `i` (`a`) /*!80000 INVISIBLE */)",
        "CREATE TABLE t (a INT, UNIQUE KEY i (a(9), b) /*!80000 INVISIBLE */) /*!80016 ENCRYPTION='N' */",
        "ALTER TABLE t ADD INDEX i (a) /*!80000 INVISIBLE */, ADD UNIQUE j (b) /*!80000 INVISIBLE */",
        "CREATE INDEX i ON t (a) /*!80000 INVISIBLE */",
        "CREATE TABLE t (a INT) /*!80021 ENGINE_ATTRIBUTE='{}' */ /*!80023 AUTOEXTEND_SIZE=4194304 */"}) {
    EXPECT_EQ(with_comments_of_source(statement, k_mysql97, k_mariadb118), statement);
  }
  const std::string compressed = "CREATE TABLE t (a TEXT /*M!100301 COMPRESSED*/)";
  EXPECT_EQ(with_comments_of_source(compressed, k_mariadb118, k_mysql97), compressed);
  for (const char* statement :
       {"CREATE TABLE t (a INT) /*!80016 ENCRYPTION='Y' */",
        "CREATE TABLE t (a INT, CHECK (a > 0) /*!80016 NOT ENFORCED */)",
        "CREATE TABLE t (a VARCHAR(9) /*!80023 INVISIBLE */, KEY (a))", "UPDATE t SET a = 1 /*!80003 SRID 4326 */",
        "ALTER TABLE t ADD a VARCHAR(9) /*!80023 INVISIBLE */"}) {
    EXPECT_EQ(with_comments_of_source(statement, k_mysql97, k_mariadb118).find("/*!"), std::string::npos) << statement;
  }
}

}  // namespace
}  // namespace tributary::apply
