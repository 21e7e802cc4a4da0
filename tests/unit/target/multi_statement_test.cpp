#include "multi_statement.hpp"

#include <gtest/gtest.h>

namespace tributary::target {
namespace {

TEST(AnotherFollowsBinlogTest, knowsWhichStatementsResultsAreMisreported) {
  constexpr std::string_view k_batch =
      "START TRANSACTION; BINLOG 'AAA\nBBB';\nbinlog 'CCC' ; INSERT INTO t SET a = x'27'; COMMIT";
  EXPECT_FALSE(another_follows_binlog(k_batch, 1));
  EXPECT_TRUE(another_follows_binlog(k_batch, 2));
  EXPECT_TRUE(another_follows_binlog(k_batch, 3));
  EXPECT_FALSE(another_follows_binlog(k_batch, 4));
  EXPECT_FALSE(another_follows_binlog(k_batch, 5));
  EXPECT_FALSE(another_follows_binlog(k_batch, 6));
}

TEST(AnotherFollowsBinlogTest, theLastStatementHasNoFollower) {
  for (const char* batch : {"BINLOG 'AAA'", "BINLOG 'AAA';", "BINLOG 'AAA'; \n"}) {
    EXPECT_FALSE(another_follows_binlog(batch, 1)) << batch;
  }
  EXPECT_FALSE(another_follows_binlog("", 1));
}

TEST(AnotherFollowsBinlogTest, quotesAndCommentsHideSemicolons) {
  for (const char* first :
       {"SET @a = ';'", "SET @a = 'it''s;'", R"(SET @a = 'it\'s;')", "SET @a = \";\"", "SELECT `;`", "DO 1 /* ; ' */",
        "DO 1 -- ; '\n", "DO 1 # ; '\n", "SET @a = 3--1", "SET @a = 4 / 2", R"(SELECT `\`)"}) {
    const std::string batch = std::string(first) + "; BINLOG 'AAA'; COMMIT";
    EXPECT_FALSE(another_follows_binlog(batch, 1)) << first;
    EXPECT_TRUE(another_follows_binlog(batch, 2)) << first;
    EXPECT_FALSE(another_follows_binlog(batch, 3)) << first;
  }
  EXPECT_FALSE(another_follows_binlog("INSERT INTO t VALUES ('; BINLOG ''AAA''; COMMIT')", 2));
}

TEST(AnotherFollowsBinlogTest, aConditionIsOneStatement) {
  const std::string condition =
      "IF NOT (ROW_COUNT() = 1) THEN SIGNAL SQLSTATE 'HY000' SET MESSAGE_TEXT = 'END IF;'; END IF";
  const std::string batch = condition + ";" + condition + "; BINLOG 'AAA'; COMMIT;" + condition;
  for (const std::size_t number : {1, 2, 4, 5, 6}) EXPECT_FALSE(another_follows_binlog(batch, number)) << number;
  EXPECT_TRUE(another_follows_binlog(batch, 3));
}

TEST(EndOfQuotedTest, passesOverEscapesAndStopsAtTheQuote) {
  EXPECT_EQ(end_of_quoted("'abc' x", 0), 5U);
  EXPECT_EQ(end_of_quoted("''", 0), 2U);
  EXPECT_EQ(end_of_quoted(R"('a\'b\\' \')", 0), 8U);
  EXPECT_EQ(end_of_quoted(R"(x'\\\\\'' ')", 1), 9U);
  EXPECT_EQ(end_of_quoted(R"("a\"'b" ")", 0), 7U);
  EXPECT_EQ(end_of_quoted(R"(`a\` `)", 0), 4U);
  EXPECT_EQ(end_of_quoted(R"('a' \')", 0), 3U);
  for (const char* text : {"'", "'a", R"('\)", R"('\')", R"('a\'b)"}) {
    EXPECT_EQ(end_of_quoted(text, 0), std::string_view(text).size()) << text;
  }
}

TEST(AnotherFollowsBinlogTest, endsWithUnfinishedText) {
  for (const char* text : {"'", "\"", "`", "/*", "--", "#", "'\\", "/", "-", "BINLOG", "IF ", "IF 1 THEN DO 1;"}) {
    for (std::size_t number = 0; number < 4; ++number) EXPECT_FALSE(another_follows_binlog(text, number)) << text;
  }
}

}  // namespace
}  // namespace tributary::target
