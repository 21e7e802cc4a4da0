#pragma once

#include "tributary/binlog/event.hpp"
#include "tributary/util/bytes.hpp"

namespace tributary::apply {

/// A copy of an event, which outlives what it was read from. What is kept later takes the place, and the memory, of
/// what was kept before.
class KeptEvent {
 public:
  void keep(const binlog::EventView& event) {
    raw_.assign(event.raw().begin(), event.raw().end());
    checksum_ = event.checksum();
  }
  /// Of what was kept, as long as nothing else is.
  [[nodiscard]] binlog::EventView view() const { return binlog::EventView(raw_, checksum_); }

 private:
  Bytes raw_;
  binlog::ChecksumAlgorithm checksum_ = binlog::ChecksumAlgorithm::off;  ///< not always that of other events beside it
};

}  // namespace tributary::apply
