#include "binlog_statement.hpp"
#include "live_target.hpp"

namespace tributary::target {
namespace {

/// BINLOG statements in the middle of a packet: the server misreports that results follow (multi_statement.hpp).
class BinlogReplayTest : public ::testing::Test {
 protected:
  BinlogReplayTest() {
    server_.run(
        "CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY); FLUSH BINARY LOGS;"
        " INSERT INTO d.t VALUES (1), (2), (3); FLUSH BINARY LOGS; TRUNCATE d.t");
    rows_ = binlog_statement(server_.datadir() / "bin.000002");
    TargetOptions options;
    options.host = server_.host();
    options.port = server_.port();
    options.user = "root";
    connection_ = std::make_unique<TargetConnection>(options);
  }
  void expect_in_step() {
    EXPECT_EQ(connection_->query("SELECT 4711, 8")[0], (Row{"4711", "8"})) << "answers belong to other statements";
  }

  test::TestServer server_{{"--log-bin=bin", "--server-id=7", "--binlog-format=ROW", "--binlog-checksum=NONE"}};
  std::string rows_;
  std::unique_ptr<TargetConnection> connection_;
};

TEST_F(BinlogReplayTest, statementsAfterItAreRunAndAnswered) {
  connection_->execute("START TRANSACTION; " + rows_ + "; UPDATE d.t SET a = a + 10; " + rows_ + "; COMMIT");
  EXPECT_EQ(server_.value("SELECT GROUP_CONCAT(a ORDER BY a) FROM d.t"), "1,2,3,11,12,13");
  expect_in_step();
  EXPECT_EQ(connection_->execute("START TRANSACTION; DO 1; DELETE FROM d.t WHERE a < 4"), 3U);
  connection_->execute(rows_ + "; ROLLBACK;");
  EXPECT_EQ(server_.value("SELECT COUNT(*) FROM d.t"), "6");
  expect_in_step();
}

TEST_F(BinlogReplayTest, itsErrorEndsThePacket) {
  connection_->execute("INSERT INTO d.t VALUES (2)");
  try {
    connection_->execute("START TRANSACTION; " + rows_ + "; INSERT INTO d.t VALUES (99); COMMIT");
    FAIL() << "a duplicate key was not reported";
  } catch (const TargetError& error) {
    EXPECT_EQ(error.code(), 1062);
    EXPECT_NE(std::string(error.what()).find("Duplicate entry '2' for key 'PRIMARY'"), std::string::npos)
        << error.what();
  }
  expect_in_step();
  connection_->execute("ROLLBACK");
  EXPECT_EQ(server_.value("SELECT GROUP_CONCAT(a) FROM d.t"), "2");
}

TEST_F(BinlogReplayTest, anErrorAfterItIsReported) {
  EXPECT_EQ(error_of([this] {
              connection_->execute("START TRANSACTION; " + rows_ + "; INSERT INTO d.t VALUES (3); COMMIT");
            }),
            1062);
  expect_in_step();
  connection_->execute("ROLLBACK");
  EXPECT_EQ(server_.value("SELECT COUNT(*) FROM d.t"), "0");
}

}  // namespace
}  // namespace tributary::target
