#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tributary/source/receiver.hpp"

#include "relay_directory_fixture.hpp"
#include "test_server.hpp"

namespace tributary::source {

/// A MariaDB source and a receiver on it.
class ReceiverFixture : public ::testing::Test {
 protected:
  ReceiverFixture() : server_({"--log-bin=bin", "--server-id=11", "--binlog-format=ROW", "--max-allowed-packet=1G"}) {
    server_.run(
        "CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'secret'; GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1';"
        "RESET MASTER; CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB)");
    options_.channel = "shop";
    options_.host = server_.host();
    options_.port = server_.port();
    options_.user = "repl";
    options_.password = "secret";
    options_.connect_retry = 1;
    options_.heartbeat_period = 1;  // a Binlog_checkpoint event does not wake the source's dump thread
    options_.server_id = 99;
    options_.server_uuid = "8f0c2b4e-0000-4000-8000-000000000001";
  }
  ~ReceiverFixture() override { stop(); }

  void start() {
    receiver_.emplace(options_, relay_.log(), [this](const SourceAnswers& answers) { answers_ = answers; });
    ended_ = false;
    thread_ = std::jthread([this](const std::stop_token& token) {
      receiver_->run(token);
      ended_ = true;
    });
  }
  /// Stops the receiver; its last status stays.
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  /// What a restart of the daemon does.
  void restart() {
    stop();
    receiver_.reset();
    relay_.reopen();
    start();
  }
  /// Waits for @p condition; fails the test after a minute.
  static void wait_until(const char* what, const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) FAIL() << "waited in vain until " << what;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  /// After a rotation MariaDB writes one more Binlog_checkpoint event, when it finds the time for it.
  void wait_until_settled() {
    wait_until("the source has written the checkpoint of its newest file", [&] {
      const std::string file = server_.value("SHOW MASTER STATUS");
      std::string checkpoint;
      for (const auto& event : server_.run("SHOW BINLOG EVENTS IN '" + file + "'")) {
        if (event.at(2) == "Binlog_checkpoint") checkpoint = event.at(5).value();
      }
      return checkpoint == file;
    });
  }
  void wait_until_received() {
    wait_until_settled();
    const std::string file = server_.value("SHOW MASTER STATUS");
    const auto position = std::stoull(server_.run("SHOW MASTER STATUS").at(0).at(1).value());
    wait_until("everything is received", [&] {
      const auto received = relay_.log().received_end();
      return ended_ || (received.source_file_name == file && received.offset == position);
    });
    EXPECT_EQ(receiver_->status().error_message, "");
  }
  void wait_until_ended() {
    wait_until("the receiver has given up", [&] { return ended_.load(); });
  }
  void insert(const std::string& value) { server_.run("INSERT INTO shop.t (v) VALUES (" + value + ")"); }

  /// Every relay file against the source's own. A file that the source has open, or never closed, has its in-use flag
  /// set in byte 21 there.
  void expect_identical_files(const test::TestServer& server) {
    for (const auto& record : relay_.log().files()) {
      const std::string text = read_file(server.datadir() / record.source_file_name, std::size_t{1} << 30);
      Bytes theirs(text.begin(), text.end());
      const Bytes ours = relay_.content(record.file_number);
      static constexpr std::size_t k_flags = 21;
      ASSERT_GT(theirs.size(), k_flags);
      theirs[k_flags] &= static_cast<std::uint8_t>(~binlog::event_flag::k_binlog_in_use);
      EXPECT_TRUE(ours == theirs) << record.file_name << " is not " << record.source_file_name << ": " << ours.size()
                                  << " and " << theirs.size() << " bytes";
    }
  }

  test::TestServer server_;
  RelayDirectoryFixture relay_;
  SourceOptions options_;
  SourceAnswers answers_;
  std::optional<Receiver> receiver_;
  std::atomic<bool> ended_ = true;
  std::jthread thread_;
};

}  // namespace tributary::source
