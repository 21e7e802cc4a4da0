#include "tributary/target/fingerprint.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "digest.hpp"
#include "row_values.hpp"
#include "table_definition.hpp"

namespace tributary::target {
namespace {

/// SHOW CREATE prints by these settings, which statement events change.
class PrintSettings {
 public:
  explicit PrintSettings(TargetConnection& connection) : connection_(connection) {
    const std::vector<Row> rows = connection.query(
        "SELECT @@SESSION.sql_mode, @@SESSION.sql_quote_show_create, @@SESSION.character_set_results,"
        " @@SESSION.time_zone");
    const Row& row = rows.at(0);
    before_ =
        fmt::format("SET SESSION sql_mode = {}, sql_quote_show_create = {}, character_set_results = {}, time_zone = {}",
                    literal(row.at(0)), row.at(1).value_or("1"), literal(row.at(2)), literal(row.at(3)));
    connection.execute(
        "SET SESSION sql_mode = '', sql_quote_show_create = 1, character_set_results = utf8mb4, time_zone = '+00:00'");
  }
  ~PrintSettings() {
    try {
      connection_.execute(before_);
    } catch (const std::exception&) {
      // The connection is gone, and its settings with it: the caller's next statement says so.
      connection_.interrupt();
    }
  }
  PrintSettings(const PrintSettings&) = delete;
  PrintSettings& operator=(const PrintSettings&) = delete;

 private:
  /// These settings are ASCII without quotes; as hexadecimal literals they would be taken for numbers.
  static std::string literal(const std::optional<std::string>& value) {
    return value ? "'" + *value + "'" : std::string("NULL");
  }

  TargetConnection& connection_;
  std::string before_;
};

std::string_view kind_name(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::database:
      return "database";
    case ObjectKind::table:
      return "table";
    case ObjectKind::procedure:
      return "procedure";
    case ObjectKind::function:
      return "function";
    case ObjectKind::trigger:
      return "trigger";
    case ObjectKind::event:
      return "event";
    case ObjectKind::user:
      return "user";
  }
  return "object";
}

bool means_absent(std::uint16_t code) {
  switch (code) {
    case 1049:  // ER_BAD_DB_ERROR
    case 1133:  // ER_PASSWORD_NO_MATCH: SHOW CREATE USER
    case 1141:  // ER_NONEXISTING_GRANT: SHOW GRANTS
    case 1146:  // ER_NO_SUCH_TABLE
    case 1305:  // ER_SP_DOES_NOT_EXIST
    case 1360:  // ER_TRG_DOES_NOT_EXIST
    case 1396:  // ER_CANNOT_USER: SHOW CREATE USER
    case 1539:  // ER_EVENT_DOES_NOT_EXIST
    case 3162:  // ER_USER_DOES_NOT_EXIST (MySQL)
    case 4091:  // ER_UNKNOWN_SEQUENCES (MariaDB)
      return true;
    default:
      return false;
  }
}

std::string print_rows(const std::vector<Row>& rows, std::size_t columns) {
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t column = 0; column < std::min(columns, row.size()); ++column) {
      text += row[column].value_or("NULL");
      text += '\n';
    }
  }
  return text;
}

std::string user_definition(TargetConnection& connection, const ObjectName& object) {
  // A user's name is a string literal here; hexadecimal ones are not taken, and '' inside quotes is right under any
  // sql_mode but for a backslash, which NO_BACKSLASH_ESCAPES would take as it is: the settings above have it off.
  const auto quoted = [](std::string_view text) {
    std::string literal = "'";
    for (const char character : text) {
      if (character == '\'' || character == '\\') literal += '\\';
      literal += character;
    }
    return literal + "'";
  };
  // MariaDB's roles have no host part.
  const std::string account =
      object.database.empty() ? quoted(object.name) : quoted(object.name) + "@" + quoted(object.database);
  const std::string create =
      object.database.empty() ? std::string() : print_rows(connection.query("SHOW CREATE USER " + account), 1);
  std::vector<Row> grants = connection.query("SHOW GRANTS FOR " + account);
  std::sort(grants.begin(), grants.end());
  return create + print_rows(grants, 1);
}

