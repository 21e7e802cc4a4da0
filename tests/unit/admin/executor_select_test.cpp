#include "executor_fixture.hpp"

/// SELECT on status tables, as the admin port takes it: tests of what tables hold are in tests/scenario.
namespace tributary::admin {
namespace {

class ExecutorSelect : public ExecutorTest {
 protected:
  std::string names(std::string_view sql) {
    std::string text;
    for (const auto& column : table(sql).columns) text += column.name + "|";
    return text;
  }
  /// The value of an expression in a SELECT that SQLite runs.
  std::string value(const std::string& expression) {
    return rows("SELECT " + expression + ", count(*) FROM tributary.applier_tables");
  }
};

constexpr std::string_view k_columns = "CHANNEL_NAME|TABLE_SCHEMA|TABLE_NAME|ROW_WRITER|ROW_WRITER_REASON|COUNT_ROWS|";

TEST_F(ExecutorSelect, findsTablesAndColumns) {
  EXPECT_EQ(names("SELECT * FROM tributary.applier_tables"), k_columns);
  EXPECT_EQ(names("SELECT * FROM `Tributary`.`APPLIER_TABLES`;"), k_columns);
  EXPECT_EQ(code("SELECT * FROM applier_tables"), "1046");
  session_.database = "mysql";
  EXPECT_EQ(error("SELECT * FROM applier_tables"), "1146 Table 'mysql.applier_tables' doesn't exist");
  EXPECT_EQ(error("SELECT count(*) FROM applier_tables"), "1146 Table 'mysql.applier_tables' doesn't exist");
  session_.database = "tributary";
  EXPECT_EQ(
      names(
          "SELECT a.channel_name, `count_rows`, a.count_rows AS `a.n`, COUNT(*)  +  1 more, 1 / 2, 'text', \"te\" 'xt' "
          "FROM applier_tables AS a WHERE channel_name LIKE 'x%' GROUP BY 1 ORDER BY `a.n` LIMIT 1, 2"),
      "channel_name|count_rows|a.n|more|1 / 2|text|te|");
  EXPECT_EQ(rows("SHOW TABLES"), "applier_tables");
  EXPECT_EQ(rows("SHOW FULL TABLES FROM tributary LIKE 'app%'"), "applier_tables|BASE TABLE");
  EXPECT_EQ(rows("SHOW TABLES FROM mysql"), "");
}

TEST_F(ExecutorSelect, meansWhatItMeansInMysql) {
  run("SET @a = 'it''s', @n = -5");
  const std::pair<const char*, const char*> cases[] = {
      {"1 / 2", "0.5|0"},
      {"7 / 2 / 2", "1.75|0"},
      {"1 / 0", "NULL|0"},
      {"0 || 1", "1|0"},
      {"1 && 0", "0|0"},
      {"NULL <=> NULL", "1|0"},
      {"1 <=> NULL", "0|0"},
      {"5--3", "8|0"},
      {"'a\\'b'", "a'b|0"},
      {"'a''b'", "a'b|0"},
      {"'a' \"b\"", "ab|0"},
      {"_utf8mb4'x'", "x|0"},
      {"0x4142", "AB|0"},
      {"x'41'", "A|0"},
      {"@a", "it's|0"},
      {"@n + 1", "-4|0"},
      {"@never", "NULL|0"},
      {"@@server_id", "77|0"},
      {"@@global.server_id", "77|0"},
      {"'max_x' LIKE 'max\\_%'", "1|0"},
      {"'maxx' LIKE 'max\\_%'", "0|0"},
      {"'a%b' LIKE 'a|%_' ESCAPE '|'", "1|0"},
      {"'acb' LIKE 'a|%_' ESCAPE '|'", "0|0"},
      {"'x' NOT LIKE 'y'", "1|0"},
      {"IF(1 > 2, 'a', 'b')", "b|0"},
      {"CONCAT('a', 1, 'c')", "a1c|0"},
      {"CONCAT('a', NULL)", "NULL|0"},
      {"IFNULL(NULL, 2)", "2|0"},
      {"COALESCE(NULL, NULL, 3)", "3|0"},
      {"LENGTH('\xc3\xa4')", "2|0"},
      {"CHAR_LENGTH('\xc3\xa4')", "1|0"},
      {"VERSION()", "8.0.99-test|0"},
      {"CURRENT_USER", "root@%|0"},
      {"CURRENT_USER()", "root@%|0"},
      {"DATABASE()", "NULL|0"},
      {"CASE 1 WHEN 1 THEN 'one' ELSE 'other' END", "one|0"},
      {"2 BETWEEN 1 AND 3", "1|0"},
      {"(SELECT 5)", "5|0"},
      {"TRUE", "1|0"},
  };
  for (const auto& [expression, expected] : cases) {
    EXPECT_EQ(value(expression), expected) << expression;
  }
  EXPECT_EQ(rows("SELECT 5 - -3 -- a comment\n, /* another */ count(*) FROM tributary.applier_tables # the end"),
            "8|0");
  EXPECT_EQ(names("SELECT @@server_id, @a, VERSION(), 7 /* of */ / 2, count(*) FROM tributary.applier_tables"),
            "@@server_id|@a|VERSION()|7 /* of */ / 2|count(*)|");
}

TEST_F(ExecutorSelect, errorsTellThePlaceInWhatWasWritten) {
  const std::string from = " FROM tributary.applier_tables";
  EXPECT_EQ(error("SELECT nothing" + from), "1054 Unknown column 'nothing' in 'field list'");
  EXPECT_EQ(error("SELECT 1" + from + " t WHERE t.nothing = 1"), "1054 Unknown column 't.nothing' in 'where clause'");
  EXPECT_EQ(error("SELECT 1" + from + " ORDER BY nothing"), "1054 Unknown column 'nothing' in 'order clause'");
  EXPECT_EQ(error("SELECT count_rows" + from + " a, tributary.applier_tables b"),
            "1052 Column 'count_rows' in field list is ambiguous");
  EXPECT_EQ(error("SELECT nothing(1)" + from), "1305 FUNCTION nothing does not exist");
  EXPECT_EQ(error("SELECT VERSION(1)" + from),
            "1582 Incorrect parameter count in the call to native function 'version'");
  EXPECT_EQ(code("SELECT MASTER_POS_WAIT('f', 4, -1), count(*)" + from), "1210");
  EXPECT_EQ(code("SELECT @@nothing" + from), "1193");
  const auto near = [&](const std::string& sql) {
    const std::string text = error(sql);
    const std::size_t begin = text.find("near '");
    return text.substr(0, 5) + (begin == std::string::npos ? "" : text.substr(begin));
  };
  EXPECT_EQ(near("SELECT 1 / 1" + from + "\nWHERE WHERE 'a' 'b'"), "1064 near 'WHERE 'a' 'b'' at line 2");
  EXPECT_EQ(near("SELECT 1" + from + " WHERE"), "1064 near '' at line 1");
  EXPECT_EQ(near("SELECT 1" + from + " INTO OUTFILE '/tmp/x'"), "1064 near 'INTO OUTFILE '/tmp/x'' at line 1");
  EXPECT_EQ(near("SELECT 1" + from + " FOR UPDATE"), "1064 near 'UPDATE' at line 1");
}

/// What SQLite would take for something of its own.
TEST_F(ExecutorSelect, refusesWhatOnlySqliteKnows) {
  for (const char* clause : {"WHERE [channel_name] = 1", "WHERE count_rows = ?", "WHERE count_rows = :x",
                             "WHERE 1 := 2", "WHERE @", "WHERE {", "WHERE 1 ^ 1"}) {
    EXPECT_EQ(code(std::string("SELECT 1 FROM tributary.applier_tables ") + clause), "1064") << clause;
  }
  EXPECT_EQ(code(std::string("SELECT 1 FROM tributary.applier_tables \0 WHERE", 47)), "1064");
  EXPECT_EQ(code(std::string("SELECT 1 FROM tributary.applier_tables WHERE `a\0b`", 50)), "1064");
  EXPECT_EQ(error("SELECT transaction FROM tributary.applier_tables AS nothing"),
            "1054 Unknown column 'transaction' in 'field list'");
  EXPECT_EQ(code("SELECT $a FROM tributary.applier_tables"), "1054");
  EXPECT_EQ(code("SELECT 1st FROM tributary.applier_tables"), "1054");
  EXPECT_EQ(code("SELECT \"channel_name\" FROM tributary.applier_tables"), "");
  EXPECT_EQ(code("SELECT 1 FROM tributary.applier_tables WHERE !1"), "1235");
  EXPECT_EQ(code("SELECT * FROM (WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c) d"),
            "1235");
  EXPECT_EQ(code("SELECT * FROM sqlite_master"), "1046");
  EXPECT_EQ(error("SELECT * FROM tributary.sqlite_master"), "1146 Table 'tributary.sqlite_master' doesn't exist");
  EXPECT_EQ(code("SELECT randomblob(1000000000) FROM tributary.applier_tables"), "1305");
  EXPECT_EQ(code("SELECT load_extension('x') FROM tributary.applier_tables"), "1305");
}

}  // namespace
}  // namespace tributary::admin
