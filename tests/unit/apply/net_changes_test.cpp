#include "net_changes.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

using Views = std::vector<std::string_view>;

TEST(NetChanges, KeepsTheLastRowOfAKey) {
  NetChanges net;
  EXPECT_TRUE(net.replace("1", "(1,'a')"));
  EXPECT_TRUE(net.replace("1", "(1,'b')"));
  EXPECT_EQ(net.removed(), Views{"1"});
  EXPECT_EQ(net.added(), Views{"(1,'b')"});
}

TEST(NetChanges, ARowThatCameAndWentIsNothing) {
  NetChanges net;
  EXPECT_TRUE(net.add("1", "(1)"));
  EXPECT_TRUE(net.remove("1"));
  EXPECT_TRUE(net.removed().empty());
  EXPECT_TRUE(net.added().empty());
  EXPECT_FALSE(net.empty());
}

TEST(NetChanges, ARowThatWentAndCameBackIsAnother) {
  NetChanges net;
  EXPECT_TRUE(net.remove("1"));
  EXPECT_TRUE(net.add("1", "(1,'new')"));
  EXPECT_EQ(net.removed(), Views{"1"});
  EXPECT_EQ(net.added(), Views{"(1,'new')"});
}

TEST(NetChanges, RefusesWhatCannotFollow) {
  NetChanges net;
  EXPECT_TRUE(net.add("1", "(1)"));
  EXPECT_FALSE(net.add("1", "(1)"));
  EXPECT_TRUE(net.remove("1"));
  EXPECT_FALSE(net.remove("1"));
  EXPECT_FALSE(net.replace("1", "(1)"));
  EXPECT_TRUE(net.remove("2"));
  EXPECT_FALSE(net.replace("2", "(2)"));
}

TEST(NetChanges, CountsBytesOfWhatIsLeft) {
  NetChanges net;
  EXPECT_TRUE(net.add("12", "(12,'long')"));
  EXPECT_TRUE(net.replace("12", "(12)"));
  EXPECT_EQ(net.size(), 6U);
  EXPECT_TRUE(net.remove("12"));
  EXPECT_EQ(net.size(), 2U);
  net.clear();
  EXPECT_EQ(net.size(), 0U);
  EXPECT_TRUE(net.empty());
}

}  // namespace
}  // namespace tributary::apply
