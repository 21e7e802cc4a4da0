#include "variables.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/core.h>
#include <sys/utsname.h>

#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/util/error.hpp"

#include "scanner.hpp"
#include "value.hpp"

namespace tributary::admin {
namespace {

constexpr std::string_view k_default_character_set = "utf8mb4";
constexpr std::string_view k_default_collation = "utf8mb4_general_ci";

struct CharacterSet {
  std::string_view name;
  std::string_view collation;
};

/// Those whose ASCII bytes mean ASCII, so that statements and names can be read as they are. Nothing is converted.
constexpr std::array k_character_sets{
    CharacterSet{"ascii", "ascii_general_ci"},     CharacterSet{"binary", "binary"},
    CharacterSet{"latin1", "latin1_swedish_ci"},   CharacterSet{"utf8", "utf8mb3_general_ci"},
    CharacterSet{"utf8mb3", "utf8mb3_general_ci"}, CharacterSet{k_default_character_set, k_default_collation},
};

/// Modes that do not change how a statement is read; none has an effect here.
constexpr std::array<std::string_view, 22> k_sql_modes{"ALLOW_INVALID_DATES",
                                                       "ERROR_FOR_DIVISION_BY_ZERO",
                                                       "HIGH_NOT_PRECEDENCE",
                                                       "IGNORE_BAD_TABLE_OPTIONS",
                                                       "IGNORE_SPACE",
                                                       "NO_AUTO_CREATE_USER",
                                                       "NO_AUTO_VALUE_ON_ZERO",
                                                       "NO_DIR_IN_CREATE",
                                                       "NO_ENGINE_SUBSTITUTION",
                                                       "NO_FIELD_OPTIONS",
                                                       "NO_KEY_OPTIONS",
                                                       "NO_TABLE_OPTIONS",
                                                       "NO_UNSIGNED_SUBTRACTION",
                                                       "NO_ZERO_DATE",
                                                       "NO_ZERO_IN_DATE",
                                                       "ONLY_FULL_GROUP_BY",
                                                       "PAD_CHAR_TO_FULL_LENGTH",
                                                       "PIPES_AS_CONCAT",
                                                       "REAL_AS_FLOAT",
                                                       "STRICT_ALL_TABLES",
                                                       "STRICT_TRANS_TABLES",
                                                       "TIME_ROUND_FRACTIONAL"};

constexpr std::array<std::string_view, 4> k_isolation_levels{"READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ",
                                                             "SERIALIZABLE"};

const CharacterSet& character_set(const std::string& name) {
  const auto* found = std::find_if(k_character_sets.begin(), k_character_sets.end(),
                                   [&](const CharacterSet& set) { return set.name == name; });
  if (found == k_character_sets.end()) throw Error(1115, "42000", fmt::format("Unknown character set: '{}'", name));
  return *found;
}

[[noreturn]] void throw_unknown(const std::string& name) {
  throw Error(1193, fmt::format("Unknown system variable '{}'", name));
}

[[noreturn]] void throw_wrong_value(const std::string& name, const std::string& value) {
  throw Error(1231, "42000", fmt::format("Variable '{}' can't be set to the value of '{}'", name, value));
}

/// The older names of two variables.
std::string canonical(std::string name) {
  if (name == "tx_isolation") return "transaction_isolation";
  if (name == "tx_read_only") return "transaction_read_only";
  return name;
}

std::string checked_sql_mode(const std::string& value) {
  std::string upper = to_upper(value);
  for (std::size_t begin = 0; begin < upper.size();) {
    const std::size_t end = std::min(upper.find(',', begin), upper.size());
    const std::string mode = upper.substr(begin, end - begin);
    if (!mode.empty() && std::find(k_sql_modes.begin(), k_sql_modes.end(), mode) == k_sql_modes.end()) {
      throw_wrong_value("sql_mode", mode);
    }
    begin = end + 1;
  }
  return upper;
}

std::string checked_gtid_next(const std::string& value) {
  std::string upper = to_upper(value);
  if (upper == "AUTOMATIC" || upper == "ANONYMOUS") return upper;
  try {
    return gtid::MysqlGtid::parse(value).to_string();
  } catch (const Error&) {
    // ER_MALFORMED_GTID_SPECIFICATION
    throw Error(1774, fmt::format("Malformed GTID specification '{}'.", value));
  }
}

std::string system_time_zone() {
  const std::time_t instant = std::time(nullptr);
  std::tm parts{};
  localtime_r(&instant, &parts);
  return parts.tm_zone;
}

std::string on_or_off(const std::string& value) {
  return value == "1" ? "ON" : "OFF";
}

}  // namespace

SystemVariables::SystemVariables(const AdminContext& context, const channel::ChannelDefaults& channels)
    : port_(context.port) {
  using enum Kind;
  const auto number = [&](const char* name, std::uint64_t value, bool settable = false) {
    define(name, integer, fmt::format("{}", value), settable);
  };
  const auto flag = [&](const char* name, bool value, bool settable = false) {
    define(name, boolean, value ? "1" : "0", settable);
  };
  utsname system{};
  uname(&system);
  // The daemon.
  define("bind_address", text, context.bind_address);
  define("datadir", text, channels.datadir.string() + "/");
  define("hostname", text, context.hostname);
  define("license", text, "GPL");
  number("port", 0);
  number("protocol_version", 10);
  number("server_id", channels.server_id);
  define("server_uuid", text, context.server_uuid);
  define("socket", text, context.socket);
  define("system_time_zone", text, system_time_zone());
  define("version", text, context.server_version);
  define("version_comment", text, context.version_comment);
  define("version_compile_machine", text, system.machine);
  define("version_compile_os", text, system.sysname);
  // Replication.
  define("gtid_mode", text, "OFF");
  flag("log_bin", false);
  number("max_connections", context.max_connections);
  flag("read_only", true);
  define("relay_log_basename", text, (channels.datadir / channels.relay_log_basename).string());
  flag("relay_log_purge", channels.relay_log_purge);
  define("report_host", text, channels.report_host);
  number("report_port", 0);
  for (const char* word : {"replica", "slave"}) {
    number(fmt::format("{}_net_timeout", word).c_str(), context.replica_net_timeout);
  }
  flag("super_read_only", true);
  // What clients ask at connect.
  number("auto_increment_increment", 1);
  number("auto_increment_offset", 1);
  define("character_set_system", text, "utf8mb3");
  define("character_set_server", text, std::string(k_default_character_set));
  define("collation_server", text, std::string(k_default_collation));
  define("init_connect", text, "");
  number("lower_case_table_names", 0);
  number("max_allowed_packet", context.max_allowed_packet);
  flag("performance_schema", false);
  number("query_cache_size", 0);
  define("query_cache_type", text, "OFF");
  // What clients set: kept for the session.
  for (const char* name :
       {"character_set_client", "character_set_connection", "character_set_database", "character_set_results"}) {
    define(name, text, std::string(k_default_character_set), true);
  }
  for (const char* name : {"collation_connection", "collation_database"}) {
    define(name, text, std::string(k_default_collation), true);
  }
  number("interactive_timeout", context.wait_timeout, true);
  number("net_read_timeout", context.net_read_timeout, true);
  number("net_write_timeout", context.net_write_timeout, true);
  number("wait_timeout", context.wait_timeout, true);
  define("sql_mode", text, "", true);
  define("time_zone", text, "SYSTEM", true);
  define("transaction_isolation", text, "REPEATABLE-READ", true);
  flag("transaction_read_only", false, true);
  flag("autocommit", true, true);
  define("gtid_next", text, "AUTOMATIC", true);
  // What clients set and what means nothing here: unknown until it is set.
  for (const char* name : {"big_tables", "foreign_key_checks", "profiling", "session_track_state_change",
                           "sql_auto_is_null", "sql_big_selects", "sql_log_bin", "sql_notes", "sql_quote_show_create",
                           "sql_safe_updates", "sql_warnings", "unique_checks"}) {
    define(name, boolean, std::nullopt, true);
  }
  for (const char* name :
       {"group_concat_max_len", "information_schema_stats_expiry", "innodb_lock_wait_timeout", "lock_wait_timeout",
        "max_execution_time", "max_join_size", "max_statement_time", "sql_select_limit"}) {
    define(name, integer, std::nullopt, true);
  }
  for (const char* name :
       {"lc_messages", "lc_time_names", "log_slow_filter", "optimizer_switch", "session_track_schema",
        "session_track_system_variables", "session_track_transaction_info"}) {
    define(name, text, std::nullopt, true);
  }
}

void SystemVariables::define(std::string name, Kind kind, std::optional<std::string> value, bool settable) {
  entries_.insert_or_assign(std::move(name), Entry{kind, std::move(value), settable});
}

const SystemVariables::Entry& SystemVariables::find(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw_unknown(name);
  return found->second;
}

Value SystemVariables::get(const SystemVariable& variable, const wire::SessionState& session) const {
  if (variable.scope != VariableScope::global) {
    const auto& diagnostics = session.diagnostics;
    if (variable.name == "warning_count") return static_cast<std::int64_t>(diagnostics.size());
    if (variable.name == "error_count") {
      return std::int64_t{std::count_if(diagnostics.begin(), diagnostics.end(),
                                        [](const wire::Warning& warning) { return warning.level == "Error"; })};
    }
    if (variable.name == "pseudo_thread_id") return std::int64_t{session.connection_id};
    if (variable.name == "last_insert_id" || variable.name == "identity") return std::int64_t{0};
  }
  const std::string name = canonical(variable.name);
  if (port_ && (name == "port" || name == "report_port")) return std::int64_t{port_()};
  const Entry& entry = find(name);
  std::optional<std::string> value = entry.value;
  const auto changed = session.variables.find(name);
  if (variable.scope != VariableScope::global && changed != session.variables.end()) {
    value = changed->second.value;
  } else if (!value) {
    throw_unknown(variable.name);
  }
  if (!value) return {};
  if (entry.kind == Kind::text) return *value;
  return static_cast<std::int64_t>(std::strtoll(value->c_str(), nullptr, 10));
}

std::string SystemVariables::checked(const std::string& name, const Entry& entry, const Value& value) {
  std::string text = text_of(value).value_or("NULL");
  switch (entry.kind) {
    case Kind::boolean:
      for (const char* on : {"1", "ON", "TRUE"}) {
        if (equal_ignoring_case(text, on)) return "1";
      }
      for (const char* off : {"0", "OFF", "FALSE"}) {
        if (equal_ignoring_case(text, off)) return "0";
      }
      throw_wrong_value(name, text);
    case Kind::integer:
      if (std::holds_alternative<std::string>(value) || is_null(value)) {
        throw Error(1232, "42000", fmt::format("Incorrect argument type to variable '{}'", name));
      }
      return text;
    case Kind::text:
      break;
  }
  if (name == "sql_mode") return checked_sql_mode(text);
  if (name == "gtid_next") return checked_gtid_next(text);
  if (name == "time_zone" && !time_zone_offset(text, 0)) {
    throw Error(1298, fmt::format("Unknown or incorrect time zone: '{}'", text));
  }
  if (name == "transaction_isolation") {
    std::string level = to_upper(text);
    if (std::find(k_isolation_levels.begin(), k_isolation_levels.end(), level) == k_isolation_levels.end()) {
      throw_wrong_value(name, text);
    }
    return level;
  }
  if (name.starts_with("character_set_")) return std::string(character_set(to_lower(text)).name);
  return text;
}

void SystemVariables::set(const SystemVariable& variable, const Value* value, wire::SessionState& session) const {
  const std::string name = canonical(variable.name);
  const Entry& entry = find(name);
  if (!entry.settable || variable.scope == VariableScope::global) {
    throw Error(1238, fmt::format("Variable '{}' is a read only variable", variable.name));
  }
  if (value == nullptr) {
    session.variables.erase(name);
  } else if (is_null(*value) && name == "character_set_results") {
    session.variables.insert_or_assign(name, wire::SessionVariable{wire::ColumnType::var_string, std::nullopt});
  } else {
    session.variables.insert_or_assign(
        name, wire::SessionVariable{wire::ColumnType::var_string, checked(name, entry, *value)});
  }
}

void SystemVariables::set_character_set(const SetCharacterSet& assignment, wire::SessionState& session) const {
  const std::string name =
      assignment.character_set.empty() ? std::string(k_default_character_set) : assignment.character_set;
  const CharacterSet& set = character_set(name);
  std::string collation(set.collation);
  if (!assignment.collation.empty()) {
    const std::string& asked = assignment.collation;
    const bool belongs = asked.starts_with(std::string(set.name) + "_") || asked == set.collation ||
                         (set.name == "utf8" && asked.starts_with("utf8mb3_")) ||
                         (set.name == "utf8mb3" && asked.starts_with("utf8_"));
    if (!belongs) {
      throw Error(1253, "42000", fmt::format("COLLATION '{}' is not valid for CHARACTER SET '{}'", asked, set.name));
    }
    collation = asked;
  }
  const auto keep = [&](const char* variable, std::string_view value) {
    session.variables.insert_or_assign(variable,
                                       wire::SessionVariable{wire::ColumnType::var_string, std::string(value)});
  };
  keep("character_set_client", set.name);
  keep("character_set_results", set.name);
  // SET CHARACTER SET takes the connection's from the database.
  keep("character_set_connection", assignment.names ? set.name : k_default_character_set);
  keep("collation_connection", assignment.names ? std::string_view(collation) : k_default_collation);
}

std::vector<std::pair<std::string, std::string>> SystemVariables::list(VariableScope scope,
                                                                       const wire::SessionState& session) const {
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [name, entry] : entries_) {
    if (!entry.value && (scope == VariableScope::global || !session.variables.contains(name))) continue;
    const std::string value = text_of(get({scope, name}, session)).value_or("");
    result.emplace_back(name, entry.kind == Kind::boolean ? on_or_off(value) : value);
    // Under their older names too, which some connectors ask for.
    if (name == "transaction_isolation") result.emplace_back("tx_isolation", result.back().second);
    if (name == "transaction_read_only") result.emplace_back("tx_read_only", result.back().second);
  }
  return result;
}

