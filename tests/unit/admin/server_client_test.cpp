/// The server as a client library sees it.
#include <thread>

#include <errmsg.h>

#include "server_fixture.hpp"

namespace tributary::admin {
namespace {

TEST_F(ServerTest, answersQueriesOverTcpAndSocket) {
  start();
  Client tcp;
  ASSERT_TRUE(tcp.connect_tcp(port())) << tcp.error_text();
  EXPECT_EQ(tcp.value("WHO"), "root@localhost from 127.0.0.1");
  Client local;
  ASSERT_TRUE(local.connect_unix(socket())) << local.error_text();
  EXPECT_EQ(local.value("WHO"), "root@localhost from localhost");
  EXPECT_STREQ(mysql_get_server_info(tcp.get()), "8.0.36-tributary-test");
  EXPECT_NE(tcp.id(), local.id());
}

TEST_F(ServerTest, rowsArriveAsTheyAre) {
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  ASSERT_EQ(client.query("ROWS"), 0U);
  MYSQL_RES* result = mysql_store_result(client.get());
  ASSERT_NE(result, nullptr);
  ASSERT_EQ(mysql_num_fields(result), 3U);
  const MYSQL_FIELD* fields = mysql_fetch_fields(result);
  EXPECT_STREQ(fields[0].name, "number");
  EXPECT_EQ(fields[0].type, MYSQL_TYPE_LONGLONG);
  EXPECT_NE(fields[0].flags & UNSIGNED_FLAG, 0U);
  EXPECT_EQ(fields[1].length, 256U);
  EXPECT_EQ(fields[2].type, MYSQL_TYPE_DOUBLE);
  ASSERT_EQ(mysql_num_rows(result), 2U);
  MYSQL_ROW row = mysql_fetch_row(result);
  EXPECT_STREQ(row[0], "18446744073709551615");
  EXPECT_STREQ(row[1], "Zürich");
  row = mysql_fetch_row(result);
  EXPECT_STREQ(row[0], "0");
  EXPECT_EQ(row[1], nullptr);
  mysql_free_result(result);
}

TEST_F(ServerTest, okCarriesCountInfoAndWarnings) {
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  ASSERT_EQ(client.query("START SLAVE"), 0U);
  EXPECT_EQ(mysql_affected_rows(client.get()), 11U);
  EXPECT_STREQ(mysql_info(client.get()), "done: START SLAVE");
  ASSERT_EQ(client.query("WARN"), 0U);
  EXPECT_EQ(mysql_warning_count(client.get()), 2U);
}

TEST_F(ServerTest, errorsCarryNumberAndStateAndTheSessionGoesOn) {
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  EXPECT_EQ(client.query("FAIL x"), 1064U);
  EXPECT_STREQ(mysql_sqlstate(client.get()), "42000");
  EXPECT_EQ(client.error_text(), "You have an error in your SQL syntax near 'x'");
  EXPECT_EQ(client.query("CRASH"), 1105U);
  EXPECT_EQ(client.query(" ; -- nothing"), 1065U);
  EXPECT_EQ(client.value("ECHO still here"), "still here");
}

TEST_F(ServerTest, manySessionsAtOnce) {
  start();
  constexpr int k_clients = 20;
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  threads.reserve(k_clients);
  for (int i = 0; i < k_clients; ++i) {
    threads.emplace_back([&, i] {
      Client client;
      if (!client.connect_tcp(port())) return;
      for (int n = 0; n < 25; ++n) {
        const std::string text = std::to_string(i * 1000 + n);
        if (client.value("ECHO " + text) == text) ++right;
      }
      mysql_thread_end();
    });
  }
  threads.clear();
  EXPECT_EQ(right, k_clients * 25);
}

TEST_F(ServerTest, aStatementThatWaitsHoldsUpNobody) {
  start();
  std::jthread waiting([this] {
    Client client;
    ASSERT_TRUE(client.connect_tcp(port()));
    EXPECT_EQ(client.value("WAIT"), "waited");
  });
  handler_.await_waiting(1);
  Client other;
  ASSERT_TRUE(other.connect_tcp(port()));
  EXPECT_EQ(other.value("ECHO x"), "x");
  handler_.release();
}

TEST_F(ServerTest, payloadsBeyondSixteenMebibytesBothWays) {
  options_.max_allowed_packet = std::size_t{64} << 20;
  start();
  Client client;
  const unsigned long limit = 64UL << 20;
  mysql_options(client.get(), MYSQL_OPT_MAX_ALLOWED_PACKET, &limit);
  ASSERT_TRUE(client.connect_tcp(port()));
  const std::string text(std::size_t{20} << 20, 'q');
  EXPECT_TRUE(client.value("ECHO " + text) == text);
  EXPECT_EQ(client.value("BIG 16777215").size(), 16777215U);
}

TEST_F(ServerTest, multipleStatements) {
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port(), "root", "secret", nullptr, CLIENT_MULTI_STATEMENTS));
  EXPECT_EQ(client.value("ECHO a; ECHO 'b;c' ; /* no */ ; START SLAVE"), "a");
  ASSERT_EQ(mysql_next_result(client.get()), 0);
  EXPECT_EQ(client.stored_value(), "'b;c'");
  ASSERT_EQ(mysql_next_result(client.get()), 0);
  EXPECT_EQ(mysql_affected_rows(client.get()), 11U);
  EXPECT_EQ(mysql_next_result(client.get()), -1);

