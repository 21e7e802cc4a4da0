#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "receiver_fixture.hpp"

namespace tributary::source {
namespace {

class ReceiverFailureTest : public ReceiverFixture {
 protected:
  /// Runs until the receiver gives up; @return its last status.
  ReceiverStatus failure() {
    start();
    wait_until_ended();
    return receiver_->status();
  }
};

/// A listener on loopback that accepts nothing, or never says a word.
class SilentServer {
 public:
  explicit SilentServer(int backlog) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, length) != 0 || ::listen(listener_, backlog) != 0 ||
        ::getsockname(listener_, generic, &length) != 0) {
      throw std::runtime_error("cannot listen on loopback");
    }
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(listener_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
};

TEST_F(ReceiverFailureTest, stopsWhileTheSourceDoesNotGreet) {
  const SilentServer silent(16);
  options_.port = silent.port();
  start();
  wait_until("an attempt is made", [&] { return receiver_->status().connect_attempts > 0; });
  stop();
  EXPECT_EQ(receiver_->status().state, ReceiverState::stopped);
  EXPECT_EQ(receiver_->status().error_code, 0U);
}

TEST_F(ReceiverFailureTest, stopsWhileTheSourceHangsInTheDump) {
  start();
  wait_until_received();
  server_.freeze();
  stop();
  server_.thaw();
  EXPECT_EQ(receiver_->status().error_code, 0U);
}

TEST_F(ReceiverFailureTest, stopsWhileItWaitsForTheNextAttempt) {
  options_.port = 1;
  options_.connect_retry = 3600;
  start();
  wait_until("an attempt has failed", [&] { return receiver_->status().error_code != 0; });
  stop();
  EXPECT_EQ(receiver_->status().state, ReceiverState::stopped);
}

TEST_F(ReceiverFailureTest, triesAsOftenAsItIsTold) {
  options_.password = "wrong";
  options_.connect_retry = 0;
  options_.retry_count = 3;
  const ReceiverStatus status = failure();
  EXPECT_EQ(status.error_code, 1045U);
  EXPECT_EQ(status.connect_attempts, 3U);
  EXPECT_NE(status.error_message.find("Error connecting to source 'repl@127.0.0.1:"), std::string::npos);
  EXPECT_NE(status.error_message.find(
                "This was attempt 3/3, with a delay of 0 seconds between attempts. Message: Access denied"),
            std::string::npos)
      << status.error_message;
  EXPECT_GT(status.error_at, 0);
}

TEST_F(ReceiverFailureTest, aSourceThatHasNothingToSendHasNotFailed) {
  options_.retry_count = 1;
  start();
  wait_until_received();
  std::string dump;
  for (int round = 0; round < 3; ++round) {
    wait_until("a new dump runs", [&, former = dump] {
      for (const auto& row : server_.run("SELECT id FROM information_schema.processlist WHERE command='Binlog Dump'")) {
        if (row.at(0).value() != former) dump = row.at(0).value();
      }
      return ended_ || dump != former;
    });
    ASSERT_FALSE(ended_) << receiver_->status().error_message;
    server_.run("KILL " + dump);
  }
  insert("'after'");
  wait_until_received();
  EXPECT_FALSE(ended_);
}

TEST_F(ReceiverFailureTest, aTargetThatDoesNotAnswerIsShownAndCounted) {
  options_.gtid_mode = SourceOptions::GtidMode::mariadb_slave_pos;
  start();
  insert("'one'");
  wait_until_received();
  stop();
  server_.run("SET GLOBAL server_id = 12");
  options_.connect_retry = 0;
  options_.retry_count = 2;
  int questions = 0;
  options_.applied_gtids = [&](const std::stop_token& /*stop*/) -> AppliedGtids {
    ++questions;
    throw Error(error_code::k_unknown_error, "the target hangs");
  };
  const ReceiverStatus status = failure();
  EXPECT_EQ(questions, 2);
  EXPECT_EQ(status.error_code, error_code::k_unknown_error);
  EXPECT_NE(status.error_message.find("cannot be had from the target: the target hangs"), std::string::npos)
      << status.error_message;
}

TEST_F(ReceiverFailureTest, endsWhenTheSourceHasNoSuchFile) {
  options_.start_file = "bin.000077";
  const ReceiverStatus status = failure();
  EXPECT_EQ(status.error_code, 1236U);
  EXPECT_EQ(status.error_message,
            "Got fatal error 1236 from source when reading data from binary log: 'Could not find first log file name "
            "in binary log index file' (file 'bin.000077', position 4)");
}

TEST_F(ReceiverFailureTest, endsWhenThePositionIsBeyondTheFile) {
  options_.start_file = "bin.000001";
  options_.start_position = 123456789;
  EXPECT_EQ(failure().error_code, 1236U);
}

TEST_F(ReceiverFailureTest, endsWhenTheIdsAreEqual) {
  options_.server_id = 11;
  const ReceiverStatus status = failure();
  EXPECT_EQ(status.error_code, 1593U);
  EXPECT_NE(status.error_message.find("source and replica have equal MySQL server ids"), std::string::npos);
}

TEST_F(ReceiverFailureTest, refusesMysqlAutoPosition) {
  options_.gtid_mode = SourceOptions::GtidMode::mysql_auto_position;
  const ReceiverStatus status = failure();
  EXPECT_EQ(status.error_code, 1593U);
  EXPECT_NE(status.error_message.find("MASTER_AUTO_POSITION"), std::string::npos);
}

TEST_F(ReceiverFailureTest, neverComparesPositionsOfTwoServers) {
  start();
  insert("'one'");
  wait_until_received();
  stop();
  server_.run("SET GLOBAL server_id = 12");
  const ReceiverStatus status = failure();
  EXPECT_EQ(status.error_code, 1593U);
  EXPECT_NE(status.error_message.find("server_id 12"), std::string::npos);
  EXPECT_NE(status.error_message.find("server_id 11"), std::string::npos);
}

TEST_F(ReceiverFailureTest, saysWhichPrivilegeIsMissing) {
  server_.run("CREATE USER nobody@'127.0.0.1' IDENTIFIED BY 'secret'");
  options_.user = "nobody";
  start();
  wait_until("the source has refused", [&] { return receiver_->status().error_code != 0; });
  const ReceiverStatus status = receiver_->status();
  EXPECT_EQ(status.error_code, 1597U);
  EXPECT_NE(status.error_message.find("COM_REGISTER_REPLICA failed"), std::string::npos);
}

TEST_F(ReceiverFailureTest, leavesNoDescriptorBehind) {
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  start();
  wait_until_received();
  stop();
  const auto before = descriptors();
  for (int round = 0; round < 20; ++round) {
    start();
    wait_until("the dump runs", [&] { return receiver_->status().state == ReceiverState::running; });
    stop();
  }
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace tributary::source
