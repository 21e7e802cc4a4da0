#include "migrate.hpp"

#include <span>

#include <fmt/core.h>

#include "tributary/util/error.hpp"
#include "tributary/util/migration.hpp"

namespace tributary::state {

std::span<const Migration> migrations();  // generated

namespace {

/// PRAGMA application_id, "TRIB": tells our stores from other SQLite files.
constexpr std::int64_t k_application_id = 0x54524942;

void check_owner(Database& database, std::int64_t version) {
  const std::int64_t application = database.pragma("application_id");
  if (application == k_application_id) return;
  Statement& tables = database.statement("SELECT count(*) FROM sqlite_schema");
  tables.step();
  const bool empty = tables.integer() == 0;
  tables.reset();
  if (application != 0 || version != 0 || !empty) {
    throw Error(error_code::k_unknown_error,
                fmt::format("state store {}: this SQLite file belongs to another program (application_id {:#x}); "
                            "name another data directory",
                            database.file().string(), application));
  }
}

/// The version of the store, when this program can go on from there.
std::int64_t checked_version(Database& database) {
  const std::int64_t version = database.pragma("user_version");
  check_owner(database, version);
  const auto known = static_cast<std::int64_t>(migrations().size());
  if (version < 0 || version > known) {
    throw Error(
        error_code::k_unknown_error,
        fmt::format("state store {}: its schema has version {}, but this program (tributaryd {}) knows versions "
                    "up to {}; run the newer tributaryd that last opened it",
                    database.file().string(), version, TRIBUTARY_VERSION, known));
  }
  return version;
}

}  // namespace

void check_migratable(Database& database) {
  checked_version(database);
}

void migrate(Database& database) {
  for (const Migration& step : migrations()) {
    Transaction transaction(database);
    // Read inside the transaction: another process may have run the step meanwhile.
    if (checked_version(database) >= step.number) continue;
    database.execute(std::string(step.text));
    database.execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", k_application_id, step.number));
    transaction.commit();
  }
}

}  // namespace tributary::state
