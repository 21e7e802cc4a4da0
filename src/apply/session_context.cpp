#include "tributary/apply/session_context.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "tributary/target/target_server.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint64_t k_utf8mb4_general_ci = 45;
constexpr std::uint64_t k_no_dir_in_create = 0x80;  // sql_mode
/// From this version on every statement says what explicit_defaults_for_timestamp was.
constexpr std::uint32_t k_mariadb_tells_timestamp_defaults = 101000;
constexpr std::uint32_t k_mysql_explicit_timestamp_defaults = 80002;  ///< from here on it is on by default

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The default collations of the character sets that clients mostly use.
bool is_default_collation(std::uint64_t id) {
  return id == 8 /* latin1 */ || id == 33 /* utf8mb3 */ || id == k_utf8mb4_general_ci || id == 63 /* binary */;
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
  static constexpr std::uint64_t k_mariadb_only =
      0x100 | 0x200 | 0x400 | 0x800 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000 | 0x10000000;
  static constexpr std::uint64_t k_common = 0xffffffff;
  static constexpr std::uint64_t k_mysql_time_truncate_fractional = 0x100000000;
  static constexpr std::uint64_t k_mysql_settable = k_common | k_mysql_time_truncate_fractional;
  static constexpr std::uint64_t k_mariadb_time_round_fractional = 0x400000000;
  sql_mode &= ~k_no_dir_in_create;
  if (from_mariadb == to_mariadb) return to_mariadb ? sql_mode : sql_mode & k_mysql_settable;
  if (to_mariadb) {
    const bool rounds = (sql_mode & k_mysql_time_truncate_fractional) == 0;
    return (sql_mode & k_common) | (rounds ? k_mariadb_time_round_fractional : 0);
  }
  const bool rounds = (sql_mode & k_mariadb_time_round_fractional) != 0;
  return (sql_mode & k_common & ~k_mariadb_only) | (rounds ? 0 : k_mysql_time_truncate_fractional);
}

SessionContext::SessionContext(bool target_is_mariadb, std::uint32_t target_version,
                               std::function<CollationName(std::uint32_t)> collation)
    : target_is_mariadb_(target_is_mariadb), target_version_(target_version), collation_(std::move(collation)) {}

void SessionContext::forget() {
  variables_ = {};
  database_.reset();
}

std::string SessionContext::as_utf8() {
  Assignments assignments;
  assignments.set(variables_.character_set_client, k_utf8mb4_general_ci, "character_set_client");
  return assignments.take();
}

std::string SessionContext::enter_plain() {
  Assignments assignments;
  assignments.set(variables_.timestamp, "DEFAULT", "timestamp", "DEFAULT");
  assignments.set(variables_.sql_mode, std::uint64_t{0}, "sql_mode");
  assignments.set(variables_.character_set_client, k_utf8mb4_general_ci, "character_set_client");
  assignments.set(variables_.collation_connection, k_utf8mb4_general_ci, "collation_connection");
  // Rows and fingerprints are about base tables: no connection of a source has this number.
  assignments.set(variables_.pseudo_thread_id, std::uint64_t{0}, "pseudo_thread_id");
  return assignments.take();
}

std::string SessionContext::enter_rows(std::uint32_t server_id) {
  Assignments assignments;
  assignments.set(variables_.server_id, std::uint64_t{server_id}, "server_id");
  return enter_plain() + assignments.take();
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
  if (statement.source_version >= k_mariadb_tells_timestamp_defaults) {
    assignments.set(variables_.explicit_defaults_for_timestamp, is_set(k_mariadb_explicit_defaults_for_timestamp),
                    "explicit_defaults_for_timestamp");
  }
  if (statement.source_version >= 101100 && target_version_ >= 101100) {
    assignments.set(variables_.system_versioning_insert_history, is_set(k_mariadb_insert_history),
                    "system_versioning_insert_history");
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
    assignments.set(variables_.collation_connection, std::uint64_t{charset->collation_connection},
                    "collation_connection");
    assignments.set(variables_.collation_server, std::uint64_t{charset->collation_server}, "collation_server");
  }
  if (const auto& database = statement.status.charset_database) {
    assignments.set(variables_.collation_database, std::uint64_t{*database}, "collation_database");
  } else if (variables_.collation_database) {
    // Left out of the event where the statement does not depend on it, or it is the database's own.
    variables_.collation_database.reset();
    assignments.add("collation_database", "DEFAULT");
  }
}

