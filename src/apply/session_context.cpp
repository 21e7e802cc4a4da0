#include "tributary/apply/session_context.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/target/target_server.hpp"
#include "tributary/util/utf8.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint64_t k_latin1_swedish_ci = 8;
constexpr std::uint64_t k_utf8mb3_general_ci = 33;
constexpr std::uint64_t k_utf8mb4_general_ci = 45;
constexpr std::uint64_t k_no_dir_in_create = 0x80;  // sql_mode
/// From this version on every statement says what explicit_defaults_for_timestamp was.
constexpr std::uint32_t k_mariadb_tells_timestamp_defaults = 101000;
constexpr std::uint32_t k_mysql_explicit_timestamp_defaults = 80002;  ///< from here on it is on by default

/// Whether @p text is UTF-8, with at most three bytes for a character in utf8mb3.
bool is_well_formed(std::string_view text, std::string_view character_set) {
  const std::size_t longest = character_set == "utf8mb3" ? 3 : 4;
  while (!text.empty()) {
    const std::size_t length = utf8_character_length(text);
    if (length == 0 || length > longest) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// The default collations of the character sets that clients mostly use.
bool is_default_collation(std::uint64_t id) {
  return id == k_latin1_swedish_ci || id == k_utf8mb3_general_ci || id == k_utf8mb4_general_ci || id == 63 /* binary */;
}

/// Modes of MariaDB that change what a statement does, and that no setting of MySQL stands for.
void refuse_untranslatable_modes(std::uint64_t sql_mode) {
  static constexpr std::pair<std::uint64_t, std::string_view> k_modes[] = {
      {0x200, "ORACLE"}, {0x100000000, "EMPTY_STRING_IS_NULL"}, {0x200000000, "SIMULTANEOUS_ASSIGNMENT"}};
  for (const auto& [bit, name] : k_modes) {
    if ((sql_mode & bit) == 0) continue;
    // ER_WRONG_VALUE_FOR_VAR
    throw target::NotRunError(
        1231, "42000",
        fmt::format("Variable 'sql_mode' can't be set to the value of '{}': the source's session had this mode, which "
                    "only MariaDB has, and the target is MySQL: the statement could do something else there",
                    name));
  }
}

}  // namespace

/// Collects "name=value" for one SET statement, leaving out what the session holds already.
class Assignments {
 public:
  template <typename Value>
  void set(std::optional<Value>& current, const Value& value, std::string_view name) {
    if (current == value) return;
    current = value;
    add(name, fmt::format("{:d}", value));
  }
  void set(std::optional<std::string>& current, const std::string& value, std::string_view name,
           std::string_view literal) {
    if (current == value) return;
    current = value;
    add(name, literal);
  }
  void add(std::string_view name, std::string_view literal) {
    text_ += text_.empty() ? "SET " : ",";
    text_ += fmt::format("@@session.{}={}", name, literal);
  }
  /// The SET statement with its ';', or ''.
  [[nodiscard]] std::string take() {
    if (!text_.empty()) text_ += ';';
    return std::exchange(text_, {});
  }

 private:
  std::string text_;
};

std::uint64_t translate_sql_mode(std::uint64_t sql_mode, bool from_mariadb, bool to_mariadb) {
  // MySQL 8.0 refuses them (3899); MySQL 5.7 and earlier had them too.
  static constexpr std::uint64_t k_old =
      0x100 | 0x200 | 0x400 | 0x800 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000 | 0x10000000;
  static constexpr std::uint64_t k_common = 0xffffffff;
  static constexpr std::uint64_t k_mysql_time_truncate_fractional = 0x100000000;
  static constexpr std::uint64_t k_mysql_settable = k_common | k_mysql_time_truncate_fractional;
  static constexpr std::uint64_t k_mariadb_time_round_fractional = 0x400000000;
  sql_mode &= ~k_no_dir_in_create;
  // In MySQL before 8.0 a name for several modes, which all have bits of their own; in MariaDB another language.
  static constexpr std::uint64_t k_other_language = 0x200 /* ORACLE */ | 0x400 /* MSSQL */;
  if (from_mariadb == to_mariadb) return to_mariadb ? sql_mode : sql_mode & k_mysql_settable & ~k_old;
  if (to_mariadb) {
    const bool rounds = (sql_mode & k_mysql_time_truncate_fractional) == 0;
    return (sql_mode & k_common & ~k_other_language) | (rounds ? k_mariadb_time_round_fractional : 0);
  }
  const bool rounds = (sql_mode & k_mariadb_time_round_fractional) != 0;
  return (sql_mode & k_common & ~k_old) | (rounds ? 0 : k_mysql_time_truncate_fractional);
}

SessionContext::SessionContext(bool target_is_mariadb, std::uint32_t target_version,
                               std::function<CollationName(std::uint32_t)> collation,
                               std::function<std::string()> system_time_zone,
                               std::function<std::shared_ptr<const SourceSettings>()> settings)
    : target_is_mariadb_(target_is_mariadb),
      target_version_(target_version),
      collation_(std::move(collation)),
      system_time_zone_(std::move(system_time_zone)),
      settings_(std::move(settings)) {}

void SessionContext::forget() {
  variables_ = {};
  own_collation_database_ = false;
  database_.reset();
}

void SessionContext::forget_variables() {
  // MySQL lets no session change it inside of a transaction, so no routine either.
  auto timestamp_defaults = target_is_mariadb_ ? std::nullopt : variables_.explicit_defaults_for_timestamp;
  variables_ = {};
  variables_.explicit_defaults_for_timestamp = timestamp_defaults;
  own_collation_database_ = false;
}

std::string SessionContext::as_utf8() {
  Assignments assignments;
  assignments.set(variables_.character_set_client, k_utf8mb4_general_ci, "character_set_client");
  return assignments.take();
}

std::string SessionContext::enter_plain() {
  Assignments assignments;
  set_timestamp_default(assignments);
  set_neutral(assignments, 0, k_utf8mb4_general_ci);
  return assignments.take();
}

void SessionContext::set_timestamp_default(Assignments& assignments) {
  assignments.set(variables_.timestamp, "DEFAULT", "timestamp", "DEFAULT");
}

void SessionContext::set_neutral(Assignments& assignments, std::uint64_t sql_mode, std::uint64_t client) {
  assignments.set(variables_.sql_mode, sql_mode, "sql_mode");
  assignments.set(variables_.character_set_client, client, "character_set_client");
  assignments.set(variables_.collation_connection, k_utf8mb4_general_ci, "collation_connection");
  // Rows and fingerprints are about base tables: no connection of a source has this number.
  if (may_replay_) assignments.set(variables_.pseudo_thread_id, std::uint64_t{0}, "pseudo_thread_id");
}

void SessionContext::set_plain_sql(Assignments& assignments, const RowsSession& session) {
  using namespace binlog::rows_flag;
  // NO_AUTO_VALUE_ON_ZERO, STRICT_TRANS_TABLES, STRICT_ALL_TABLES, ALLOW_INVALID_DATES: what is stored is what is
  // written, or an error.
  static constexpr std::uint64_t k_lenient = 0x80000 | 0x2000000;
  static constexpr std::uint64_t k_exact = k_lenient | 0x200000 | 0x400000;
  static const std::string k_utc = "+00:00";
  set_neutral(assignments, session.lenient ? k_lenient : k_exact, k_utf8mb4_general_ci);
  const auto has = [&session](std::uint16_t flag) { return (session.flags & flag) != 0; };
  assignments.set(variables_.time_zone, k_utc, "time_zone", "'" + k_utc + "'");
  // Where the source has logged what its foreign keys did, they are to do nothing here.
  assignments.set(variables_.foreign_key_checks, !has(k_no_foreign_key_checks) && !has(k_use_sql_foreign_key),
                  "foreign_key_checks");
  // As set_flags() says of MariaDB.
  assignments.set(variables_.unique_checks, target_is_mariadb_ || !has(k_relaxed_unique_checks), "unique_checks");
  // Nor does a replica check them in row events. (MySQL has no such setting.)
  if (target_is_mariadb_) assignments.set(variables_.check_constraint_checks, false, "check_constraint_checks");
  const std::string timestamp = session.timestamp == 0 ? "DEFAULT" : fmt::format("{}", session.timestamp);
  assignments.set(variables_.timestamp, timestamp, "timestamp", timestamp);
}

std::string SessionContext::enter_rows(std::uint32_t server_id, const std::optional<RowsSession>& session) {
  if (session) {
    Assignments assignments;
    set_plain_sql(assignments, *session);
    if (target_is_mariadb_ && may_replay_) {
      assignments.set(variables_.server_id, std::uint64_t{server_id}, "server_id");
    }
    return assignments.take();
  }
  Assignments assignments;
  if (target_is_mariadb_) {
    set_timestamp_default(assignments);
  } else {
    variables_.timestamp.reset();  // BINLOG leaves the session at its last event's time
  }
  // The text is ASCII, and the server finds the end of a literal sooner where no character has several bytes.
  set_neutral(assignments, 0, k_latin1_swedish_ci);
  if (target_is_mariadb_) assignments.set(variables_.server_id, std::uint64_t{server_id}, "server_id");
  return assignments.take();
}

std::string SessionContext::enter_server(std::uint32_t server_id) {
  Assignments assignments;
  assignments.set(variables_.server_id, std::uint64_t{server_id}, "server_id");
  return assignments.take();
}

void SessionContext::set_flags(Assignments& assignments, const StatementContext& statement) {
  using namespace binlog::query_flag;
  if (!statement.status.flags2) return;
  const std::uint32_t flags = *statement.status.flags2;
  const auto is_set = [flags](std::uint32_t flag) { return (flags & flag) != 0; };
  assignments.set(variables_.sql_auto_is_null, is_set(k_auto_is_null), "sql_auto_is_null");
  assignments.set(variables_.foreign_key_checks, !is_set(k_no_foreign_key_checks), "foreign_key_checks");
  // A permission, not an order, and what MariaDB's InnoDB does with it (bulk insert) tells of a doubled key only at
  // COMMIT, without a name.
  assignments.set(variables_.unique_checks, target_is_mariadb_ || !is_set(k_relaxed_unique_checks), "unique_checks");
  if (!statement.from_mariadb || !target_is_mariadb_) return;
  // The bits mean something from these versions on (log_event.cc, deduct_options_written_to_bin_log).
  assignments.set(variables_.check_constraint_checks, !is_set(k_mariadb_no_check_constraint_checks),
                  "check_constraint_checks");
  if (statement.source_version >= 100502) {
    assignments.set(variables_.sql_if_exists, is_set(k_mariadb_if_exists), "sql_if_exists");
  }
  if (statement.source_version >= 101100 && target_version_ >= 101100) {
    assignments.set(variables_.system_versioning_insert_history, is_set(k_mariadb_insert_history),
                    "system_versioning_insert_history");
  }
}

std::uint64_t SessionContext::collation_number(std::uint16_t source) {
  static constexpr std::uint16_t k_first_that_differs = 248;  // below both vendors have the same ones, nearly
  if (source < k_first_that_differs) return source;
  return collation_(source).number;
}

/// The collation that a definition gets which names a character set alone. MariaDB before 11.2 has always the compiled
/// one, utf8mb4_general_ci; what a source has instead is lost there, as it is for a native replica.
void SessionContext::set_default_collations(Assignments& assignments, const StatementContext& statement) {
  static constexpr std::uint32_t k_mariadb_has_list = 110201;
  static constexpr std::uint32_t k_mysql_has_default = 80011;
  const binlog::StatusVariables& status = statement.status;
  if (target_is_mariadb_) {
    if (target_version_ < k_mariadb_has_list) return;
    // A MariaDB source leaves it out where it is empty.
    std::string list;
    for (const auto& [default_collation, collation] : status.character_set_collations) {
      const CollationName name = collation_(collation);
      list += fmt::format("{}{}={}", list.empty() ? "" : ",", name.character_set, name.collation);
    }
    if (status.default_collation_for_utf8mb4.value_or(k_utf8mb4_general_ci) != k_utf8mb4_general_ci) {
      list = "utf8mb4=" + collation_(*status.default_collation_for_utf8mb4).collation;
    }
    assignments.set(variables_.character_set_collations, list, "character_set_collations", "'" + list + "'");
  } else if (target_version_ >= k_mysql_has_default) {
    // It accepts no others, and no character set but this one has a choice.
    static constexpr std::uint64_t k_utf8mb4_0900_ai_ci = 255;
    std::uint64_t number = status.default_collation_for_utf8mb4.value_or(k_utf8mb4_general_ci);
    for (const auto& [default_collation, collation] : status.character_set_collations) {
      if (default_collation == k_utf8mb4_general_ci) number = collation_number(collation);
    }
    if (number != k_utf8mb4_0900_ai_ci) number = k_utf8mb4_general_ci;
    assignments.set(variables_.default_collation_for_utf8mb4, number, "default_collation_for_utf8mb4");
  }
}

void SessionContext::set_timestamp_defaults(Assignments& assignments, const StatementContext& statement) {
  using namespace binlog::query_flag;
  // Where it is not told, what the source's version begins with. MySQL tells it with CREATE and ALTER only.
  std::optional<bool> value = statement.status.explicit_defaults_for_timestamp;
  if (statement.from_mariadb) {
    const bool told = statement.source_version >= k_mariadb_tells_timestamp_defaults;
    if (told && !statement.status.flags2) return;
    value = told && (*statement.status.flags2 & k_mariadb_explicit_defaults_for_timestamp) != 0;
  } else if (!value) {
    value = statement.source_version >= k_mysql_explicit_timestamp_defaults;
  }
  // MySQL refuses to change it inside of a transaction (1766), where it does not matter but for temporary tables.
  if (!target_is_mariadb_ && !statement.defines) return;
  assignments.set(variables_.explicit_defaults_for_timestamp, *value, "explicit_defaults_for_timestamp");
}

void SessionContext::set_mysql(Assignments& assignments, const StatementContext& statement) {
  if (target_is_mariadb_) return;
  const binlog::StatusVariables& status = statement.status;
  // From 9.7 on foreign keys may run triggers; what an older source did ran none.
  if (target_version_ >= 90700) {
    assignments.set(variables_.enable_cascade_triggers, status.enable_cascade_triggers.value_or(false),
                    "enable_cascade_triggers");
  }
  // The account may need more privileges for it: nothing is said while a source leaves it off, as is the default.
  const bool encrypts = status.default_table_encryption.value_or(false);
  if (encrypts || sets_default_table_encryption_) {
    sets_default_table_encryption_ = true;
    assignments.set(variables_.default_table_encryption, encrypts, "default_table_encryption");
  }
}

void SessionContext::set_time_zone(Assignments& assignments, const StatementContext& statement) {
  // Left out where the statement does not depend on it.
  if (!statement.status.time_zone) return;
  const std::string zone = *statement.status.time_zone == "SYSTEM" ? system_time_zone_() : *statement.status.time_zone;
  assignments.set(variables_.time_zone, zone, "time_zone", target::hex_literal(zone));
}

void SessionContext::set_results(Assignments& assignments, const StatementContext& statement) {
  const auto settings = settings_ ? settings_() : nullptr;
  for (const SessionSetting& setting :
       result_settings(settings ? *settings : SourceSettings{}, {statement.from_mariadb, statement.source_version},
                       {target_is_mariadb_, target_version_})) {
    std::string& known = variables_.results[setting.name];
    if (known == setting.literal) continue;
    known = setting.literal;
    assignments.add(setting.name, setting.literal);
  }
}

void SessionContext::set_charset(Assignments& assignments, const StatementContext& statement) {
  if (const auto& charset = statement.status.charset) {
    const std::uint64_t client = charset->client;
    if (variables_.character_set_client != client) {
      // As a number only a character set's default collation is accepted.
      variables_.character_set_client = client;
      assignments.add("character_set_client", is_default_collation(client) ? std::to_string(client)
                                                                           : collation_(charset->client).character_set);
    }
    assignments.set(variables_.collation_connection, collation_number(charset->collation_connection),
                    "collation_connection");
    assignments.set(variables_.collation_server, collation_number(charset->collation_server), "collation_server");
    set_default_collations(assignments, statement);
  }
  if (const auto& database = statement.status.charset_database) {
    assignments.set(variables_.collation_database, collation_number(*database), "collation_database");
    own_collation_database_ = false;
  } else if (!own_collation_database_) {
    // Left out of the event where the statement does not depend on it, or it is the database's own.
    variables_.collation_database.reset();
    own_collation_database_ = true;
    assignments.add("collation_database", "DEFAULT");
  }
}

/// Only a plain literal of a session with this character set may have such bytes (else 1300), as it did in the source.
std::string SessionContext::broken_text_variable(const binlog::UserVarEvent& variable, const CollationName& name) {
  const std::uint64_t collation = name.character_set == "utf8mb4" ? k_utf8mb4_general_ci : k_utf8mb3_general_ci;
  Assignments assignments;
  assignments.set(variables_.sql_mode, std::uint64_t{0}, "sql_mode");
  assignments.set(variables_.character_set_client, collation, "character_set_client");
  assignments.set(variables_.collation_connection, collation, "collation_connection");
  std::string escaped;
  for (const char c : variable.value) {
    if (c == '\'' || c == '\\') escaped += '\\';
    if (c == '\0') {
      escaped += "\\0";
    } else {
      escaped += c;
    }
  }
  return assignments.take() + fmt::format("SET @{}:='{}' COLLATE {};", target::quote_identifier(variable.name), escaped,
                                          target::quote_identifier(name.collation));
}

std::string SessionContext::user_variables(const StatementContext& statement) {
  std::string text;
  for (const binlog::UserVarEvent& variable : statement.user_variables) {
    if (!is_ascii(variable.name)) text += as_utf8();
    std::string literal = variable.value_to_sql();
    if (!variable.is_null && variable.type == binlog::UserVarType::string) {
      const CollationName name = collation_(variable.collation);
      const bool is_utf8 = name.character_set == "utf8mb4" || name.character_set == "utf8mb3";
      if (is_utf8 && !is_well_formed(variable.value, name.character_set)) {
        text += broken_text_variable(variable, name);
        continue;
      }
      literal = fmt::format("_{} {} COLLATE {}", name.character_set, literal, target::quote_identifier(name.collation));
    }
    text += fmt::format("SET @{}:={};", target::quote_identifier(variable.name), literal);
  }
  return text;
}

std::string SessionContext::enter_before_transaction(const StatementContext& statement) {
  Assignments assignments;
  set_timestamp_defaults(assignments, statement);
  return assignments.take();
}

std::string SessionContext::enter(const StatementContext& statement, bool without_database) {
  std::string text = user_variables(statement);
  if (statement.use_database && !without_database && !statement.database.empty() && database_ != statement.database) {
    if (!is_ascii(statement.database)) text += as_utf8();
    text += "USE " + target::quote_identifier(statement.database) + ";";
    database_ = statement.database;
    has_default_database_ = true;
    variables_.collation_database.reset();  // USE sets it
    own_collation_database_ = true;
  }
  const binlog::StatusVariables& status = statement.status;
  Assignments assignments;
  const std::string timestamp = status.microseconds && *status.microseconds != 0
                                    ? fmt::format("{}.{:06}", statement.timestamp, *status.microseconds)
                                    : fmt::format("{}", statement.timestamp);
  assignments.set(variables_.timestamp, timestamp, "timestamp", timestamp);
  if (status.sql_mode) {
    if (statement.from_mariadb && !target_is_mariadb_) refuse_untranslatable_modes(*status.sql_mode);
    const std::uint64_t mode = translate_sql_mode(*status.sql_mode, statement.from_mariadb, target_is_mariadb_);
    assignments.set(variables_.sql_mode, mode | (no_dir_in_create_ ? k_no_dir_in_create : 0), "sql_mode");
  }
  set_charset(assignments, statement);
  set_flags(assignments, statement);
  set_timestamp_defaults(assignments, statement);
  set_mysql(assignments, statement);
  set_results(assignments, statement);
  // Left out of the event where they have their default value.
  const auto auto_increment = status.auto_increment.value_or(binlog::StatusVariables::AutoIncrement{});
  assignments.set(variables_.auto_increment_increment, std::uint64_t{auto_increment.increment},
                  "auto_increment_increment");
  assignments.set(variables_.auto_increment_offset, std::uint64_t{auto_increment.offset}, "auto_increment_offset");
  assignments.set(variables_.lc_time_names, std::uint64_t{status.lc_time_names.value_or(0)}, "lc_time_names");
  set_time_zone(assignments, statement);
  // Always, as the servers do: else a name would find the temporary table of the connection before.
  if (may_replay_) {
    assignments.set(variables_.pseudo_thread_id, std::uint64_t{statement.thread_id}, "pseudo_thread_id");
  }
  if (target_is_mariadb_ && may_replay_) {
    assignments.set(variables_.server_id, std::uint64_t{statement.server_id}, "server_id");
  }
  // Used up by the statement: never taken for known.
  if (statement.last_insert_id) assignments.add("last_insert_id", std::to_string(*statement.last_insert_id));
  if (statement.insert_id) assignments.add("insert_id", std::to_string(*statement.insert_id));
  if (statement.rand) {
    assignments.add("rand_seed1", std::to_string(statement.rand->seed1));
    assignments.add("rand_seed2", std::to_string(statement.rand->seed2));
  }
  return text + assignments.take();
}

}  // namespace tributary::apply
