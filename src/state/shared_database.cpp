#include "shared_database.hpp"

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "migrate.hpp"

namespace tributary::state {
namespace {

void require(const Database& database, bool condition, const std::string& what) {
  if (condition) return;
  throw Error(error_code::k_unknown_error, fmt::format("state store {}: {}", database.file().string(), what));
}

}  // namespace

SharedDatabase::SharedDatabase(const std::filesystem::path& file) : database(file) {
  check_migratable(database);
  const std::string mode = database.pragma_text("journal_mode = WAL");
  require(database, mode == "wal", "cannot use write-ahead logging here (journal_mode is " + mode + ")");
  database.execute(
      "PRAGMA synchronous = FULL;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA secure_delete = ON;"  // a password that was changed does not stay in a free page
      "PRAGMA cell_size_check = ON");
  const std::string damage = database.pragma_text("quick_check(1)");
  require(
      database, damage == "ok",
      "the file is damaged (" + damage + "); put a copy of it back, or move it away and configure the channels again");
  migrate(database);
}

void SharedDatabase::set_durability(Durability wanted) {
  if (wanted == durability) return;
  database.execute(wanted == Durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  durability = wanted;
}

}  // namespace tributary::state
