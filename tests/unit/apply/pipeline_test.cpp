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
  ASSERT_TRUE(pipeline.push(0, chunk(1, 10)));
  ASSERT_TRUE(pipeline.push(0, chunk(2, 10)));
  EXPECT_EQ(pipeline.next(0)->batch, 1U);
  EXPECT_EQ(pipeline.next(0)->batch, 2U);
}

TEST(PipelineTest, TheLimitHoldsBackButOneLargeChunkPasses) {
  Pipeline pipeline(1, 100);
  ASSERT_TRUE(pipeline.push(0, chunk(1, 5000)));
  std::jthread second([&pipeline] { EXPECT_TRUE(pipeline.push(0, chunk(2, 60))); });
  const auto first = pipeline.next(0);
  pipeline.finished(*first);
  EXPECT_EQ(pipeline.next(0)->batch, 2U);
}

TEST(PipelineTest, HungryMeansThatAWorkerWaitsAndNothingIsQueued) {
  Pipeline pipeline(1, 100);
  EXPECT_FALSE(pipeline.hungry());
  std::jthread worker([&pipeline] {
    while (const auto next = pipeline.next(0)) pipeline.finished(*next);
    pipeline.left();
  });
  EXPECT_TRUE(pipeline.wait_hungry());
  EXPECT_TRUE(pipeline.push(0, chunk(1, 10)));
  EXPECT_TRUE(pipeline.wait_committed(1));
  pipeline.end();
  EXPECT_FALSE(pipeline.push(0, chunk(2, 10)));
  EXPECT_TRUE(pipeline.wait_left(60000));
}

TEST(PipelineTest, CommitsAreWaitedFor) {
  Pipeline pipeline(2, 100);
  ASSERT_TRUE(pipeline.push(0, chunk(1, 10, false)));
  ASSERT_TRUE(pipeline.push(0, chunk(1, 10)));
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

TEST(PipelineTest, ABatchGoesToTheWorkerWithTheLeastToDo) {
  Pipeline pipeline(3, 1000);
  ASSERT_TRUE(pipeline.push(pipeline.choose_worker(), chunk(1, 1)));
  ASSERT_TRUE(pipeline.push(pipeline.choose_worker(), chunk(2, 1)));
  ASSERT_TRUE(pipeline.push(pipeline.choose_worker(), chunk(3, 1)));
  EXPECT_EQ(pipeline.next(0)->batch, 1U);
  EXPECT_EQ(pipeline.next(1)->batch, 2U);
  EXPECT_EQ(pipeline.next(2)->batch, 3U);
}

}  // namespace
}  // namespace tributary::apply
