#include "tributary/state/store.hpp"

#include <limits>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tributary/util/error.hpp"

#include "test_server.hpp"

namespace tributary::state {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "state.db"; }

  static ChannelRecord channel(const std::string& name) {
    ChannelRecord record;
    record.name = name;
    record.host = "shard1.example";
    record.port = 3310;
    record.user = "repl";
    record.password = "it's \"secret\" \xc3\xa9";
    record.log_file = "bin.000007";
    record.log_pos = std::uint64_t{5} << 32;
    record.gtid_mode = "slave_pos";
    record.connect_retry = 7;
    record.sql_delay = 2147483647;
    record.retry_count = std::numeric_limits<std::uint64_t>::max();
    record.heartbeat_period = 0.25;
    record.start_file_number = 3;
    record.uuid = "3c1a1e0e-0000-4000-8000-000000000001";
    record.io_running = true;
    record.sql_running = false;
    return record;
  }

  test::TemporaryDirectory directory_;
};

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST_F(StoreTest, keepsEveryFieldOfAChannelAcrossRestarts) {
  const ChannelRecord written = channel("shard1");
  Store(file()).save_channel(written);
  const std::vector<ChannelRecord> records = Store(file()).channels();
  ASSERT_EQ(records.size(), 1U);
  const ChannelRecord& read = records[0];
  EXPECT_EQ(read.name, written.name);
  EXPECT_EQ(read.host, written.host);
  EXPECT_EQ(read.port, written.port);
  EXPECT_EQ(read.user, written.user);
  EXPECT_EQ(read.password, written.password);
  EXPECT_EQ(read.log_file, written.log_file);
  EXPECT_EQ(read.log_pos, written.log_pos);
  EXPECT_EQ(read.gtid_mode, written.gtid_mode);
  EXPECT_EQ(read.connect_retry, written.connect_retry);
  EXPECT_EQ(read.retry_count, written.retry_count);
  EXPECT_EQ(read.sql_delay, written.sql_delay);
  EXPECT_DOUBLE_EQ(read.heartbeat_period, written.heartbeat_period);
  EXPECT_EQ(read.start_file_number, written.start_file_number);
  EXPECT_EQ(read.uuid, written.uuid);
  EXPECT_TRUE(read.io_running);
  EXPECT_FALSE(read.sql_running);
}

TEST_F(StoreTest, namesOfChannelsIgnoreCaseAndStayAsFirstWritten) {
  Store store(file());
  store.save_channel(channel("Shard1"));
  store.save_channel(channel(""));
  ChannelRecord changed = channel("sHARD1");
  changed.host = "elsewhere";
  store.save_channel(changed);
  const std::vector<ChannelRecord> records = store.channels();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].name, "");
  EXPECT_EQ(records[1].name, "Shard1");
  EXPECT_EQ(records[1].host, "elsewhere");
  store.remove_channel("SHARD1");
  EXPECT_EQ(store.channels().size(), 1U);
}

TEST_F(StoreTest, savingAChannelAgainKeepsWhatHangsOnIt) {
  Store store(file());
  store.save_channel(channel("a"));
  store.save_applied("a", AppliedRecord{{2, 777}, "bin.000002", 777, "0-1-5", 1700000000});
  store.save_source_answers("a",
                            SourceAnswersRecord{"10.11.6-MariaDB-log", 4294967295U, "", "CRC32", "3600", "a=1\nb=\n"});
  ChannelRecord changed = channel("a");
  changed.host = "elsewhere";
  store.save_channel(changed);
  EXPECT_TRUE(store.applied("a").has_value());
  const auto answers = store.source_answers("a");
  ASSERT_TRUE(answers.has_value());
  EXPECT_EQ(answers->version, "10.11.6-MariaDB-log");
  EXPECT_EQ(answers->server_id, 4294967295U);
  EXPECT_EQ(answers->checksum, "CRC32");
  EXPECT_EQ(answers->time_zone, "3600");
  EXPECT_EQ(answers->variables, "a=1\nb=\n");
}

TEST_F(StoreTest, removingAChannelRemovesWhatHangsOnItAndNothingElse) {
  Store store(file());
  for (const char* name : {"a", "b"}) {
    store.save_channel(channel(name));
    store.save_applied(name, AppliedRecord{{2, 777}, "bin.000002", 777, "0-1-5", 1700000000});
    store.save_source_answers(name, SourceAnswersRecord{"10.11.6-MariaDB-log", 1, "", "CRC32", "", ""});
  }
  store.remove_channel("a");
  EXPECT_FALSE(store.applied("a"));
  EXPECT_FALSE(store.source_answers("a"));
  EXPECT_TRUE(store.applied("b"));
  EXPECT_TRUE(store.source_answers("b"));
}

