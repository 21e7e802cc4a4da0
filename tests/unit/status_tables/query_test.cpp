#include "tributary/status_tables/query.hpp"

#include <array>
#include <chrono>

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

namespace tributary::status_tables {
namespace {

constexpr std::array k_people_columns{Column{"WHO", ColumnType::text, 10}, Column{"PLACE", ColumnType::name, 20},
                                      Column{"AGE", ColumnType::unsigned_integer}};
constexpr std::array k_places_columns{Column{"PLACE", ColumnType::name, 20}};
constexpr int k_many = 3000;

std::vector<Row> people(const Channels& /*channels*/) {
  return {{"Ann", "Oslo", std::int64_t{31}}, {"bob", "oslo", std::int64_t{7}}, {"Eve", "Rome", {}}};
}
std::vector<Row> places(const Channels& /*channels*/) {
  return {{"Oslo"}, {"Rome"}};
}
std::vector<Row> many(const Channels& /*channels*/) {
  std::vector<Row> rows;
  for (std::int64_t i = 0; i < k_many; ++i) rows.push_back({"somebody", std::string(200, 'x'), i});
  return rows;
}

const std::array k_tables{Table{"tributary", "people", k_people_columns, people},
                          Table{"tributary", "many", k_people_columns, many},
                          Table{"mysql", "places", k_places_columns, places},
                          // Of two databases, to be told apart.
                          Table{"mysql", "people", k_places_columns, places}};

class StatusQuery : public ::testing::Test {
 protected:
  wire::ResultSet result(const std::string& sql) {
    Query query;
    query.sql = sql;
    query.database = database_;
    query.names = {"people", "many", "places", "tributary.people", "tributary.many", "mysql.places"};
    query.functions = functions_;
    return run(query, k_tables, {}, stop_.get_token(), limits_);
  }
  std::string rows(const std::string& sql) {
    std::string text;
    for (const auto& row : result(sql).rows) {
      for (const auto& cell : row) text += cell.value_or("NULL") + "|";
    }
    return text;
  }
  int code(const std::string& sql) {
    try {
      result(sql);
    } catch (const Error& error) {
      message_ = error.what();
      return error.code();
    } catch (const TextError& error) {
      message_ = error.what();
      return -1 - static_cast<int>(error.offset());
    }
    return 0;
  }

