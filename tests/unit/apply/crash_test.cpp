#include <cerrno>
#include <cstdlib>

#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replication_fixture.hpp"

namespace tributary::apply {
namespace {

/// Ends an applier, in a process of its own, at each named point again and again until everything is applied. Needs a
/// build with crash points.
class CrashTest : public ReplicationTest, public testing::WithParamInterface<const char*> {
 protected:
  /// @return the exit status: 0 when everything was applied, 137 when it ended at the point, at its @p count th time.
  int run_helper(const char* point, int count) {
    const auto& relay = feed().options();
    std::string words[] = {TRIBUTARY_CRASH_HELPER, relay.directory.string(), relay.base_name, relay.channel,
                           std::to_string(target().port())};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), words[4].data(), nullptr};
    std::string variable = fmt::format("TRIBUTARY_CRASH_POINT={}:{}", point, count);
    char* environment[] = {variable.data(), nullptr};
    pid_t child = 0;
    if (::posix_spawn(&child, arguments[0], nullptr, nullptr, arguments, environment) != 0) return -1;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  void crash_until_applied() {
    feed().receive();
    int crashes = 0;
    for (; crashes < 300; ++crashes) {
      // In front of its first commit it would end for ever.
      const int status = run_helper(GetParam(), crashes % 3 + 1);
      if (status == 0) break;
      ASSERT_EQ(status, 137) << "after " << crashes << " crashes";
    }
    EXPECT_GT(crashes, 0);
    expect_equal("d");
    EXPECT_EQ(target().value("SELECT COUNT(*) FROM tributary.ddl_intent WHERE channel='" + options().channel + "'"),
              "0");
  }
};

TEST_P(CrashTest, DdlBetweenStatementsThatCount) {
  source().run(
      "USE d; SET binlog_format=STATEMENT; CREATE TABLE c (n INT); INSERT INTO c VALUES (0); CREATE TABLE a (id INT "
      "PRIMARY "
      "KEY); UPDATE c SET n=n+1; ALTER TABLE a ADD b INT; UPDATE c SET n=n+1; INSERT INTO a VALUES (1,1),(2,2);"
      "CREATE TABLE a2 LIKE a; INSERT INTO a2 VALUES (9,9); RENAME TABLE a TO t, a2 TO a, t TO a2; UPDATE c SET n=n+1;"
      "TRUNCATE TABLE a; INSERT INTO a VALUES (5,5); DROP TABLE a2, a; UPDATE c SET n=n+1; CREATE INDEX i ON c (n);"
      "CREATE TABLE p (id INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS "
      "THAN "
      "(20)); CREATE TABLE x (id INT); INSERT INTO p VALUES (1),(11); INSERT INTO x VALUES (12);"
      "ALTER TABLE p EXCHANGE PARTITION p1 WITH TABLE x; UPDATE c SET n=n+1; ALTER TABLE c RENAME TO cc;"
      "CREATE VIEW v AS SELECT * FROM cc; CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1; CREATE TRIGGER tr "
      "BEFORE INSERT ON cc FOR "
      "EACH ROW SET @x=1; DROP TRIGGER tr; DROP FUNCTION f; CREATE USER uu@localhost; GRANT SELECT ON d.* TO "
      "uu@localhost;"
      "DROP USER uu@localhost; ALTER TABLE cc ADD COLUMN z INT DEFAULT 3");
  crash_until_applied();
  EXPECT_EQ(target().value("SELECT n FROM d.cc"), "5");
}

TEST_P(CrashTest, CreateTableSelect) {
  source().run(
      "USE d; CREATE TABLE s (n INT); INSERT INTO s VALUES (1),(1),(2); CREATE TABLE a AS SELECT * FROM s; CREATE "
      "TABLE b AS "
      "SELECT n+1 AS m FROM a; INSERT INTO a SELECT * FROM s");
  crash_until_applied();
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.a"), "6");
}

TEST_P(CrashTest, RowsWithoutAnyKey) {
  source().run("USE d; CREATE TABLE h0 (i INT); CREATE TABLE h (i INT, r INT)");
  for (int i = 0; i < 20; ++i) source().run("INSERT INTO d.h VALUES (1, 1); UPDATE d.h SET i=i+1 LIMIT 2");
  crash_until_applied();
}

INSTANTIATE_TEST_SUITE_P(Points, CrashTest,
                         testing::Values("apply.before_commit", "apply.after_commit", "apply.after_intent",
                                         "apply.after_ddl"));

}  // namespace
}  // namespace tributary::apply
