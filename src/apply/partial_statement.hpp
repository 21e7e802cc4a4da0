#pragma once

#include "work.hpp"

namespace tributary::apply {

/// A source whose definitions are not atomic (MariaDB, MySQL before 8.0) may have executed a statement in part:
/// "DROP TABLE a, b" without b drops a. It logs the statement with the error, MariaDB 10.11 its DROP TABLE without
/// (seen in both). MySQL 8.0 and later would refuse the whole. Changes such a statement into one that does the same
/// part on every server, and expects no error: by IF EXISTS or IF NOT EXISTS. @return false when the target is MySQL
/// and there is no such form, so that the statement must not be run.
bool complete_partial_statement(SourceStatement& statement);

/// Makes a DROP of tables, views or accounts pass over those that are not there. @return false for any other statement.
bool insert_if_exists(SourceStatement& statement);

}  // namespace tributary::apply
