#include "ddl_decision.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

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
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::drop, 2), there + there, absent + there, true), run_rest);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::drop, 2), there + there, absent + absent, true), done);
  EXPECT_EQ(decide_ddl(scan_of(DdlEffect::drop, 1), absent, absent, true), run_tolerantly);  // a loadable function
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
    scan.renames = names.size() % 2 == 0;
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
  EXPECT_EQ(decide("axbaxb", ""), undecidable);
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
}

TEST(DdlDecisionTest, TablesThatChangePlacesTakeTheirIdsWithThem) {
  using enum DdlDecision;
  const auto table = [](char name, char ids) {
    return fmt::format("table `d`.`{}` {}:{}\n", name, std::string(64, 'a'), std::string(64, ids));
  };
  const std::string absent = "table `d`.`x` absent\n";
  StatementScan swap;
  swap.effect = DdlEffect::alter;
  swap.renames = true;
  for (const char* const name : {"t", "x", "u", "t", "x", "u"}) {
    swap.objects.push_back({target::ObjectKind::table, "d", name});
  }
  const auto told = [&](char t, char u) {
    return table('t', t) + absent + table('u', u) + table('t', t) + absent + table('u', u);
  };
  EXPECT_EQ(decide_ddl(swap, told('1', '2'), told('2', '1'), true), done);
  EXPECT_EQ(decide_ddl(swap, told('1', '2'), told('1', '2'), true), run);
  EXPECT_EQ(decide_ddl(swap, told('1', '2'), told('3', '2'), true), undecidable);   // TRUNCATE by somebody else
  EXPECT_EQ(decide_ddl(swap, told('1', '1'), told('1', '1'), false), undecidable);  // not readable
  StatementScan exchange = scan_of(DdlEffect::alter, 2);
  exchange.exchanges_partition = true;
  const std::string before = table('t', '1') + table('u', '2');
  EXPECT_EQ(decide_ddl(exchange, before, before, true), run);
  EXPECT_EQ(decide_ddl(exchange, before, table('t', '3') + table('u', '1'), true), done);
  EXPECT_EQ(decide_ddl(exchange, before, table('t', '3') + table('u', '2'), true), undecidable);
  EXPECT_EQ(decide_ddl(exchange, "", "", true), undecidable);
}

TEST(DdlDecisionTest, ARenameThatWasCutIsNotDone) {
  using enum DdlDecision;
  StatementScan scan;
  scan.effect = DdlEffect::alter;
  scan.renames = true;
  for (const char* const name : {"a", "b", "c", "d"}) scan.objects.push_back({target::ObjectKind::user, "%", name});
  const auto told = [](std::string_view in_use) {
    std::string lines;
    for (const char name : std::string("abcd")) {
      lines += fmt::format("user '{}'@'%' {}\n", name, in_use.find(name) == std::string_view::npos ? "absent" : "00ff");
    }
    return lines;
  };
  EXPECT_EQ(decide_ddl(scan, told("ac"), told("ac"), true), run);
  EXPECT_EQ(decide_ddl(scan, told("ac"), told("bd"), true), done);
  EXPECT_EQ(decide_ddl(scan, told("ac"), told("bc"), true), undecidable);
}

TEST(DdlDecisionTest, OnlyErrorsOfObjectsMeanAlreadyDone) {
  EXPECT_TRUE(means_already_done(1050));
  EXPECT_TRUE(means_already_done(1396));
  EXPECT_FALSE(means_already_done(1205));
  EXPECT_FALSE(means_already_done(1062));
}

}  // namespace
}  // namespace tributary::apply
