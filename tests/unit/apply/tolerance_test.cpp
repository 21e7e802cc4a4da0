#include "tolerance.hpp"

#include <cstdint>
#include <initializer_list>
#include <utility>

#include <gmock/gmock.h>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/util/error.hpp"

namespace tributary::apply {
namespace {

using binlog::EventType;
using binlog::EventView;

TEST(ToleranceTest, PassesOverWhatIsListed) {
  ApplierOptions options;
  EXPECT_FALSE(Tolerance(options).any());
  options.skip_errors = SkippedErrors::parse("1062,1205,1213,2013").value();
  const Tolerance tolerance(options);
  EXPECT_TRUE(tolerance.any());
  EXPECT_TRUE(tolerance.skips(target::TargetError(1062, "")));
  EXPECT_FALSE(tolerance.skips(target::TargetError(1032, "")));
  for (const std::uint16_t again : std::initializer_list<std::uint16_t>{1205, 1213, 2013}) {
    EXPECT_FALSE(tolerance.skips(target::TargetError(again, ""))) << "another try may mend " << again;
  }
  EXPECT_FALSE(tolerance.passes_row(target::TargetError(1062, ""))) << "slave_exec_mode is STRICT";
}

TEST(ToleranceTest, AStatementsErrorInTheSourceCountsToo) {
  ApplierOptions options;
  options.skip_errors = SkippedErrors::parse("1062").value();
  const Tolerance tolerance(options);
  EXPECT_TRUE(tolerance.skips(target::TargetError(3002, ""), 1062));
  EXPECT_FALSE(tolerance.skips(target::TargetError(3002, ""), 1032));
  EXPECT_FALSE(tolerance.skips(target::TargetError(3002, "")));
}

TEST(ToleranceTest, IdempotentIsAboutRowsAndKeys) {
  ApplierOptions options;
  options.exec_mode = ExecMode::idempotent;
  const Tolerance tolerance(options);
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1032, 1062, 1451, 1452}) {
    EXPECT_TRUE(tolerance.passes_row(target::TargetError(code, ""))) << code;
    EXPECT_TRUE(tolerance.may_pass_over(code)) << code;
    EXPECT_FALSE(tolerance.skips(target::TargetError(code, ""))) << "not of a statement: " << code;
  }
  EXPECT_FALSE(tolerance.passes_row(target::TargetError(1146, "")));
  EXPECT_FALSE(tolerance.may_pass_over(1366));
}

/// A table d.t of two INT columns.
class TolerantRowsTest : public testing::Test {
 protected:
  /// Writes a row event as its bytes, and refuses those that hold the value 13.
  class Writer : public RowWriter {
   public:
    void add_table_map(const EventView& /*event*/, const binlog::FormatDescription& /*source*/) override { ++maps; }
    void add_rows(const EventView& event, const binlog::FormatDescription& source) override {
      Bytes scratch;
      const auto rows = binlog::RowsEvent::decode(event, source, scratch);
      const std::string text(rows.rows.begin(), rows.rows.end());
      if (refuses && text.find('\x0d') != std::string::npos) throw Error(1366, "no such value");
      statements.push_back({text + (rows.ends_statement() ? "." : ""), std::nullopt});
    }
    void depend_on(std::uint64_t /*batch*/) override {}
    [[nodiscard]] std::size_t size() const override { return 0; }
    std::vector<RowsStatement> take() override { return std::exchange(statements, {}); }
    void clear() override { statements.clear(); }

    bool refuses = false;
    int maps = 0;
    std::vector<RowsStatement> statements;
  };

  static Bytes event(EventType type, std::initializer_list<int> body) {
    Bytes raw(binlog::EventHeader::k_length, 0);
    raw[4] = static_cast<std::uint8_t>(type);
    for (const int byte : body) raw.push_back(static_cast<std::uint8_t>(byte));
    raw[9] = static_cast<std::uint8_t>(raw.size());
    return raw;
  }
  static EventView view(const Bytes& raw) { return EventView(raw, binlog::ChecksumAlgorithm::off); }
  std::vector<RowsStep> steps_of(const Bytes& raw, bool can_roll_back = false) {
    rows_.add_table_map(view(map_), description_);
    return rows_.steps_of(view(raw), description_, can_roll_back);
  }

