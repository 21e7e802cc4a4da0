#include <random>

#include <fmt/core.h>

#include "replication_fixture.hpp"

namespace tributary::apply {
namespace {

class NetTest : public ReplicationTest {
 protected:
  static std::uint64_t target_counter(const std::string& name) {
    return std::stoull(
        target().value("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE "
                       "VARIABLE_NAME = '" +
                       name + "'"));
  }
};

TEST_F(NetTest, ChangesOfOneRowAreWrittenOnce) {
  source().run("CREATE TABLE d.t (id INT PRIMARY KEY, n INT); INSERT INTO d.t VALUES (1, 0), (2, 0), (3, 0)");
  replicate();
  std::string sql;
  for (int i = 1; i <= 400; ++i) {
    sql += fmt::format("UPDATE d.t SET n={} WHERE id=1; INSERT INTO d.t VALUES ({}, 0); DELETE FROM d.t WHERE id={};",
                       i, 1000 + i, 1000 + i);
  }
  source().run(sql);
  const std::uint64_t updated = target_counter("HANDLER_UPDATE");
  const std::uint64_t deleted = target_counter("HANDLER_DELETE");
  options().workers = 1;
  options().row_lock_wait = 300;
  feed().receive();
  {
    // All is read while the first transaction waits, so that the others come in whole batches.
    const RowLock lock(target(), "UPDATE d.t SET n=n WHERE id=1");
    start();
    while (applier().status().reading < relay_log().published_end() && applier().status().running)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(wait().error_code, 0);
  stop();
  expect_equal("d");
  EXPECT_EQ(target().value("SELECT n FROM d.t WHERE id=1"), "400");
  // Of 400 each: those before the table was known, one for each batch, and what moves the checkpoint.
  EXPECT_LT(target_counter("HANDLER_UPDATE") - updated, 60U);
  EXPECT_LT(target_counter("HANDLER_DELETE") - deleted, 60U);
}

/// Statements that change the tables below at random, few keys, in transactions of some, parts of which are rolled
/// back.
std::string random_changes(unsigned seed, int transactions) {
  static constexpr std::pair<const char*, const char*> k_tables[] = {
      {"a", "v"}, {"b", "v"}, {"u", "v"}, {"c", "v"}, {"n", "v"}, {"w", "b"}, {"`p-1`", "k"}, {"x", "v"}, {"h", "v"}};
  std::mt19937 random(seed);
  const auto below = [&random](unsigned limit) { return static_cast<int>(random() % limit); };
  std::string sql;
  for (int i = 0; i < transactions; ++i) {
    sql += "BEGIN;";
    for (int changes = 1 + below(6); changes > 0; --changes) {
      const auto& [table, value] = k_tables[below(std::size(k_tables))];
      const int key = below(30);
      const int other = below(30);
      switch (below(8)) {
        case 0:
          sql += fmt::format("UPDATE IGNORE d.{0} SET {1}={2} WHERE k={3};", table, value, other, key);
          break;
        case 1:
          sql += fmt::format("DELETE IGNORE FROM d.{} WHERE k={};", table, key);
          break;
        case 2:
          sql += fmt::format("UPDATE IGNORE d.{} SET k={} WHERE k={};", table, other, key);
          break;
        case 3:
          sql +=
              fmt::format("UPDATE IGNORE d.{0} SET {1}={1}+1 WHERE k BETWEEN {2} AND {3};", table, value, key, key + 4);
          break;
        case 4:
          sql += fmt::format("SAVEPOINT s; DELETE IGNORE FROM d.{0} WHERE k<{1}; ROLLBACK TO s;", table, key);
          break;
        default:
          sql += table == std::string_view("`p-1`")
                     ? fmt::format("INSERT IGNORE INTO d.`p-1` VALUES ({}), ({});", key, other)
                     : fmt::format("INSERT IGNORE INTO d.{0} (k, {1}) VALUES ({2}, {3}), ({3}, {2});", table, value,
                                   key, other);
      }
    }
    sql += below(8) == 0 ? "ROLLBACK;" : "COMMIT;";
  }
  return sql;
}

class NetChangesOf : public ReplicationTest, public testing::WithParamInterface<unsigned> {};

TEST_P(NetChangesOf, LeaveTheSameRowsBehind) {
  source().run(
      "CREATE TABLE d.a (k INT PRIMARY KEY, v INT, KEY (v)); CREATE TABLE d.`p-1` (k INT PRIMARY KEY);"
      "CREATE TABLE d.b (k VARCHAR(4), v INT, PRIMARY KEY (k, v)) CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;"
      "CREATE TABLE d.u (k INT PRIMARY KEY, v INT, UNIQUE KEY (v)); CREATE TABLE d.n (k INT, v INT);"
      "CREATE TABLE d.c (k INT PRIMARY KEY, v INT, FOREIGN KEY (v) REFERENCES d.`p-1` (k) ON DELETE CASCADE);"
      "CREATE TABLE d.w (k INT PRIMARY KEY, b INT, v INT AS (k * 2) STORED, g INT AS (b + 1) VIRTUAL, KEY (g));"
      "CREATE TABLE d.x (k INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;"
      "CREATE TABLE d.h (k TEXT NOT NULL, v INT, UNIQUE KEY (k));"
      "SET sql_mode=''; " +
      random_changes(GetParam(), 1500) + "SET binlog_row_image=MINIMAL;" + random_changes(GetParam() + 1, 300));
  options().workers = GetParam() % 2 == 0 ? 1 : 4;
  replicate();
  EXPECT_EQ(target().value("SELECT GROUP_CONCAT(g ORDER BY g) FROM d.w FORCE INDEX (g) WHERE g > -100"),
            target().value("SELECT GROUP_CONCAT(g ORDER BY g) FROM d.w IGNORE INDEX (g)"));
  EXPECT_EQ(target().run("CHECK TABLE d.w EXTENDED").back().back(), "OK");
  // Each of its versions, not only the last ones.
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.x FOR SYSTEM_TIME ALL"),
            source().value("SELECT COUNT(*) FROM d.x FOR SYSTEM_TIME ALL"));
}

INSTANTIATE_TEST_SUITE_P(NetTest, NetChangesOf, testing::Values(10, 21, 32, 43));

}  // namespace
}  // namespace tributary::apply
