#include "tributary/apply/skipped_errors.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

TEST(SkippedErrors, areReadAsTheServersWriteThem) {
  const auto text_of = [](std::string_view text) {
    const auto errors = SkippedErrors::parse(text);
    return errors ? errors->text() : "refused";
  };
  EXPECT_EQ(text_of("OFF"), "OFF");
  EXPECT_EQ(text_of(""), "OFF");
  EXPECT_EQ(text_of("all"), "ALL");
  EXPECT_EQ(text_of("1062"), "1062");
  EXPECT_EQ(text_of(" 1062,1032 ,1062"), "1032,1062");
  EXPECT_EQ(text_of("ddl_exist_errors"), "1007,1008,1050,1051,1054,1060,1061,1068,1091,1146");
  EXPECT_EQ(text_of("1062,DDL_EXIST_ERRORS"), "1007,1008,1050,1051,1054,1060,1061,1062,1068,1091,1146");
  for (const char* wrong : {"on", "0", "-1", "1062x", "1062;1032", "65536", "all,1062", "OFF,1062", "'1062'"}) {
    EXPECT_EQ(text_of(wrong), "refused") << wrong;
  }
}

TEST(SkippedErrors, containsWhatItNames) {
  EXPECT_FALSE(SkippedErrors().any());
  EXPECT_FALSE(SkippedErrors().contains(1062));
  const auto some = SkippedErrors::parse("1062,1032");
  EXPECT_TRUE(some->any());
  EXPECT_TRUE(some->contains(1062));
  EXPECT_FALSE(some->contains(1061));
  EXPECT_TRUE(SkippedErrors::parse("ALL")->contains(1));
}

}  // namespace
}  // namespace tributary::apply
