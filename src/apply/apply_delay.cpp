#include "apply_delay.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "tributary/binlog/control_events.hpp"
#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/util/error.hpp"

namespace tributary::apply {
namespace {

using binlog::BoundaryState;
using binlog::EventType;

}  // namespace

bool begins_transaction(const relay::RelayEvent& event, const binlog::FormatDescription& description) {
  try {
    binlog::TransactionBoundary boundary;
    return boundary.feed(binlog::EventView(event.raw, description.checksum), description) != BoundaryState::outside;
  } catch (const Error&) {
    return false;  // who interprets it says where
  }
}

ApplyDelay::ApplyDelay(std::uint32_t seconds, std::function<std::int64_t()> clock_difference, relay::RelayLog& log)
    : seconds_(seconds), clock_difference_(std::move(clock_difference)), log_(log) {}

std::optional<std::int64_t> ApplyDelay::due_at(const relay::RelayEvent& event,
                                               const binlog::FormatDescription& description) const {
  static constexpr std::uint64_t k_microseconds = 1000000;
  const binlog::EventView view(event.raw, description.checksum);
  if (!begins_transaction(event, description)) return std::nullopt;
  std::uint32_t timestamp = view.header().timestamp;
  switch (view.type()) {
    case EventType::gtid:
    case EventType::gtid_tagged:
    case EventType::anonymous_gtid:
      if (const std::uint64_t at = binlog::MysqlGtidEvent::decode(view).immediate_commit_timestamp.value_or(0);
          at != 0) {
        return static_cast<std::int64_t>((at + k_microseconds - 1) / k_microseconds) + seconds_;
      }
      break;
    case EventType::mariadb_gtid:
      break;  // written at the commit
    default:
      timestamp = last_timestamp_of(event);
      break;
  }
  return timestamp + (clock_difference_ ? clock_difference_() : 0) + seconds_;
}

/// Without a GTID event a transaction begins with its first statement, which may be long before its commit.
std::uint32_t ApplyDelay::last_timestamp_of(const relay::RelayEvent& first) const {
  std::uint32_t last = 0;
  const auto cursor = log_.open_cursor(first.start);
  binlog::TransactionBoundary boundary;
  while (const auto event = cursor->next()) {
    const binlog::EventView view(event->raw, cursor->description().checksum);
    last = std::max(last, view.header().timestamp);
    boundary.feed(view, cursor->description());
    if (boundary.at_boundary()) break;
  }
  return last;
}

void wait_until(std::int64_t instant, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, std::chrono::system_clock::time_point(std::chrono::seconds(instant)),
                   [] { return false; });
}

}  // namespace tributary::apply
