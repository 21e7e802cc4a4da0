#pragma once

#include <cstddef>
#include <mutex>

namespace tributary::apply {

/// How many workers beyond the first of each channel may be connected to the target, over all channels of the daemon: a
/// target has max_connections for all. Thread safe.
class WorkerSlots {
 public:
  explicit WorkerSlots(std::size_t limit) : limit_(limit) {}

  /// False when all are taken.
  bool try_take();
  void give_back();
  [[nodiscard]] std::size_t taken() const;

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::size_t taken_ = 0;
};

}  // namespace tributary::apply