  handler_.executed = 0;
  EXPECT_EQ(client.value("ECHO a; FAIL b; ECHO c"), "a");
  EXPECT_EQ(mysql_next_result(client.get()), 1);
  EXPECT_EQ(client.error(), 1064U);
  EXPECT_FALSE(mysql_more_results(client.get()));
  EXPECT_EQ(handler_.executed, 2);
}

TEST_F(ServerTest, severalStatementsAreOneTextUnlessAskedFor) {
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  EXPECT_EQ(client.value("ECHO a; ECHO b"), "a; ECHO b");
  EXPECT_EQ(client.value("ECHO a;"), "a");
  ASSERT_EQ(mysql_set_server_option(client.get(), MYSQL_OPTION_MULTI_STATEMENTS_ON), 0);
  EXPECT_EQ(client.value("ECHO a; ECHO b"), "a");
  ASSERT_EQ(mysql_next_result(client.get()), 0);
  EXPECT_EQ(client.stored_value(), "b");
  ASSERT_EQ(mysql_set_server_option(client.get(), MYSQL_OPTION_MULTI_STATEMENTS_OFF), 0);
  EXPECT_EQ(client.value("ECHO a; ECHO b"), "a; ECHO b");
}

TEST_F(ServerTest, databases) {
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port(), "root", "secret", "Performance_Schema"));
  EXPECT_EQ(client.value("DATABASE"), "performance_schema");
  ASSERT_EQ(mysql_select_db(client.get(), "tributary"), 0);
  EXPECT_EQ(client.value("DATABASE"), "tributary");
  EXPECT_NE(mysql_select_db(client.get(), "shop"), 0);
  EXPECT_EQ(client.error(), 1049U);
  EXPECT_EQ(client.error_text(), "Unknown database 'shop'");
  ASSERT_EQ(client.query("USE mysql"), 0U);
  EXPECT_EQ(registry_.sessions().front().database, "mysql");

  Client other;
  EXPECT_FALSE(other.connect_tcp(port(), "root", "secret", "shop"));
  EXPECT_EQ(other.error(), 1049U);
}

TEST_F(ServerTest, otherCommandsOfTheLibrary) {
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  EXPECT_EQ(mysql_ping(client.get()), 0);
  EXPECT_NE(std::string(mysql_stat(client.get())).find("Uptime: "), std::string::npos);
  ASSERT_EQ(mysql_select_db(client.get(), "mysql"), 0);
  ASSERT_EQ(mysql_reset_connection(client.get()), 0);
  EXPECT_EQ(client.value("DATABASE"), "");
  MYSQL_RES* fields = mysql_list_fields(client.get(), "t", nullptr);
  ASSERT_NE(fields, nullptr);
  EXPECT_EQ(mysql_num_fields(fields), 0U);
  mysql_free_result(fields);
  MYSQL_STMT* statement = mysql_stmt_init(client.get());
  EXPECT_NE(mysql_stmt_prepare(statement, "SELECT 1", 8), 0);
  EXPECT_EQ(mysql_stmt_errno(statement), 1295U);
  mysql_stmt_close(statement);
  EXPECT_EQ(client.value("ECHO x"), "x");
}

