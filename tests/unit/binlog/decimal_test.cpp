#include "tributary/binlog/decimal.hpp"

#include <gtest/gtest.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

std::string text_of(const std::string& hex, unsigned precision, unsigned scale) {
  return decimal_to_text(from_hex(hex), precision, scale).value_or("bad");
}

TEST(Decimal, hasTheText) {
  EXPECT_EQ(text_of("7ef204c72dfb2d", 14, 4), "-1234567890.1234");
  EXPECT_EQ(text_of("810dfb38d204d2", 14, 4), "1234567890.1234");
  EXPECT_EQ(text_of("7ffffffff8", 10, 0), "-7");
  EXPECT_EQ(text_of("8c22", 4, 2), "12.34");
  EXPECT_EQ(text_of("8000000000", 10, 0), "0");
  EXPECT_EQ(text_of("8005", 2, 2), "bad") << "wrong size";
  EXPECT_EQ(text_of("85", 2, 2), "0.05");
  EXPECT_EQ(text_of("e4", 2, 2), "bad") << "two digits cannot be 100";
}

TEST(Decimal, ofJsonCountsWholeGroups) {
  // As MySQL 9.7 writes CAST('99…9' AS DECIMAL(65)) and DECIMAL(65,30) into a document.
  std::string hex = "80000063";
  for (int i = 0; i < 7; ++i) hex += "3b9ac9ff";
  EXPECT_EQ(text_of(hex, 72, 0), std::string(65, '9'));
  EXPECT_EQ(text_of("7a0a1f00 c4653600 c4653600 c4653600 c4653600 c4653600 c4653600 fc18", 66, 30),
            '-' + std::string(35, '9') + '.' + std::string(30, '9'));
  std::string groups = "80000000";
  for (int i = 0; i < 8; ++i) groups += "3b9ac9ff";
  EXPECT_EQ(text_of(groups, 81, 27), std::string(45, '9') + '.' + std::string(27, '9'));
  EXPECT_EQ(decimal_size(81, 41), 37U);
  EXPECT_EQ(text_of("80" + std::string(72, '0'), 81, 41), "0." + std::string(41, '0'));
}

TEST(Decimal, knowsItsSize) {
  EXPECT_EQ(decimal_size(14, 4), 7U);
  EXPECT_EQ(decimal_size(65, 30), 30U);
  EXPECT_EQ(decimal_size(10, 0), 5U);
  EXPECT_EQ(decimal_size(4, 5), 0U);
}

TEST(Decimal, holdsTheLargest) {
  std::string hex = "85f5e0ff";  // 8 digits
  for (int i = 0; i < 3; ++i) hex += "3b9ac9ff";
  for (int i = 0; i < 3; ++i) hex += "3b9ac9ff";
  hex += "03e7";  // 3 digits
  EXPECT_EQ(text_of(hex, 65, 30), std::string(35, '9') + '.' + std::string(30, '9'));
  EXPECT_EQ(text_of("00", 82, 0), "bad");
  EXPECT_EQ(text_of("", 0, 0), "bad");
}

}  // namespace
}  // namespace tributary::binlog