std::optional<std::int64_t> time_zone_offset(std::string_view time_zone, std::int64_t instant) {
  if (equal_ignoring_case(time_zone, "SYSTEM")) {
    const std::time_t at = instant;
    std::tm parts{};
    localtime_r(&at, &parts);
    return parts.tm_gmtoff;
  }
  // [+-]h:mm or [+-]hh:mm, from -13:59 to +14:00 (sql/tztime.cc, str_to_offset).
  if (time_zone.size() < 5 || time_zone.size() > 6) return std::nullopt;
  const char sign = time_zone.front();
  const std::string_view hours = time_zone.substr(1, time_zone.size() - 4);
  const std::string_view minutes = time_zone.substr(time_zone.size() - 2);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if ((sign != '+' && sign != '-') || time_zone[time_zone.size() - 3] != ':' ||
      !std::all_of(hours.begin(), hours.end(), is_digit) || !std::all_of(minutes.begin(), minutes.end(), is_digit)) {
    return std::nullopt;
  }
  std::int64_t hour = 0;
  for (const char c : hours) hour = hour * 10 + (c - '0');
  const std::int64_t minute = (minutes[0] - '0') * 10 + (minutes[1] - '0');
  const std::int64_t total = hour * 60 + minute;
  static constexpr std::int64_t k_farthest_east = 840;  // minutes
  static constexpr std::int64_t k_farthest_west = 839;
  if (minute > 59 || total > (sign == '+' ? k_farthest_east : k_farthest_west)) return std::nullopt;
  return (sign == '+' ? total : -total) * 60;
}

}  // namespace tributary::admin
