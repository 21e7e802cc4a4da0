#include "tributary/admin/redact.hpp"

#include <gtest/gtest.h>

#include "tributary/admin/parser.hpp"
#include "tributary/util/error.hpp"

namespace tributary::admin {
namespace {

TEST(Redact, masksPasswordsAndLeavesTheRest) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='p', MASTER_PORT=1 FOR CHANNEL 'x'",
       "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD=<secret>, MASTER_PORT=1 FOR CHANNEL 'x'"},
      {"change master 'x' to master_password = \"it's\"", "change master 'x' to master_password = <secret>"},
      {"CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='a\\'b' FOR CHANNEL='x'",
       "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD=<secret> FOR CHANNEL='x'"},
      {"START SLAVE USER='u' PASSWORD='p' DEFAULT_AUTH='d'",
       "START SLAVE USER='u' PASSWORD=<secret> DEFAULT_AUTH=<secret>"},
      {"START SLAVE USER='u' PASSWORD='p' FOR CHANNEL 'x'", "START SLAVE USER='u' PASSWORD=<secret> FOR CHANNEL 'x'"},
      {"CREATE USER 'u'@'h' IDENTIFIED BY 'p'", "CREATE USER 'u'@'h' IDENTIFIED BY <secret>"},
      {"ALTER USER u IDENTIFIED WITH native AS 'p', v IDENTIFIED BY 'q'",
       "ALTER USER u IDENTIFIED WITH native AS <secret>, v IDENTIFIED BY <secret>"},
      {"SET PASSWORD FOR 'u' = PASSWORD('p')", "SET PASSWORD FOR <secret> = PASSWORD(<secret>)"},
      {"SET PASSWORD = hunter2", "SET PASSWORD = <secret>"},
      {"SHOW VARIABLES LIKE 'validate_password%'", "SHOW VARIABLES LIKE 'validate_password%'"},
      {"SHOW SLAVE STATUS FOR CHANNEL 'x'", "SHOW SLAVE STATUS FOR CHANNEL 'x'"},
      {"SELECT 1; CHANGE MASTER TO MASTER_PASSWORD='p'", "SELECT 1; CHANGE MASTER TO MASTER_PASSWORD=<secret>"},
      {"/*! CHANGE MASTER TO MASTER_PASSWORD='p' */", "/*! CHANGE MASTER TO MASTER_PASSWORD=<secret> */"},
      {"", ""},
  };
  for (const auto& [text, redacted] : cases) EXPECT_EQ(redact_statement(text), redacted) << text;
}

/// Statements with mistakes in them, each holding the password "hunter2" or parts of it.
constexpr std::string_view k_broken[] = {
    "CHANGE MASTER TO MASTER_PASWORD='hunter2'",
    "CHANGE MASTER TO MASTER_PASSWORD 'hunter2'",
    "CHANGE MASTER TO MASTER_PASSWORD=hunter2",
    "CHANGE MASTER TO MASTER_PASSWORD hunter2",
    "CHANGE MASTER TO MASTER_PASSWORD='hunter2",
    "CHANGE MASTER TO MASTER_PASSWORD='x'hunter2', MASTER_HOST='h'",
    "CHANGE MASTER TO MASTER_PASSWORD='x' 'hunter2', MASTER_BOGUS=1",
    "CHANGE MASTER TO MASTER_PASSWORD=\"x\"hunter2\"",
    "CHANGE MASTER TO MASTER_PASSWORD='x';hunter2'",
    "CHANGE MASTER TO MASTER_PASSWORD='x', hunter2', MASTER_HOST='h'",
    "CHANGE MASTER TO MASTER_PASSWORD=x-hunter2",
    "CHANGE MASTER TO MASTER_PASSWORD=0xhunter2, MASTER_HOST='h'",
    "CHANGE MASTER TO PASSWORD='hunter2'",
    "CHANGE MASTER TO MASTER_PASSWORD='x', MASTER_HOST='h' /* was MASTER_PASSWORD='hunter2' */ oops",
    "CHANGE MASTER TO MASTER_HOST='h', 'hunter2'",
    "CHANGE MASTER TO MASTER_PASSWORD=`hunter2`",
    "CHANGE MASTER TO MASTER_PASSWORD=@hunter2",
    "CHANGE MASTER TO MASTER_PASSWORD=(hunter2)",
    "CHANGE MASTER TO MASTER_PASSWORD:='hunter2'",
    "CHANGE MASTER TO MASTER_PASSWORD==hunter2",
    "START SLAVE USER='u' PASSWORD='x'hunter2'",
    "START SLAVE PASSWORD hunter2'",
    "CREATE USER u IDENTIFIED BY 'x'hunter2'",
    "PREPARE s FROM \"CHANGE MASTER TO MASTER_PASSWORD='hunter2'\"",
};

TEST(Redact, masksWhatMayBeAPasswordInBrokenStatements) {
  for (const std::string_view text : k_broken) {
    EXPECT_EQ(redact_statement(text).find("hunter2"), std::string::npos) << redact_statement(text);
  }
}

TEST(Redact, keepsPasswordsOutOfSyntaxErrors) {
  for (const std::string_view text : k_broken) {
    try {
      parse_statement(text);
    } catch (const Error& error) {
      EXPECT_EQ(std::string_view(error.what()).find("hunter2"), std::string_view::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace tributary::admin
