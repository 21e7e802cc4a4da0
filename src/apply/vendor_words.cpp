#include "vendor_words.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/core.h>

namespace tributary::apply {
namespace {

constexpr std::size_t k_most_words = 4;

/// Words that follow one another in a statement of one vendor only.
struct Construct {
  std::array<std::string_view, k_most_words> words;
  std::string_view name;
};

// In the order in which they are looked for: the particular before the general.
constexpr Construct k_mariadb_only[] = {
    {{"SEQUENCE"}, "sequences"},
    {{"PACKAGE"}, "packages"},
    {{"SYSTEM", "VERSIONING"}, "system-versioned tables"},
    {{"PERIOD", "FOR"}, "periods in tables"},
    {{"WITHOUT", "OVERLAPS"}, "WITHOUT OVERLAPS"},
    {{"IDENTIFIED", "BY", "PASSWORD"}, "IDENTIFIED BY PASSWORD"},
    {{"IDENTIFIED", "VIA"}, "IDENTIFIED VIA"},
    {{"OR", "REPLACE", "TABLE"}, "CREATE OR REPLACE TABLE"},
    {{"OR", "REPLACE", "TEMPORARY"}, "CREATE OR REPLACE TABLE"},
    {{"OR", "REPLACE"}, "CREATE OR REPLACE for this kind of object"},
    {{"SET", "STATEMENT"}, "SET STATEMENT"},
    {{"INET4"}, "the type INET4"},
    {{"INET6"}, "the type INET6"},
    {{"UUID"}, "the type UUID"},
    {{"COMPRESSED"}, "compressed columns"},
    {{"PERSISTENT"}, "the word PERSISTENT (MySQL: STORED)"},
    {{"RETURNING"}, "RETURNING"},
    {{"ADD", "COLUMN", "IF"}, "IF NOT EXISTS inside of ALTER TABLE"},
    {{"ADD", "INDEX", "IF"}, "IF NOT EXISTS inside of ALTER TABLE"},
    {{"DROP", "COLUMN", "IF"}, "IF EXISTS inside of ALTER TABLE"},
    {{"ENGINE", "ARIA"}, "the engine Aria"},
    {{"PAGE_CHECKSUM"}, "Aria's table options"},
    {{"TRANSACTIONAL"}, "Aria's table options"},
    {{"ENCRYPTED"}, "the table option ENCRYPTED"},
    {{"BINLOG", "MONITOR"}, "this privilege"},
    {{"DELETE", "HISTORY"}, "this privilege"},
    {{"WAIT"}, "WAIT"},
    {{"CREATE", "INDEX", "IF"}, "IF NOT EXISTS for indexes"},
};

constexpr Construct k_mysql_only[] = {
    {{"CACHING_SHA2_PASSWORD"}, "accounts with caching_sha2_password"},
    {{"SHA256_PASSWORD"}, "accounts with sha256_password"},
    {{"RANDOM", "PASSWORD"}, "random passwords"},
    {{"DEFAULT", "ROLE"}, "default roles in CREATE USER"},
    {{"SRID"}, "the column attribute SRID"},
    {{"NOT", "ENFORCED"}, "constraints that are not enforced"},
    {{"LATERAL"}, "LATERAL"},
    {{"MEMBER", "OF"}, "MEMBER OF"},
    {{"ENGINE_ATTRIBUTE"}, "engine attributes"},
    {{"SECONDARY_ENGINE"}, "secondary engines"},
    {{"ENCRYPTION"}, "the option ENCRYPTION"},
    {{"TABLESPACE"}, "general tablespaces"},
    {{"SPATIAL", "REFERENCE"}, "spatial reference systems"},
    {{"LIBRARY"}, "libraries"},
    {{"ENGINE", "NDB"}, "the engine NDB"},
};

/// Reserved in MySQL 8.0 and later and not in MariaDB (the manuals' lists of reserved words).
constexpr std::string_view k_reserved_in_mysql[] = {
    "CUBE",      "CUME_DIST",   "DENSE_RANK", "EMPTY",        "FIRST_VALUE", "FUNCTION",       "GENERATED",  "GET",
    "GROUPING",  "GROUPS",      "JSON_TABLE", "LAG",          "LAST_VALUE",  "LATERAL",        "LEAD",       "LIBRARY",
    "NTH_VALUE", "NTILE",       "OF",         "PERCENT_RANK", "QUALIFY",     "RANK",           "ROW_NUMBER", "STORED",
    "SYSTEM",    "TABLESAMPLE", "VIRTUAL",    "MANUAL",       "PARALLEL",    "IO_AFTER_GTIDS",
};

/// Errors that a statement meets because the server does not know what it says.
bool means_not_known(std::uint16_t code) {
  static constexpr std::uint16_t k_codes[] = {1064 /* ER_PARSE_ERROR */,
                                              1101 /* ER_BLOB_CANT_HAVE_DEFAULT */,
                                              1115 /* ER_UNKNOWN_CHARACTER_SET */,
                                              1149 /* ER_SYNTAX_ERROR */,
                                              1170 /* ER_BLOB_KEY_WITHOUT_LENGTH */,
                                              1193 /* ER_UNKNOWN_SYSTEM_VARIABLE */,
                                              1231 /* ER_WRONG_VALUE_FOR_VAR */,
                                              1235 /* ER_NOT_SUPPORTED_YET */,
                                              1273 /* ER_UNKNOWN_COLLATION */,
                                              1286 /* ER_UNKNOWN_STORAGE_ENGINE */,
                                              1305 /* ER_SP_DOES_NOT_EXIST */,
                                              1524 /* ER_PLUGIN_IS_NOT_LOADED */,
                                              1911 /* ER_UNKNOWN_OPTION (MariaDB) */,
                                              3619 /* ER_ILLEGAL_PRIVILEGE_LEVEL */,
                                              3899 /* ER_UNSUPPORTED_SQL_MODE */,
                                              4161 /* ER_UNKNOWN_DATA_TYPE (MariaDB) */};
  return std::find(std::begin(k_codes), std::end(k_codes), code) != std::end(k_codes);
}

std::vector<SqlToken> tokens_of(const SourceStatement& statement) {
  static constexpr std::size_t k_most_tokens = 10000;
  std::vector<SqlToken> tokens;
  SqlTokenizer tokenizer(statement.text, statement.dialect);
  for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end && tokens.size() < k_most_tokens;
       token = tokenizer.next()) {
    // "ENGINE=Aria" and "ENGINE Aria" alike.
    if (!token.is('=')) tokens.push_back(token);
  }
  return tokens;
}

bool stands_at(std::span<const SqlToken> tokens, std::size_t at, const Construct& construct) {
  for (std::size_t i = 0; i < construct.words.size() && !construct.words[i].empty(); ++i) {
    if (at + i >= tokens.size() || !tokens[at + i].is(construct.words[i])) return false;
  }
  // ROW_FORMAT=COMPRESSED is known to both, and so are functions of a type's name.
  if (at > 0 && tokens[at - 1].is("ROW_FORMAT")) return false;
  return construct.words[1].empty() ? at + 1 >= tokens.size() || !tokens[at + 1].is('(') : true;
}

std::string_view find_construct(std::span<const SqlToken> tokens, std::span<const Construct> constructs) {
  for (const Construct& construct : constructs) {
    for (std::size_t at = 0; at < tokens.size(); ++at) {
      if (stands_at(tokens, at, construct)) return construct.name;
    }
  }
  return {};
}

std::string_view find_reserved(std::span<const SqlToken> tokens) {
  for (const std::string_view word : k_reserved_in_mysql) {
    for (const SqlToken& token : tokens) {
      if (token.is(word)) return word;
    }
  }
  return {};
}

}  // namespace

