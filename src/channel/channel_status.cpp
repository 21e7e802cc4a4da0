#include <algorithm>
#include <chrono>
#include <thread>

#include "tributary/relay/source_position.hpp"
#include "tributary/util/time.hpp"

#include "channel_implementation.hpp"

namespace tributary::channel {
namespace {

constexpr relay::RelayPosition k_not_yet{UINT64_MAX, 0};  // of a place that is not received

using Clock = std::chrono::steady_clock;

}  // namespace

std::vector<apply::TableWriter> Channel::table_writers() const {
  std::shared_ptr<apply::Applier> applier;
  {
    const std::lock_guard lock(implementation_->mutex);
    applier = implementation_->applier;
  }
  return applier ? applier->tables() : std::vector<apply::TableWriter>();
}

ChannelStatus Channel::status() const {
  const auto& self = *implementation_;
  ChannelStatus status;
  std::shared_ptr<source::Receiver> receiver;
  std::shared_ptr<apply::Applier> applier;
  std::shared_ptr<relay::RelayLog> log;
  bool io_alive = false;
  bool sql_alive = false;
  {
    const std::lock_guard lock(self.mutex);
    status.config = self.record;
    status.applied = self.mirror;
    receiver = self.receiver;
    applier = self.applier;
    status.until = self.until;
    status.workers = self.workers;
    status.skip_counter = self.skip_counter;
    log = self.log;
    status.relay_log_error = self.log_error;
    io_alive = self.io_alive;
    sql_alive = self.sql_alive;
  }
  status.target_configured = self.defaults.target.has_value();
  relay::RelayPosition published;
  if (log) {
    // Before the applier's status: what is published now is applied when the applier says later it has caught up.
    published = log->published_end();
    status.received = log->received_end();
    status.relay_bytes = log->total_bytes();
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
    if (sql_alive) status.skip_counter = status.applier.skip_counter;
    // The target owns the fact, also where it was put back to an older state.
    if (status.applier.applied_known) status.applied = status.applier.applied;
  }
  if (status.applier.running && status.applier.caught_up && published > status.applied.position) {
    status.applied.position = published;
    status.applied.source_file = status.received.source_file_name;
    status.applied.source_offset = status.received.offset;
  }
  if (log) {
    // Nothing applied yet: the applier would begin with the oldest file.
    const bool begun = status.applied.position.file_number != 0;
    const auto applying = begun ? status.applied.position : log->begin();
    if (!begun) status.applied.position.offset = applying.offset;
    if (const auto file = log->file(applying.file_number)) status.relay_file_applying = file->file_name;
    if (const auto file = log->file(published.file_number)) status.relay_file_receiving = file->file_name;
  }
  if (status.receiver.answers.version.empty()) {
    if (const auto answers = self.store.source_answers(self.name)) {
      status.receiver.answers = {answers->version,  answers->server_id, answers->server_uuid,
                                 answers->checksum, answers->time_zone, answers->variables};
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
      status.seconds_behind = std::max<std::int64_t>(0, unix_seconds() - at - status.receiver.clock_difference);
    }
  }
  return status;
}

Channel::Implementation::Progress Channel::Implementation::progress() const {
  std::shared_ptr<apply::Applier> current;
  Progress progress;
  relay::RelayPosition published;
  {
    const std::lock_guard lock(mutex);
    current = applier;
    progress.running = sql_alive;
    progress.applied = mirror.position;
    if (log) published = log->published_end();
  }
  if (!current) return progress;
  const apply::ApplierStatus status = current->status();
  progress.transactions = status.transactions;
  progress.applied = status.applied_known ? status.applied.position : relay::RelayPosition{};
  // Events outside of transactions, for which no checkpoint is written, may stand behind the last one.
  if (progress.running && status.caught_up) progress.applied = std::max(progress.applied, published);
  return progress;
}

relay::SourceIdentity Channel::Implementation::present_source() const {
  std::shared_ptr<source::Receiver> current;
  {
    const std::lock_guard lock(mutex);
    current = receiver;
  }
  if (current) {
    const source::SourceAnswers answers = current->status().answers;
    if (!answers.version.empty()) return {answers.server_id, answers.server_uuid};
  }
  const auto answers = store.source_answers(name);
  return answers ? relay::SourceIdentity{answers->server_id, answers->server_uuid} : relay::SourceIdentity{};
}

std::optional<relay::RelayPosition> Channel::Implementation::relay_position_of(const std::string& file,
                                                                               std::uint64_t position) const {
  std::shared_ptr<relay::RelayLog> open;
  {
    const std::lock_guard lock(mutex);
    open = log;
  }
  if (!open) return k_not_yet;
  // Names of another server, from before a fail-over, say nothing about this one's.
  const relay::SourceIdentity source = present_source();
  std::optional<relay::RelayFileRecord> oldest;
  std::optional<relay::RelayFileRecord> newest;
  const std::vector<relay::RelayFileRecord> files = open->files();
  for (const relay::RelayFileRecord& kept : files) {
    if (kept.source != source) {
      oldest.reset();
      newest.reset();
      continue;
    }
    if (!oldest) oldest = kept;
    newest = kept;
  }
  if (!newest) return k_not_yet;
  const auto to_newest = relay::compare_source_positions(file, position, newest->source_file_name, 0);
  const auto to_oldest = relay::compare_source_positions(file, position, oldest->source_file_name, 0);
  if (!to_newest || !to_oldest) return std::nullopt;
  if (*to_oldest < 0) return relay::RelayPosition{oldest->file_number, 0};
  for (const relay::RelayFileRecord& kept : files) {
    if (kept.file_number >= oldest->file_number && kept.source_file_name == file) {
      return relay::RelayPosition{kept.file_number, position};
    }
  }
  return k_not_yet;
}

std::optional<std::int64_t> Channel::wait_applied(const std::string& file, std::uint64_t position, double timeout_s,
                                                  const std::stop_token& stop) const {
  static constexpr auto k_poll_interval = std::chrono::milliseconds(2);
  static constexpr auto k_look_interval = std::chrono::milliseconds(20);  // for the file: goes through all of them
  static constexpr double k_longest_timeout = 1e8;                        // three years; more does not fit the clock
  const auto& self = *implementation_;
  const auto timeout = std::chrono::duration<double>(std::min(timeout_s, k_longest_timeout));
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(timeout);
  std::optional<std::uint64_t> transactions_before;
  relay::RelayPosition goal = k_not_yet;
  while (!stop.stop_requested()) {
    const Implementation::Progress now = self.progress();
    if (!now.running) return std::nullopt;
    if (!transactions_before) transactions_before = now.transactions;
    if (goal == k_not_yet) {
      const auto found = self.relay_position_of(file, position);
      if (!found) return std::nullopt;
      goal = *found;
    }
    if (now.applied >= goal) return static_cast<std::int64_t>(now.transactions - *transactions_before);
    if (timeout_s > 0 && Clock::now() >= deadline) return -1;
    std::this_thread::sleep_for(goal == k_not_yet ? k_look_interval : k_poll_interval);
  }
  return std::nullopt;
}

}  // namespace tributary::channel
