#include "source_statement.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/log.hpp"

#include "failure_text.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint16_t k_table_exists = 1050;  // ER_TABLE_EXISTS_ERROR

bool is_concurrency_error(std::uint16_t code) {
  return code == error_code::k_lock_wait_timeout || code == 1213 /* ER_LOCK_DEADLOCK */ ||
         code == 1614 /* ER_XA_RBDEADLOCK */;
}

/// LOCAL makes a warning of what is an error without it, as nobody can stop the sender: a row is left out, or in strict
/// mode its value is bent. The source ran the statement without LOCAL, and with success: what it would not have done is
/// an error here. (What was LOCAL there says IGNORE in the event.)
void check_load_data(WorkerSession& session, const SourceStatement& statement, const target::LoadDataCounts& counts) {
  static constexpr std::uint64_t k_strict = 0x00600000;  // STRICT_TRANS_TABLES, STRICT_ALL_TABLES
  // Of the statement's own words, under any sql_mode: deprecated syntax and aliases of character sets.
  static constexpr std::string_view k_harmless[] = {"1287", "1681", "3719", "3778"};
  if (statement.load_data->duplicates != binlog::LoadDuplicates::error) return;
  const bool strict = (statement.context.status.sql_mode.value_or(0) & k_strict) != 0;
  if (counts.skipped == 0 && (!strict || counts.warnings == 0)) return;
  for (const target::Row& row : session.connection().query("SHOW WARNINGS")) {
    if (row.size() < 3 || !row[1] || row[0] == "Note") continue;
    if (std::find(std::begin(k_harmless), std::end(k_harmless), *row[1]) != std::end(k_harmless)) continue;
    std::uint16_t code = 0;
    std::from_chars(row[1]->data(), row[1]->data() + row[1]->size(), code);
    throw target::TargetError(code, row[2].value_or(""));
  }
  if (counts.skipped == 0) return;
  throw target::TargetError(error_code::k_unknown_error,
                            fmt::format("{} of {} lines of the file made no row", counts.skipped, counts.records));
}

void run_load_data(WorkerSession& session, const SourceStatement& statement, const std::string& before) {
  if (!before.empty()) session.execute(before);
  LoadDataReader reader(*statement.load_data);
  const target::LoadDataCounts counts = session.connection().load_data(
      session.for_target(statement), k_load_data_file, [&reader](std::span<char> into) { return reader.read(into); });
  check_load_data(session, statement, counts);
}

}  // namespace

void run_source_statement(WorkerSession& session, const SourceStatement& statement, std::string before) {
  // sql/log_event_server.cc, unexpected_error_code(): the source's statement was cut at a point that cannot be
  // repeated.
  static constexpr std::uint16_t k_cut_short[] = {1053, 1158, 1160, 1184, 1317, 1927, 1969};
  if (std::find(std::begin(k_cut_short), std::end(k_cut_short), statement.expected_error) != std::end(k_cut_short)) {
    throw target::NotRunError(
        error_code::k_replica_fatal,
        fmt::format("Query partially completed on the source (error on source: {}) and was aborted. There is a chance "
                    "that the source is inconsistent at this point",
                    statement.expected_error));
  }
  if (statement.load_data && statement.expected_error != 0) {
    throw target::NotRunError(
        error_code::k_replica_fatal,
        fmt::format("a LOAD DATA that failed in the source with error {} after it had changed a table without "
                    "transactions: where it ended cannot be repeated",
                    statement.expected_error));
  }
  if (statement.scan.kind == StatementKind::dml) session.tell_differences(statement.context);
  std::string packet = std::move(before);
  const bool without_database =
      session.runs_without_database(statement.context) && !session.context().has_default_database();
  packet += session.context().enter(statement.context, without_database);
  // Its routines and triggers run in this session.
  if (statement.scan.kind != StatementKind::savepoint) session.context().forget_variables();
  if (!statement.load_data) packet += session.for_target(statement);
  if (packet.size() > session.statement_limit()) {
    static constexpr std::size_t k_step = 1024;  // servers round the variable down to a multiple of it
    const std::size_t needed = (packet.size() + 2 * k_step - 1) / k_step * k_step;
    // ER_NET_PACKET_TOO_LARGE
    throw target::NotRunError(1153, "08S01",
                              fmt::format("the statement needs a packet of {} bytes: set max_allowed_packet on the "
                                          "target to that or more, and start the applier again",
                                          needed));
  }
  static constexpr std::uint16_t k_inconsistent_error = 3002;  // ER_INCONSISTENT_ERROR
  std::uint16_t actual_error = 0;
  std::string actual_message = "no error";
  try {
    if (statement.load_data) {
      run_load_data(session, statement, packet);
    } else {
      session.execute(packet);
    }
  } catch (const target::TargetError& error) {
    // A lock wait rolls back the statement only, as it did in the source; a deadlock the whole transaction.
    const bool as_expected =
        error.code() == error_code::k_lock_wait_timeout && is_concurrency_error(statement.expected_error);
    if ((error.transient() && !as_expected) || statement.expected_error == 0) throw;
    actual_error = error.code();
    actual_message = error.what();
  }
  if (actual_error == statement.expected_error) return;
  // It met other sessions in the source, and need not meet any here (sql/log_event_server.cc,
  // concurrency_error_code()).
  if (is_concurrency_error(statement.expected_error) &&
      (actual_error == 0 || actual_error == error_code::k_lock_wait_timeout)) {
    return;
  }
  throw target::TargetError(k_inconsistent_error,
                            fmt::format("Query caused different errors on source and replica. Error on source: error "
                                        "code={} ; Error on replica: actual message='{}', error code={}",
                                        statement.expected_error, actual_message, actual_error));
}

void run_temporary_table_statement(WorkerSession& session, const SourceStatement& statement, std::string before) {
  const bool drops = statement.scan.effect == DdlEffect::drop;
  try {
    run_source_statement(session, statement, std::move(before));
  } catch (const target::TargetError& error) {
    if (drops && error.code() == error_code::k_bad_table) {
      log(LogLevel::info, "a temporary table is gone already: '{}'", statement_excerpt(statement.text));
    } else if (!drops && error.code() == k_table_exists && statement.scan.objects.size() == 1) {
      const target::ObjectName& table = statement.scan.objects.front();
      session.execute(session.context().as_utf8() + "DROP TEMPORARY TABLE IF EXISTS " +
                      target::quote_identifier(table.database) + "." + target::quote_identifier(table.name));
      run_source_statement(session, statement, {});
    } else {
      throw;
    }
  }
  session.temporary_tables().note(statement);
}

}  // namespace tributary::apply
