#include "tributary/apply/worker_slots.hpp"

namespace tributary::apply {

bool WorkerSlots::try_take() {
  const std::lock_guard lock(mutex_);
  if (taken_ >= limit_) return false;
  ++taken_;
  return true;
}

void WorkerSlots::give_back() {
  const std::lock_guard lock(mutex_);
  --taken_;
}

std::size_t WorkerSlots::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

}  // namespace tributary::apply
