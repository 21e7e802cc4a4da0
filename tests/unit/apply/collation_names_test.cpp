#include "collation_names.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

std::string number(std::uint32_t id) {
  return collation_by_number(id).value_or("none");
}

std::string like(const std::string& name, const std::string& character_set = "") {
  std::string all;
  for (const std::string& one : like_collations(name, character_set)) all += (all.empty() ? "" : " ") + one;
  return all;
}

// Numbers and names as information_schema.COLLATIONS of MySQL 9.7 and MariaDB 11.8 has them.
TEST(CollationNames, HaveTheServersNumbers) {
  EXPECT_EQ(number(255), "utf8mb4_0900_ai_ci");
  EXPECT_EQ(number(256), "utf8mb4_de_pb_0900_ai_ci");
  EXPECT_EQ(number(271), "utf8mb4_la_0900_ai_ci");
  EXPECT_EQ(number(272), "none");
  EXPECT_EQ(number(277), "utf8mb4_vi_0900_ai_ci");
  EXPECT_EQ(number(278), "utf8mb4_0900_as_cs");
  EXPECT_EQ(number(295), "none");
  EXPECT_EQ(number(300), "utf8mb4_vi_0900_as_cs");
  EXPECT_EQ(number(301), "none");
  EXPECT_EQ(number(304), "utf8mb4_ja_0900_as_cs_ks");
  EXPECT_EQ(number(309), "utf8mb4_0900_bin");
  EXPECT_EQ(number(310), "utf8mb4_nb_0900_ai_ci");
  EXPECT_EQ(number(323), "utf8mb4_mn_cyrl_0900_as_cs");
  EXPECT_EQ(number(324), "none");
  EXPECT_EQ(number(608), "utf8mb4_croatian_ci");
  EXPECT_EQ(number(1070), "utf8mb4_nopad_bin");
  EXPECT_EQ(number(2047), "none");
  EXPECT_EQ(number(2048), "utf8mb3_uca1400_ai_ci");
  EXPECT_EQ(number(2055), "utf8mb3_uca1400_nopad_as_cs");
  EXPECT_EQ(number(2308), "utf8mb4_uca1400_nopad_ai_ci");
  EXPECT_EQ(number(2436), "utf8mb4_uca1400_persian_nopad_ai_ci");
  EXPECT_EQ(number(2472), "none");
  EXPECT_EQ(number(2500), "utf8mb4_uca1400_croatian_nopad_ai_ci");
  EXPECT_EQ(number(3271), "utf32_uca1400_croatian_nopad_as_cs");
  EXPECT_EQ(number(3272), "none");
  EXPECT_EQ(number(45), "none") << "both vendors have it";
}

TEST(CollationNames, OfMysqlInMariadb) {
  EXPECT_EQ(like("utf8mb4_0900_ai_ci"), "utf8mb4_uca1400_nopad_ai_ci");
  EXPECT_EQ(like("utf8mb4_0900_as_cs"), "utf8mb4_uca1400_nopad_as_cs");
  EXPECT_EQ(like("utf8mb4_0900_bin"), "utf8mb4_nopad_bin");
  EXPECT_EQ(like("utf8mb4_es_trad_0900_ai_ci"), "utf8mb4_uca1400_spanish2_nopad_ai_ci");
  EXPECT_EQ(like("utf8mb4_ja_0900_as_cs"), "");
  EXPECT_EQ(like("utf8mb4_nb_0900_ai_ci"), "");
}

TEST(CollationNames, OfMariadbInMysql) {
  EXPECT_EQ(like("utf8mb4_uca1400_nopad_ai_ci"), "utf8mb4_0900_ai_ci");
  EXPECT_EQ(like("utf8mb4_uca1400_ai_ci"), "utf8mb4_0900_ai_ci utf8mb4_unicode_520_ci");
  EXPECT_EQ(like("utf8mb4_uca1400_swedish_as_cs"), "utf8mb4_sv_0900_as_cs");
  EXPECT_EQ(like("utf8mb4_uca1400_persian_ai_ci"), "utf8mb4_persian_ci");
  EXPECT_EQ(like("utf8mb4_uca1400_persian_nopad_ai_ci"), "");
  EXPECT_EQ(like("uca1400_ai_ci", "utf8mb4"), "utf8mb4_0900_ai_ci utf8mb4_unicode_520_ci");
  EXPECT_EQ(like("uca1400_as_cs", "utf8mb4"), "utf8mb4_0900_as_cs");
  EXPECT_EQ(like("uca1400_ai_ci", "ucs2"), "ucs2_unicode_520_ci");
  EXPECT_EQ(like("utf8mb3_uca1400_ai_ci"), "utf8mb3_unicode_520_ci");
  EXPECT_EQ(like("utf8mb3_uca1400_danish_ai_ci"), "utf8mb3_danish_ci");
  EXPECT_EQ(like("utf8mb3_uca1400_as_cs"), "");
  EXPECT_EQ(like("utf8mb4_nopad_bin"), "utf8mb4_0900_bin");
  EXPECT_EQ(like("utf8mb4_croatian_mysql561_ci"), "utf8mb4_croatian_ci");
  EXPECT_EQ(like("utf8mb4_general_nopad_ci"), "");
  EXPECT_EQ(like("latin1_swedish_ci"), "");
}

}  // namespace
}  // namespace tributary::apply
