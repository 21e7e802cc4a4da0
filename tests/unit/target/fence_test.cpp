#include <thread>

#include "tributary/target/checkpoint.hpp"

#include "live_target.hpp"

namespace tributary::target {
namespace {

class FenceTest : public LiveTarget {
 protected:
  void wait_until_running(const std::string& statement) const {
    const std::string question = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = '" + statement + "'";
    while (server_.value(question) == "0") std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  CheckpointStore store_{"3c1a1e0e-0000-4000-8000-000000000001", "shard1"};
};

TEST_F(FenceTest, workersAndChannelsDoNotFenceEachOther) {
  TargetConnection first(options());
  TargetConnection second(options());
  TargetConnection third(options());
  store_.fence(first, 0, 0);
  store_.fence(second, 1, 0);
  CheckpointStore("3c1a1e0e-0000-4000-8000-000000000001", "shard2").fence(third, 0, 0);
  store_.fence(first, 0, 0);
  first.execute("DO 1");
}

TEST_F(FenceTest, endsAnEarlierSessionThatIsIdleAndRollsItBack) {
  server_.run(
      "CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY); CREATE USER plain@'%';"
      " GRANT ALL ON d.* TO plain@'%'");
  TargetOptions plain = options();
  plain.user = "plain";  // needs no privilege to end its own sessions
  TargetConnection before(plain);
  store_.fence(before, 0, 0);
  before.execute("BEGIN; INSERT INTO d.t VALUES (1)");
  TargetConnection after(plain);
  store_.fence(after, 0, 60);
  after.execute("INSERT INTO d.t VALUES (1)");
  EXPECT_TRUE(TargetError(error_of([&before] { before.execute("COMMIT"); }), "").connection_lost());
}

TEST_F(FenceTest, waitsForAnEarlierSessionThatIsAtWork) {
  server_.run("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY)");
  TargetConnection before(options());
  store_.fence(before, 0, 0);
  std::jthread orphan([&before] {
    // Its client goes away in the middle, as the daemon does at SIGKILL; the server works on and commits.
    (void)error_of([&before] { before.execute("INSERT INTO d.t SELECT 1 FROM (SELECT SLEEP(2)) AS slow"); });
  });
  wait_until_running("INSERT INTO d.t SELECT 1 FROM (SELECT SLEEP(2)) AS slow");
  before.interrupt();

  TargetConnection after(options());
  try {
    store_.fence(after, 0, 0);
    FAIL() << "two sessions hold the fence";
  } catch (const TargetError& error) {
    EXPECT_EQ(error.code(), 1205);
    EXPECT_TRUE(error.transient());
    EXPECT_NE(std::string(error.what()).find(std::to_string(before.connection_id()) + " (Query INSERT INTO d.t"),
              std::string::npos)
        << error.what();
  }
  store_.fence(after, 0, 600);
  EXPECT_EQ(after.query("SELECT COUNT(*) FROM d.t")[0][0], "1") << "what it was sent has been committed";
}

TEST_F(FenceTest, waitsForWorkersThatAreNotUsedAnyMore) {
  server_.run("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY)");
  TargetConnection idle(options());
  TargetConnection at_work(options());
  TargetConnection other_channel(options());
  store_.fence(idle, 2, 0);
  store_.fence(at_work, k_most_workers - 1, 0);
  CheckpointStore("3c1a1e0e-0000-4000-8000-000000000001", "shard2").fence(other_channel, 1, 0);
  std::jthread orphan([&at_work] {
    (void)error_of([&at_work] { at_work.execute("INSERT INTO d.t SELECT 1 FROM (SELECT SLEEP(2)) AS slow"); });
  });
  wait_until_running("INSERT INTO d.t SELECT 1 FROM (SELECT SLEEP(2)) AS slow");
  at_work.interrupt();
  TargetConnection after(options());
  store_.fence(after, 0, 0);
  EXPECT_EQ(error_of([&] { store_.fence_former_workers(after, 1, 0); }), 1205);
  store_.fence_former_workers(after, 1, 600);
  EXPECT_EQ(after.query("SELECT COUNT(*) FROM d.t")[0][0], "1");
  EXPECT_TRUE(TargetError(error_of([&idle] { idle.execute("DO 1"); }), "").connection_lost());
  other_channel.execute("DO 1");
  // The others' locks are free again.
  TargetConnection again(options());
  store_.fence(again, 2, 0);
}

TEST_F(FenceTest, stopsWaitingWhenAsked) {
  TargetConnection before(options());
  store_.fence(before, 0, 0);
  std::jthread orphan([&before] { (void)error_of([&before] { before.query("SELECT SLEEP(1000)"); }); });
  wait_until_running("SELECT SLEEP(1000)");
  TargetConnection after(options());
  std::uint16_t code = 0;
  std::jthread waiter(
      [&](const std::stop_token& stop) { code = error_of([&] { store_.fence(after, 0, 600, stop); }); });
  waiter.request_stop();
  waiter.join();
  EXPECT_EQ(code, 1317);
  before.interrupt();
}

}  // namespace
}  // namespace tributary::target
