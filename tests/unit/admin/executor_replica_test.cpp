#include <algorithm>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "executor_fixture.hpp"

namespace tributary::admin {
namespace {

/// A port on which nobody answers: bound, not listened on.
class ClosedPort {
 public:
  ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
  }
  ~ClosedPort() { ::close(socket_); }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  [[nodiscard]] std::string port() const { return std::to_string(port_); }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

class ExecutorReplica : public ExecutorTest {
 protected:
  void configure(const std::string& name) {
    run("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=" + port_.port() +
        ", MASTER_USER='repl', MASTER_PASSWORD='secret', MASTER_LOG_FILE='bin.000003', MASTER_LOG_POS=500 FOR CHANNEL "
        "'" +
        name + "'");
  }
  /// One row of a status statement, by column name.
  std::string value(std::string_view sql, std::string_view column) {
    const wire::ResultSet set = table(sql);
    for (std::size_t i = 0; i < set.columns.size(); ++i) {
      if (set.columns[i].name == column) return set.rows.empty() ? "no row" : set.rows[0][i].value_or("NULL");
    }
    return "no column";
  }
  bool io_runs(const std::string& name) {
    return value("SHOW SLAVE STATUS FOR CHANNEL '" + name + "'", "Slave_IO_Running") != "No";
  }

