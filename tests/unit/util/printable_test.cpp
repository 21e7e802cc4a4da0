#include "tributary/util/printable.hpp"

#include <gtest/gtest.h>

namespace tributary {
namespace {

TEST(PrintableTest, leavesTextAsItIs) {
  for (const std::string text :
       {"", "Access denied for user 'a'@'b'", "back\\slash", "Zeit\xc3\xbcge \xe2\x82\xac \xf0\x9f\x90\x98"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(PrintableTest, showsControlCharactersByTheirBytes) {
  EXPECT_EQ(printable("a\nb\tc\x1b[2J\x7f"), "a\\x0ab\\x09c\\x1b[2J\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xc2\x85"), "\\xc2\\x85") << "U+0085, a line end to some";
}

TEST(PrintableTest, showsWhatIsNotUtf8ByItsBytes) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xc3"), "\\xc3") << "cut short";
  EXPECT_EQ(printable("\xc3("), "\\xc3(");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond U+10FFFF";
}

TEST(PrintableTest, cutsWhatIsTooLongBetweenCharacters) {
  EXPECT_EQ(printable("abc", 3), "abc");
  EXPECT_EQ(printable("abcd", 3), "abc...");
  EXPECT_EQ(printable("ab\xc3\xbc", 3), "ab...");
}

}  // namespace
}  // namespace tributary
