#include "pipeline.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

Chunk chunk(std::uint64_t batch, std::size_t bytes, bool ends = true) {
  Chunk result;
  result.batch = batch;
  result.bytes = bytes;
  if (ends) result.end = BatchEnd{};
  return result;
}

TEST(PipelineTest, ChunksGoThroughInOrder) {
  ChunkMemory memory;
  Pipeline pipeline(1, memory);
  ASSERT_TRUE(pipeline.push(chunk(1, 10)));
  ASSERT_TRUE(pipeline.push(chunk(2, 10)));
  EXPECT_EQ(pipeline.next(0)->batch, 1U);
  EXPECT_EQ(pipeline.next(0)->batch, 2U);
}

TEST(PipelineTest, TheLimitHoldsBackButOneLargeChunkPasses) {
  ChunkMemory memory({400, 10, 30});
  Pipeline pipeline(1, memory);
  ASSERT_TRUE(pipeline.push(chunk(1, 5000)));
  std::jthread second([&pipeline] { EXPECT_TRUE(pipeline.push(chunk(2, 60))); });
  const auto first = pipeline.next(0);
  pipeline.finished(*first);
  EXPECT_EQ(pipeline.next(0)->batch, 2U);
}

TEST(PipelineTest, WhatIsUnderWayMakesChunksSmallerForAll) {
  ChunkMemory memory({400, 10, 80});
  EXPECT_EQ(memory.chunk_bytes(), 80U);
  Pipeline other(1, memory);
  {
    Pipeline pipeline(1, memory);
    pipeline.builds(300);
    EXPECT_EQ(other.chunk_bytes(), 50U);
    pipeline.builds(350);
    EXPECT_EQ(other.chunk_bytes(), 25U);
    ASSERT_TRUE(pipeline.push(chunk(1, 360)));
    EXPECT_EQ(other.chunk_bytes(), 20U);
    ASSERT_TRUE(other.push(chunk(1, 90)));
    EXPECT_EQ(pipeline.chunk_bytes(), 10U);
    pipeline.finished(*pipeline.next(0));
    EXPECT_EQ(pipeline.chunk_bytes(), 80U);
    ASSERT_TRUE(pipeline.push(chunk(2, 200)));
    pipeline.builds(70);
    EXPECT_EQ(pipeline.chunk_bytes(), 20U);
  }
  // What was left in it is gone with it.
  EXPECT_EQ(other.chunk_bytes(), 80U);
}

TEST(PipelineTest, IdleMeansThatAllWorkersWaitAndNothingIsQueued) {
  ChunkMemory memory;
  Pipeline pipeline(1, memory);
  EXPECT_FALSE(pipeline.idle());
  std::jthread worker([&pipeline] {
    while (const auto next = pipeline.next(0)) pipeline.finished(*next);
    pipeline.left();
  });
  EXPECT_TRUE(pipeline.wait_hungry());
  EXPECT_TRUE(pipeline.idle());
  EXPECT_TRUE(pipeline.push(chunk(1, 10)));
  EXPECT_TRUE(pipeline.wait_committed(1));
  pipeline.end();
  EXPECT_FALSE(pipeline.push(chunk(2, 10)));
  EXPECT_TRUE(pipeline.wait_left(60000));
}

TEST(PipelineTest, AWorkerIsIdleOnlyBetweenBatches) {
  using enum Pipeline::Work;
  constexpr std::chrono::milliseconds k_patience(1);
  ChunkMemory memory;
  Pipeline pipeline(2, memory);
  EXPECT_EQ(pipeline.wait_work(1, true, k_patience), none);
  ASSERT_TRUE(pipeline.push(chunk(1, 10, false)));
  EXPECT_EQ(pipeline.wait_work(1, true, k_patience), ready);
  EXPECT_EQ(pipeline.try_next(1)->batch, 1U);
  std::jthread coordinator([&pipeline] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(pipeline.push(chunk(1, 20)));
  });
  EXPECT_EQ(pipeline.wait_work(1, true, k_patience), ready) << "its session has a transaction open";
  EXPECT_EQ(pipeline.try_next(1)->bytes, 20U);
  EXPECT_EQ(pipeline.wait_work(1, true, k_patience), none);
}

TEST(PipelineTest, WhatAnotherWorkerHasTakenIsNotWaitedFor) {
  ChunkMemory memory;
  Pipeline pipeline(2, memory);
  ASSERT_TRUE(pipeline.push(chunk(1, 10)));
  EXPECT_EQ(pipeline.wait_work(1, true, std::chrono::milliseconds(1)), Pipeline::Work::ready);
  EXPECT_EQ(pipeline.try_next(0)->batch, 1U);
  EXPECT_FALSE(pipeline.try_next(1));
  EXPECT_EQ(pipeline.wait_work(1, true, std::chrono::milliseconds(1)), Pipeline::Work::none);
}

TEST(PipelineTest, CommitsAreWaitedFor) {
  ChunkMemory memory;
  Pipeline pipeline(2, memory);
  ASSERT_TRUE(pipeline.push(chunk(1, 10, false)));
  ASSERT_TRUE(pipeline.push(chunk(1, 10)));
  std::jthread waiting([&pipeline] { EXPECT_TRUE(pipeline.wait_turn(1)); });
  pipeline.finished(*pipeline.next(0));
  pipeline.finished(*pipeline.next(0));
}

