#include "xa_statement.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

using Verb = XaStatement::Verb;

TEST(XaStatement, AsServersWriteIt) {
  const auto commit = parse_xa_statement("XA COMMIT X'6127',X'',1", {});
  ASSERT_TRUE(commit);
  EXPECT_EQ(commit->verb, Verb::commit);
  EXPECT_EQ(commit->xid, (binlog::XaId{1, "a'", ""}));
  const auto start = parse_xa_statement("XA START X'00ff',X'62',4294967295", {});
  ASSERT_TRUE(start);
  EXPECT_EQ(start->verb, Verb::start);
  EXPECT_EQ(start->xid, (binlog::XaId{-1, std::string("\0\xff", 2), "b"}));
  EXPECT_EQ(parse_xa_statement("XA END 0x61,0x,-7;", {})->xid, (binlog::XaId{-7, "a", ""}));
  EXPECT_EQ(parse_xa_statement("xa rollback x'61'", {})->verb, Verb::rollback);
}

TEST(XaStatement, TheTextOfAnXidIsReadBack) {
  const binlog::XaId xid{42, std::string("\0'\\\"\xff\n", 6), std::string(64, '\'')};
  EXPECT_EQ(parse_xa_statement("XA COMMIT " + xid.to_sql(), {})->xid, xid);
}

TEST(XaStatement, AnythingElseIsNone) {
  for (const char* text : {"", "XA", "XA RECOVER", "XA COMMIT", "XA COMMIT X'6'", "XA COMMIT X'zz'", "XA COMMIT 'a'",
                           "XA COMMIT X'61',", "XA COMMIT X'61',X'62',", "XA COMMIT X'61',X'62',z",
                           "XA COMMIT X'61' ONE PHASE", "COMMIT", "XA COMMIT X'61',X'62',1,2"}) {
    EXPECT_FALSE(parse_xa_statement(text, {})) << text;
  }
}

}  // namespace
}  // namespace tributary::apply
