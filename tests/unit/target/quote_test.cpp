#include <gtest/gtest.h>

#include "tributary/target/target_server.hpp"

namespace tributary::target {
namespace {

TEST(QuoteTest, doublesBackticks) {
  EXPECT_EQ(quote_identifier("shop"), "`shop`");
  EXPECT_EQ(quote_identifier("a`b\\\"'"), "`a``b\\\"'`");
  EXPECT_EQ(quote_identifier(""), "``");
}

TEST(QuoteTest, writesBytesAsHexadecimal) {
  EXPECT_EQ(hex_literal(""), "x''");
  EXPECT_EQ(hex_literal(std::string_view("a\0\xff\\'", 5)), "x'6100FF5C27'");
}

}  // namespace
}  // namespace tributary::target
