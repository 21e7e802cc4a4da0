#include "tributary/apply/session_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

namespace tributary::apply {
namespace {

CollationName find_collation(std::uint32_t id) {
  if (id == 46) return {"utf8mb4", "utf8mb4_bin"};
  if (id == 63) return {"binary", "binary"};
  throw Error(1273, "no such collation");
}

std::string system_time_zone() {
  return "Europe/Vienna";
}

StatementContext plain_statement() {
  StatementContext statement;
  statement.timestamp = 1700000000;
  statement.source_version = 101119;
  statement.thread_id = 12;
  statement.server_id = 5;
  return statement;
}

class SessionContextTest : public testing::Test {
 protected:
  SessionContext context_{true, 101119, find_collation, system_time_zone};
};

TEST_F(SessionContextTest, SendsOnlyWhatDiffers) {
  StatementContext statement = plain_statement();
  statement.database = "d";
  statement.status.sql_mode = 0x4;
  statement.status.charset = {33, 33, 8};
  EXPECT_EQ(context_.enter(statement),
            "USE `d`;SET @@session.timestamp=1700000000,@@session.sql_mode=4,@@session.character_set_client=33,"
            "@@session.collation_connection=33,@@session.collation_server=8,@@session.group_concat_max_len=1048576,"
            "@@session.div_precision_increment=4,@@session.default_week_format=0,@@session.default_regex_flags='',"
            "@@session.old_mode='UTF8_IS_UTF8MB3',@@session.max_recursive_iterations=1000,"
            "@@session.auto_increment_increment=1,"
            "@@session.auto_increment_offset=1,@@session.lc_time_names=0,@@session.pseudo_thread_id=12,@@session."
            "server_id=5;");
  EXPECT_EQ(context_.enter(statement), "");
  statement.timestamp = 1700000001;
  statement.status.microseconds = 42;
  EXPECT_EQ(context_.enter(statement), "SET @@session.timestamp=1700000001.000042;");
  statement.status.auto_increment = {10, 3};
  statement.status.charset = {46, 33, 8};
  EXPECT_EQ(context_.enter(statement),
            "SET @@session.character_set_client=utf8mb4,@@session.auto_increment_increment=10,"
            "@@session.auto_increment_offset=3;");
}

TEST_F(SessionContextTest, SystemIsTheZoneOfTheSourcesHost) {
  StatementContext statement = plain_statement();
  statement.status.time_zone = "SYSTEM";
  EXPECT_NE(context_.enter(statement).find("@@session.time_zone=x'4575726F70652F5669656E6E61'"), std::string::npos);
  EXPECT_EQ(context_.enter(statement), "");
}

TEST_F(SessionContextTest, ReturnsToThePlainStateAndForgets) {
  StatementContext statement = plain_statement();
  context_.enter_plain();
  EXPECT_EQ(context_.enter_plain(), "");
  statement.status.sql_mode = 7;
  context_.enter(statement);
  EXPECT_EQ(context_.enter_plain(),
            "SET @@session.timestamp=DEFAULT,@@session.sql_mode=0,@@session.pseudo_thread_id=0;");
  context_.forget();
  EXPECT_EQ(context_.enter_plain(),
            "SET @@session.timestamp=DEFAULT,@@session.sql_mode=0,@@session.character_set_client=45,"
            "@@session.collation_connection=45,@@session.pseudo_thread_id=0;");
}

TEST_F(SessionContextTest, NothingIsKnownOfWhatARoutineMayHaveSet) {
  StatementContext statement = plain_statement();
  statement.database = "d";
  statement.status.time_zone = "+05:00";
  statement.status.flags2 = 0;
  context_.enter(statement);
  EXPECT_EQ(context_.enter(statement), "");
  context_.forget_variables();
  const std::string again = context_.enter(statement);
  for (const char* set : {"@@session.timestamp=1700000000", "@@session.time_zone=x'2B30353A3030'",
                          "@@session.foreign_key_checks=1", "@@session.auto_increment_increment=1",
                          "@@session.collation_database=DEFAULT", "@@session.div_precision_increment=4"}) {
    EXPECT_THAT(again, testing::HasSubstr(set));
  }
  EXPECT_EQ(again.find("USE"), std::string::npos) << "no routine changes the default database";
  context_.forget_variables();
  EXPECT_THAT(context_.enter_plain(), testing::HasSubstr("@@session.sql_mode=0"));
}

TEST_F(SessionContextTest, WhetherDirectoriesCountIsTheTargetsOwn) {
  StatementContext statement = plain_statement();
  context_.enter(statement);
  statement.status.sql_mode = 0x84;
  EXPECT_EQ(context_.enter(statement), "SET @@session.sql_mode=4;");
  context_.set_no_dir_in_create(true);
  EXPECT_EQ(context_.enter(statement), "SET @@session.sql_mode=132;");
  statement.status.sql_mode = 0x4;
  EXPECT_EQ(context_.enter(statement), "");
}

TEST_F(SessionContextTest, FlagsMeanWhatTheSourcesVersionSays) {
  StatementContext statement = plain_statement();
  statement.status.flags2 = binlog::query_flag::k_no_foreign_key_checks;
  context_.enter(plain_statement());
  EXPECT_EQ(context_.enter(statement),
            "SET @@session.sql_auto_is_null=0,@@session.foreign_key_checks=0,@@session.unique_checks=1,"
            "@@session.check_constraint_checks=1,@@session.sql_if_exists=0,"
            "@@session.system_versioning_insert_history=0,@@session.explicit_defaults_for_timestamp=0;");
  SessionContext of_old(true, 101119, find_collation, system_time_zone);
  statement.source_version = 100407;
  of_old.enter(plain_statement());
  EXPECT_EQ(of_old.enter(statement),
            "SET @@session.sql_auto_is_null=0,@@session.foreign_key_checks=0,@@session.unique_checks=1,"
            "@@session.check_constraint_checks=1,@@session.explicit_defaults_for_timestamp=0,"
            "@@session.max_recursive_iterations=4294967295;");
}

TEST_F(SessionContextTest, MariaDbChecksUniqueKeysAlways) {
  StatementContext statement = plain_statement();
  statement.status.flags2 = binlog::query_flag::k_relaxed_unique_checks;
  EXPECT_THAT(context_.enter(statement), testing::HasSubstr("@@session.unique_checks=1"));
  SessionContext of_mysql(false, 90704, find_collation, system_time_zone);
  EXPECT_THAT(of_mysql.enter(statement), testing::HasSubstr("@@session.unique_checks=0"));
}

TEST_F(SessionContextTest, WhatATimestampIsByDefaultFollowsTheSourcesVersion) {
  StatementContext statement = plain_statement();
  context_.enter(statement);
  statement.from_mariadb = false;
  statement.source_version = 50624;
  EXPECT_EQ(context_.enter(statement),
            "SET @@session.explicit_defaults_for_timestamp=0,@@session.group_concat_max_len=1024,"
            "@@session.max_recursive_iterations=4294967295;");
  statement.source_version = 90704;
  EXPECT_EQ(context_.enter(statement), "SET @@session.explicit_defaults_for_timestamp=1;");
  statement.status.explicit_defaults_for_timestamp = false;
  EXPECT_EQ(context_.enter(statement), "SET @@session.explicit_defaults_for_timestamp=0;");
}

class MysqlSessionContextTest : public testing::Test {
 protected:
  SessionContext context_{false, 90704, find_collation, system_time_zone};
};

TEST_F(MysqlSessionContextTest, HasNoServerIdAndSettingsOfItsOwn) {
  StatementContext statement = plain_statement();
  EXPECT_EQ(
      context_.enter(statement),
      "SET @@session.timestamp=1700000000,@@session.enable_cascade_triggers=0,@@session.group_concat_max_len=1048576,"
      "@@session.div_precision_increment=4,@@session.default_week_format=0,"
      "@@session.block_encryption_mode='aes-128-ecb',@@session.cte_max_recursion_depth=1000,"
      "@@session.auto_increment_increment=1,"
      "@@session.auto_increment_offset=1,@@session.lc_time_names=0,@@session.pseudo_thread_id=12;");
  statement.from_mariadb = false;
  statement.source_version = 90704;
  statement.status.enable_cascade_triggers = true;
  EXPECT_EQ(context_.enter(statement),
            "SET @@session.enable_cascade_triggers=1,@@session.group_concat_max_len=1024,"
            "@@session.cte_max_recursion_depth=4294967295;");
  statement.status.charset = {45, 45, 45};
  context_.enter(statement);
  statement.status.default_collation_for_utf8mb4 = 255;
  EXPECT_EQ(context_.enter(statement), "SET @@session.default_collation_for_utf8mb4=255;");
  SessionContext of_old(false, 80036, find_collation, system_time_zone);
  of_old.enter(plain_statement());
  EXPECT_EQ(of_old.enter(statement).find("enable_cascade_triggers"), std::string::npos);
}

TEST_F(MysqlSessionContextTest, EncryptionIsOnlySpokenOfWhereASourceEncrypts) {
  StatementContext statement = plain_statement();
  statement.from_mariadb = false;
  statement.status.default_table_encryption = false;
  context_.enter(statement);
  statement.status.default_table_encryption = true;
  EXPECT_EQ(context_.enter(statement), "SET @@session.default_table_encryption=1;");
  statement.status.default_table_encryption = false;
  EXPECT_EQ(context_.enter(statement), "SET @@session.default_table_encryption=0;");
}

TEST_F(MysqlSessionContextTest, RowsMoveTheSessionsTime) {
  StatementContext statement = plain_statement();
  context_.enter(statement);
  EXPECT_EQ(context_.enter_rows(5),
            "SET @@session.sql_mode=0,@@session.character_set_client=8,@@session.collation_connection=45,"
            "@@session.pseudo_thread_id=0;");
  EXPECT_EQ(context_.enter_rows(6), "");
  EXPECT_EQ(context_.enter(statement), "SET @@session.timestamp=1700000000,@@session.pseudo_thread_id=12;");
}

TEST_F(MysqlSessionContextTest, WhatTimestampsDefaultToWhereASourceDoesNotTell) {
  const auto set_for = [this](bool from_mariadb, std::uint32_t version) {
    context_.forget();
    StatementContext statement = plain_statement();
    statement.from_mariadb = from_mariadb;
    statement.source_version = version;
    statement.defines = true;
    statement.status.flags2 = binlog::query_flag::k_mariadb_explicit_defaults_for_timestamp;
    const std::string sql = context_.enter(statement);
    const std::size_t at = sql.find("explicit_defaults_for_timestamp=");
    return at == std::string::npos ? std::string("-") : sql.substr(at + 32, 1);
  };
  EXPECT_EQ(set_for(false, 50624), "0");
  EXPECT_EQ(set_for(false, 50700), "0");
  EXPECT_EQ(set_for(false, 80036), "1");
  EXPECT_EQ(set_for(true, 100909), "0");
  EXPECT_EQ(set_for(true, 101000), "1");
}

TEST_F(MysqlSessionContextTest, RefusesModesThatOnlyMariadbHas) {
  StatementContext statement = plain_statement();
  for (const std::uint64_t mode : {0x200ULL, 0x100000000ULL, 0x200000000ULL}) {
    statement.status.sql_mode = mode;
    statement.from_mariadb = true;
    EXPECT_THROW(context_.enter(statement), Error);
    statement.from_mariadb = false;  // there these bits mean something else
    EXPECT_NO_THROW(context_.enter(statement));
  }
}

TEST_F(SessionContextTest, HelpersAreNeverTakenForKnown) {
  StatementContext statement = plain_statement();
  statement.insert_id = 5;
  statement.last_insert_id = 18446744073709551615ULL;
  statement.rand = binlog::RandEvent{7, 8};
  context_.enter(plain_statement());
  const std::string expected =
      "SET @@session.last_insert_id=18446744073709551615,@@session.insert_id=5,@@session.rand_seed1=7,"
      "@@session.rand_seed2=8;";
  EXPECT_EQ(context_.enter(statement), expected);
  EXPECT_EQ(context_.enter(statement), expected);
}

TEST_F(SessionContextTest, UserVariables) {
  StatementContext statement = plain_statement();
  binlog::UserVarEvent text;
  text.name = "a`b";
  text.collation = 46;
  text.value = "x'y";
  binlog::UserVarEvent nothing;
  nothing.name = "n";
  nothing.is_null = true;
  statement.user_variables = {text, nothing};
  context_.enter(plain_statement());
  EXPECT_EQ(context_.enter(statement), "SET @`a``b`:=_utf8mb4 x'782779' COLLATE `utf8mb4_bin`;SET @`n`:=NULL;");
  statement.user_variables.front().collation = 999;
  EXPECT_THROW(context_.enter(statement), Error);
}

TEST_F(SessionContextTest, UserVariablesOfBrokenTextAreLiterals) {
  StatementContext statement = plain_statement();
  binlog::UserVarEvent text;
  text.name = "v";
  text.collation = 46;
  context_.enter(plain_statement());
  for (const char* broken : {"'\\\xf0\x9f\x98", "'\\\xff", "'\\\xc0\x80", "'\\\xe0\x80\x80", "'\\\xf4\x90\x80\x80"}) {
    text.value = broken;
    statement.user_variables = {text};
    const std::string sql = context_.enter(statement);
    EXPECT_NE(sql.find("SET @`v`:='\\'\\\\" + text.value.substr(2) + "' COLLATE `utf8mb4_bin`;"), std::string::npos)
        << sql;
    EXPECT_NE(sql.find("sql_mode=0"), std::string::npos) << sql;
    EXPECT_LT(sql.find("character_set_client=45"), sql.find("@`v`")) << sql;
    context_.forget();
  }
  text.value = "😀é";
  statement.user_variables = {text};
  EXPECT_NE(context_.enter(statement).find("_utf8mb4 x'f09f9880c3a9'"), std::string::npos);
}

TEST_F(SessionContextTest, NamesOutsideOfAsciiAreSentAsUtf8) {
  StatementContext statement = plain_statement();
  statement.status.charset = {8, 8, 8};
  context_.enter(statement);
  statement.database = "ü";
  const std::string sql = context_.enter(statement);
  EXPECT_EQ(sql, "SET @@session.character_set_client=45;USE `ü`;SET @@session.character_set_client=8;");
}

TEST_F(SessionContextTest, DefaultDatabase) {
  StatementContext statement = plain_statement();
  statement.database = "d";
  context_.enter(statement);
  EXPECT_EQ(context_.enter(statement), "");
  context_.forget_database();
  EXPECT_EQ(context_.enter(statement), "USE `d`;");
  statement.database = "e";
  statement.use_database = false;
  EXPECT_EQ(context_.enter(statement), "");
}

TEST_F(SessionContextTest, WithoutDefaultDatabase) {
  StatementContext statement = plain_statement();
  statement.database = "gone";
  context_.enter(statement, true);
  EXPECT_FALSE(context_.has_default_database());
  statement.database.clear();
  context_.enter(statement);
  EXPECT_FALSE(context_.has_default_database());
  statement.database = "d";
  context_.enter(statement);
  EXPECT_TRUE(context_.has_default_database());
}

TEST_F(SessionContextTest, CollationOfTheDatabase) {
  StatementContext statement = plain_statement();
  statement.database = "d";
  statement.status.charset_database = 46;
  context_.enter(plain_statement());
  EXPECT_EQ(context_.enter(statement), "USE `d`;SET @@session.collation_database=46;");
  EXPECT_EQ(context_.enter(statement), "");
  statement.database = "e";
  EXPECT_EQ(context_.enter(statement), "USE `e`;SET @@session.collation_database=46;") << "USE has changed it";
  statement.status.charset_database.reset();
  EXPECT_EQ(context_.enter(statement), "SET @@session.collation_database=DEFAULT;");
  EXPECT_EQ(context_.enter(statement), "");
}

/// A target that knows other collations by other numbers.
CollationName find_mapped(std::uint32_t id) {
  if (id == 255) return {"utf8mb4", "utf8mb4_uca1400_nopad_ai_ci", 2308};
  if (id == 2304) return {"utf8mb4", "utf8mb4_0900_ai_ci", 255};
  if (id == 2048) return {"utf8mb3", "utf8mb3_uca1400_ai_ci", 2048};
  throw Error(1273, "no such collation");
}

StatementContext statement_with_charset() {
  StatementContext statement = plain_statement();
  statement.status.charset = {45, 45, 45};
  return statement;
}

std::string settings(SessionContext& context, const StatementContext& statement) {
  context.enter(statement_with_charset());
  return context.enter(statement);
}

TEST(CollationsOfOtherVendorsTest, HaveTheTargetsNumbers) {
  StatementContext statement = statement_with_charset();
  statement.status.charset = {255, 255, 8};
  statement.status.charset_database = 255;
  SessionContext context(true, 101119, find_mapped, system_time_zone);
  EXPECT_EQ(settings(context, statement),
            "SET @@session.character_set_client=utf8mb4,@@session.collation_connection=2308,"
            "@@session.collation_server=8,@@session.collation_database=2308;");
  statement.status.charset->collation_connection = 300;
  EXPECT_THROW(context.enter(statement), Error);
}

TEST(CollationsOfOtherVendorsTest, DefaultsOfCharacterSets) {
  StatementContext mysql = statement_with_charset();
  mysql.status.default_collation_for_utf8mb4 = 255;
  StatementContext mariadb = statement_with_charset();
  mariadb.status.character_set_collations = {{33, 2048}, {45, 2304}};

  SessionContext without(true, 101119, find_mapped, system_time_zone);
  EXPECT_EQ(settings(without, mysql), "") << "MariaDB 10.11 has no such setting";
  SessionContext to_mariadb(true, 110802, find_mapped, system_time_zone);
  EXPECT_EQ(settings(to_mariadb, mysql),
            "SET @@session.character_set_collations='utf8mb4=utf8mb4_uca1400_nopad_ai_ci';");
  EXPECT_EQ(to_mariadb.enter(mariadb),
            "SET @@session.character_set_collations='utf8mb3=utf8mb3_uca1400_ai_ci,utf8mb4=utf8mb4_0900_ai_ci';");
  EXPECT_EQ(to_mariadb.enter(statement_with_charset()), "SET @@session.character_set_collations='';");
  SessionContext to_mysql(false, 90704, find_mapped, system_time_zone);
  EXPECT_EQ(settings(to_mysql, mariadb), "SET @@session.default_collation_for_utf8mb4=255;");
  EXPECT_EQ(to_mysql.enter(statement_with_charset()), "SET @@session.default_collation_for_utf8mb4=45;");
}

TEST(TranslateSqlModeTest, BetweenVendors) {
  EXPECT_EQ(translate_sql_mode(0x80 | 0x4, true, true), 0x4U);
  // MySQL rounds fractions unless told to cut them; MariaDB cuts unless told to round.
  EXPECT_EQ(translate_sql_mode(0x4, false, true), 0x400000004U);
  EXPECT_EQ(translate_sql_mode(0x604, false, true), 0x400000004U) << "ORACLE and MSSQL are only names in MySQL";
  EXPECT_EQ(translate_sql_mode(0x100000004, false, true), 0x4U);
  EXPECT_EQ(translate_sql_mode(0x4, true, false), 0x100000004U);
  EXPECT_EQ(translate_sql_mode(0x400000204, true, false), 0x4U);
  // MySQL 5.6's NO_AUTO_CREATE_USER and NO_FIELD_OPTIONS, which MySQL 8.0 refuses.
  EXPECT_EQ(translate_sql_mode(0x10008004, false, false), 0x4U);
}

}  // namespace
}  // namespace tributary::apply
