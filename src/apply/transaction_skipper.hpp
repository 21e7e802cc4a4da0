#pragma once

#include <atomic>
#include <cstdint>

#include "tributary/relay/relay_log.hpp"

namespace tributary::apply {

/// sql_slave_skip_counter: so many events of the source are passed over, and always to the end of a transaction (MySQL,
/// Log_event::continue_group). Of a transaction that is skipped nothing is applied but the checkpoint, which moves past
/// it. Keeps over attempts what was skipped in vain: it is skipped once more. One thread, but for remaining().
class TransactionSkipper {
 public:
  explicit TransactionSkipper(std::uint32_t events) : remaining_(events) {}

  /// A transaction begins at @p place: whether it is passed over.
  bool skips(const relay::RelayPosition& place) {
    if (is_partial_ && place == last_) {
      remaining_ = before_last_;  // its events come again
      counts_ = true;
      return true;
    }
    const bool again = place >= first_ && place <= last_ && first_.file_number != 0;
    counts_ = !again && remaining_ > 0;
    if (counts_) {
      if (first_.file_number == 0) first_ = place;
      last_ = place;
      before_last_ = remaining_;
      is_partial_ = true;
    }
    return again || counts_;
  }
  /// An event of a transaction that is passed over; @p ends: its last one. ANNOTATE_ROWS does not count.
  void passed(binlog::EventType type, bool ends) {
    const bool counts = counts_ && type != binlog::EventType::mariadb_annotate_rows;
    if (counts && (ends || remaining_ > 1)) --remaining_;
    if (!ends) return;
    if (counts_) is_partial_ = false;
    counts_ = false;
  }
  /// Any thread.
  [[nodiscard]] std::uint32_t remaining() const { return remaining_; }

 private:
  std::atomic<std::uint32_t> remaining_;
  bool counts_ = false;      ///< in a transaction that is skipped for the first time
  bool is_partial_ = false;  ///< of the last one not all events have been seen
  std::uint32_t before_last_ = 0;
  relay::RelayPosition first_;
  relay::RelayPosition last_;
};

}  // namespace tributary::apply
