#include "account_statement.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

constexpr const char* k_hash = "'*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'";

TEST(AccountStatementTest, APasswordsHashIsSaidToBeOne) {
  const auto rewritten = [](const std::string& statement) { return with_password_as_hash(statement, {}); };
  EXPECT_EQ(rewritten(std::string("SET PASSWORD FOR 'a'@'%'=") + k_hash),
            std::string("ALTER USER 'a'@'%' IDENTIFIED WITH mysql_native_password AS ") + k_hash);
  EXPECT_EQ(rewritten(std::string("set password for a := ") + k_hash),
            std::string("ALTER USER a IDENTIFIED WITH mysql_native_password AS ") + k_hash);
  for (const char* same :
       {"SET PASSWORD FOR 'a'@'%'=''", "SET DEFAULT ROLE r FOR a", "ALTER USER a IDENTIFIED BY 'x'"}) {
    EXPECT_EQ(rewritten(same), same);
  }
  for (const char* refused : {"SET PASSWORD FOR 'a'@'%'='5d2e19393cc5ef67'", "SET PASSWORD FOR a = PASSWORD('x')",
                              "SET PASSWORD FOR a", "SET PASSWORD = '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'",
                              "SET PASSWORD FOR a = '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E1x'"}) {
    EXPECT_EQ(rewritten(refused), std::nullopt) << refused;
  }
}

}  // namespace
}  // namespace tributary::apply
