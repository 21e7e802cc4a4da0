#include "target_columns.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

using target::ObjectKind;
using target::ObjectName;

TEST(TargetColumnsTest, ADdlMakesWhatItNamesAskedForAnew) {
  std::vector<std::string> asked;
  TargetColumns columns([&asked](const TableName& table) {
    asked.push_back(table.second);
    return std::vector<TargetColumn>(1);
  });
  const auto ask = [&] {
    asked.clear();
    for (const char* const name : {"a", "b", "c"}) EXPECT_EQ(columns.of({"d", name}).size(), 1U);
    return asked;
  };
  EXPECT_EQ(ask(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(ask(), (std::vector<std::string>{}));
  columns.forget({{ObjectKind::table, "D", "B"}, {ObjectKind::table, "other", "a"}});
  EXPECT_EQ(ask(), (std::vector<std::string>{"b"})) << "names may differ by case";
  const std::vector<ObjectName> untold[] = {{},
                                            {{ObjectKind::database, "", "other"}},
                                            {{ObjectKind::table, "d", "\u00e4"}},
                                            {{ObjectKind::table, "other", "a"}, {ObjectKind::procedure, "d", "p"}}};
  for (const auto& objects : untold) {
    columns.forget(objects);
    EXPECT_EQ(ask(), (std::vector<std::string>{"a", "b", "c"}));
  }
}

TEST(TargetColumnsTest, RemembersABoundedNumberOfTables) {
  std::size_t asked = 0;
  TargetColumns columns([&asked](const TableName&) {
    ++asked;
    return std::vector<TargetColumn>(1);
  });
  for (int i = 0; i < 4096; ++i) columns.of({"d", std::to_string(i)});
  columns.of({"d", "0"});
  EXPECT_EQ(asked, 4096U);
  columns.of({"d", "one more"});
  columns.of({"d", "0"});
  EXPECT_EQ(asked, 4098U);
}

}  // namespace
}  // namespace tributary::apply
