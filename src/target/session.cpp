#include "tributary/target/session.hpp"

#include <fmt/core.h>

namespace tributary::target {
namespace {

constexpr std::uint32_t k_longest_wait_timeout = 31536000;  // wait_timeout's maximum outside of Windows, seconds
constexpr std::uint32_t k_network_timeout = 600;            // seconds the server waits for us inside a packet

/// With binlog_format=STATEMENT InnoDB refuses row changes at READ COMMITTED (error 1665).
void leave_statement_format(TargetConnection& connection) {
  bool logs = false;
  bool statement_format = false;
  for (const Row& row :
       connection.query("SHOW SESSION VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format')")) {
    if (row.size() < 2) continue;
    if (row[0] == "log_bin") logs = row[1] == "ON";
    if (row[0] == "binlog_format") statement_format = row[1] == "STATEMENT";
  }
  if (!logs || !statement_format) return;
  try {
    connection.execute("SET SESSION binlog_format = 'MIXED'");
  } catch (const TargetError& error) {
    if (error.code() != error_code::k_specific_access_denied) throw;
    throw TargetError(error.code(), error.sqlstate(),
                      fmt::format("the target writes its binary log with binlog_format=STATEMENT, which cannot take "
                                  "changes made at READ COMMITTED: set binlog_format to ROW or MIXED there, or let the "
                                  "account do so for its session ({})",
                                  error.what()));
  }
}

/// MySQL's own. The source has decided about each of these when it took the statement: a server that insists on more
/// would not follow it.
std::string mysql_settings(std::uint32_t version) {
  std::string settings = ", max_execution_time = 0, sql_require_primary_key = 0";
  // How definitions are printed, whose fingerprints are compared after a crash.
  settings += ", show_create_table_verbosity = 0";
  if (version >= 80017) settings += ", print_identified_with_as_hex = 1";
  if (version >= 80030) settings += ", show_gipk_in_create_table_and_information_schema = 1";
  // A table got its generated key at the source, in the definition that is logged, or has none.
  if (version >= 80030) settings += ", sql_generate_invisible_primary_key = 0";
  // Foreign keys that refer to columns without a unique key, which older sources and MariaDB have.
  if (version >= 80400) settings += ", restrict_fk_on_non_standard_key = 0";
  return settings;
}

void check_version(const TargetConnection& connection) {
  constexpr std::uint32_t k_oldest_mysql = 80013;  // sql_require_primary_key
  if (connection.is_mariadb() || connection.server_version_number() >= k_oldest_mysql) return;
  throw TargetError(error_code::k_replica_fatal,
                    fmt::format("Fatal error: the target is MySQL {}: MySQL is supported from 8.0.13 on",
                                connection.server_version()));
}

}  // namespace

void prepare_applier_session(TargetConnection& connection, const ApplierSessionOptions& options) {
  check_version(connection);
  std::string statements = fmt::format(
      "SET SESSION autocommit = 1, sql_mode = '', time_zone = '+00:00', timestamp = DEFAULT, unique_checks = 1,"
      " foreign_key_checks = 1, sql_safe_updates = 0, sql_auto_is_null = 0, sql_select_limit = DEFAULT,"
      // The target's max_join_size is for its users; a COMMIT must neither chain nor release the session.
      " sql_big_selects = 1, completion_type = 0,"
      // What a source has taken, with whatever it has ignored of it, is taken here.
      " innodb_strict_mode = 0,"
      // What the server says is searched for what a status may not show, and for what a rollback has left.
      " lc_messages = 'en_US', max_error_count = 1024,"
      " innodb_lock_wait_timeout = {}, lock_wait_timeout = {}, wait_timeout = {}, net_read_timeout = {},"
      " net_write_timeout = {}",
      options.row_lock_wait_seconds, options.metadata_lock_wait_seconds, k_longest_wait_timeout, k_network_timeout,
      k_network_timeout);
  // An administrator's limits for users do not fit a replica: a source's transaction takes as long as it takes.
  statements += connection.is_mariadb()
                    ? ", max_statement_time = 0, idle_transaction_timeout = 0, idle_write_transaction_timeout = 0,"
                      " idle_readonly_transaction_timeout = 0, check_constraint_checks = 1"
                    : mysql_settings(connection.server_version_number());
  // Available from 10.3 on. The source has decided already whether a versioned table's history stays.
  if (connection.is_mariadb()) statements += ", system_versioning_alter_history = KEEP";
  statements += "; SET NAMES utf8mb4; SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE";
  connection.execute(statements);
  leave_statement_format(connection);
  must_not_pass_over_rows(connection);
}

void must_not_pass_over_rows(TargetConnection& connection) {
  // MySQL's replica_exec_mode is for its replica threads; a session has rbr_exec_mode.
  for (const Row& row : connection.query("SHOW SESSION VARIABLES WHERE Variable_name IN ('rbr_exec_mode', "
                                         "'slave_exec_mode', 'slave_skip_errors', 'replica_skip_errors')")) {
    if (row.size() < 2 || !row[0] || !row[1]) continue;
    const bool mode = row[0]->ends_with("exec_mode");
    if (row[0] == "slave_exec_mode" && !connection.is_mariadb()) continue;
    if (mode ? row[1] == "STRICT" : (row[1] == "OFF" || row[1]->empty())) continue;
    throw TargetError(
        error_code::k_replica_fatal,
        fmt::format("Fatal error: the target has {}={}, with which it passes over rows in silence: set it "
                    "to {} there, and start the applier again",
                    *row[0], *row[1], mode ? "STRICT" : "OFF (an option of the server's start)"));
  }
}

}  // namespace tributary::target
