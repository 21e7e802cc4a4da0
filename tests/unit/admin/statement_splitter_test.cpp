#include "statement_splitter.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tributary::admin {
namespace {

using Statements = std::vector<std::string_view>;

TEST(SplitStatements, cutsAtSemicolons) {
  EXPECT_EQ(split_statements("SELECT 1"), (Statements{"SELECT 1"}));
  EXPECT_EQ(split_statements(" SELECT 1 ;\n SHOW x; "), (Statements{"SELECT 1", "SHOW x"}));
}

TEST(SplitStatements, leavesOutWhatIsEmpty) {
  EXPECT_EQ(split_statements(""), Statements{});
  EXPECT_EQ(split_statements(" ;; /* nothing */ ; -- nothing\n"), Statements{});
  EXPECT_EQ(split_statements("a;;b;-- end"), (Statements{"a", "b"}));
}

TEST(SplitStatements, quotesHideSemicolons) {
  EXPECT_EQ(split_statements("a ';' b; c \";\" d; e `;` f"), (Statements{"a ';' b", "c \";\" d", "e `;` f"}));
  EXPECT_EQ(split_statements(R"(a 'x\';y'; b)"), (Statements{R"(a 'x\';y')", "b"}));
  EXPECT_EQ(split_statements("a 'x'';y'; b"), (Statements{"a 'x'';y'", "b"}));
  EXPECT_EQ(split_statements(R"(a `x\`; b)"), (Statements{R"(a `x\`)", "b"}));
  EXPECT_EQ(split_statements(R"(a 'x\\'; b)"), (Statements{R"(a 'x\\')", "b"}));
}

TEST(SplitStatements, commentsHideSemicolonsAndQuotes) {
  EXPECT_EQ(split_statements("a /* ; ' */ b; c"), (Statements{"a /* ; ' */ b", "c"}));
  EXPECT_EQ(split_statements("a -- ; '\n b; c"), (Statements{"a -- ; '\n b", "c"}));
  EXPECT_EQ(split_statements("a # ; '\n b; c"), (Statements{"a # ; '\n b", "c"}));
  EXPECT_EQ(split_statements("a --1; b"), (Statements{"a --1", "b"}));
}

TEST(SplitStatements, versionCommentsStayWhole) {
  EXPECT_EQ(split_statements("/*!40100 SET @@SQL_MODE='' */;"), (Statements{"/*!40100 SET @@SQL_MODE='' */"}));
  EXPECT_EQ(split_statements("/*!50000 a '*/;' */; b"), (Statements{"/*!50000 a '*/;' */", "b"}));
}

TEST(SplitStatements, whatIsNotClosedReachesToTheEnd) {
  EXPECT_EQ(split_statements("a 'x; b"), (Statements{"a 'x; b"}));
  EXPECT_EQ(split_statements("a 'x\\"), (Statements{"a 'x\\"}));
  EXPECT_EQ(split_statements("a /* x; b"), (Statements{"a /* x; b"}));
  EXPECT_EQ(split_statements("a; -- b"), (Statements{"a"}));
}

TEST(SplitStatements, takesAnyBytes) {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text += std::string(2, static_cast<char>(byte));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const std::string_view statement : split_statements(std::string_view(text).substr(at))) {
      EXPECT_FALSE(statement.empty());
    }
  }
}

TEST(SplitStatements, leavesOutTheEmptyEndOfACommentThatIsNotClosed) {
  const std::string text = "/*!40101 SET NAMES utf8;";
  const auto pieces = split_statements(text);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0], "/*!40101 SET NAMES utf8");
}

}  // namespace
}  // namespace tributary::admin
