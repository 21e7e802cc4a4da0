#include "tributary/gtid/mariadb_gtid.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

namespace tributary::gtid {
namespace {

/// The error number of parsing @p text as a position; 0 when it is good.
int position_error(std::string_view text) {
  try {
    MariadbGtidPosition::parse(text);
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

TEST(MariadbGtid, holdsTheWholeRangeOfEachPart) {
  const MariadbGtid gtid = MariadbGtid::parse("4294967295-4294967295-18446744073709551615");
  EXPECT_EQ(gtid.domain_id, UINT32_MAX);
  EXPECT_EQ(gtid.server_id, UINT32_MAX);
  EXPECT_EQ(gtid.seq_no, UINT64_MAX);
  EXPECT_EQ(gtid.to_string(), "4294967295-4294967295-18446744073709551615");
}

TEST(MariadbGtidPosition, formatsWhatItParsedByDomain) {
  EXPECT_EQ(MariadbGtidPosition::parse(" 1-2-7 ,\n0-1-5 ").to_string(), "0-1-5,1-2-7");
  EXPECT_TRUE(MariadbGtidPosition::parse("").empty());
  EXPECT_TRUE(MariadbGtidPosition::parse("  \t").empty());
  EXPECT_EQ(MariadbGtidPosition().to_string(), "");
}

TEST(MariadbGtidPosition, refusesBadTextAsTheServerDoes) {
  for (const char* text : {"0-1", "0-1-", "0-1-5-6", "a-1-5", "-1-1-5", "0 -1-5", "0-1-5,", ",0-1-5", "0-1-5,,1-1-1",
                           "+0-1-5", "4294967296-1-5", "0-4294967296-5", "0-1-18446744073709551616", "0-1-5 6"}) {
    EXPECT_EQ(position_error(text), 1941) << text;
  }
  EXPECT_EQ(position_error("0-1-5,1-1-1,0-2-6"), 1943);
}

TEST(MariadbGtidPosition, keepsOneGtidForEachDomain) {
  MariadbGtidPosition position = MariadbGtidPosition::parse("0-1-5");
  position.update({0, 2, 6});
  position.update({3, 1, 1});
  EXPECT_EQ(position.to_string(), "0-2-6,3-1-1");
  EXPECT_EQ(position.find(0), (MariadbGtid{0, 2, 6}));
  EXPECT_EQ(position.find(1), std::nullopt);
}

TEST(MariadbGtidPosition, coversByDomainAndSequence) {
  const MariadbGtidPosition position = MariadbGtidPosition::parse("0-1-5,1-1-9");
  EXPECT_TRUE(position.covers(MariadbGtid{0, 7, 5}));
  EXPECT_FALSE(position.covers(MariadbGtid{0, 1, 6}));
  EXPECT_FALSE(position.covers(MariadbGtid{2, 1, 1}));
  EXPECT_TRUE(position.covers(MariadbGtidPosition::parse("1-3-8")));
  EXPECT_TRUE(position.covers(MariadbGtidPosition()));
  EXPECT_FALSE(position.covers(MariadbGtidPosition::parse("1-3-8,2-1-1")));
}

}  // namespace
}  // namespace tributary::gtid
