#include <gtest/gtest.h>

#include "tributary/relay/relay_log.hpp"

namespace tributary::relay {
namespace {

TEST(ChannelFileName, keepsLettersDigitsAndUnderscore) {
  EXPECT_EQ(escape_channel_name("Shop_01"), "Shop_01");
}

TEST(ChannelFileName, escapesTheRestByCodePoint) {
  EXPECT_EQ(escape_channel_name("x-1"), "x@002d1");
  EXPECT_EQ(escape_channel_name("a/b.c@d"), "a@002fb@002ec@0040d");
  EXPECT_EQ(escape_channel_name("k\xc3\xb6ln"), "k@00f6ln");
  EXPECT_EQ(escape_channel_name("\xe2\x82\xac"), "@20ac");
  EXPECT_EQ(escape_channel_name("\xf0\x9f\x98\x80"), "@d83d@de00");
}

TEST(ChannelFileName, keepsNamesDistinctThatAreNotUtf8) {
  EXPECT_EQ(escape_channel_name("\xff"), "@dcff");
  EXPECT_EQ(escape_channel_name("a\xc3"), "a@dcc3");
  EXPECT_NE(escape_channel_name("\xc3"), escape_channel_name("\xc3\x83"));
  EXPECT_EQ(escape_channel_name("\xc0\xaf"), "@dcc0@dcaf") << "an overlong form is not a code point";
}

}  // namespace
}  // namespace tributary::relay
