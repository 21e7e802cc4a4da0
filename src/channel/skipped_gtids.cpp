#include "tributary/channel/skipped_gtids.hpp"

#include <utility>

#include "tributary/util/log.hpp"

namespace tributary::channel {

SkippedGtids::SkippedGtids(state::Store& store)
    : store_(store), gtids_(gtid::MysqlGtidSet::parse(store.skipped_gtids())) {}

void SkippedGtids::add(const gtid::MysqlGtid& gtid) {
  const std::lock_guard lock(mutex_);
  gtid::MysqlGtidSet next = gtids_;
  next.add(gtid);
  store_.save_skipped_gtids(next.to_string());
  gtids_ = std::move(next);
  log(LogLevel::info, "transaction {} is declared applied: every channel passes over it", gtid.to_string());
}

bool SkippedGtids::contains(const gtid::MysqlGtid& gtid) const {
  const std::lock_guard lock(mutex_);
  return gtids_.contains(gtid);
}

}  // namespace tributary::channel
