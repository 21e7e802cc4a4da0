#pragma once

#include <cstdint>

namespace tributary::apply {

/// Decides which batch must be committed before another may start. The one policy is the serial one: each batch waits
/// for the one before it, whichever worker has it. Finer policies look at what a batch touches.
class DependencyTracker {
 public:
  /// The batch that @p batch must wait for; 0: none. Batches are numbered from 1 in the order of the source.
  [[nodiscard]] std::uint64_t depends_on(std::uint64_t batch) const { return batch - 1; }
};

}  // namespace tributary::apply
