#include "tributary/apply/sql_tokenizer.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

/// The tokens of @p text, joined by '|'.
std::string tokens(std::string_view text, const SqlDialect& dialect = {}) {
  std::string result;
  SqlTokenizer tokenizer(text, dialect);
  for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end; token = tokenizer.next()) {
    if (!result.empty()) result += '|';
    result += token.raw;
  }
  return result;
}

TEST(SqlTokenizer, CutsWordsQuotesAndPunctuation) {
  EXPECT_EQ(tokens("INSERT INTO `a``b`.t(x) VALUES ('it''s', \"q\")"),
            "INSERT|INTO|`a``b`|.|t|(|x|)|VALUES|(|'it''s'|,|\"q\"|)");
  EXPECT_EQ(tokens(" \t\r\n"), "");
  EXPECT_EQ(tokens("a1$_é=1.5"), "a1$_é|=|1|.|5");
}

TEST(SqlTokenizer, LeavesCommentsOut) {
  EXPECT_EQ(tokens("a /* b */ c -- d\ne # f\ng --h"), "a|c|e|g|-|-|h");
  EXPECT_EQ(tokens("a -- to the end"), "a");
  EXPECT_EQ(tokens("a /* open"), "a");
}

TEST(SqlTokenizer, EntersExecutableCommentsOfItsServer) {
  EXPECT_EQ(tokens("CREATE /*!50003 TRIGGER */ t /*! x */"), "CREATE|TRIGGER|t|x");
  EXPECT_EQ(tokens("a /*!999999 b */ c"), "a|c");
  EXPECT_EQ(tokens("a /*!50700 mysql only */ c"), "a|c");
  EXPECT_EQ(tokens("a /*M!100100 b */ /*M! c */ d"), "a|b|c|d");
  EXPECT_EQ(tokens("a /*!40000 b /* c */ d */ e"), "a|b|d|e");
  SqlDialect mysql;
  mysql.mariadb = false;
  mysql.server_version = 80040;
  EXPECT_EQ(tokens("a /*!50700 b */ /*M! c */", mysql), "a|b");
}

TEST(SqlTokenizer, FollowsTheSqlMode) {
  EXPECT_EQ(tokens(R"('a\' b' c)"), R"('a\' b'|c)");
  SqlDialect no_escapes;
  no_escapes.no_backslash_escapes = true;
  EXPECT_EQ(tokens(R"('a\' b)", no_escapes), R"('a\'|b)");
  const SqlDialect ansi = SqlDialect::of_session(0x4, 33);
  SqlTokenizer tokenizer(R"("na""me")", ansi);
  const SqlToken name = tokenizer.next();
  EXPECT_EQ(name.kind, TokenKind::quoted_identifier);
  EXPECT_EQ(name.name(), "na\"me");
}

TEST(SqlTokenizer, TakesTheSecondByteOfAsianCharactersForNothingElse) {
  // 0x95 0x5c is one character of sjis whose second byte is a backslash.
  const std::string text = "'\x95\x5c' x";
  EXPECT_EQ(tokens(text, SqlDialect::of_session(0, 13)), "'\x95\x5c'|x");
  EXPECT_EQ(tokens(text, SqlDialect::of_session(0, 1024 + 13)), "'\x95\x5c'|x");
  EXPECT_EQ(tokens(text, SqlDialect::of_session(0, 8)), "'\x95\x5c' x");
}

TEST(SqlTokenizer, TakesForACharacterWhatTheServersTakeForOne) {
  const SqlDialect cp932 = SqlDialect::of_session(0, 95);
  // Half-width katakana are single bytes: the quote behind three of them ends the string.
  EXPECT_EQ(tokens("'\xc3\xbd\xc4','x COLLATE y'", cp932), "'\xc3\xbd\xc4'|,|'x COLLATE y'");
  EXPECT_EQ(tokens("\xb1 a", cp932), "\xb1|a");
  EXPECT_EQ(tokens("'\x81\x40\xe0\x5c' x", cp932), "'\x81\x40\xe0\x5c'|x");
  EXPECT_EQ(tokens("'\x81' x", cp932), "'\x81'|x") << "a lead byte without a trail byte stands for itself";
  const SqlDialect big5 = SqlDialect::of_session(0, 1);
  EXPECT_EQ(tokens("'\xa5\x5c' x", big5), "'\xa5\x5c'|x");
  EXPECT_EQ(tokens("'\x81\x5c' x' y", big5), "'\x81\x5c' x'|y") << "no lead byte of big5";
  const SqlDialect gbk = SqlDialect::of_session(0, 28);
  EXPECT_EQ(tokens("'\xd5\x5c' x", gbk), "'\xd5\x5c'|x");
  EXPECT_EQ(tokens("'\xff\x5c' x' y", gbk), "'\xff\x5c' x'|y");
  const SqlDialect gb18030 = SqlDialect::of_session(0, 248);
  EXPECT_EQ(tokens("'\x94\x39\xfc\x36' x", gb18030), "'\x94\x39\xfc\x36'|x");
  EXPECT_EQ(tokens("'\x94\x5c' x", gb18030), "'\x94\x5c'|x");
}

TEST(SqlTokenizer, ReadsVersionsAsItsServer) {
  const auto mysql = [](std::uint32_t version) {
    SqlDialect dialect;
    dialect.mariadb = false;
    dialect.server_version = version;
    return dialect;
  };
  EXPECT_EQ(tokens("a /*!100100 b */ c", mysql(90700)), "a|c");
  EXPECT_EQ(tokens("a /*!501001 b */ c", mysql(50624)), "a|1|b|c") << "MySQL before 8.0.34 reads five digits";
  EXPECT_EQ(tokens("a /*!80000b */ c", mysql(90700)), "a|b|c");
  EXPECT_EQ(tokens("a /*!99999 b /* c */ d */ e", mysql(90700)), "a|e");
  EXPECT_EQ(tokens("a /*M!100100 b /* c */ d", mysql(90700)), "a|d");
  EXPECT_EQ(tokens("a /*!999999 b /* c */ d */ e"), "a|e");
  EXPECT_EQ(tokens("a /*!123 b"), "a|123|b");
}

TEST(SqlTokenizer, KeywordsAndNames) {
  SqlTokenizer tokenizer("Table `table`", {});
  const SqlToken word = tokenizer.next();
  EXPECT_TRUE(word.is("TABLE"));
  EXPECT_FALSE(word.is("TABLES"));
  const SqlToken quoted = tokenizer.next();
  EXPECT_FALSE(quoted.is("TABLE"));
  EXPECT_EQ(quoted.name(), "table");
}

TEST(SqlTokenizer, EndsOnAnyBytes) {
  std::mt19937 random(20260101);
  static constexpr std::string_view k_alphabet = "ab'\"`\\/*!M50003-# \n.@\x95\xff;";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (auto length = random() % 24; length > 0; --length) text += k_alphabet[random() % k_alphabet.size()];
    SqlDialect dialect;
    dialect.trail_bytes = static_cast<TrailBytes>(random() % 5);
    dialect.ansi_quotes = random() % 2 == 0;
    SqlTokenizer tokenizer(text, dialect);
    std::size_t count = 0;
    while (tokenizer.next().kind != TokenKind::end) ++count;
    EXPECT_LE(count, text.size());
  }
}

}  // namespace
}  // namespace tributary::apply
