#include "pipeline.hpp"

#include <thread>

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
  Pipeline pipeline(1, 1000);
  ASSERT_TRUE(pipeline.push(chunk(1, 10)));
  ASSERT_TRUE(pipeline.push(chunk(2, 10)));
  EXPECT_EQ(pipeline.next(0)->batch, 1U);
  EXPECT_EQ(pipeline.next(0)->batch, 2U);
}

TEST(PipelineTest, TheLimitHoldsBackButOneLargeChunkPasses) {
  Pipeline pipeline(1, 100);
  ASSERT_TRUE(pipeline.push(chunk(1, 5000)));
  std::jthread second([&pipeline] { EXPECT_TRUE(pipeline.push(chunk(2, 60))); });
  const auto first = pipeline.next(0);
  pipeline.finished(*first);
  EXPECT_EQ(pipeline.next(0)->batch, 2U);
}

TEST(PipelineTest, IdleMeansThatAllWorkersWaitAndNothingIsQueued) {
  Pipeline pipeline(1, 100);
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

TEST(PipelineTest, CommitsAreWaitedFor) {
  Pipeline pipeline(2, 100);
  ASSERT_TRUE(pipeline.push(chunk(1, 10, false)));
  ASSERT_TRUE(pipeline.push(chunk(1, 10)));
  std::jthread waiting([&pipeline] { EXPECT_TRUE(pipeline.wait_turn(1)); });
  pipeline.finished(*pipeline.next(0));
  pipeline.finished(*pipeline.next(0));
}

TEST(PipelineTest, TheFirstFailureEndsEverything) {
  Pipeline pipeline(2, 100);
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
  Pipeline pipeline(3, 1000);
  ASSERT_TRUE(pipeline.push(chunk(1, 1)));
  ASSERT_TRUE(pipeline.push(chunk(2, 1)));
  EXPECT_EQ(pipeline.next(2)->batch, 1U);
  EXPECT_EQ(pipeline.next(2)->batch, 2U);
}

TEST(PipelineTest, AllOfABatchGoesToOneWorker) {
  Pipeline pipeline(2, 1000);
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
  Pipeline pipeline(2, 1000);
  ASSERT_TRUE(pipeline.push(chunk(1, 1)));
  ASSERT_TRUE(pipeline.push(chunk(2, 1), true));
  ASSERT_TRUE(pipeline.push(chunk(3, 1)));
  EXPECT_EQ(pipeline.next(0)->batch, 1U);
  EXPECT_EQ(pipeline.next(1)->batch, 3U);
  EXPECT_EQ(pipeline.next(0)->batch, 2U);
}

TEST(PipelineTest, WhoWaitsIsToldThatTheHeadStalls) {
  using std::chrono_literals::operator""ms;
  Pipeline pipeline(2, 1000);
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

}  // namespace
}  // namespace tributary::apply
