#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "tributary/relay/relay_log.hpp"

#include "database.hpp"

namespace tributary::state {

/// When a write counts as done.
enum class Durability { full, normal };

/// What the store and its relay catalogues share.
struct SharedDatabase {
  /// Opens, checks and migrates.
  explicit SharedDatabase(const std::filesystem::path& file);

  /// Says how the following writes are committed; not inside a transaction. In WAL mode NORMAL leaves out the fsync at
  /// commit. A later FULL commit makes the earlier NORMAL ones durable too, since they stand before it in the WAL.
  void set_durability(Durability wanted);

  std::mutex mutex;
  // Guarded by mutex.
  Database database;
  Durability durability = Durability::full;
};

std::unique_ptr<relay::RelayCatalogue> make_relay_catalogue(SharedDatabase& shared, const std::string& channel);

}  // namespace tributary::state
