#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tributary/apply/applier.hpp"
#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/relay/relay_log.hpp"

#include "memory_catalogue.hpp"
#include "test_server.hpp"

namespace tributary::apply {

/// A relay log that is fed from the binlog files of a server on this machine.
class FileFedRelayLog {
 public:
  FileFedRelayLog(const test::TestServer& source, std::string channel);

  relay::RelayLog& log() { return *log_; }
  /// Appends what the source has written since the last call: up to its current position, across files.
  void receive();
  /// Appends one event made up by a test, as a transaction of its own or outside of any.
  void append(ByteView event);
  [[nodiscard]] const relay::RelayLogOptions& options() const { return options_; }

 private:
  const test::TestServer& source_;
  std::string channel_;
  test::TemporaryDirectory directory_;
  relay::RelayLogOptions options_;
  test::MemoryCatalogue catalogue_;
  std::unique_ptr<relay::RelayLog> log_;
  binlog::TransactionBoundary boundary_;
  std::string file_;
  std::uint64_t offset_ = 0;
  bool begun_ = false;
};

/// A source and a target, both MariaDB 10.11, shared by the tests of a program; each test has its own channel and
/// begins at a new binlog file of the source.
class ReplicationTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  static test::TestServer& source();
  static test::TestServer& target();

  relay::RelayLog& relay_log() { return feed_->log(); }
  FileFedRelayLog& feed() { return *feed_; }
  /// Changed by tests before the applier is made.
  ApplierOptions& options() { return options_; }

  /// Receives, then applies until everything is applied or the applier has stopped with an error; then stops it.
  ApplierStatus apply();
  /// apply(), which must succeed, and then the databases @p databases must be equal on both sides.
  void replicate(const std::vector<std::string>& databases = {"d"});
  void expect_equal(const std::string& database);
  /// Runs the applier in a thread of its own.
  void start();
  void stop();
  Applier& applier() { return *applier_; }
  /// Until everything is applied or the applier has ended by itself.
  ApplierStatus wait();

 private:
  std::unique_ptr<FileFedRelayLog> feed_;
  ApplierOptions options_;
  std::unique_ptr<Applier> applier_;
  std::jthread thread_;
};

/// A session that holds the rows which a statement changes, until it is destroyed.
class RowLock {
 public:
  RowLock(test::TestServer& server, const std::string& statement)
      : server_(server), thread_([&server, statement] {
          // It ends by being killed.
          EXPECT_THROW(server.run("BEGIN; " + statement + "; SELECT SLEEP(1000)"), std::runtime_error);
        }) {
    while (session().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ~RowLock() { server_.run("KILL " + session()); }
  RowLock(const RowLock&) = delete;
  RowLock& operator=(const RowLock&) = delete;

 private:
  std::string session() {
    const auto rows = server_.run(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(1000)' AND STATE='User sleep'");
    return rows.empty() ? std::string() : *rows[0][0];
  }

  test::TestServer& server_;
  std::jthread thread_;
};

/// Content of a table with all its columns, the invisible ones too, in an order that depends on nothing but the
/// content.
std::vector<test::TestServer::Row> table_content(const test::TestServer& server, const std::string& database,
                                                 const std::string& table);

}  // namespace tributary::apply
