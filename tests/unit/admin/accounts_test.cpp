#include "tributary/admin/accounts.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace tributary::admin {
namespace {

const std::vector<state::AccountRecord> k_accounts = {
    {"a", "%", "1"}, {"a", "localhost", "2"}, {"a", "127.0.0.1", "3"}, {"b", "localhost", "4"}, {"c", "FE80::1", "5"}};

std::string found(std::string_view user, std::string_view host) {
  const auto account = match_account(k_accounts, user, host);
  return account ? account->native_hash : "none";
}

TEST(MatchAccount, takesTheMostParticular) {
  EXPECT_EQ(found("a", "192.0.2.1"), "1");
  EXPECT_EQ(found("a", "localhost"), "2");
  EXPECT_EQ(found("a", "::1"), "2");
  EXPECT_EQ(found("a", "127.0.0.2"), "2");
  EXPECT_EQ(found("a", "127.0.0.1"), "3");
}

TEST(MatchAccount, localhostIsNowhereElse) {
  EXPECT_EQ(found("b", "localhost"), "4");
  EXPECT_EQ(found("b", "127.0.0.1"), "4");
  EXPECT_EQ(found("b", "192.0.2.1"), "none");
  EXPECT_EQ(found("b", "127x"), "none");
}

TEST(MatchAccount, namesAreExactAndHostsAreNot) {
  EXPECT_EQ(found("A", "localhost"), "none");
  EXPECT_EQ(found("", "localhost"), "none");
  EXPECT_EQ(found("c", "fe80::1"), "5");
}

}  // namespace
}  // namespace tributary::admin
