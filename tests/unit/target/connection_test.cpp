#include <array>
#include <thread>

#include "live_target.hpp"

namespace tributary::target {
namespace {

using ConnectionTest = LiveTarget;

TEST_F(ConnectionTest, connectsByTcpAndBySocket) {
  for (const bool by_socket : {false, true}) {
    TargetOptions where = options();
    if (by_socket) where.socket = server_.socket();
    TargetConnection connection(where);
    EXPECT_TRUE(connection.is_mariadb());
    EXPECT_EQ(connection.server_version(), server_.value("SELECT VERSION()"));
    EXPECT_GE(connection.server_version_number(), 101100U);
    EXPECT_EQ(connection.query("SELECT CONNECTION_ID()")[0][0], std::to_string(connection.connection_id()));
    EXPECT_EQ(std::to_string(connection.max_allowed_packet()), server_.value("SELECT @@max_allowed_packet"));
  }
}

TEST_F(ConnectionTest, theSessionIsPlain) {
  TargetConnection connection(options());
  EXPECT_EQ(connection.query("SELECT @@autocommit, @@character_set_client, @@character_set_results")[0],
            (Row{"1", "utf8mb4", "utf8mb4"}));
}

TEST_F(ConnectionTest, runsSeveralStatementsAndTellsTheRowsOfTheLast) {
  TargetConnection connection(options());
  EXPECT_EQ(connection.execute("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY);"
                               "INSERT INTO d.t VALUES (1), (2), (3); SELECT * FROM d.t; UPDATE d.t SET a = a + 10"
                               " WHERE a < 3"),
            2U);
  EXPECT_EQ(server_.value("SELECT GROUP_CONCAT(a ORDER BY a) FROM d.t"), "3,11,12");
}

TEST_F(ConnectionTest, reportsWhicheverStatementFailsAndRunsNoneAfterIt) {
  TargetConnection connection(options());
  connection.execute("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY)");
  for (const char* before : {"", "DO 1; ", "SELECT 1; ", "SELECT 1; DO 1; INSERT INTO d.t VALUES (2); "}) {
    connection.execute("DELETE FROM d.t; INSERT INTO d.t VALUES (1)");
    try {
      connection.execute(std::string(before) + "INSERT INTO d.t VALUES (1); INSERT INTO d.t VALUES (99)");
      FAIL() << "a duplicate key was not reported after '" << before << "'";
    } catch (const TargetError& error) {
      EXPECT_EQ(error.code(), 1062);
      EXPECT_EQ(error.sqlstate(), "23000");
      EXPECT_STREQ(error.what(), "Duplicate entry '1' for key 'PRIMARY'");
    }
    EXPECT_EQ(server_.value("SELECT COUNT(*) FROM d.t WHERE a = 99"), "0");
    EXPECT_EQ(connection.query("SELECT 7")[0][0], "7") << "the session must go on after an error";
  }
}

TEST_F(ConnectionTest, readsNullsEmptyStringsAndBinary) {
  TargetConnection connection(options());
  const auto rows =
      connection.query("SELECT NULL, '', x'00FF27', 'é' UNION ALL SELECT 1, 'a', '', 'b'; SELECT 'not me'");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], (Row{std::nullopt, "", std::string("\x00\xff'", 3), "é"}));
  EXPECT_EQ(rows[1], (Row{"1", "a", "", "b"}));
  EXPECT_TRUE(connection.query("SELECT 1 FROM DUAL WHERE 0").empty());
  EXPECT_TRUE(connection.query("DO 1").empty());
}

TEST_F(ConnectionTest, statementsOfManyMegabytesArrive) {
  server_.run("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024");
  TargetConnection connection(options());
  const std::string text(std::size_t{40} << 20, 'x');
  EXPECT_EQ(connection.query("SELECT LENGTH('" + text + "')")[0][0], std::to_string(text.size()));
}

TEST_F(ConnectionTest, refusesAStatementThatTheServerWouldNotTake) {
  server_.run("SET GLOBAL max_allowed_packet = 1024 * 1024");
  TargetConnection connection(options());
  EXPECT_EQ(error_of([&connection] { connection.execute("DO '" + std::string(std::size_t{1} << 20, 'x') + "'"); }),
            1153);
  EXPECT_EQ(connection.query("SELECT 7")[0][0], "7");
}

TEST_F(ConnectionTest, namesTheTargetWhenItCannotConnect) {
  TargetOptions wrong = options();
  wrong.user = "nobody";
  wrong.password = "hunter2";
  try {
    const TargetConnection connection(wrong);
    FAIL() << "a wrong account was let in";
  } catch (const TargetError& error) {
    EXPECT_EQ(error.code(), 1045);
    EXPECT_EQ(error.sqlstate(), "28000");
    EXPECT_FALSE(error.transient());
    EXPECT_NE(std::string(error.what()).find(wrong.address()), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
  }
  server_.stop();
  const auto code = error_of([this] { const TargetConnection connection(options()); });
  EXPECT_TRUE(TargetError(code, "").transient()) << code;
}

TEST_F(ConnectionTest, aServerThatDiesIsALostConnection) {
  TargetConnection connection(options());
  server_.kill();
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      connection.execute("DO 1");
      FAIL() << "a dead server answered";
    } catch (const TargetError& error) {
      EXPECT_TRUE(error.connection_lost()) << error.code();
      EXPECT_TRUE(error.transient()) << error.code();
    }
  }
  server_.start();
  EXPECT_TRUE(error_of([&connection] { connection.execute("DO 1"); }) != 0) << "a session must not come back by itself";
  TargetConnection again(options());
  again.execute("DO 1");
}

TEST_F(ConnectionTest, aKilledSessionIsALostConnection) {
  TargetConnection connection(options());
  server_.run("KILL CONNECTION " + std::to_string(connection.connection_id()));
  const auto code = error_of([&connection] { connection.execute("DO 1"); });
  EXPECT_TRUE(TargetError(code, "").connection_lost()) << code;
}

TEST_F(ConnectionTest, aLostSessionLetsGoOfItsLocks) {
  server_.run("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY); INSERT INTO d.t VALUES (1)");
  TargetOptions impatient = options();
  impatient.read_timeout = 1;
  TargetConnection connection(impatient);
  connection.execute("BEGIN; UPDATE d.t SET a = 2");
  const auto code = error_of([&connection] { connection.execute("SELECT SLEEP(3)"); });
  EXPECT_TRUE(TargetError(code, "").connection_lost()) << code;
  // The object lives on, as it does in an applier that is about to clean up.
  TargetConnection other(options());
  other.execute("SET innodb_lock_wait_timeout = 50; UPDATE d.t SET a = 3");
  EXPECT_EQ(server_.value("SELECT a FROM d.t"), "3");
}

TEST_F(ConnectionTest, manyThreadsConnectAtOnce) {
  std::array<std::uint16_t, 16> codes{};
  {
    std::vector<std::jthread> threads;
    threads.reserve(codes.size());
    for (std::uint16_t& code : codes) {
      threads.emplace_back([this, &code](const std::stop_token& stop) {
        code = error_of([this, &stop] {
          for (int round = 0; round < 10; ++round) TargetConnection(options(), stop).execute("DO 1");
        });
      });
    }
    for (std::jthread& thread : threads) thread.join();
  }
  for (const std::uint16_t code : codes) EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace tributary::target