  std::string database_ = "tributary";
  std::vector<Function> functions_;
  Limits limits_;
  std::stop_source stop_;
  std::string message_;
};

TEST_F(StatusQuery, joinsFiltersGroupsAndOrders) {
  EXPECT_EQ(rows("SELECT who FROM people ORDER BY who"), "Ann|bob|Eve|");
  EXPECT_EQ(rows("SELECT who FROM people WHERE who = 'BOB'"), "bob|");
  EXPECT_EQ(rows("SELECT who FROM people WHERE place = 'oslo'"), "bob|");
  EXPECT_EQ(
      rows("SELECT p.who, q.place FROM people p JOIN mysql.places q ON p.place = q.place ORDER BY 1 DESC LIMIT 1"),
      "Eve|Rome|");
  EXPECT_EQ(rows("SELECT count(*), sum(age), max(age) FROM tributary.people"), "3|38|31|");
  EXPECT_EQ(rows("SELECT place, count(*) FROM people GROUP BY place HAVING count(age) > 0 ORDER BY place"),
            "Oslo|1|oslo|1|");
}

TEST_F(StatusQuery, tellsNamesAndTypesOfColumns) {
  const auto set = result("SELECT who, age, age + 1, 0.5, 'x', NULL, people.place AS \"p\", * FROM people");
  std::string names;
  for (const auto& column : set.columns) names += column.name + "|";
  EXPECT_EQ(names, "who|age|age + 1|0.5|'x'|NULL|p|WHO|PLACE|AGE|");
  EXPECT_EQ(set.columns[0].type, wire::ColumnType::var_string);
  EXPECT_EQ(set.columns[0].length, 10);
  EXPECT_EQ(set.columns[1].type, wire::ColumnType::longlong);
  EXPECT_TRUE(set.columns[1].unsigned_value);
  EXPECT_EQ(set.columns[2].type, wire::ColumnType::longlong);
  EXPECT_EQ(set.columns[3].type, wire::ColumnType::double_precision);
  EXPECT_EQ(set.columns[4].type, wire::ColumnType::var_string);
  EXPECT_EQ(set.columns[6].length, 20);
}

TEST_F(StatusQuery, aTableWithoutADatabaseIsTheSessions) {
  database_ = "mysql";
  EXPECT_EQ(rows("SELECT * FROM people"), "Oslo|Rome|");
  EXPECT_EQ(rows("SELECT count(*) FROM tributary.people"), "3|");
  EXPECT_EQ(rows("SELECT count(*) FROM tributary.many"), "3000|");
  database_ = "performance_schema";
  EXPECT_EQ(code("SELECT place FROM none"), 1146);
  EXPECT_EQ(message_, "Table 'performance_schema.none' doesn't exist");
  database_ = "";
  EXPECT_EQ(code("SELECT place FROM none"), 1046);
}

/// Where only another database has a table of that name, it is not taken from there.
TEST_F(StatusQuery, takesNoTableFromAnotherDatabase) {
  Query query;
  query.names = {"many"};
  for (const char* database : {"", "mysql"}) {
    query.database = database;
    for (const char* sql : {"SELECT who FROM many", "SELECT count(*) FROM many", "SELECT 1 FROM many"}) {
      query.sql = sql;
      EXPECT_THROW(run(query, k_tables, {}, stop_.get_token()), Error) << sql;
    }
  }
}

TEST_F(StatusQuery, errorsHaveTheServersNumbers) {
  EXPECT_EQ(code("SELECT * FROM nowhere.people"), 1146);
  EXPECT_EQ(message_, "Table 'nowhere.people' doesn't exist");
  EXPECT_EQ(code("SELECT unknown(1) FROM people"), 1305);
  EXPECT_EQ(code("SELECT abs() FROM people"), 1582);
  EXPECT_EQ(code("SELECT who FROM people WHERE sum(age)"), 1111);
  EXPECT_EQ(code("SELECT 1 FROM people UNION SELECT 1, 2"), 1222);
  EXPECT_EQ(code("SELECT (SELECT 1, 2) FROM people"), 1241);
  EXPECT_EQ(code("SELECT who COLLATE other FROM people ORDER BY 1"), 1273);
  EXPECT_EQ(code("SELECT sum(9223372036854775807) FROM people"), 1690);
  EXPECT_EQ(code("SELECT what FROM people"), -8);
  EXPECT_EQ(code("SELECT place FROM people, mysql.places"), -8);
  EXPECT_EQ(code("SELECT who FROM people WHERE"), -29);
  EXPECT_EQ(code("SELECT who FROM WHERE"), -17);
}

/// What is not reading these tables.
TEST_F(StatusQuery, reachesNothingElse) {
  for (const char* sql :
       {"SELECT * FROM sqlite_master", "SELECT count(*) FROM sqlite_schema", "SELECT 1 FROM main.sqlite_master",
        "SELECT * FROM sqlite_temp_master", "SELECT * FROM json_each('[1]')", "SELECT * FROM dbstat",
        "SELECT * FROM tributary.sqlite_master"}) {
    EXPECT_EQ(code(sql), 1146) << sql;
  }
  for (const char* sql : {"SELECT load_extension('x') FROM people", "SELECT readfile('/etc/passwd') FROM people",
                          "SELECT randomblob(1000000000) FROM people", "SELECT zeroblob(1000000000) FROM people",
                          "SELECT printf('%.*c', 1000000000, 'x') FROM people",
                          "SELECT replace('a', 'a', 'b') FROM people", "SELECT hex(who) FROM people",
                          "SELECT fts3_tokenizer('x') FROM people", "SELECT sqlite_version() FROM people"}) {
    EXPECT_EQ(code(sql), 1305) << sql;
  }
  for (const char* sql :
       {"DELETE FROM people", "INSERT INTO people VALUES (1, 2, 3)", "ATTACH '/tmp/x' AS x", "PRAGMA writable_schema=1",
        "CREATE TABLE x (a)", "DROP TABLE people", "VACUUM", "BEGIN", "DETACH mysql", "SELECT 1; SELECT 2", ""}) {
    EXPECT_NE(code(sql), 0) << sql;
  }
}

/// Statements that would not end, or would take all memory.
TEST_F(StatusQuery, endsWhatTakesTooMuch) {
  limits_.time = std::chrono::milliseconds(300);
  EXPECT_EQ(code("SELECT count(*) FROM many a, many b, many c, many d"), 3024);
  EXPECT_EQ(code("SELECT max(a.place || b.place) FROM many a, many b, many c ORDER BY 1"), 3024);
  limits_.time = std::chrono::minutes(10);
  EXPECT_EQ(code("SELECT a.place FROM many a, many b"), 1041);
  limits_.sqlite_memory = 16 << 20;
  EXPECT_EQ(code("SELECT a.place || b.place FROM many a, many b ORDER BY a.age + b.age"), 1041);
  EXPECT_EQ(code("SELECT DISTINCT a.age, b.age FROM many a, many b"), 1041);
  EXPECT_EQ(code("SELECT group_concat(a.place) FROM many a, many b"), 1041);
  EXPECT_EQ(code("WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT sum(x) FROM c") != 0, true);
  EXPECT_EQ(code("SELECT 1 FROM people WHERE " + std::string(300000, ' ') + "1"), 1041);
  std::string deep = "1";
  for (int i = 0; i < 2000; ++i) deep += " + 1";
  EXPECT_EQ(code("SELECT " + deep + " FROM people"), 1436);
  std::string tables = "people p";
  for (int i = 0; i < 100; ++i) tables += ", people p" + std::to_string(i);
  EXPECT_EQ(code("SELECT 1 FROM " + tables), 1116);
}

TEST_F(StatusQuery, endsWhenItIsKilled) {
  stop_.request_stop();
  EXPECT_EQ(code("SELECT count(*) FROM many a, many b, many c, many d"), 1317);
}

TEST_F(StatusQuery, callsFunctions) {
  functions_.push_back({"twice", 1, [](const std::vector<Cell>& arguments) -> Cell {
                          if (const auto* integer = std::get_if<std::int64_t>(&arguments[0])) return 2 * *integer;
                          if (const auto* text = std::get_if<std::string>(&arguments[0])) return *text + *text;
                          if (const auto* real = std::get_if<double>(&arguments[0])) return *real + *real;
                          return {};
                        }});
  functions_.push_back(
      {"fails", -1, [](const std::vector<Cell>&) -> Cell { throw Error(1210, "Incorrect arguments"); }});
  EXPECT_EQ(rows("SELECT twice(age), twice(who), twice(1.5) FROM people WHERE who <> 'Bob'"),
            "62|AnnAnn|3|NULL|EveEve|3|");
  EXPECT_EQ(code("SELECT fails(1, 2) FROM people"), 1210);
  EXPECT_EQ(message_, "Incorrect arguments");
  EXPECT_EQ(code("SELECT twice(1, 2) FROM people"), 1582);
}

}  // namespace
}  // namespace tributary::status_tables
