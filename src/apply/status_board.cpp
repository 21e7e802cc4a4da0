#include "status_board.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "tributary/util/printable.hpp"
#include "tributary/util/time.hpp"

namespace tributary::apply {

void StatusBoard::clear_error() {
  status_.error_code = 0;
  status_.error_message.clear();
  status_.error_at = 0;
  waits_for_lock_ = false;
}

void StatusBoard::show_error(std::uint16_t code, const std::string& message) {
  status_.error_code = code;
  status_.error_message = printable(message, SIZE_MAX);  // what a source sent may be in it
  status_.error_at = unix_seconds();
}

void StatusBoard::started() {
  const std::lock_guard lock(mutex_);
  status_.running = true;
  clear_error();
}

void StatusBoard::stopped() {
  const std::lock_guard lock(mutex_);
  status_.running = false;
  status_.stage.clear();
  status_.current_timestamp = 0;
  end_found_ = {};
}

void StatusBoard::set_stage(std::string stage) {
  const std::lock_guard lock(mutex_);
  status_.stage = std::move(stage);
}

void StatusBoard::begin_attempt(const target::Checkpoint& applied, relay::RelayPosition from) {
  const std::lock_guard lock(mutex_);
  status_.applied = applied;
  status_.applied_known = true;
  status_.reading = from;
  if (!waits_for_lock_) clear_error();
  status_.current_timestamp = 0;
  end_found_ = {};
  under_way_ = 0;
}

void StatusBoard::reading(relay::RelayPosition position) {
  const std::lock_guard lock(mutex_);
  status_.reading = position;
}

void StatusBoard::begun(const TransactionStart& transaction) {
  const std::lock_guard lock(mutex_);
  if (under_way_++ == 0) status_.current_timestamp = transaction.timestamp;
}

void StatusBoard::abandoned() {
  const std::lock_guard lock(mutex_);
  if (under_way_ > 0) --under_way_;
  if (under_way_ == 0) status_.current_timestamp = 0;
}

void StatusBoard::delayed(std::int64_t instant, std::uint32_t timestamp) {
  const std::lock_guard lock(mutex_);
  status_.stage = "Waiting until SOURCE_DELAY seconds after source executed event";
  status_.delayed_until = instant;
  if (under_way_ == 0) status_.current_timestamp = timestamp;
}

void StatusBoard::delay_is_over() {
  const std::lock_guard lock(mutex_);
  status_.delayed_until.reset();
  if (under_way_ == 0) status_.current_timestamp = 0;
}

void StatusBoard::found_end(relay::RelayPosition published) {
  const std::lock_guard lock(mutex_);
  end_found_ = published;
  status_.reading = published;
}

void StatusBoard::applying(const TransactionStart& transaction) {
  const std::lock_guard lock(mutex_);
  status_.current_timestamp = transaction.timestamp;
}

void StatusBoard::committed(const BatchEnd& end) {
  const std::lock_guard lock(mutex_);
  status_.applied = end.checkpoint;
  if (waits_for_lock_) clear_error();
  status_.transactions += end.transactions;
  under_way_ -= std::min<std::uint64_t>(under_way_, end.transactions);
  if (under_way_ == 0) status_.current_timestamp = 0;
}

void StatusBoard::retried() {
  const std::lock_guard lock(mutex_);
  ++status_.retries;
}

void StatusBoard::passed_over(std::uint64_t errors) {
  const std::lock_guard lock(mutex_);
  status_.passed_over += errors;
}

void StatusBoard::set_error(std::uint16_t code, const std::string& message) {
  const std::lock_guard lock(mutex_);
  show_error(code, message);
  waits_for_lock_ = false;
}

void StatusBoard::set_lock_wait(const std::string& message) {
  const std::lock_guard lock(mutex_);
  show_error(error_code::k_lock_wait_timeout, message);
  waits_for_lock_ = true;
}

target::Checkpoint StatusBoard::applied() const {
  const std::lock_guard lock(mutex_);
  return status_.applied;
}

ApplierStatus StatusBoard::status(relay::RelayPosition published_end) const {
  const std::lock_guard lock(mutex_);
  ApplierStatus status = status_;
  status.caught_up = status.running && under_way_ == 0 && end_found_ == published_end;
  return status;
}

}  // namespace tributary::apply
