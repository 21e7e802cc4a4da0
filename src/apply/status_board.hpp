#pragma once

#include <mutex>
#include <string>

#include "tributary/apply/applier.hpp"

#include "work.hpp"

namespace tributary::apply {

/// Where coordinator and workers write down what they do, for Applier::status(). Thread safe.
class StatusBoard {
 public:
  void started();
  void stopped();
  void set_stage(std::string stage);
  /// An attempt begins at @p from with nothing under way; what was reported as an error is over.
  void begin_attempt(const target::Checkpoint& applied, relay::RelayPosition from);
  void reading(relay::RelayPosition position);
  /// A source transaction was read, the first event of it.
  void begun(const TransactionStart& transaction);
  /// What was begun is no longer under way (its batch was thrown away).
  void abandoned();
  /// A transaction waits until @p instant before it begins; @p timestamp is its own, in the source's time.
  void delayed(std::int64_t instant, std::uint32_t timestamp);
  void delay_is_over();
  /// The end of what is published was found at @p published; all that was begun before is handed to the workers.
  void found_end(relay::RelayPosition published);
  /// A worker executes a batch that begins with this transaction.
  void applying(const TransactionStart& transaction);
  void committed(const BatchEnd& end);
  void retried();
  void passed_over(std::uint64_t errors);
  /// Shown until the next attempt begins: why this one ended.
  void set_error(std::uint16_t code, const std::string& message);
  /// Shown until something is committed: a transaction waits for a lock, in attempt after attempt.
  void set_lock_wait(const std::string& message);

  [[nodiscard]] target::Checkpoint applied() const;
  /// @p published_end is the relay log's, as it is now.
  [[nodiscard]] ApplierStatus status(relay::RelayPosition published_end) const;

 private:
  void clear_error();
  void show_error(std::uint16_t code, const std::string& message);

  mutable std::mutex mutex_;  ///< guards all members
  ApplierStatus status_;
  relay::RelayPosition end_found_;
  bool waits_for_lock_ = false;  ///< the error shown is one; it stays until something is committed
  std::uint64_t under_way_ = 0;  ///< source transactions begun and not committed
};

}  // namespace tributary::apply