  ClosedPort port_;
};

TEST_F(ExecutorReplica, reportsUnknownAndUnconfiguredChannels) {
  for (const char* statement : {"START SLAVE FOR CHANNEL 'x'", "STOP REPLICA 'x'", "RESET SLAVE 'x' ALL",
                                "SHOW REPLICA STATUS FOR CHANNEL='x'", "SELECT MASTER_POS_WAIT('b.1', 4, 1, 'x')"}) {
    EXPECT_EQ(error(statement), "3074 Replica channel 'x' does not exist.") << statement;
  }
  EXPECT_EQ(code("START SLAVE"), "1200");
  EXPECT_EQ(code("START SLAVE FOR CHANNEL ''"), "1200");
  EXPECT_EQ(code("START ALL SLAVES"), "");
  EXPECT_EQ(code("STOP SLAVE"), "");
  EXPECT_EQ(warnings(), "Note 3084");
  EXPECT_EQ(code("RESET SLAVE ALL"), "");
  EXPECT_EQ(rows("SHOW SLAVE STATUS"), "");
  EXPECT_EQ(rows("SHOW ALL SLAVES STATUS"), "");
  EXPECT_EQ(rows("SELECT MASTER_POS_WAIT('bin.000001', 4)"), "NULL");
}

TEST_F(ExecutorReplica, startsAndStopsTheReceiver) {
  configure("x");
  EXPECT_FALSE(io_runs("x"));
  EXPECT_EQ(error("START SLAVE IO_THREAD FOR CHANNEL 'x'"), "");
  EXPECT_EQ(warnings(), "");
  EXPECT_TRUE(io_runs("x"));
  EXPECT_EQ(error("START REPLICA 'x' IO_THREAD"), "");
  EXPECT_EQ(warnings(), "Note 3083");
  EXPECT_EQ(error("STOP SLAVE FOR CHANNEL 'x'"), "");
  EXPECT_EQ(warnings(), "");
  EXPECT_FALSE(io_runs("x"));
  EXPECT_EQ(error("STOP SLAVE FOR CHANNEL 'x'"), "");
  EXPECT_EQ(warnings(), "Note 3084");
}

TEST_F(ExecutorReplica, saysWhyTheApplierCannotStart) {
  configure("x");
  EXPECT_EQ(code("START SLAVE SQL_THREAD FOR CHANNEL 'x'"), "1794");
  EXPECT_EQ(error("START SLAVE FOR CHANNEL 'x'"), "");
  EXPECT_EQ(warnings(), "Warning 1794");
  EXPECT_TRUE(io_runs("x"));
  EXPECT_NE(value("SHOW SLAVE STATUS", "Slave_SQL_Running_State").find("--target"), std::string::npos);
}

TEST_F(ExecutorReplica, mustStopFirst) {
  configure("x");
  run("START SLAVE IO_THREAD FOR CHANNEL 'x'");
  EXPECT_EQ(
      error("CHANGE MASTER TO MASTER_HOST='h' FOR CHANNEL 'x'"),
      "3081 This operation cannot be performed with running replication threads; run STOP REPLICA FOR CHANNEL 'x' "
      "first");
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_USER='u' FOR CHANNEL 'x'"), "3021");
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_USER='u' FOR ALL CHANNELS"), "3081");
  EXPECT_EQ(code("RESET SLAVE FOR CHANNEL 'x'"), "3081");
  EXPECT_EQ(code("RESET SLAVE ALL FOR CHANNEL 'x'"), "3081");
  run("STOP SLAVE FOR CHANNEL 'x'");
  EXPECT_EQ(error("RESET SLAVE FOR CHANNEL 'x'"), "");
  EXPECT_EQ(value("SHOW SLAVE STATUS", "Master_Log_File"), "");
  EXPECT_EQ(value("SHOW SLAVE STATUS", "Master_Host"), "127.0.0.1");
  EXPECT_EQ(error("RESET SLAVE ALL FOR CHANNEL 'x'"), "");
  EXPECT_EQ(code("SHOW SLAVE STATUS FOR CHANNEL 'x'"), "3074");
}

TEST_F(ExecutorReplica, withoutANameActsOnAllWhenThereIsNoDefaultChannel) {
  configure("a");
  configure("b");
  EXPECT_EQ(error("START SLAVE IO_THREAD"), "");
  EXPECT_TRUE(io_runs("a") && io_runs("b"));
  EXPECT_EQ(error("STOP SLAVE"), "");
  EXPECT_FALSE(io_runs("a") || io_runs("b"));
  // What was received is not thrown away unless the channel is named.
  EXPECT_EQ(code("RESET SLAVE"), "3079");
  EXPECT_EQ(code("RESET SLAVE ALL"), "3079");
  EXPECT_EQ(code("SELECT MASTER_POS_WAIT('b.1', 4)"), "3079");
  EXPECT_EQ(error("RESET SLAVE ALL FOR ALL CHANNELS"), "");
  EXPECT_TRUE(channels_->all().empty());
}

TEST_F(ExecutorReplica, withoutANameActsOnTheDefaultChannelWhenThereIsOne) {
  configure("");
  configure("b");
  EXPECT_EQ(error("START SLAVE IO_THREAD"), "");
  EXPECT_EQ(warnings(), "Note 3079");
  EXPECT_TRUE(io_runs(""));
  EXPECT_FALSE(io_runs("b"));
  EXPECT_EQ(error("START SLAVE IO_THREAD FOR ALL CHANNELS"), "");
  EXPECT_EQ(warnings(), "Note 3083");
  EXPECT_TRUE(io_runs("b"));
  EXPECT_EQ(error("STOP ALL SLAVES"), "");
  EXPECT_EQ(warnings(), "Note 1938,Note 1938");
  EXPECT_EQ(error("START ALL SLAVES IO_THREAD"), "");
  EXPECT_EQ(warnings(), "Note 1937,Note 1937");
  EXPECT_EQ(table("SHOW SLAVE STATUS").rows.size(), 2U);
}

TEST_F(ExecutorReplica, refusesClausesItDoesNotHonour) {
  configure("x");
  EXPECT_EQ(code("START SLAVE USER='u' PASSWORD='p' FOR CHANNEL 'x'"), "1235");
  EXPECT_FALSE(io_runs("x"));
}

TEST_F(ExecutorReplica, refusesUntilThatDoesNotFit) {
  configure("x");
  configure("y");
  const std::pair<const char*, const char*> cases[] = {
      {"MASTER_LOG_FILE='b.000001'", "1277"},
      {"SOURCE_LOG_POS=4", "1277"},
      {"MASTER_LOG_FILE='b.000001', RELAY_LOG_POS=4", "1277"},
      {"MASTER_LOG_FILE='b.000001', MASTER_LOG_POS=4, SQL_AFTER_MTS_GAPS", "1277"},
      {"SQL_BEFORE_GTIDS='00000000-0000-4000-8000-000000000001:1', SQL_AFTER_GTIDS='0-1-1'", "1277"},
      {"MASTER_LOG_FILE='b', MASTER_LOG_POS=4", "1277"},
      {"RELAY_LOG_FILE='b.000001', RELAY_LOG_POS=4", "1277"},
      {"SQL_AFTER_GTIDS=''", "1277"},
      {"SQL_AFTER_GTIDS='a:1'", "1772"},
      {"SQL_AFTER_GTIDS='0-1-x'", "1941"},
      {"MASTER_GTID_POS='0-1-1'", "1949"},
      {"MASTER_LOG_NAME='b.000001'", "1064"},
      {"MASTER_LOG_FILE=1, MASTER_LOG_POS=4", "1064"}};
  for (const auto& [until, number] : cases) {
    EXPECT_EQ(code(std::string("START SLAVE UNTIL ") + until + " FOR CHANNEL 'x'"), number) << until;
  }
  EXPECT_EQ(code("START SLAVE UNTIL SQL_AFTER_MTS_GAPS"), "3079");
  EXPECT_EQ(code("START SLAVE UNTIL SQL_AFTER_MTS_GAPS FOR ALL CHANNELS"), "3079");
  run("CHANGE MASTER TO MASTER_USE_GTID=slave_pos FOR CHANNEL 'x'");
  EXPECT_EQ(code("START SLAVE UNTIL SQL_AFTER_GTIDS='00000000-0000-4000-8000-000000000001:1' FOR CHANNEL 'x'"), "1941");
  EXPECT_EQ(code("START SLAVE UNTIL MASTER_GTID_POS='0-1-1,0-2-2' FOR CHANNEL 'x'"), "1943");
  run("CHANGE MASTER TO MASTER_AUTO_POSITION=1 FOR CHANNEL 'x'");
  EXPECT_EQ(code("START SLAVE UNTIL SQL_AFTER_GTIDS='0-1-1' FOR CHANNEL 'x'"), "1772");
  EXPECT_FALSE(io_runs("x"));
}

TEST_F(ExecutorReplica, saysWhereUntilIsIgnored) {
  configure("x");
  EXPECT_EQ(error("START SLAVE IO_THREAD UNTIL SQL_AFTER_MTS_GAPS FOR CHANNEL 'x'"), "");
  EXPECT_EQ(warnings(), "Note 1279");
}

TEST_F(ExecutorReplica, showsMysqlsSixtyColumns) {
  configure("x");
  const wire::ResultSet old_names = table("SHOW SLAVE STATUS");
  const wire::ResultSet new_names = table("SHOW REPLICA STATUS");
  ASSERT_EQ(old_names.columns.size(), 60U);
  ASSERT_EQ(new_names.columns.size(), 60U);
  EXPECT_EQ(old_names.columns[0].name, "Slave_IO_State");
  EXPECT_EQ(new_names.columns[0].name, "Replica_IO_State");
  EXPECT_EQ(old_names.columns[32].name, "Seconds_Behind_Master");
  EXPECT_EQ(new_names.columns[32].name, "Seconds_Behind_Source");
  EXPECT_EQ(old_names.columns[55].name, "Channel_Name");
  EXPECT_EQ(new_names.columns[58].name, "Get_Source_public_key");
  EXPECT_EQ(old_names.columns[59].name, "Network_Namespace");
  for (const wire::Column& column : new_names.columns) {
    EXPECT_EQ(column.name.find("Master"), std::string::npos) << column.name;
    EXPECT_EQ(column.name.find("Slave"), std::string::npos) << column.name;
  }
  EXPECT_EQ(old_names.columns[6].type, wire::ColumnType::longlong);
  EXPECT_EQ(old_names.columns[3].type, wire::ColumnType::long_int);
  const std::pair<const char*, const char*> values[] = {
      {"Master_Host", "127.0.0.1"},   {"Master_User", "repl"},         {"Master_Log_File", "bin.000003"},
      {"Read_Master_Log_Pos", "500"}, {"Exec_Master_Log_Pos", "500"},  {"Relay_Master_Log_File", "bin.000003"},
      {"Slave_IO_Running", "No"},     {"Slave_SQL_Running", "No"},     {"Seconds_Behind_Master", "NULL"},
      {"Last_IO_Errno", "0"},         {"Last_IO_Error_Timestamp", ""}, {"Until_Condition", "None"},
      {"Auto_Position", "0"},         {"Channel_Name", "x"},           {"SQL_Remaining_Delay", "NULL"},
      {"Connect_Retry", "60"},        {"Master_Retry_Count", "86400"}};
  for (const auto& [column, expected] : values) EXPECT_EQ(value("SHOW SLAVE STATUS", column), expected) << column;
  EXPECT_EQ(rows("SHOW SLAVE STATUS").find("secret"), std::string::npos);
}

TEST_F(ExecutorReplica, showsMariadbsSixtyTwoColumns) {
  configure("B");
  configure("a");
  const wire::ResultSet set = table("SHOW ALL SLAVES STATUS");
  ASSERT_EQ(set.columns.size(), 62U);
  const std::pair<std::size_t, const char*> names[] = {
      {1, "Connection_name"},          {2, "Slave_SQL_State"},       {3, "Slave_IO_State"},
      {13, "Slave_IO_Running"},        {26, "Until_Condition"},      {35, "Seconds_Behind_Master"},
      {42, "Master_Server_Id"},        {45, "Using_Gtid"},           {46, "Gtid_IO_Pos"},
      {52, "Slave_SQL_Running_State"}, {56, "Replicate_Rewrite_DB"}, {61, "Slave_heartbeat_period"},
      {62, "Gtid_Slave_Pos"}};
  for (const auto& [number, name] : names) EXPECT_EQ(set.columns[number - 1].name, name);
  EXPECT_EQ(set.columns[60].type, wire::ColumnType::double_precision);
  EXPECT_EQ(set.columns[3].length, 766U);
  ASSERT_EQ(set.rows.size(), 2U);
  EXPECT_EQ(set.rows[0][0], "a");
  EXPECT_EQ(set.rows[1][0], "B");
  EXPECT_EQ(set.rows[0][60], "30.000");
}

TEST_F(ExecutorReplica, showsWhyASourceCannotBeReached) {
  configure("x");
  run("START SLAVE IO_THREAD FOR CHANNEL 'x'");
  while (value("SHOW SLAVE STATUS", "Last_IO_Errno") == "0") std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(value("SHOW SLAVE STATUS", "Slave_IO_Running"), "Connecting");
  EXPECT_EQ(value("SHOW SLAVE STATUS", "Last_IO_Errno").substr(0, 3), "200");
  EXPECT_EQ(value("SHOW SLAVE STATUS", "Last_IO_Error_Timestamp").size(), 15U);
  EXPECT_EQ(value("SHOW SLAVE STATUS", "Last_IO_Error").find("secret"), std::string::npos);
}

TEST_F(ExecutorReplica, checksArgumentsOfPositionWait) {
  configure("");
  EXPECT_EQ(rows("SELECT MASTER_POS_WAIT('not a file', 4), SOURCE_POS_WAIT(NULL, 4), MASTER_POS_WAIT('b.1', NULL)"),
            "NULL|NULL|NULL");
  EXPECT_EQ(rows("SELECT MASTER_POS_WAIT('bin.000003', 4, 0.01, '')"), "NULL");  // the applier does not run
  EXPECT_EQ(code("SELECT MASTER_POS_WAIT('b.1', 4, -1)"), "1210");
  EXPECT_EQ(code("SELECT MASTER_POS_WAIT('b.1')"), "1582");
}

TEST_F(ExecutorReplica, countsThreadsInStatus) {
  configure("a");
  EXPECT_EQ(rows("SHOW GLOBAL STATUS LIKE 'Tributary_channels'"), "Tributary_channels|1");
  EXPECT_EQ(rows("SHOW STATUS LIKE 'Slaves_running'"), "Slaves_running|0");
}

}  // namespace
}  // namespace tributary::admin