TEST_F(ServerTest, processListNamesSessionsAndHidesPasswords) {
  start();
  Client idle;
  ASSERT_TRUE(idle.connect_unix(socket()));
  std::jthread waiting([this] {
    Client client;
    ASSERT_TRUE(client.connect_tcp(port(), "anyone", "open", "mysql"));
    client.query("WAIT PASSWORD 'geheim'");
  });
  handler_.await_waiting(1);
  const std::vector<SessionInfo> sessions = server_->sessions();
  handler_.release();
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0].id, idle.id());
  EXPECT_EQ(sessions[0].user, "root");
  EXPECT_EQ(sessions[0].host, "localhost");
  EXPECT_EQ(sessions[0].command, "Sleep");
  EXPECT_EQ(sessions[1].user, "anyone");
  EXPECT_EQ(sessions[1].host.substr(0, 10), "127.0.0.1:");
  EXPECT_EQ(sessions[1].database, "mysql");
  EXPECT_EQ(sessions[1].command, "Query");
  EXPECT_EQ(sessions[1].info, "WAIT PASSWORD <secret>");
}

TEST_F(ServerTest, killEndsAStatementOrASession) {
  start();
  Client killer;
  ASSERT_TRUE(killer.connect_tcp(port()));
  Client victim;
  ASSERT_TRUE(victim.connect_tcp(port()));
  std::jthread waiting([&] {
    EXPECT_EQ(victim.query("WAIT"), 1317U);
    EXPECT_EQ(victim.value("ECHO alive"), "alive");
    EXPECT_EQ(victim.query("WAIT"), 1317U);
    EXPECT_NE(victim.query("ECHO dead"), 0U);
  });
  handler_.await_waiting(1);
  EXPECT_TRUE(registry_.kill(victim.id(), KillKind::query));
  handler_.await_stopped(1);
  handler_.await_waiting(1);
  EXPECT_EQ(mysql_kill(killer.get(), victim.id()), 0);
  waiting.join();
  await_sessions(1);
  EXPECT_NE(mysql_kill(killer.get(), 4000000000), 0);
  EXPECT_EQ(killer.error(), 1094U);
  EXPECT_FALSE(server_->kill(4000000000));

  Client idle;
  ASSERT_TRUE(idle.connect_tcp(port()));
  EXPECT_TRUE(server_->kill(idle.id()));
  await_sessions(1);
  EXPECT_NE(idle.query("ECHO x"), 0U);
}

TEST_F(ServerTest, aKilledStatementThatWasDoneSaysSo) {
  start();
  Client victim;
  ASSERT_TRUE(victim.connect_tcp(port()));
  std::jthread waiting([&] { EXPECT_EQ(victim.query("WAIT_OK"), 0U); });
  handler_.await_waiting(1);
  EXPECT_TRUE(registry_.kill(victim.id(), KillKind::query));
}

TEST_F(ServerTest, stopWhileStatementsRun) {
  start();
  std::vector<std::jthread> threads;
  threads.reserve(5);
  std::atomic<int> told = 0;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&] {
      Client client;
      ASSERT_TRUE(client.connect_tcp(port()));
      if (client.query("WAIT") == 1053) ++told;
      mysql_thread_end();
    });
  }
  Client idle;
  ASSERT_TRUE(idle.connect_tcp(port()));
  handler_.await_waiting(5);
  server_->stop();
  EXPECT_EQ(handler_.waiting(), 0);
  threads.clear();
  EXPECT_EQ(told, 5);
  EXPECT_TRUE(registry_.sessions().empty());
  EXPECT_NE(idle.query("ECHO x"), 0U);
  EXPECT_FALSE(std::filesystem::exists(options_.socket));
  Client late;
  EXPECT_FALSE(late.connect_tcp(port()));
  server_->stop();
}

}  // namespace
}  // namespace tributary::admin
