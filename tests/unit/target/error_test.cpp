#include <gtest/gtest.h>

#include "tributary/target/target_server.hpp"

namespace tributary::target {
namespace {

TEST(TargetErrorTest, knowsWhenTheConnectionIsLost) {
  for (const std::uint16_t code :
       std::initializer_list<std::uint16_t>{2002, 2003, 2006, 2013, 2055, 1053, 1927, 1158, 1159, 1160, 1161}) {
    EXPECT_TRUE(TargetError(code, "x").connection_lost()) << code;
    EXPECT_TRUE(TargetError(code, "x").transient()) << code;
  }
}

TEST(TargetErrorTest, knowsWhatIsWorthAnotherTry) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1205, 1213, 1040, 1203, 1180, 1020, 1047}) {
    EXPECT_TRUE(TargetError(code, "x").transient()) << code;
    EXPECT_FALSE(TargetError(code, "x").connection_lost()) << code;
  }
}

TEST(TargetErrorTest, knowsWhatNeedsAnAdministrator) {
  // Duplicate key, key not found, no such table, syntax, access denied (twice), disk full, read only, KILL QUERY.
  for (const std::uint16_t code :
       std::initializer_list<std::uint16_t>{1062, 1032, 1146, 1064, 1045, 1227, 1021, 1290, 1317, 1969}) {
    EXPECT_FALSE(TargetError(code, "x").transient()) << code;
    EXPECT_FALSE(TargetError(code, "x").connection_lost()) << code;
  }
}

}  // namespace
}  // namespace tributary::target
