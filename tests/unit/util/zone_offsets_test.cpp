#include "tributary/util/zone_offsets.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tributary {
namespace {

constexpr int k_months = 67 * 12;

/// As a server answers whose zone is @p summer seconds east of UTC from April to September, else @p winter.
std::string answer(int winter, int summer, const std::string& behind = "") {
  std::string text;
  for (int month = 0; month < k_months; ++month) {
    const bool is_summer = month % 12 >= 3 && month % 12 < 9;
    std::tm broken{};
    broken.tm_year = 71 + month / 12;
    broken.tm_mon = month % 12;
    broken.tm_mday = 1;
    const std::time_t local = timegm(&broken) + (is_summer ? summer : winter);
    gmtime_r(&local, &broken);
    char buffer[32];
    text += std::string(text.empty() ? "" : "|") +
            std::string(buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &broken)) + behind;
  }
  return text;
}

TEST(ZoneOffsetsTest, asksForEachMonth) {
  const std::string query = zone_offsets_query();
  EXPECT_TRUE(
      query.starts_with("SELECT CONCAT_WS('|',CONVERT_TZ('1971-01-01 00:00:00','+00:00','SYSTEM'),"
                        "CONVERT_TZ('1971-02-01 00:00:00','+00:00','SYSTEM'),"));
  EXPECT_TRUE(query.ends_with(",CONVERT_TZ('2037-12-01 00:00:00','+00:00','SYSTEM'))"));
}

TEST(ZoneOffsetsTest, aFixedZone) {
  EXPECT_EQ(parse_zone_offsets(answer(0, 0)), "0");
  EXPECT_EQ(parse_zone_offsets(answer(19800, 19800, ".000000")), "19800");
  EXPECT_EQ(fixed_time_zone("0"), "+00:00");
  EXPECT_EQ(fixed_time_zone("19800"), "+05:30");
  EXPECT_EQ(fixed_time_zone("-34200"), "-09:30");
  EXPECT_EQ(fixed_time_zone("-2670"), std::nullopt) << "no server can be told seconds";
  EXPECT_EQ(fixed_time_zone("3600 3:7200"), std::nullopt);
  EXPECT_EQ(fixed_time_zone(""), std::nullopt);
}

TEST(ZoneOffsetsTest, aZoneWithSummerTime) {
  const auto offsets = parse_zone_offsets(answer(3600, 7200));
  ASSERT_TRUE(offsets);
  EXPECT_TRUE(offsets->starts_with("3600 3:7200 9:3600 15:7200 ")) << *offsets;
  EXPECT_TRUE(offsets->ends_with(" 795:7200 801:3600")) << *offsets;
  const std::string query = time_zone_name_query(*offsets);
  EXPECT_NE(query.find("CONVERT_TZ('1971-03-01 00:00:00','+00:00',Name)='1971-03-01 01:00:00'"), std::string::npos);
  EXPECT_NE(query.find("CONVERT_TZ('1971-04-01 00:00:00','+00:00',Name)='1971-04-01 02:00:00'"), std::string::npos);
  EXPECT_NE(query.find("CONVERT_TZ('2037-12-01 00:00:00','+00:00',Name)='2037-12-01 01:00:00'"), std::string::npos);
}

TEST(ZoneOffsetsTest, whereTwoZonesDiffer) {
  EXPECT_FALSE(first_zone_difference("3600 3:7200 9:3600", "3600 3:7200 9:3600"));
  EXPECT_FALSE(first_zone_difference("3600", "x"));
  const auto difference = first_zone_difference("3600 3:7200 9:3600", "3600 3:7200 10:3600");
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->month, "1971-10");
  EXPECT_EQ(difference->since, 55123200) << "1971-10-01 00:00:00 UTC";
  EXPECT_EQ(first_zone_difference("0", "1")->month, "1971-01");
}

TEST(ZoneOffsetsTest, whatIsNoAnswer) {
  const std::string good = answer(3600, 7200);
  std::string letters = good;
  letters[3] = 'x';
  std::string no_date = good;
  no_date.replace(0, 10, "1971-13-01");
  std::string far = good;
  far.replace(0, 10, "1971-02-01");
  for (const std::string& text : {std::string(), std::string("NULL"), std::string("0"), good + "|", good.substr(0, 19),
                                  good + "|" + good, good.substr(20), letters, no_date, far}) {
    EXPECT_EQ(parse_zone_offsets(text), std::nullopt) << text.substr(0, 60);
  }
}

TEST(ZoneOffsetsTest, whatIsNoOffsets) {
  for (const std::string text :
       {"", " ", "x", "1:0", "0 0:1", "0 3:7200 3:0", "0 804:1", "0 99999999999:1", "0 3", "0 3:", "0 3:x"}) {
    EXPECT_EQ(time_zone_name_query(text), "") << text;
  }
}

}  // namespace
}  // namespace tributary
