#include "tributary/apply/source_settings.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

constexpr ServerKind k_mariadb_10_11{true, 101119};
constexpr ServerKind k_mariadb_11_8{true, 110802};
constexpr ServerKind k_mysql_5_6{false, 50624};
constexpr ServerKind k_mysql_9_7{false, 90704};

std::string list_of(const std::string& variables, ServerKind source, ServerKind target) {
  std::string text;
  for (const SessionSetting& setting : result_settings({"", variables}, source, target)) {
    text += std::string(setting.name) + "=" + setting.literal + " ";
  }
  return text;
}

TEST(SourceSettingsTest, WhatASourceWasNotAskedIsWhatItsVendorBeginsWith) {
  EXPECT_EQ(list_of("", k_mariadb_10_11, k_mariadb_11_8),
            "group_concat_max_len=1048576 div_precision_increment=4 default_week_format=0 "
            "block_encryption_mode='aes-128-ecb' default_regex_flags='' old_mode='UTF8_IS_UTF8MB3' "
            "max_recursive_iterations=1000 ");
  EXPECT_EQ(list_of("", k_mysql_5_6, k_mysql_9_7),
            "group_concat_max_len=1024 div_precision_increment=4 default_week_format=0 "
            "block_encryption_mode='aes-128-ecb' cte_max_recursion_depth=4294967295 ");
}

TEST(SourceSettingsTest, TheSourcesValues) {
  const std::string variables =
      "block_encryption_mode=aes-256-cbc\ndefault_regex_flags=DOTALL,MULTILINE\ndefault_week_format=3\n"
      "div_precision_increment=8\ngroup_concat_max_len=18446744073709551615\nmax_recursive_iterations=77\n"
      "old_mode=NO_PROGRESS_INFO,ZERO_DATE_TIME_CAST\n";
  EXPECT_EQ(list_of(variables, k_mariadb_11_8, k_mariadb_11_8),
            "group_concat_max_len=18446744073709551615 div_precision_increment=8 default_week_format=3 "
            "block_encryption_mode='aes-256-cbc' default_regex_flags='DOTALL,MULTILINE' "
            "old_mode='ZERO_DATE_TIME_CAST' max_recursive_iterations=77 ");
  EXPECT_EQ(list_of(variables, k_mariadb_11_8, k_mysql_9_7),
            "group_concat_max_len=18446744073709551615 div_precision_increment=8 default_week_format=3 "
            "block_encryption_mode='aes-256-cbc' cte_max_recursion_depth=77 ");
}

TEST(SourceSettingsTest, WhatMysqlLogsNeedsNoLimitOfRecursionAndItsUtf8IsShort) {
  const std::string list = list_of("group_concat_max_len=5\n", k_mysql_9_7, k_mariadb_10_11);
  EXPECT_EQ(list,
            "group_concat_max_len=5 div_precision_increment=4 default_week_format=0 default_regex_flags='' "
            "old_mode='UTF8_IS_UTF8MB3' max_recursive_iterations=4294967295 ");
}

TEST(SourceSettingsTest, OldModesThatAreEmptyAreNoUtf8Mb3) {
  EXPECT_NE(list_of("old_mode=\n", k_mariadb_11_8, k_mariadb_11_8).find("old_mode=''"), std::string::npos);
  EXPECT_NE(list_of("old_mode=UTF8_IS_UTF8MB3,ZERO_DATE_TIME_CAST\n", k_mariadb_11_8, k_mariadb_11_8)
                .find("old_mode='UTF8_IS_UTF8MB3,ZERO_DATE_TIME_CAST'"),
            std::string::npos);
  EXPECT_NE(list_of("old_mode=\n", {true, 100515}, k_mariadb_11_8).find("old_mode='UTF8_IS_UTF8MB3'"),
            std::string::npos)
      << "MariaDB 10.5 has no such mode, and its utf8 is utf8mb3";
}

TEST(SourceSettingsTest, WhatASourceLiesAboutIsNotSaid) {
  const std::string lies = "group_concat_max_len=1;DROP TABLE t\nblock_encryption_mode=x'y\ndefault_regex_flags='\n";
  EXPECT_EQ(list_of(lies, k_mariadb_11_8, k_mariadb_11_8), list_of("a=b\n", k_mariadb_11_8, k_mariadb_11_8));
}

TEST(SourceSettingsTest, WhatTheOtherVendorDoesNotTakeIsNotSaid) {
  const std::string other = "block_encryption_mode=aes-256-cfb128\ngroup_concat_max_len=99999999999999999999999\n";
  EXPECT_EQ(list_of(other, k_mysql_9_7, k_mariadb_11_8), list_of("a=b\n", k_mysql_9_7, k_mariadb_11_8));
}

TEST(SourceSettingsTest, VariablesAreFoundByTheirWholeName) {
  const SourceSettings settings{"", "old_mode_x=1\nold_mode=2\nlast="};
  EXPECT_EQ(settings.variable("old_mode"), "2");
  EXPECT_EQ(settings.variable("mode"), "");
  EXPECT_EQ(settings.variable("last"), "");
}

}  // namespace
}  // namespace tributary::apply
