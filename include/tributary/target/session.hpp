#pragma once

#include <cstdint>

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
void prepare_applier_session(TargetConnection& connection, const ApplierSessionOptions& options);

}  // namespace tributary::target