TEST_F(StoreTest, mirrorsTheCheckpoint) {
  const AppliedRecord written{{std::numeric_limits<std::int64_t>::max(), std::uint64_t{9} << 40},
                              "bin.000002",
                              std::uint64_t{9} << 40,
                              "3c1a1e0e-0000-4000-8000-000000000001:tag:7",
                              4294967295U};
  {
    Store store(file());
    EXPECT_FALSE(store.applied("a"));
    store.save_channel(channel("A"));
    store.save_applied("a", AppliedRecord{{1, 4}, "x", 4, "", 0});
    store.save_applied("a", written);
  }
  Store store(file());
  const auto read = store.applied("A");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->position, written.position);
  EXPECT_EQ(read->source_file, written.source_file);
  EXPECT_EQ(read->source_offset, written.source_offset);
  EXPECT_EQ(read->gtid, written.gtid);
  EXPECT_EQ(read->source_timestamp, written.source_timestamp);
  store.remove_applied("A");
  EXPECT_FALSE(store.applied("a"));
}

TEST_F(StoreTest, lateWritesOfARemovedChannelAreDropped) {
  Store store(file());
  store.save_applied("gone", AppliedRecord{{1, 4}, "x", 4, "", 0});
  store.save_source_answers("gone", SourceAnswersRecord{});
  EXPECT_FALSE(store.applied("gone"));
  EXPECT_FALSE(store.source_answers("gone"));
}

TEST_F(StoreTest, keepsAccounts) {
  const std::string hash("\x00\x01\xff 45678901234567890", 20);
  {
    Store store(file());
    store.save_account(AccountRecord{"admin", "%", hash});
    store.save_account(AccountRecord{"admin", "127.0.0.1", ""});
    store.save_account(AccountRecord{"Admin", "%", ""});
    store.save_account(AccountRecord{"admin", "127.0.0.1", hash});
    EXPECT_THROW(store.save_account(AccountRecord{"bad", "%", "too short"}), Error);
  }
  const std::vector<AccountRecord> accounts = Store(file()).accounts();
  ASSERT_EQ(accounts.size(), 3U);
  EXPECT_EQ(accounts[0].user, "Admin");
  EXPECT_EQ(accounts[0].native_hash, "");
  EXPECT_EQ(accounts[2].host, "127.0.0.1");
  EXPECT_EQ(accounts[2].native_hash, hash);
}

TEST_F(StoreTest, makesItsUuidOnce) {
  std::string uuid;
  {
    Store store(file());
    uuid = store.daemon_uuid();
    EXPECT_EQ(uuid.size(), 36U);
    EXPECT_EQ(store.daemon_uuid(), uuid);
  }
  EXPECT_EQ(Store(file()).daemon_uuid(), uuid);
}

TEST_F(StoreTest, isForItsOwnerOnlyWhateverTheUmask) {
  const mode_t before = umask(0);
  Store store(file());
  store.save_channel(channel("a"));
  umask(before);
  for (const char* suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode_of(file().string() + suffix), 0600U) << suffix;
}

TEST_F(StoreTest, narrowsTheModeOfAnExistingFile) {
  { const Store store(file()); }
  ASSERT_EQ(chmod(file().c_str(), 0644), 0);
  const Store store(file());
  EXPECT_EQ(mode_of(file()), 0600U);
}

TEST_F(StoreTest, refusesAValueThatBreaksAConstraintAndSaysWhich) {
  Store store(file());
  ChannelRecord record = channel("a");
  record.gtid_mode = "sometimes";
  try {
    store.save_channel(record);
    FAIL() << "an unknown gtid_mode was stored";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), 1105);
    EXPECT_NE(std::string(error.what()).find("gtid_mode"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("state.db"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(store.channels().empty());
  store.save_channel(channel("a"));
  EXPECT_EQ(store.channels().size(), 1U);
}

TEST_F(StoreTest, servesManyThreadsAndAnotherProcess) {
  Store store(file());
  Store other(file());  // as the operator's tool opens it beside the daemon
  constexpr unsigned k_threads = 8;
  constexpr std::uint64_t k_rounds = 50;
  for (unsigned number = 0; number < k_threads; ++number) store.save_channel(channel("c" + std::to_string(number)));
  {
    std::vector<std::jthread> threads;
    for (unsigned number = 0; number < k_threads; ++number) {
      threads.emplace_back([&store, &other, number] {
        const std::string name = "c" + std::to_string(number);
        Store& mine = number % 2 == 0 ? store : other;
        for (std::uint64_t round = 1; round <= k_rounds; ++round) {
          mine.save_applied(name, AppliedRecord{{1, round}, "bin.000001", round, "", 0});
          if (round % 10 == 0) mine.save_channel(channel(name));
        }
      });
    }
  }
  for (unsigned number = 0; number < k_threads; ++number) {
    const auto applied = store.applied("c" + std::to_string(number));
    ASSERT_TRUE(applied);
    EXPECT_EQ(applied->position.offset, k_rounds);
  }
}

}  // namespace
}  // namespace tributary::state