std::string vendor_explanation(const SourceStatement& statement, std::uint16_t code) {
  const bool from_mariadb = statement.context.from_mariadb;
  if (from_mariadb == statement.dialect.mariadb || !means_not_known(code)) return {};
  const std::vector<SqlToken> tokens = tokens_of(statement);
  const std::string vendors = from_mariadb ? "; the source is MariaDB and the target MySQL, "
                                           : "; the source is MySQL and the target MariaDB, ";
  const auto constructs = from_mariadb ? std::span<const Construct>(k_mariadb_only) : std::span(k_mysql_only);
  if (const std::string_view name = find_construct(tokens, constructs); !name.empty()) {
    return fmt::format("{}which does not know {}", vendors, name);
  }
  static constexpr std::uint16_t k_key_without_length = 1170;
  if (from_mariadb && code == k_key_without_length)
    return vendors + "which does not know keys over whole BLOB or TEXT columns";
  static constexpr std::uint16_t k_parse_error = 1064;
  if (from_mariadb && code == k_parse_error) {
    if (const std::string_view word = find_reserved(tokens); !word.empty()) {
      return fmt::format("{}where {} is a reserved word, to be written in quotes", vendors, word);
    }
  }
  return vendors + "which does not know everything that the other does";
}

}  // namespace tributary::apply
