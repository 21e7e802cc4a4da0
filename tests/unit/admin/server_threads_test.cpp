#include "server_threads.hpp"

#include <atomic>
#include <latch>
#include <optional>

#include <gtest/gtest.h>

namespace tributary::admin {
namespace {

TEST(BlockingThreads, runsAllWorkBeforeItEnds) {
  std::atomic<int> done = 0;
  {
    BlockingThreads threads(3);
    for (int i = 0; i < 1000; ++i) threads.run([&] { ++done; });
  }
  EXPECT_EQ(done, 1000);
}

TEST(BlockingThreads, workThatBlocksHoldsUpNoOther) {
  constexpr int k_many = 40;
  BlockingThreads threads(k_many);
  std::latch all_run(k_many);
  std::latch finished(k_many);
  for (int i = 0; i < k_many; ++i) {
    threads.run([&] {
      all_run.arrive_and_wait();  // none goes on before each has a thread
      finished.count_down();
    });
  }
  finished.wait();
  EXPECT_TRUE(finished.try_wait());
}

TEST(BlockingThreads, theLimitIsKept) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::optional<BlockingThreads> threads(std::in_place, std::size_t{2});
  for (int i = 0; i < 200; ++i) {
    threads->run([&] {
      const int now = ++running;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      --running;
    });
  }
  threads.reset();
  EXPECT_EQ(running, 0);
  EXPECT_LE(most, 2);
}

}  // namespace
}  // namespace tributary::admin
