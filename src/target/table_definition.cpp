#include "table_definition.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include <fmt/core.h>

#include "multi_statement.hpp"

namespace tributary::target {
namespace {

constexpr std::uint16_t k_unknown_table = 1109;    // ER_UNKNOWN_TABLE: no such table in information_schema
constexpr std::uint16_t k_unknown_charset = 1115;  // ER_UNKNOWN_CHARACTER_SET

/// @p name in the charset of file names, which InnoDB's dictionary uses (strings/ctype-utf8.c, my_wc_mb_filename);
/// nullopt where it is not ASCII.
std::optional<std::string> ascii_dictionary_name(const std::string& name) {
  std::string encoded;
  for (const char character : name) {
    const auto code = static_cast<unsigned char>(character);
    if (code >= 0x80) return std::nullopt;
    if (std::isalnum(code) != 0 || character == '_') {
      encoded += character;
    } else {
      encoded += fmt::format("@{:04x}", code);
    }
  }
  return encoded;
}

/// An expression for that name as bytes. For names that are not ASCII the server is asked, which MySQL 8 refuses.
std::string dictionary_name(const std::string& name) {
  const std::optional<std::string> ascii = ascii_dictionary_name(name);
  return ascii ? "CAST('" + *ascii + "' AS BINARY)"
               : "CAST(CONVERT(CONVERT(" + hex_literal(name) + " USING utf8mb4) USING filename) AS BINARY)";
}

/// Ids of the table and its partitions in InnoDB's dictionary, by name, without the table's own. Empty for other
/// engines and for views.
std::string innodb_ids(TargetConnection& connection, const std::string& database, const std::string& table) {
  const std::string catalogue =
      connection.is_mariadb() ? "information_schema.INNODB_SYS_TABLES" : "information_schema.INNODB_TABLES";
  const std::vector<Row> settings = connection.query("SELECT @@GLOBAL.lower_case_table_names");
  const bool folded = settings.at(0).at(0) != "0";
  const auto fold = [folded](const std::string& expression) {
    return folded ? "CAST(LOWER(CONVERT(" + expression + " USING utf8mb4)) AS BINARY)" : expression;
  };
  const std::string stored = fold("CAST(NAME AS BINARY)");
  const std::string wanted = fold("CONCAT(" + dictionary_name(database) + ", '/', " + dictionary_name(table) + ")");
  // Partitions are "db/table#P#name" or, from MySQL 8.0, "db/table#p#name": a table name itself never holds a '#'
  // there.
  std::string ids;
  try {
    for (const Row& row :
         connection.query(fmt::format("SELECT NAME, TABLE_ID FROM {} WHERE SUBSTRING_INDEX({}, '#', 1) "
                                      "= {} ORDER BY NAME",
                                      catalogue, stored, wanted))) {
      const std::string name = row.at(0).value_or("");
      ids += fmt::format("{} {}\n", name.substr(std::min(name.find('#'), name.size())), row.at(1).value_or(""));
    }
  } catch (const TargetError& error) {
    if (error.code() != error_code::k_specific_access_denied && error.code() != k_unknown_table &&
        error.code() != k_unknown_charset)
      throw;
    return "innodb ids not readable\n";
  }
  return ids;
}

}  // namespace

std::string without_auto_increment(std::string_view definition) {
  constexpr std::string_view k_option = " AUTO_INCREMENT=";
  std::string kept;
  kept.reserve(definition.size());
  std::size_t at = 0;
  while (at < definition.size()) {
    const char character = definition[at];
    std::size_t end = at + 1;
    if (character == '\'' || character == '`' || character == '"') {
      end = end_of_quoted(definition, at);
    } else if (definition.substr(at, 2) == "/*") {
      end = std::min(definition.find("*/", at + 2), definition.size() - 2) + 2;
    } else if (definition.substr(at, k_option.size()) == k_option) {
      at = std::min(definition.find_first_not_of("0123456789", at + k_option.size()), definition.size());
      continue;
    }
    kept.append(definition.substr(at, end - at));
    at = end;
  }
  return kept;
}

std::string table_definition(TargetConnection& connection, const std::string& database, const std::string& table,
                             StoredAs stored_as) {
  const std::vector<Row> rows =
      connection.query("SHOW CREATE TABLE " + quote_identifier(database) + "." + quote_identifier(table));
  std::string definition;
  for (const Row& row : rows) {
    for (const auto& value : row) definition += value.value_or("NULL") + '\n';
  }
  definition = without_auto_increment(definition);
  if (stored_as == StoredAs::left_out) return definition;
  return definition + std::string(k_stored_as) + innodb_ids(connection, database, table);
}

}  // namespace tributary::target
