#include "ignored_constraints.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "dialect_of.hpp"

namespace tributary::apply {
namespace {

/// Without the blanks that stand in place of what was removed.
std::string squeezed(std::string text) {
  for (std::size_t at = text.find("  "); at != std::string::npos; at = text.find("  ", at)) text.erase(at, 1);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string without(std::string_view statement, IgnoredConstraints ignored = {true, true}) {
  return squeezed(without_ignored_constraints(statement, dialect_of(false, 90700), ignored));
}

TEST(IgnoredConstraints, OfServers) {
  const auto kinds = [](bool mariadb, std::uint32_t version) {
    const auto ignored = IgnoredConstraints::of_server(mariadb, version);
    return std::pair(ignored.references, ignored.check);
  };
  EXPECT_EQ(kinds(false, 50624), std::pair(true, true));
  EXPECT_EQ(kinds(false, 80015), std::pair(true, true));
  EXPECT_EQ(kinds(false, 80016), std::pair(true, false));
  EXPECT_EQ(kinds(false, 80405), std::pair(true, false));
  EXPECT_EQ(kinds(false, 90000), std::pair(false, false));
  EXPECT_EQ(kinds(true, 100144), std::pair(true, true));
  EXPECT_EQ(kinds(true, 100434), std::pair(true, false));
  EXPECT_EQ(kinds(true, 100500), std::pair(false, false));
}

TEST(IgnoredConstraints, ReferencesOfColumns) {
  const std::pair<const char*, const char*> cases[] = {
      {"CREATE TABLE c (id INT PRIMARY KEY, p INT REFERENCES p(id) ON DELETE CASCADE) ENGINE=InnoDB",
       "CREATE TABLE c (id INT PRIMARY KEY, p INT ) ENGINE=InnoDB"},
      {"create temporary table if not exists `d`.`c` (`p` int references `d` . `references` (`check`, b) match full on "
       "update set null on delete no action, q INT)",
       "create temporary table if not exists `d`.`c` (`p` int , q INT)"},
      {"CREATE TABLE c (a TIMESTAMP DEFAULT 0 ON UPDATE CURRENT_TIMESTAMP REFERENCES p ON UPDATE SET DEFAULT)",
       "CREATE TABLE c (a TIMESTAMP DEFAULT 0 ON UPDATE CURRENT_TIMESTAMP )"},
      {"ALTER TABLE c ADD COLUMN p INT REFERENCES p(id) ON DELETE RESTRICT AFTER id, ADD (q INT REFERENCES p, r INT "
       "REFERENCES p (id)), ADD s INT REFERENCES p FIRST",
       "ALTER TABLE c ADD COLUMN p INT AFTER id, ADD (q INT , r INT ), ADD s INT FIRST"},
      {"CREATE TABLE c (a INT REFERENCES p(id), FOREIGN KEY (a) REFERENCES p(id), b INT REFERENCES p(id))",
       "CREATE TABLE c (a INT , FOREIGN KEY (a) REFERENCES p(id), b INT )"},
      {"CREATE TABLE c (a INT /*!50000 REFERENCES p(id) */, b INT REFERENCES /* one */ p /*!50000 (id) */ -- two\n)",
       "CREATE TABLE c (a INT /*!50000 */, b INT /* one */ /*!50000 */ -- two\n)"},
      {"CREATE TABLE c (a INT AS (b + 1) STORED REFERENCES p(id), `references` INT REFERENCES p(id)) PARTITION BY HASH "
       "(a)",
       "CREATE TABLE c (a INT AS (b + 1) STORED , `references` INT ) PARTITION BY HASH (a)"},
      {"CREATE TABLE c (a INT REFERENCES p(id)) SELECT 1 AS a", "CREATE TABLE c (a INT ) SELECT 1 AS a"},
  };
  for (const auto& [statement, expected] : cases) EXPECT_EQ(without(statement), expected);
}

TEST(IgnoredConstraints, Checks) {
  const std::pair<const char*, const char*> cases[] = {
      {"CREATE TABLE t (a INT CHECK (a > 0), b INT, CHECK (a > (b + 1)), CONSTRAINT c CHECK (f(')') > 0), KEY (a))",
       "CREATE TABLE t (a INT , b INT , KEY (a))"},
      {"CREATE TABLE t (CONSTRAINT CHECK (1), CONSTRAINT `check` CHECK (1), a INT NOT NULL CHECK (a IN (1, 2)))",
       "CREATE TABLE t ( a INT NOT NULL )"},
      {"CREATE TABLE t (a INT, CHECK (a > 0))", "CREATE TABLE t (a INT )"},
      {"CREATE TABLE t (CHECK (1)) SELECT 1 AS a", "CREATE TABLE t SELECT 1 AS a"},
      {"CREATE TABLE d.check (`check` INT CHECK (`check` > 0), \"CHECK\" INT)",
       "CREATE TABLE d.check (`check` INT , \"CHECK\" INT)"},
      {"ALTER TABLE t ADD CHECK (a > 0)", "ALTER TABLE t"},
      {"ALTER TABLE t ADD (CHECK (a > 0), CONSTRAINT c CHECK (b > 0))", "ALTER TABLE t"},
      {"ALTER TABLE t ADD COLUMN (b INT CHECK (b), CHECK (a > 0), c INT)", "ALTER TABLE t ADD COLUMN (b INT , c INT)"},
      {"ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0), ADD b INT, ADD CHECK (b), ENGINE=InnoDB",
       "ALTER TABLE t ADD b INT , ENGINE=InnoDB"},
      {"ALTER TABLE t ADD b INT, ADD CHECK (b) PARTITION BY HASH (a) PARTITIONS 4",
       "ALTER TABLE t ADD b INT PARTITION BY HASH (a) PARTITIONS 4"},
      {"ALTER IGNORE TABLE t ADD b INT CHECK (b > 0) AFTER a, MODIFY c INT CHECK (c > 0)",
       "ALTER IGNORE TABLE t ADD b INT AFTER a, MODIFY c INT"},
  };
  for (const auto& [statement, expected] : cases) EXPECT_EQ(without(statement), expected);
}

TEST(IgnoredConstraints, OnlyOfTheKindsThatAre) {
  constexpr std::string_view k_both = "CREATE TABLE t (a INT CHECK (a > 0) REFERENCES p(id), CHECK (a))";
  EXPECT_EQ(without(k_both, {true, false}), "CREATE TABLE t (a INT CHECK (a > 0) , CHECK (a))");
  EXPECT_EQ(without(k_both, {false, true}), "CREATE TABLE t (a INT REFERENCES p(id) )");
  EXPECT_EQ(without(k_both, {false, false}), k_both);
}

TEST(IgnoredConstraints, WhatLooksLikeThemStays) {
  for (const char* same :
       {"",
        "CREATE",
        "CREATE TABLE",
        "CREATE TABLE t",
        "ALTER TABLE t",
        "CREATE TABLE t LIKE u",
        "CREATE TABLE t (LIKE u)",
        "CREATE TABLE t (",
        "CREATE TABLE t (a INT",
        "CREATE TABLE check.references (a INT)",
        "CREATE TABLE t (a INT COMMENT 'CHECK (a) REFERENCES p(id)', b ENUM('CHECK (', 'REFERENCES p'))",
        "CREATE TABLE t (a INT /* CHECK (a > 0) */, `check` INT, `references` INT) COMMENT='REFERENCES p(id)'",
        "CREATE TABLE t (a INT, CONSTRAINT f FOREIGN KEY i (a) REFERENCES p (id) ON DELETE CASCADE, CONSTRAINT u "
        "UNIQUE (a))",
        "ALTER TABLE t ADD CONSTRAINT FOREIGN KEY (a) REFERENCES d.references (id), ADD CONSTRAINT UNIQUE (a)",
        "ALTER TABLE t CHECK PARTITION ALL",
        "ALTER TABLE t RENAME TO d.check, ADD `check` INT",
        "CREATE TABLE t (SELECT a FROM u WHERE a IN (1, 2))",
        "CREATE TABLE t SELECT t.check (1) FROM u",
        "CREATE VIEW v AS SELECT 1",
        "INSERT INTO t VALUES ('CREATE TABLE t (a INT CHECK (a))')",
        "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW CREATE TABLE c (a INT REFERENCES p(id))"}) {
    EXPECT_EQ(without_ignored_constraints(same, dialect_of(false, 90700), {true, true}), same);
  }
}

TEST(IgnoredConstraints, WhatStandsBeforeTheStatementAndBehindTheName) {
  const auto without = [](std::string_view statement) {
    return without_ignored_constraints(statement, dialect_of(true, 101100), {true, true});
  };
  EXPECT_EQ(
      without(
          "SET STATEMENT max_statement_time=0, a=(SELECT 1 FOR UPDATE) FOR CREATE TABLE c (p INT REFERENCES p(id))"),
      "SET STATEMENT max_statement_time=0, a=(SELECT 1 FOR UPDATE) FOR CREATE TABLE c (p INT                 )");
  EXPECT_EQ(without("; SET STATEMENT a=1 FOR SET STATEMENT b=2 FOR ALTER TABLE c ADD p INT REFERENCES p(id)"),
            "; SET STATEMENT a=1 FOR SET STATEMENT b=2 FOR ALTER TABLE c ADD p INT                 ");
  EXPECT_EQ(without("ALTER TABLE t WAIT 5 ADD COLUMN (a INT REFERENCES p(id))"),
            "ALTER TABLE t WAIT 5 ADD COLUMN (a INT                 )");
  EXPECT_EQ(without("ALTER TABLE t NOWAIT ADD a INT REFERENCES p(id)"),
            "ALTER TABLE t NOWAIT ADD a INT                 ");
  EXPECT_EQ(without("SET STATEMENT a=1"), "SET STATEMENT a=1");
}

TEST(IgnoredConstraints, AnyTextKeepsItsPlaces) {
  constexpr std::string_view k_statement =
      "ALTER TABLE d.t ADD COLUMN (a INT REFERENCES p.q(id) MATCH FULL ON DELETE SET NULL, CONSTRAINT c CHECK ((a) > "
      "0)), "
      "ADD CONSTRAINT CHECK (b), ADD FOREIGN KEY (a) REFERENCES p (id)";
  for (std::size_t size = 0; size <= k_statement.size(); ++size) {
    const std::string_view begin = k_statement.substr(0, size);
    const std::string text = without_ignored_constraints(begin, dialect_of(false, 90700), {true, true});
    ASSERT_EQ(text.size(), size);
    for (std::size_t i = 0; i < size; ++i) ASSERT_TRUE(text[i] == begin[i] || text[i] == ' ') << begin;
  }
}

TEST(IgnoredConstraints, AnyNumberOfParenthesesIsRead) {
  std::string statement = "ALTER TABLE t ADD (";
  for (int i = 0; i < 500000; ++i) statement += "ADD COLUMN (COLUMN (";
  EXPECT_EQ(without_ignored_constraints(statement, dialect_of(false, 90700), {true, true}), statement);
}

}  // namespace
}  // namespace tributary::apply
