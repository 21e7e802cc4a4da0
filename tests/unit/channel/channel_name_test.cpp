#include "tributary/channel/channel_name.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

namespace tributary::channel {
namespace {

std::uint16_t code_of(const std::string& name) {
  try {
    check_channel_name(name);
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

TEST(ChannelName, acceptsWhatMySqlAccepts) {
  for (const char* const name : {"", "shard1", "shard-1", "Zürich", "a b", "x.y"}) EXPECT_EQ(code_of(name), 0) << name;
  std::string longest;
  for (int i = 0; i < 64; ++i) longest += "é";
  EXPECT_EQ(code_of(longest), 0);
}

TEST(ChannelName, refusesWithMySqlsNumbers) {
  EXPECT_EQ(code_of(std::string(65, 'x')), 3076);
  EXPECT_EQ(code_of("ends with a blank "), 3076);
  EXPECT_EQ(code_of("two\nlines"), 3076);
  EXPECT_EQ(code_of("not utf-8 \xff"), 3076);
  EXPECT_EQ(code_of("cut short \xc3"), 3076);
  EXPECT_EQ(code_of("surrogate \xed\xa0\x80"), 3076);
  EXPECT_EQ(code_of("overlong \xe0\x80\x80"), 3076);
  EXPECT_EQ(code_of("overlong \xf0\x80\x80\x80"), 3076);
  EXPECT_EQ(code_of("beyond U+10FFFF \xf4\x90\x80\x80"), 3076);
  EXPECT_EQ(code_of("Group_Replication_Applier"), 3139);
}

TEST(ChannelName, comparesWithoutRegardToCase) {
  EXPECT_EQ(channel_key("Shard-É1"), "shard-É1");
}

TEST(RelayBaseName, isMySqlsForShortNames) {
  EXPECT_EQ(relay_base_name("host-relay-bin", ""), "host-relay-bin");
  EXPECT_EQ(relay_base_name("host-relay-bin", "x-1"), "host-relay-bin-x@002d1");
}

TEST(RelayBaseName, fitsAFileNameAndKeepsLongNamesApart) {
  std::string a;
  for (int i = 0; i < 63; ++i) a += "é";
  const std::string base_a = relay_base_name("host-relay-bin", a + "a");
  const std::string base_b = relay_base_name("host-relay-bin", a + "b");
  EXPECT_NE(base_a, base_b);
  EXPECT_LT(base_a.size(), 200U);
}

}  // namespace
}  // namespace tributary::channel
