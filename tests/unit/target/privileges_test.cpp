#include "tributary/target/checkpoint.hpp"
#include "tributary/target/fingerprint.hpp"
#include "tributary/target/session.hpp"
#include "tributary/util/file.hpp"

#include "binlog_statement.hpp"
#include "live_target.hpp"

namespace tributary::target {
namespace {

/// The GRANT that docs/target.md tells administrators to use on MariaDB.
std::string documented_grants() {
  const std::string page = read_file(TRIBUTARY_TARGET_PAGE);
  const std::size_t begin = page.find("```sql\n");
  const std::size_t end = page.find("```", begin + 7);
  EXPECT_NE(end, std::string::npos) << "docs/target.md shows no GRANT";
  return page.substr(begin + 7, end - begin - 7);
}

class PrivilegesTest : public ::testing::Test {
 protected:
  PrivilegesTest() { server_.run(documented_grants()); }

  [[nodiscard]] TargetOptions options() const {
    TargetOptions options;
    options.host = server_.host();
    options.port = server_.port();
    options.user = "tributary";
    options.password = "password";
    return options;
  }

  test::TestServer server_{{"--log-bin=bin", "--server-id=7", "--binlog-format=ROW", "--binlog-checksum=NONE",
                            "--log-bin-trust-function-creators=1"}};
  CheckpointStore store_{"3c1a1e0e-0000-4000-8000-000000000001", "shard1"};
};

TEST_F(PrivilegesTest, theDocumentedGrantsAreEnough) {
  TargetConnection connection(options());
  prepare_applier_session(connection, {});
  store_.prepare(connection);
  store_.fence(connection, 0, 0);
  connection.execute("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY)");
  server_.run("FLUSH BINARY LOGS; INSERT INTO d.t VALUES (1), (2), (3); FLUSH BINARY LOGS; DELETE FROM d.t");

  const std::string rows = binlog_statement(server_.datadir() / "bin.000002");
  connection.execute("BEGIN; " + rows + "; " + store_.move_statement(0, {{1, 700}, "bin.000002", 700, "", 1}) +
                     "; COMMIT");
  EXPECT_EQ(server_.value("SELECT COUNT(*) FROM d.t"), "3");
  const auto applied = store_.load(connection);
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->position.offset, 700U);

  const ObjectName table{ObjectKind::table, "d", "t"};
  EXPECT_TRUE(tells_an_id(object_definition(connection, table)));
  connection.execute(store_.intent_statement({{1, 900}, "hash", object_fingerprint(connection, table)}));
  connection.execute(store_.clear_intent_statement());
  store_.forget(connection);
}

TEST_F(PrivilegesTest, theDocumentedGrantsAreEnoughForStatementsOfASource) {
  TargetConnection connection(options());
  prepare_applier_session(connection, {});
  for (const char* statement : {
           "SET SESSION server_id = 99, pseudo_thread_id = 42, timestamp = 1700000000.5, insert_id = 7",
           "SET SESSION gtid_domain_id = 3, gtid_seq_no = 100",
           "CREATE DATABASE d CHARACTER SET latin1",
           "CREATE TABLE d.t (a INT AUTO_INCREMENT PRIMARY KEY, b INT) PARTITION BY HASH (a) PARTITIONS 2",
           "CREATE TABLE d.versioned (a INT) WITH SYSTEM VERSIONING",
           "DELETE HISTORY FROM d.versioned",
           "CREATE TEMPORARY TABLE d.tmp (a INT)",
           "ALTER TABLE d.t ADD INDEX (b)",
           "TRUNCATE TABLE d.t",
           "CREATE DEFINER='app'@'10.%' VIEW d.v AS SELECT * FROM d.t",
           "CREATE DEFINER='app'@'10.%' PROCEDURE d.p() INSERT INTO d.t VALUES ()",
           "CREATE DEFINER='app'@'10.%' FUNCTION d.f() RETURNS INT RETURN 1",
           "CREATE DEFINER='app'@'10.%' TRIGGER d.g BEFORE INSERT ON d.t FOR EACH ROW SET NEW.b = 1",
           "CREATE DEFINER='app'@'10.%' EVENT d.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM d.t",
           "CREATE SEQUENCE d.s",
           "ALTER PROCEDURE d.p COMMENT 'c'",
           "ALTER EVENT d.e DISABLE",
           "RENAME TABLE d.t TO d.u",
           "DROP TRIGGER d.g",
           "ANALYZE TABLE d.u",
           "DROP DATABASE d",
       }) {
    EXPECT_EQ(error_of([&] { connection.execute(statement); }), 0) << statement;
  }
}

TEST_F(PrivilegesTest, anAdministratorMayMakeTheSchemaBeforehand) {
  {
    TargetOptions root = options();
    root.user = "root";
    root.password = "";
    TargetConnection administrator(root);
    store_.prepare(administrator);
  }
  server_.run("CREATE USER plain@'%'; GRANT SELECT, INSERT, UPDATE, DELETE ON tributary.* TO plain@'%'");
  TargetOptions plain = options();
  plain.user = "plain";
  plain.password = "";
  TargetConnection connection(plain);
  store_.prepare(connection);
  connection.execute(store_.move_statement(0, {{1, 700}, "bin.000002", 700, "", 1}));
  EXPECT_EQ(store_.load(connection)->position.offset, 700U);
  store_.forget(connection);
}

TEST_F(PrivilegesTest, aMissingPrivilegeIsTheServersError) {
  server_.run("CREATE USER plain@'%'");
  TargetOptions plain = options();
  plain.user = "plain";
  plain.password = "";
  TargetConnection connection(plain);
  const auto code = error_of([&] { store_.prepare(connection); });
  EXPECT_TRUE(code == 1044 || code == 1142) << code;
}

}  // namespace
}  // namespace tributary::target