std::string existing_definition(TargetConnection& connection, const ObjectName& object, StoredAs stored_as) {
  const std::string name = quote_identifier(object.name);
  const std::string full_name = quote_identifier(object.database) + "." + name;
  // The columns that depend on nothing but the object: a trigger's 7th is the time of its creation.
  constexpr std::size_t k_all = 6;
  switch (object.kind) {
    case ObjectKind::database:
      return print_rows(connection.query("SHOW CREATE DATABASE " + name), k_all);
    case ObjectKind::table:
      return table_definition(connection, object.database, object.name, stored_as);
    case ObjectKind::procedure:
      return print_rows(connection.query("SHOW CREATE PROCEDURE " + full_name), k_all);
    case ObjectKind::function:
      return print_rows(connection.query("SHOW CREATE FUNCTION " + full_name), k_all);
    case ObjectKind::trigger:
      return print_rows(connection.query("SHOW CREATE TRIGGER " + full_name), k_all);
    case ObjectKind::event:
      return print_rows(connection.query("SHOW CREATE EVENT " + full_name), k_all);
    case ObjectKind::user:
      return user_definition(connection, object);
  }
  return {};
}

std::string full_name(const ObjectName& object) {
  if (object.kind == ObjectKind::user) return fmt::format("'{}'@'{}'", object.name, object.database);
  if (object.kind == ObjectKind::database) return quote_identifier(object.name);
  return quote_identifier(object.database) + "." + quote_identifier(object.name);
}

/// As a fingerprint's line begins; it ends with the line.
std::string line_name(const ObjectName& object) {
  std::string name = fmt::format("{} {}", kind_name(object.kind), full_name(object));
  std::replace(name.begin(), name.end(), '\n', ' ');
  return name;
}

}  // namespace

std::string object_definition(TargetConnection& connection, const ObjectName& object, StoredAs stored_as) {
  const PrintSettings settings(connection);
  try {
    return existing_definition(connection, object, stored_as);
  } catch (const TargetError& error) {
    if (means_absent(error.code())) return std::string(k_absent);
    throw;
  }
}

std::string object_fingerprint(TargetConnection& connection, const ObjectName& object, StoredAs told) {
  std::string definition = object_definition(connection, object, told);
  if (definition == k_absent) return definition;
  const std::size_t stored_as = object.kind == ObjectKind::table ? definition.rfind(k_stored_as) : std::string::npos;
  if (stored_as == std::string::npos) return sha256_hex(definition);
  return sha256_hex(definition.substr(0, stored_as)) + ":" + sha256_hex(definition.substr(stored_as));
}

std::vector<FingerprintLine> fingerprint_lines(std::string_view fingerprints) {
  constexpr std::size_t k_hash = 64;
  std::vector<FingerprintLine> lines;
  while (!fingerprints.empty()) {
    const std::size_t end = std::min(fingerprints.find('\n'), fingerprints.size());
    const std::string_view line = fingerprints.substr(0, end);
    const std::size_t blank = std::min(line.rfind(' '), line.size());
    FingerprintLine& told = lines.emplace_back(FingerprintLine{line.substr(0, blank), {}, {}});
    told.definition = line.substr(std::min(blank + 1, line.size()));
    if (told.definition.size() == 2 * k_hash + 1 && told.definition[k_hash] == ':') {
      told.stored_as = told.definition.substr(k_hash + 1);
      told.definition = told.definition.substr(0, k_hash);
    }
    fingerprints.remove_prefix(std::min(end + 1, fingerprints.size()));
  }
  return lines;
}

bool names_one_of(std::string_view fingerprints, std::span<const ObjectName> objects) {
  const auto names = [&](const ObjectName& object) {
    const std::string wanted = lower_ascii(line_name(object));
    const std::vector<FingerprintLine> lines = fingerprint_lines(fingerprints);
    return std::any_of(lines.begin(), lines.end(),
                       [&](const FingerprintLine& line) { return lower_ascii(std::string(line.object)) == wanted; });
  };
  return std::any_of(objects.begin(), objects.end(), names);
}

std::string fingerprint_objects(TargetConnection& connection, std::span<const ObjectName> objects, StoredAs stored_as) {
  std::string text;
  for (const ObjectName& object : objects) {
    text += fmt::format("{} {}\n", line_name(object), object_fingerprint(connection, object, stored_as));
  }
  return text;
}

}  // namespace tributary::target