std::string SessionContext::user_variables(const StatementContext& statement) {
  std::string text;
  for (const binlog::UserVarEvent& variable : statement.user_variables) {
    if (!is_ascii(variable.name)) text += as_utf8();
    std::string literal = variable.value_to_sql();
    if (!variable.is_null && variable.type == binlog::UserVarType::string) {
      const CollationName name = collation_(variable.collation);
      literal = fmt::format("_{} {} COLLATE {}", name.character_set, literal, target::quote_identifier(name.collation));
    }
    text += fmt::format("SET @{}:={};", target::quote_identifier(variable.name), literal);
  }
  return text;
}

std::string SessionContext::enter(const StatementContext& statement, bool without_database) {
  std::string text = user_variables(statement);
  if (statement.use_database && !without_database && !statement.database.empty() && database_ != statement.database) {
    if (!is_ascii(statement.database)) text += as_utf8();
    text += "USE " + target::quote_identifier(statement.database) + ";";
    database_ = statement.database;
    has_default_database_ = true;
    variables_.collation_database.reset();  // USE sets it
  }
  const binlog::StatusVariables& status = statement.status;
  Assignments assignments;
  const std::string timestamp = status.microseconds && *status.microseconds != 0
                                    ? fmt::format("{}.{:06}", statement.timestamp, *status.microseconds)
                                    : fmt::format("{}", statement.timestamp);
  assignments.set(variables_.timestamp, timestamp, "timestamp", timestamp);
  if (status.sql_mode) {
    const std::uint64_t mode = translate_sql_mode(*status.sql_mode, statement.from_mariadb, target_is_mariadb_);
    assignments.set(variables_.sql_mode, mode | (no_dir_in_create_ ? k_no_dir_in_create : 0), "sql_mode");
  }
  set_charset(assignments, statement);
  set_flags(assignments, statement);
  if (status.explicit_defaults_for_timestamp) {
    assignments.set(variables_.explicit_defaults_for_timestamp, *status.explicit_defaults_for_timestamp,
                    "explicit_defaults_for_timestamp");
  } else if (!statement.from_mariadb || statement.source_version < k_mariadb_tells_timestamp_defaults) {
    // Not told: then what the source's version begins with. MySQL tells it with CREATE and ALTER only.
    const bool on = !statement.from_mariadb && statement.source_version >= k_mysql_explicit_timestamp_defaults;
    assignments.set(variables_.explicit_defaults_for_timestamp, on, "explicit_defaults_for_timestamp");
  }
  // Left out of the event where they have their default value.
  const auto auto_increment = status.auto_increment.value_or(binlog::StatusVariables::AutoIncrement{});
  assignments.set(variables_.auto_increment_increment, std::uint64_t{auto_increment.increment},
                  "auto_increment_increment");
  assignments.set(variables_.auto_increment_offset, std::uint64_t{auto_increment.offset}, "auto_increment_offset");
  assignments.set(variables_.lc_time_names, std::uint64_t{status.lc_time_names.value_or(0)}, "lc_time_names");
  // Left out where the statement does not depend on it.
  if (status.time_zone) {
    assignments.set(variables_.time_zone, *status.time_zone, "time_zone", target::hex_literal(*status.time_zone));
  }
  // Always, as the servers do: else a name would find the temporary table of the connection before.
  assignments.set(variables_.pseudo_thread_id, std::uint64_t{statement.thread_id}, "pseudo_thread_id");
  assignments.set(variables_.server_id, std::uint64_t{statement.server_id}, "server_id");
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
