#include <fmt/core.h>
#include <gtest/gtest.h>

#include "ddl_window.hpp"

namespace tributary::apply {
namespace {

StatementScan scan_of(DdlEffect effect, std::size_t objects, bool repeatable = false) {
  StatementScan scan;
  scan.effect = effect;
  scan.repeatable = repeatable;
  scan.objects.resize(objects);
  return scan;
}

TEST(DdlDecisionTest, FollowsTheDefinitions) {
  using enum DdlDecision;
  const std::string absent = "table `d`.`a` absent\n";
  const std::string there = "table `d`.`a` 00ff\n";
  const std::string changed = "table `d`.`a` 11ff\n";
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::create, 1), absent, absent, true), run);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::create, 1), absent, there, true), done);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::create, 1), there, there, true), run);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::drop, 1), there, there, true), run);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::drop, 1), there, absent, true), done);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::drop, 2), there + there, absent + there, true), run_tolerantly);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::drop, 2), there + there, absent + absent, true), done);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::alter, 1), there, there, false), run);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::alter, 1), there, changed, false), done);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::alter, 2), there + absent, absent + there, false), done);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::alter, 2), there + there, there + there, true), run);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::alter, 2), there + there, there + there, false), undecidable);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::unknown, 0), "", "", true), run_tolerantly);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::create, 1), "", there, true), run_tolerantly);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::create, 1, true), absent, there, true), run);
  // A name that ends in the word is not an absent object.
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::create, 1), absent, "table `d`.`xabsent", true), done);
}

TEST(DdlDecisionTest, ARenameIsOnlyAmbiguousWhereNamesAreExchanged) {
  using enum DdlDecision;
  const auto decide = [](const std::string& names, const std::string& before) {
    StatementScan scan;
    scan.effect = DdlEffect::alter;
    for (const char name : names) scan.objects.push_back({target::ObjectKind::table, "d", std::string(1, name)});
    return decide_ddl(scan, before, before, false);
  };
  const std::string absent = "table `d`.`x` absent\n";
  const std::string there = "table `d`.`x` 00ff\n";
  EXPECT_EQ(decide("ab", there + absent), run);
  EXPECT_EQ(decide("ab", there + there), undecidable);  // EXCHANGE PARTITION
  EXPECT_EQ(decide("abcd", there + absent + there + absent), run);
  EXPECT_EQ(decide("abca", there + absent + there + there), run);
  EXPECT_EQ(decide("axbaxb", there + absent + there + there + absent + there), undecidable);
  EXPECT_EQ(decide("ab", ""), run_tolerantly);
  EXPECT_EQ(decide("abc", there + absent + absent), undecidable);
}

TEST(DdlDecisionTest, ATableThatSomebodyHasRebuiltIsUnchanged) {
  using enum DdlDecision;
  const std::string text(64, 'a');
  const auto table = [&](char name, const std::string& hash, char ids) {
    return fmt::format("table `d`.`{}` {}:{}\n", name, hash, std::string(64, ids));
  };
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::alter, 1), table('t', text, '1'), table('t', text, '2'), true), run);
  EXPECT_EQ(
      decide_ddl(scan_of(DdlEffect::alter, 1), table('t', text, '1'), table('t', std::string(64, 'b'), '2'), true),
      done);
  // Two that changed places show nothing but their ids.
  StatementScan swap = scan_of(DdlEffect::alter, 2);
  swap.objects[0].name = "t";
  swap.objects[1].name = "u";
  EXPECT_EQ(decide_ddl(swap, table('t', text, '1') + table('u', text, '2'),
                       table('t', text, '2') + table('u', text, '1'), true),
            done);
}

TEST(DdlDecisionTest, OnlyErrorsOfObjectsMeanAlreadyDone) {
  EXPECT_TRUE(means_already_done(1050));
  EXPECT_TRUE(means_already_done(1396));
  EXPECT_FALSE(means_already_done(1205));
  EXPECT_FALSE(means_already_done(1062));
}

}  // namespace
}  // namespace tributary::apply
