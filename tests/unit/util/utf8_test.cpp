#include "tributary/util/utf8.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tributary {
namespace {

TEST(Utf8Test, charactersHaveTheirBytes) {
  EXPECT_EQ(utf8_character_length(std::string_view("\0x", 2)), 1U);
  EXPECT_EQ(utf8_character_length("\x7f"), 1U);
  EXPECT_EQ(utf8_character_length("\xc2\x80..."), 2U);
  EXPECT_EQ(utf8_character_length("\xe0\xa0\x80"), 3U);
  EXPECT_EQ(utf8_character_length("\xed\x9f\xbf"), 3U) << "U+D7FF, the last before the surrogates";
  EXPECT_EQ(utf8_character_length("\xee\x80\x80"), 3U) << "U+E000, the first behind them";
  EXPECT_EQ(utf8_character_length("\xf0\x90\x80\x80"), 4U);
  EXPECT_EQ(utf8_character_length("\xf4\x8f\xbf\xbf"), 4U) << "U+10FFFF";
}

TEST(Utf8Test, whatIsNoCharacterHasNone) {
  for (const std::string text : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xe2\x82",
                                 "\xe2\x82x", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
                                 "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(utf8_character_length(text), 0U) << testing::PrintToString(text);
  }
}

TEST(Utf8Test, ascii) {
  EXPECT_TRUE(is_ascii(""));
  EXPECT_TRUE(is_ascii(std::string_view("\0 a\x7f", 4)));
  EXPECT_FALSE(is_ascii("a\x80"));
}

}  // namespace
}  // namespace tributary