  const binlog::FormatDescription description_ = binlog::FormatDescription::of_server("10.11.6-MariaDB");
  const Bytes map_ = event(EventType::table_map, {7, 0, 0, 0, 0, 0, 1, 0, 1, 'd', 0, 1, 't', 0, 2, 3, 3, 0, 3});
  Writer writer_;
  Writer replacer_;
  TolerantRows rows_{writer_, &replacer_, 1000};
};

TEST_F(TolerantRowsTest, EachRowIsAStep) {
  const auto steps = steps_of(event(EventType::write_rows_v1, {7,    0,   0, 0, 0, 0,   1, 0, 2, 3,  //
                                                               0xfc, 'a', 0, 0, 0, 'A', 0, 0, 0,     //
                                                               0xfe, 'b', 0, 0, 0,                   //
                                                               0xfc, 13,  0, 0, 0, 'C', 0, 0, 0}));
  using namespace std::string_literals;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].sql,
            "\xfc"
            "a\0\0\0A\0\0\0"s);
  EXPECT_EQ(steps[1].sql,
            "\xfe"
            "b\0\0\0"s);
  EXPECT_EQ(steps[2].sql, "\xfc\x0d\0\0\0C\0\0\0."s) << "only the last ends the source's statement";
  EXPECT_TRUE(steps[0].tolerant->first_of_event);
  EXPECT_FALSE(steps[1].tolerant->first_of_event);
  EXPECT_THAT(steps[1].tolerant->replacing, testing::HasSubstr("IDEMPOTENT"));
  EXPECT_THAT(steps[1].tolerant->replacing, testing::HasSubstr(steps[1].sql));
  EXPECT_EQ(replacer_.maps, 1);
}

TEST_F(TolerantRowsTest, AllRowsAreTriedFirstWhereTheyCanBeRolledBack) {
  const Bytes two =
      event(EventType::delete_rows_v1, {7, 0, 0, 0, 0, 0, 1, 0, 2, 3, 0xfe, 'a', 0, 0, 0, 0xfe, 'b', 0, 0, 0});
  const auto steps = steps_of(two, true);
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_TRUE(steps[0].tolerant->tries_event && steps[0].tolerant->first_of_event);
  EXPECT_EQ(steps[0].sql + ".", steps[1].sql + steps[2].sql) << "and the maps are still known to the writer";
  EXPECT_FALSE(steps[1].tolerant->tries_event || steps[1].tolerant->first_of_event);
  EXPECT_EQ(steps_of(two, false).size(), 2U);
}

TEST_F(TolerantRowsTest, WhatCannotBeReplacedSaysWhy) {
  replacer_.refuses = true;
  const auto steps = steps_of(event(EventType::write_rows_v1, {7,    0,   0, 0, 0, 0, 0, 0, 2, 3,  //
                                                               0xfe, 13,  0, 0, 0,                 //
                                                               0xfe, 'b', 0, 0, 0}));
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].tolerant->why_not_replaced, "no such value");
  EXPECT_EQ(steps[0].tolerant->replacing, "");
  EXPECT_EQ(steps[1].tolerant->why_not_replaced, "");
  EXPECT_NE(steps[1].tolerant->replacing, "");
  EXPECT_EQ(replacer_.maps, 2) << "the replacer was cleared";
}

TEST_F(TolerantRowsTest, OnlyNewRowsReplace) {
  const auto steps = steps_of(event(EventType::delete_rows_v1, {7, 0, 0, 0, 0, 0, 1, 0, 2, 3, 0xfe, 'b', 0, 0, 0}));
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].tolerant->replacing, "");
  EXPECT_EQ(steps[0].tolerant->why_not_replaced, "");
  EXPECT_EQ(replacer_.maps, 0);
}

TEST_F(TolerantRowsTest, CoversWhatFailedAndWhatCannotBeTriedTwice) {
  TransactionStart transaction;
  transaction.begin = {3, 100};
  EXPECT_FALSE(rows_.covers(transaction));
  rows_.apply_through(relay::RelayPosition{3, 100});
  EXPECT_TRUE(rows_.covers(transaction));
  transaction.begin = {3, 101};
  EXPECT_FALSE(rows_.covers(transaction));
  transaction.can_roll_back = false;
  EXPECT_TRUE(rows_.covers(transaction));
}

}  // namespace
}  // namespace tributary::apply
