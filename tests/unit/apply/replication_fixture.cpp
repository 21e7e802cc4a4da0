#include "replication_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "tributary/util/file.hpp"

namespace tributary::apply {
namespace {

constexpr auto k_patience = std::chrono::seconds(120);

std::string name(std::string_view text) {
  return "`" + std::string(text) + "`";
}

}  // namespace

FileFedRelayLog::FileFedRelayLog(const test::TestServer& source, std::string channel)
    : source_(source), channel_(std::move(channel)) {
  options_.directory = directory_.path();
  options_.base_name = "test-relay-bin-" + channel_;
  options_.channel = channel_;
  log_ = std::make_unique<relay::RelayLog>(options_, catalogue_);
  source_.run("FLUSH BINARY LOGS");
  file_ = *source_.run("SHOW MASTER STATUS").at(0).at(0);
}

void FileFedRelayLog::receive() {
  const auto status = source_.run("SHOW MASTER STATUS").at(0);
  const std::string& last_file = *status.at(0);
  const std::uint64_t last_offset = std::stoull(*status.at(1));
  for (;;) {
    const File file(source_.datadir() / file_, File::Mode::read);
    if (!begun_) {
      log_->begin_file(file_, {1, ""});
      offset_ = binlog::k_first_event_offset;
      begun_ = true;
    }
    const std::uint64_t end = file_ == last_file ? last_offset : file.size();
    Bytes raw(binlog::EventHeader::k_length);
    Bytes start(1024);
    start.resize(file.read_at(binlog::k_first_event_offset, start));
    start.resize(binlog::EventHeader::decode(start).event_size);
    const auto description = binlog::FormatDescription::decode(start);
    while (offset_ < end) {
      raw.resize(binlog::EventHeader::k_length);
      file.read_at(offset_, raw);
      const auto header = binlog::EventHeader::decode(raw);
      raw.resize(header.event_size);
      file.read_at(offset_, raw);
      log_->append(raw);
      boundary_.feed(binlog::EventView(raw, description.checksum), description);
      if (boundary_.at_boundary()) log_->mark_boundary(false);
      offset_ += header.event_size;
    }
    if (file_ == last_file) break;
    const auto number = std::stoul(file_.substr(file_.rfind('.') + 1)) + 1;
    file_ = fmt::format("{}.{:06}", file_.substr(0, file_.rfind('.')), number);
    begun_ = false;
  }
  log_->flush();
}

void FileFedRelayLog::append(ByteView event) {
  log_->append(event);
  log_->mark_boundary(true);
}

test::TestServer& ReplicationTest::source() {
  static test::TestServer server({"--log-bin=source-bin", "--server-id=1", "--binlog-format=ROW",
                                  "--max-allowed-packet=64M", "--character-set-server=utf8mb4"});
  return server;
}

test::TestServer& ReplicationTest::target() {
  static test::TestServer server({"--server-id=9", "--log-bin=target-bin", "--binlog-format=MIXED",
                                  "--max-allowed-packet=32M", "--character-set-server=utf8mb4"});
  return server;
}

void ReplicationTest::SetUp() {
  static std::atomic<int> serial{0};
  source().run("DROP DATABASE IF EXISTS d; CREATE DATABASE d");
  target().run("DROP DATABASE IF EXISTS d; CREATE DATABASE d");
  options_.channel = fmt::format("c{}", ++serial);
  options_.channel_uuid = "11111111-2222-3333-4444-555555555555";
  options_.target.host = target().host();
  options_.target.port = target().port();
  options_.target.user = "root";
  options_.row_lock_wait = 1;
  feed_ = std::make_unique<FileFedRelayLog>(source(), options_.channel);
}

void ReplicationTest::TearDown() {
  stop();
  target().run("SET GLOBAL read_only=0");
}

void ReplicationTest::start() {
  applier_ = std::make_unique<Applier>(options_, relay_log(), [](const target::Checkpoint&) {});
  thread_ = std::jthread([this](const std::stop_token& stop) { applier_->run(stop); });
  while (!applier_->status().running && applier_->status().error_code == 0) std::this_thread::yield();
}

void ReplicationTest::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

ApplierStatus ReplicationTest::wait() {
  const auto deadline = std::chrono::steady_clock::now() + k_patience;
  for (;;) {
    ApplierStatus status = applier_->status();
    if (status.caught_up || !status.running) return status;
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "not applied in time; stage '" << status.stage << "', error " << status.error_message;
      return status;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

ApplierStatus ReplicationTest::apply() {
  feed_->receive();
  start();
  ApplierStatus status = wait();
  stop();
  return status;
}

void ReplicationTest::replicate(const std::vector<std::string>& databases) {
  const ApplierStatus status = apply();
  ASSERT_EQ(status.error_code, 0) << status.error_message;
  for (const std::string& database : databases) expect_equal(database);
}

void ReplicationTest::expect_equal(const std::string& database) {
  const std::string list = fmt::format(
      "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{}' ORDER BY TABLE_NAME", database);
  const auto tables = source().run(list);
  ASSERT_EQ(tables, target().run(list));
  for (const auto& row : tables) {
    SCOPED_TRACE(database + "." + *row.at(0));
    const std::string create = "SHOW CREATE TABLE " + name(database) + "." + name(*row.at(0));
    EXPECT_EQ(source().run(create), target().run(create));
    const auto expected = table_content(source(), database, *row.at(0));
    const auto actual = table_content(target(), database, *row.at(0));
    ASSERT_EQ(expected.size(), actual.size());
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(expected[i], actual[i]) << "row " << i;
  }
}

std::vector<test::TestServer::Row> table_content(const test::TestServer& server, const std::string& database,
                                                 const std::string& table) {
  std::vector<std::string> columns;
  for (const auto& row : server.run(fmt::format("SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE "
                                                "TABLE_SCHEMA = '{}' AND TABLE_NAME = '{}' ORDER BY ORDINAL_POSITION",
                                                database, table))) {
    columns.push_back(name(*row.at(0)));
  }
  auto rows = server.run(fmt::format("SELECT {} FROM {}.{}", fmt::join(columns, ","), name(database), name(table)));
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace tributary::apply
