#include "tributary/target/checkpoint.hpp"

#include <array>
#include <limits>
#include <thread>

#include "live_target.hpp"

namespace tributary::target {
namespace {

constexpr const char* k_uuid = "3c1a1e0e-0000-4000-8000-000000000001";

class CheckpointTest : public LiveTarget {
 protected:
  static Checkpoint at(std::uint64_t file, std::uint64_t offset) {
    return {{file, offset}, "bin.000007", offset, "0-1-5", 1700000000};
  }

  TargetConnection connection_{options()};
  CheckpointStore store_{k_uuid, "shard1"};
};

TEST_F(CheckpointTest, makesTheSchemaOnceAndRecordsItsVersion) {
  store_.prepare(connection_);
  store_.prepare(connection_);
  EXPECT_EQ(server_.value("SELECT GROUP_CONCAT(CONCAT(version, ' ', name)) FROM tributary.schema_version"),
            "1 checkpoint,2 xa_prepared");
  EXPECT_FALSE(store_.load(connection_));
  EXPECT_FALSE(store_.load_intent(connection_));
}

TEST_F(CheckpointTest, keepsEveryFieldUnderAnySqlModeAndCharset) {
  store_.prepare(connection_);
  Checkpoint written{{std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max()},
                     "bi'n\\\"é\x80.000007",
                     std::numeric_limits<std::uint64_t>::max(),
                     std::string(70000, '7') + "'\\",
                     std::numeric_limits<std::uint32_t>::max()};
  for (const char* session :
       {"SET sql_mode = ''", "SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,TRADITIONAL'", "SET sql_mode = 'ORACLE'",
        "SET NAMES gbk", "SET NAMES latin1", "SET time_zone = '+13:00', timestamp = 1"}) {
    connection_.execute(session);
    written.gtid += "x";
    connection_.execute(store_.move_statement(0, written));
    const auto read = store_.load(connection_);
    ASSERT_TRUE(read) << session;
    EXPECT_EQ(read->position, written.position) << session;
    EXPECT_EQ(read->source_file, written.source_file) << session;
    EXPECT_EQ(read->source_offset, written.source_offset) << session;
    EXPECT_EQ(read->gtid, written.gtid) << session;
    EXPECT_EQ(read->source_timestamp, written.source_timestamp) << session;
    EXPECT_EQ(server_.value("SELECT ABS(TIMESTAMPDIFF(SECOND, updated_at, UTC_TIMESTAMP())) < 600"
                            " FROM tributary.applier_checkpoint"),
              "1")
        << session;
  }
}

TEST_F(CheckpointTest, theHighestRowOfTheWorkersCounts) {
  store_.prepare(connection_);
  connection_.execute(store_.move_statement(0, at(2, 500)));
  connection_.execute(store_.move_statement(1, at(3, 4)));
  connection_.execute(store_.move_statement(2, at(2, 70000)));
  EXPECT_EQ(store_.load(connection_)->position, (relay::RelayPosition{3, 4}));
  connection_.execute(store_.move_statement(0, at(3, 90)));
  EXPECT_EQ(store_.load(connection_)->position, (relay::RelayPosition{3, 90}));
  EXPECT_EQ(server_.value("SELECT COUNT(*) FROM tributary.applier_checkpoint"), "3");
}

TEST_F(CheckpointTest, channelsAndDaemonsDoNotMeet) {
  store_.prepare(connection_);
  const CheckpointStore same(k_uuid, "SHARD1");
  const CheckpointStore unnamed(k_uuid, "");
  const CheckpointStore foreign("3c1a1e0e-0000-4000-8000-000000000002", "shard1");
  connection_.execute(store_.move_statement(0, at(1, 100)));
  connection_.execute(unnamed.move_statement(0, at(1, 200)));
  connection_.execute(foreign.move_statement(0, at(1, 300)));
  EXPECT_EQ(same.load(connection_)->position.offset, 100U);
  EXPECT_EQ(unnamed.load(connection_)->position.offset, 200U);
  EXPECT_EQ(foreign.load(connection_)->position.offset, 300U);
  store_.forget(connection_);
  EXPECT_FALSE(store_.load(connection_));
  EXPECT_EQ(unnamed.load(connection_)->position.offset, 200U);
  EXPECT_EQ(foreign.load(connection_)->position.offset, 300U);
}

TEST_F(CheckpointTest, movesAndRollsBackWithTheData) {
  store_.prepare(connection_);
  connection_.execute("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY)");
  connection_.execute("BEGIN; INSERT INTO d.t VALUES (1); " + store_.move_statement(0, at(1, 100)) + "; COMMIT");
  EXPECT_EQ(error_of([this] {
              connection_.execute("BEGIN; " + store_.move_statement(0, at(1, 200)) +
                                  "; INSERT INTO d.t VALUES (2), (1); COMMIT");
            }),
            1062);
  connection_.execute("ROLLBACK");
  EXPECT_EQ(store_.load(connection_)->position.offset, 100U);
  connection_.execute("BEGIN; INSERT INTO d.t VALUES (2); " + store_.move_statement(0, at(1, 200)));
  server_.kill();
  server_.start();
  TargetConnection again(options());
  EXPECT_EQ(store_.load(again)->position.offset, 100U);
  EXPECT_EQ(server_.value("SELECT COUNT(*) FROM d.t"), "1");
}

TEST_F(CheckpointTest, loadSeesWhatWasCommittedLast) {
  store_.prepare(connection_);
  connection_.execute(store_.move_statement(0, at(1, 100)));
  TargetConnection reader(options());
  reader.execute("BEGIN; SELECT * FROM tributary.applier_checkpoint");  // a snapshot, at REPEATABLE READ
  connection_.execute(store_.move_statement(0, at(1, 200)));
  EXPECT_EQ(store_.load(reader)->position.offset, 200U);
  reader.execute("ROLLBACK; SET innodb_lock_wait_timeout = 1");
  connection_.execute("BEGIN; " + store_.move_statement(0, at(1, 300)));
  EXPECT_EQ(error_of([&] { store_.load(reader); }), 1205) << "a transaction under way must not be read past";
}

TEST_F(CheckpointTest, keepsOneIntentPerChannel) {
  store_.prepare(connection_);
  const DdlIntent first{{1, 100}, "a1", "table `d`.`t` absent\n"};
  const DdlIntent second{{2, 500}, std::string("\x00'\\", 3), std::string(100000, 'f')};
  connection_.execute(store_.intent_statement(first));
  connection_.execute(store_.intent_statement(second));
  const auto read = store_.load_intent(connection_);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->statement, second.statement);
  EXPECT_EQ(read->statement_hash, second.statement_hash);
  EXPECT_EQ(read->fingerprint, second.fingerprint);
  EXPECT_FALSE(CheckpointStore(k_uuid, "other").load_intent(connection_));
  connection_.execute(store_.clear_intent_statement());
  EXPECT_FALSE(store_.load_intent(connection_));
  connection_.execute(store_.intent_statement(first));
  store_.forget(connection_);
  EXPECT_FALSE(store_.load_intent(connection_));
  EXPECT_EQ(error_of([this] { (void)store_.intent_statement({{1, 4}, std::string(256, 'x'), ""}); }), 1406);
}

TEST_F(CheckpointTest, manyChannelsPrepareAtOnce) {
  std::array<std::uint16_t, 12> codes{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t number = 0; number < codes.size(); ++number) {
      threads.emplace_back([this, &codes, number] {
        codes[number] = error_of([this, number] {
          TargetConnection connection(options());
          const CheckpointStore store(k_uuid, "channel" + std::to_string(number));
          store.prepare(connection);
          connection.execute(store.move_statement(0, at(1, number + 4)));
        });
      });
    }
  }
  for (const std::uint16_t code : codes) EXPECT_EQ(code, 0);
  EXPECT_EQ(server_.value("SELECT COUNT(*) FROM tributary.applier_checkpoint"), std::to_string(codes.size()));
}

