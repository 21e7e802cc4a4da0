#pragma once

#include <mutex>

#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/state/store.hpp"

namespace tributary::channel {

/// Transactions of MySQL sources that an administrator has declared applied: SET GTID_NEXT, BEGIN, COMMIT. Every
/// channel passes over them, as a server does with what is in its gtid_executed. Thread safe.
class SkippedGtids {
 public:
  explicit SkippedGtids(state::Store& store);

  /// Durable when it returns.
  void add(const gtid::MysqlGtid& gtid);
  [[nodiscard]] bool contains(const gtid::MysqlGtid& gtid) const;

 private:
  state::Store& store_;
  mutable std::mutex mutex_;  ///< guards the set
  gtid::MysqlGtidSet gtids_;
};

}  // namespace tributary::channel
