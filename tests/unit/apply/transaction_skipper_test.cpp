#include "transaction_skipper.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

/// Feeds transactions of so many events. @return 's' for each that is skipped, 'a' for each that is applied.
std::string feed(TransactionSkipper& skipper, std::initializer_list<int> transactions, std::uint64_t first_offset = 4) {
  std::string result;
  std::uint64_t offset = first_offset;
  for (const int events : transactions) {
    const bool skips = skipper.skips({1, offset});
    result += skips ? 's' : 'a';
    for (int event = 1; skips && event <= events; ++event) {
      skipper.passed(binlog::EventType::mariadb_annotate_rows, false);
      skipper.passed(binlog::EventType::query, event == events);
    }
    offset += 100;
  }
  return result;
}

TEST(TransactionSkipper, endsAtTheEndOfATransaction) {
  const std::pair<std::uint32_t, const char*> cases[] = {{0, "aaaa"}, {1, "saaa"}, {4, "saaa"}, {5, "ssaa"},
                                                         {8, "ssaa"}, {9, "sssa"}, {10, "ssss"}};
  for (const auto& [count, expected] : cases) {
    TransactionSkipper skipper(count);
    EXPECT_EQ(feed(skipper, {4, 4, 1, 4}), expected) << count;
    EXPECT_EQ(skipper.remaining(), 0U) << count;
  }
}

TEST(TransactionSkipper, skipsTheSameOnceMore) {
  TransactionSkipper skipper(5);
  EXPECT_EQ(feed(skipper, {4, 4, 4}), "ssa");
  EXPECT_EQ(feed(skipper, {4, 4, 4}), "ssa");
  EXPECT_EQ(feed(skipper, {4, 4}, 104), "sa");
}

TEST(TransactionSkipper, countsAnewWhatWasCutInTheMiddle) {
  TransactionSkipper skipper(8);
  EXPECT_TRUE(skipper.skips({1, 4}));
  for (int event = 1; event <= 5; ++event) skipper.passed(binlog::EventType::query, event == 5);
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_TRUE(skipper.skips({1, 104}));
    for (int event = 0; event < 2; ++event) skipper.passed(binlog::EventType::query, false);
    EXPECT_EQ(skipper.remaining(), 1U);
  }
  EXPECT_EQ(feed(skipper, {4, 4}, 104), "sa");
  EXPECT_EQ(skipper.remaining(), 0U);
}

TEST(TransactionSkipper, goesOnWhereAnAttemptHasEnded) {
  TransactionSkipper skipper(5);
  EXPECT_EQ(feed(skipper, {4}), "s");
  EXPECT_EQ(skipper.remaining(), 1U);
  EXPECT_EQ(feed(skipper, {4, 4, 4}), "ssa");
}

}  // namespace
}  // namespace tributary::apply
