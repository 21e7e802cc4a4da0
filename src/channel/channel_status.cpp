#include <algorithm>
#include <chrono>
#include <thread>

#include "tributary/channel/source_position.hpp"

#include "channel_implementation.hpp"

namespace tributary::channel {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

ChannelStatus Channel::status() const {
  const auto& self = *implementation_;
  ChannelStatus status;
  std::shared_ptr<source::Receiver> receiver;
  std::shared_ptr<apply::Applier> applier;
  bool io_alive = false;
  bool sql_alive = false;
  {
    const std::lock_guard lock(self.mutex);
    status.config = self.record;
    status.applied = self.mirror;
    receiver = self.receiver;
    applier = self.applier;
    io_alive = self.io_alive;
    sql_alive = self.sql_alive;
  }
  status.target_configured = self.defaults.target.has_value();
  status.relay_log_error = self.log_error;
  relay::RelayPosition published;
  if (self.log) {
    // Before the applier's status: what is published now is applied when the applier says later it has caught up.
    published = self.log->published_end();
    status.received = self.log->received_end();
    status.relay_bytes = self.log->total_bytes();
  }
  // A thread is alive from the moment START returns, which its own figures may not say yet.
  if (receiver) status.receiver = receiver->status();
  if (!io_alive) {
    status.receiver.state = source::ReceiverState::stopped;
    status.receiver.stage.clear();
  } else if (status.receiver.state == source::ReceiverState::stopped) {
    status.receiver.state = source::ReceiverState::connecting;
  }
  if (applier) {
    status.applier = applier->status();
    status.applier.running = sql_alive;
    if (status.applier.applied.position > status.applied.position) status.applied = status.applier.applied;
  }
  if (status.applier.running && status.applier.caught_up && published > status.applied.position) {
    status.applied.position = published;
    status.applied.source_file = status.received.source_file_name;
    status.applied.source_offset = status.received.offset;
  }
  if (self.log) {
    // Nothing applied yet: the applier would begin with the oldest file.
    const bool begun = status.applied.position.file_number != 0;
    const auto applying = begun ? status.applied.position : self.log->begin();
    if (!begun) status.applied.position.offset = applying.offset;
    if (const auto file = self.log->file(applying.file_number)) status.relay_file_applying = file->file_name;
    if (const auto file = self.log->file(published.file_number)) status.relay_file_receiving = file->file_name;
  }
  if (status.receiver.answers.version.empty()) {
    if (const auto answers = self.store.source_answers(self.name)) {
      status.receiver.answers = {answers->version, answers->server_id, answers->server_uuid, answers->checksum};
    }
  }
  // The rule of sql/rpl_replica.cc, show_replica_status: NULL when the applier is stopped, or when all is applied but
  // nothing new can come.
  if (status.applier.running) {
    if (status.applier.caught_up) {
      if (status.receiver.state == source::ReceiverState::running) status.seconds_behind = 0;
    } else if (const std::uint32_t at = status.applier.current_timestamp != 0 ? status.applier.current_timestamp
                                                                              : status.applied.source_timestamp;
               at != 0) {
      status.seconds_behind = std::max<std::int64_t>(0, now_seconds() - at - status.receiver.clock_difference);
    }
  }
  return status;
}

std::optional<std::int64_t> Channel::wait_applied(const std::string& file, std::uint64_t position, double timeout_s,
                                                  const std::stop_token& stop) const {
  static constexpr auto k_poll_interval = std::chrono::milliseconds(2);
  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_s));
  std::optional<std::uint64_t> transactions_before;
  while (!stop.stop_requested()) {
    const ChannelStatus now = status();
    if (!now.applier.running) return std::nullopt;
    if (!transactions_before) transactions_before = now.applier.transactions;
    if (!now.applied.source_file.empty()) {
      const auto order = compare_source_positions(now.applied.source_file, now.applied.source_offset, file, position);
      if (!order) return std::nullopt;
      if (*order >= 0) return static_cast<std::int64_t>(now.applier.transactions - *transactions_before);
    }
    if (timeout_s > 0 && Clock::now() >= deadline) return -1;
    std::this_thread::sleep_for(k_poll_interval);
  }
  return std::nullopt;
}

}  // namespace tributary::channel