TEST(PipelineTest, TheFirstFailureEndsEverything) {
  ChunkMemory memory;
  Pipeline pipeline(2, memory);
  std::jthread other([&pipeline] { EXPECT_FALSE(pipeline.next(1)); });
  Failure failure;
  failure.code = 1062;
  pipeline.fail(failure);
  failure.code = 2013;
  pipeline.fail(failure);
  EXPECT_EQ(pipeline.failure()->code, 1062);
  EXPECT_TRUE(pipeline.ended().stop_requested());
  EXPECT_FALSE(pipeline.wait_hungry());
  EXPECT_FALSE(pipeline.wait_committed(1));
  EXPECT_FALSE(pipeline.next(0));
}

TEST(PipelineTest, ABatchGoesToWhoeverIsFree) {
  ChunkMemory memory;
  Pipeline pipeline(3, memory);
  ASSERT_TRUE(pipeline.push(chunk(1, 1)));
  ASSERT_TRUE(pipeline.push(chunk(2, 1)));
  EXPECT_EQ(pipeline.next(2)->batch, 1U);
  EXPECT_EQ(pipeline.next(2)->batch, 2U);
}

TEST(PipelineTest, AllOfABatchGoesToOneWorker) {
  ChunkMemory memory;
  Pipeline pipeline(2, memory);
  ASSERT_TRUE(pipeline.push(chunk(1, 1, false)));
  ASSERT_TRUE(pipeline.push(chunk(1, 2, false)));
  EXPECT_EQ(pipeline.next(1)->bytes, 1U);
  ASSERT_TRUE(pipeline.push(chunk(1, 3)));
  ASSERT_TRUE(pipeline.push(chunk(2, 4)));
  EXPECT_EQ(pipeline.next(0)->batch, 2U);
  EXPECT_EQ(pipeline.next(1)->bytes, 2U);
  EXPECT_EQ(pipeline.next(1)->bytes, 3U);
}

TEST(PipelineTest, WhatIsForTheFirstWorkerDoesNotOvertake) {
  ChunkMemory memory;
  Pipeline pipeline(2, memory);
  ASSERT_TRUE(pipeline.push(chunk(1, 1)));
  ASSERT_TRUE(pipeline.push(chunk(2, 1), true));
  ASSERT_TRUE(pipeline.push(chunk(3, 1)));
  EXPECT_EQ(pipeline.next(0)->batch, 1U);
  EXPECT_EQ(pipeline.next(1)->batch, 3U);
  EXPECT_EQ(pipeline.next(0)->batch, 2U);
}

TEST(PipelineTest, WhoWaitsIsToldThatTheHeadStalls) {
  using std::chrono_literals::operator""ms;
  ChunkMemory memory;
  Pipeline pipeline(2, memory);
  TargetCall call;
  pipeline.calls(0, 2, 55);
  pipeline.calls(1, 1, 77);
  EXPECT_EQ(pipeline.wait_turn(1, 1ms, call), Pipeline::Turn::stalled);
  EXPECT_EQ(call.connection_id, 77U);
  EXPECT_EQ(pipeline.wait_turn(1, 1ms, call), Pipeline::Turn::stalled) << "again, after a while";
  EXPECT_EQ(call.told, 2U);
  pipeline.finished(chunk(1, 0));
  EXPECT_EQ(pipeline.wait_turn(1, 1ms, call), Pipeline::Turn::come);
  pipeline.end();
  EXPECT_EQ(pipeline.wait_turn(2, 1ms, call), Pipeline::Turn::ended);
}

/// Some are large, some of several chunks, some for the first worker; workers come, wait for their turn, and end
/// sessions.
TEST(PipelineTest, EveryBatchIsTakenAndCommittedInItsTurn) {
  using std::chrono_literals::operator""ms;
  constexpr std::size_t k_workers = 4;
  constexpr std::uint64_t k_batches = 3000;
  ChunkMemory memory({4000, 10, 1000});
  Pipeline pipeline(k_workers, memory);
  std::uint64_t last = 0;  // guarded by the turns
  std::vector<std::jthread> workers;
  for (std::size_t worker = 0; worker < k_workers; ++worker) {
    workers.emplace_back([&, worker] {
      std::size_t tries = worker;
      for (bool connected = worker < 2;;) {
        if (worker != 0) {
          const Pipeline::Work work = pipeline.wait_work(worker, connected, 2ms);
          if (work == Pipeline::Work::ended) break;
          connected = work == Pipeline::Work::ready && (connected || ++tries % 3 != 0);
          if (work == Pipeline::Work::ready && !connected) pipeline.pause(1ms);
          if (!connected) continue;
        }
        const auto next = pipeline.next(worker);
        if (!next) break;
        if (next->end) {
          if (!pipeline.wait_turn(next->batch - 1)) break;
          EXPECT_EQ(last + 1, next->batch);
          last = next->batch;
        }
        pipeline.finished(*next);
      }
      pipeline.left();
    });
  }
  for (std::uint64_t batch = 1; batch <= k_batches; ++batch) {
    const bool first = batch % 7 == 0;
    if (batch % 5 == 0) {
      ASSERT_TRUE(pipeline.push(chunk(batch, 300, false), first));
    }
    ASSERT_TRUE(pipeline.push(chunk(batch, batch % 11 == 0 ? 1500 : 100), first));
    if (batch % 100 == 0) {
      ASSERT_TRUE(pipeline.wait_hungry());
    }
  }
  EXPECT_TRUE(pipeline.wait_committed(k_batches));
  pipeline.end();
  EXPECT_TRUE(pipeline.wait_left(60000));
  workers.clear();
  EXPECT_EQ(last, k_batches);
}

}  // namespace
}  // namespace tributary::apply
