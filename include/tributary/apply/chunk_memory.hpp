#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace tributary::apply {

/// Bytes that the appliers of all channels build, and have under way between coordinators and workers: the more there
/// are, the smaller are the pieces in which each hands its batches over. Thread safe.
class ChunkMemory {
 public:
  struct Sizes {
    std::size_t limit = std::size_t{24} << 20;
    std::size_t smallest = std::size_t{256} << 10;
    std::size_t largest = std::size_t{4} << 20;
  };
  ChunkMemory() : ChunkMemory(Sizes{}) {}
  explicit ChunkMemory(const Sizes& sizes) : sizes_(sizes) {}

  /// How large a chunk may become now: what all have under way together stays below the limit, unless there are so many
  /// channels that the smallest chunks go beyond it.
  [[nodiscard]] std::size_t chunk_bytes() const {
    const std::size_t used = std::min(used_.load(std::memory_order_relaxed), sizes_.limit);
    return std::clamp((sizes_.limit - used) / 2, sizes_.smallest, sizes_.largest);
  }
  void add(std::size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void remove(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const Sizes sizes_;
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace tributary::apply
