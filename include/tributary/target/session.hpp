#pragma once

#include <cstdint>
#include <string>

#include "tributary/target/target_server.hpp"

namespace tributary::target {

/// What differs between the sessions of an applier.
struct ApplierSessionOptions {
  /// Seconds a row lock is waited for (innodb_lock_wait_timeout): short for workers, so that the head of the commit
  /// order gets a lock that a later batch holds.
  std::uint32_t row_lock_wait_seconds = 2;
  /// Seconds a metadata lock is waited for (lock_wait_timeout): a DDL waits for the users of its table.
  std::uint32_t metadata_lock_wait_seconds = 60;
};

/// Puts a fresh session into the state in which changes are applied: autocommit, READ COMMITTED, sql_mode '', unique
/// and foreign key checks on, time zone UTC, long idle time, no time limit on statements. Statement events change
/// parts of it; call it again to return to it (not inside a transaction). @throws TargetError.
/// 1593 for a target whose settings let it pass over rows (slave_skip_errors, slave_exec_mode=IDEMPOTENT).
void prepare_applier_session(TargetConnection& connection, const ApplierSessionOptions& options);

/// @throws TargetError 1593 where the target has a setting with which row events, and so BINLOG, pass over rows that
/// are missing or doubled, and say nothing.
void must_not_pass_over_rows(TargetConnection& connection);

}  // namespace tributary::target
