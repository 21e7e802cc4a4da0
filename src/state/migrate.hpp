#pragma once

#include "database.hpp"

namespace tributary::state {

/// Looks at an existing file without changing it. @throws Error 1105: newer store, or not a state store.
void check_migratable(Database& database);

/// Brings the store to the newest version that this program knows, each step in a transaction of its own.
/// PRAGMA user_version holds the number of the last step. Errors as above.
void migrate(Database& database);

}  // namespace tributary::state
