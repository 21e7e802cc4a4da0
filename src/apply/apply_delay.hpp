#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "tributary/relay/relay_log.hpp"

namespace tributary::apply {

/// Whether @p event, which stands between transactions, begins one.
bool begins_transaction(const relay::RelayEvent& event, const binlog::FormatDescription& description);

/// MASTER_DELAY: a transaction is not begun before so many seconds after the source has committed it. As MySQL counts
/// them (sql/rpl_replica.cc, sql_delay_event): from the commit time of its GTID event where that has one, else from the
/// event's time with the difference of the clocks.
class ApplyDelay {
 public:
  /// @p clock_difference: our clock minus the source's, seconds; no function: 0.
  ApplyDelay(std::uint32_t seconds, std::function<std::int64_t()> clock_difference, relay::RelayLog& log);

  /// When the transaction that begins with @p event may be begun, in seconds since the epoch; nullopt where it begins
  /// none.
  [[nodiscard]] std::optional<std::int64_t> due_at(const relay::RelayEvent& event,
                                                   const binlog::FormatDescription& description) const;

 private:
  [[nodiscard]] std::uint32_t last_timestamp_of(const relay::RelayEvent& first) const;

  const std::int64_t seconds_;
  const std::function<std::int64_t()> clock_difference_;
  relay::RelayLog& log_;
};

/// Returns at @p instant (seconds since the epoch), or when @p stop is requested.
void wait_until(std::int64_t instant, const std::stop_token& stop);

}  // namespace tributary::apply