TEST_F(CheckpointTest, goesOnWhereAnUpgradeWasCutShort) {
  store_.prepare(connection_);
  server_.run("DELETE FROM tributary.schema_version; DROP TABLE tributary.ddl_intent");
  store_.prepare(connection_);
  EXPECT_EQ(server_.value("SELECT COUNT(*) FROM tributary.schema_version"), "2");
  EXPECT_EQ(server_.value("SELECT COUNT(*) FROM tributary.ddl_intent"), "0");
}

TEST_F(CheckpointTest, refusesANewerSchemaNamingBothVersions) {
  store_.prepare(connection_);
  server_.run("INSERT INTO tributary.schema_version VALUES (4711, 'future', '9.9', NOW())");
  try {
    store_.prepare(connection_);
    FAIL() << "a newer schema was accepted";
  } catch (const TargetError& error) {
    EXPECT_NE(std::string(error.what()).find("4711"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("up to 2"), std::string::npos) << error.what();
  }
}

TEST_F(CheckpointTest, refusesTablesThatDoNotRollBack) {
  store_.prepare(connection_);
  server_.run("ALTER TABLE tributary.applier_checkpoint ENGINE=MyISAM");
  try {
    store_.prepare(connection_);
    FAIL() << "MyISAM was accepted";
  } catch (const TargetError& error) {
    EXPECT_EQ(error.code(), 1196);
    EXPECT_NE(std::string(error.what()).find("tributary.applier_checkpoint in the target is ENGINE=MyISAM"),
              std::string::npos)
        << error.what();
    EXPECT_FALSE(error.transient());
  }
  server_.run("DROP TABLE tributary.applier_checkpoint");
  EXPECT_EQ(error_of([this] { store_.prepare(connection_); }), 1196);
}

}  // namespace
}  // namespace tributary::target
