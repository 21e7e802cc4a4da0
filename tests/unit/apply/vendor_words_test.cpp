#include "vendor_words.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

std::string explained(std::string text, std::uint16_t code, bool from_mariadb = true, bool to_mariadb = false) {
  SourceStatement statement;
  statement.dialect.mariadb = to_mariadb;
  statement.context.from_mariadb = from_mariadb;
  statement.text = std::move(text);
  return vendor_explanation(statement, code);
}

TEST(VendorWordsTest, NamesWhatOnlyMariadbKnows) {
  const std::string begin = "; the source is MariaDB and the target MySQL, ";
  EXPECT_EQ(explained("create sequence s", 1064), begin + "which does not know sequences");
  EXPECT_EQ(explained("CREATE TABLE t (a INT) ENGINE=Aria", 1286), begin + "which does not know the engine Aria");
  EXPECT_EQ(explained("CREATE TABLE t (a TEXT COMPRESSED)", 1064), begin + "which does not know compressed columns");
  EXPECT_EQ(explained("CREATE TABLE t (rank INT)", 1064),
            begin + "where RANK is a reserved word, to be written in quotes");
  EXPECT_EQ(explained("CREATE TABLE t (a INT, frobnicate)", 1064),
            begin + "which does not know everything that the other does");
}

TEST(VendorWordsTest, IsNotMisledByNamesAndTexts) {
  const std::string begin = "; the source is MariaDB and the target MySQL, ";
  EXPECT_EQ(explained("CREATE TABLE `sequence` (a INT COMMENT 'UUID') ROW_FORMAT=COMPRESSED x", 1064),
            begin + "which does not know everything that the other does");
  EXPECT_EQ(explained("INSERT INTO t VALUES (UUID()), (frobnicate())", 1305),
            begin + "which does not know everything that the other does");
}

TEST(VendorWordsTest, SaysNothingWhereVendorsDoNotMatter) {
  EXPECT_EQ(explained("CREATE SEQUENCE s", 1050), "");
  EXPECT_EQ(explained("CREATE SEQUENCE s", 1064, true, true), "");
  EXPECT_EQ(explained("CREATE SEQUENCE s", 1064, false, false), "");
}

TEST(VendorWordsTest, NamesWhatOnlyMysqlKnows) {
  EXPECT_EQ(explained("CREATE USER a IDENTIFIED WITH caching_sha2_password AS 'x'", 1064, false, true),
            "; the source is MySQL and the target MariaDB, which does not know accounts with caching_sha2_password");
}

}  // namespace
}  // namespace tributary::apply
