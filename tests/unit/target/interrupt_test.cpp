#include <latch>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live_target.hpp"

namespace tributary::target {
namespace {

/// Waits until the server runs @p statement for another session.
void wait_until_running(const test::TestServer& server, const std::string& statement) {
  const std::string question = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = '" + statement + "'";
  while (server.value(question) == "0") std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

using InterruptTest = LiveTarget;

TEST_F(InterruptTest, endsAStatementThatWaits) {
  for (const bool by_socket : {false, true}) {
    TargetOptions where = options();
    if (by_socket) where.socket = server_.socket();
    TargetConnection connection(where);
    std::uint16_t code = 0;
    std::jthread worker([&] { code = error_of([&] { connection.query("SELECT SLEEP(1000)"); }); });
    wait_until_running(server_, "SELECT SLEEP(1000)");
    connection.interrupt();
    worker.join();
    EXPECT_TRUE(TargetError(code, "").connection_lost()) << code;
    const auto after = error_of([&connection] { connection.execute("DO 1"); });
    EXPECT_TRUE(TargetError(after, "").connection_lost()) << after;
    server_.run("KILL QUERY " + std::to_string(connection.connection_id()));
  }
}

TEST_F(InterruptTest, endsAStatementOnAServerThatHangs) {
  TargetConnection connection(options());
  connection.execute("DO 1");
  server_.freeze();
  std::latch sent(1);
  std::uint16_t code = 0;
  std::jthread worker([&] {
    sent.count_down();
    code = error_of([&] { connection.execute("DO 1"); });
  });
  sent.wait();
  connection.interrupt();
  worker.join();
  server_.thaw();
  EXPECT_TRUE(TargetError(code, "").connection_lost()) << code;
}

TEST_F(InterruptTest, stopsConnectingToAServerThatNeverGreets) {
  server_.freeze();  // its kernel still accepts connections
  TargetOptions patient = options();
  patient.connect_timeout = 3600;
  std::uint16_t code = 0;
  std::jthread worker(
      [&](const std::stop_token& stop) { code = error_of([&] { const TargetConnection connection(patient, stop); }); });
  worker.request_stop();
  worker.join();
  server_.thaw();
  EXPECT_EQ(code, 1317);
}

TEST_F(InterruptTest, theConnectTimeoutBoundsAServerThatNeverGreets) {
  server_.freeze();
  TargetOptions impatient = options();
  impatient.connect_timeout = 1;
  const auto code = error_of([&impatient] { const TargetConnection connection(impatient); });
  server_.thaw();
  EXPECT_TRUE(TargetError(code, "").transient()) << code;
}

TEST_F(InterruptTest, theConnectTimeoutDoesNotBoundStatements) {
  TargetOptions impatient = options();
  impatient.connect_timeout = 1;
  TargetConnection connection(impatient);
  EXPECT_EQ(connection.query("SELECT SLEEP(2)")[0][0], "0");
}

TEST_F(InterruptTest, aStopBeforeTheStartEndsConnecting) {
  std::stop_source source;
  source.request_stop();
  const auto code = error_of([&] { const TargetConnection connection(options(), source.get_token()); });
  EXPECT_TRUE(code == 1317 || code == 0) << code;
}

}  // namespace
}  // namespace tributary::target
