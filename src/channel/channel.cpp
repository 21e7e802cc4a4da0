#include "tributary/channel/channel.hpp"

#include <exception>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"

#include "channel_implementation.hpp"

namespace tributary::channel {
namespace {

target::Checkpoint to_checkpoint(const state::AppliedRecord& record) {
  return {record.position, record.source_file, record.source_offset, record.gtid, record.source_timestamp};
}

}  // namespace

Channel::Channel(state::ChannelRecord record, const ChannelDefaults& defaults, state::Store& store)
    : implementation_(std::make_unique<Implementation>(std::move(record), defaults, store)) {
  if (const auto applied = store.applied(implementation_->name)) implementation_->mirror = to_checkpoint(*applied);
  implementation_->open_log();
}

Channel::~Channel() {
  request_shutdown();
  join();
}

const std::string& Channel::name() const {
  return implementation_->name;
}

Notes Channel::change(const ChannelChange& change) {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  self.check_usable();
  const bool moves = change.host || change.port || change.log_file || change.log_pos || change.gtid_mode;
  if (moves) self.must_be_stopped();
  if (self.io_is_alive()) {
    throw Error(3021,
                fmt::format("This operation cannot be performed with a running replica io thread; run STOP REPLICA "
                            "IO_THREAD FOR CHANNEL '{}' first.",
                            self.name));
  }
  state::ChannelRecord next;
  {
    const std::lock_guard lock(self.mutex);
    next = self.record;
  }
  const bool new_source = change.host || change.port;
  if (change.host) next.host = *change.host;
  if (change.port) next.port = *change.port;
  if (change.user) next.user = *change.user;
  if (change.password) next.password = *change.password;
  if (change.gtid_mode) next.gtid_mode = *change.gtid_mode;
  if (change.connect_retry) next.connect_retry = *change.connect_retry;
  if (change.retry_count) next.retry_count = *change.retry_count;
  if (change.heartbeat_period) {
    next.heartbeat_period = *change.heartbeat_period;
  } else if (new_source) {
    next.heartbeat_period = state::ChannelRecord{}.heartbeat_period;
  }

  const bool by_gtid = next.gtid_mode != "no";
  // A new source without coordinates is read from its first file; with GTID the position decides, so what was
  // received stays and the receiver goes on from there (a fail-over).
  const bool starts_over = change.log_file || change.log_pos || (new_source && !by_gtid);
  if (starts_over) {
    self.require_log();
    std::string file = change.log_file ? *change.log_file : new_source ? std::string() : next.log_file;
    const std::uint64_t position = change.log_pos ? *change.log_pos : binlog::k_first_event_offset;
    {
      const std::lock_guard lock(self.mutex);
      self.record = std::move(next);
    }
    self.drop_relay_logs(file, position);
  } else {
    {
      const std::lock_guard lock(self.mutex);
      self.record = std::move(next);
    }
    self.save();
  }
  const std::lock_guard lock(self.mutex);
  log(LogLevel::info, "channel '{}': configured: source {}@{}:{}, log file '{}', position {}, GTID {}", self.name,
      self.record.user, self.record.host, self.record.port, self.record.log_file, self.record.log_pos,
      self.record.gtid_mode);
  return {};
}

Notes Channel::start(ThreadSelection threads) {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  self.check_usable();
  Notes notes;
  {
    const std::lock_guard lock(self.mutex);
    if (self.record.host.empty()) {
      throw Error(1200,
                  "The server is not configured as replica; fix in config file or with CHANGE REPLICATION SOURCE TO");
    }
  }
  self.require_log();
  const std::string no_target = fmt::format(
      "Replica is not configured to apply: the applier of channel '{}' cannot start because this daemon was started "
      "without "
      "--target and only receives; start it with --target mysql://user@host:port",
      self.name);
  if (threads.sql && !self.defaults.target) {
    if (!threads.io) throw Error(1794, no_target);
    notes.push_back({1794, no_target, true});
    threads.sql = false;
  }
  const bool start_io = threads.io && !self.io_is_alive();
  const bool start_sql = threads.sql && !self.sql_is_alive();
  if (!start_io && !start_sql && (threads.io || threads.sql)) {
    // The server's own spelling (ER_REPLICA_CHANNEL_WAS_RUNNING, share/messages_to_clients.txt).
    notes.push_back(
        {3083, fmt::format("Replication thread(s) for channel '{}' are already runnning.", self.name), false});
  }
  {
    const std::lock_guard lock(self.mutex);
    if (threads.io) self.record.io_running = true;
    if (threads.sql) self.record.sql_running = true;
  }
  self.save();
  if (start_io) self.start_io();
  if (start_sql) self.start_sql();
  return notes;
}

Notes Channel::stop(ThreadSelection threads) {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  self.check_usable();
  Notes notes;
  if ((!threads.io || !self.io_is_alive()) && (!threads.sql || !self.sql_is_alive())) {
    notes.push_back(
        {3084, fmt::format("Replication thread(s) for channel '{}' are already stopped.", self.name), false});
  }
  if (threads.io) self.io_thread.request_stop();
  if (threads.sql) self.sql_thread.request_stop();
  if (threads.io) self.io_thread = {};
  if (threads.sql) self.sql_thread = {};
  {
    const std::lock_guard lock(self.mutex);
    if (threads.io) self.record.io_running = false;
    if (threads.sql) self.record.sql_running = false;
  }
  self.save();
  return notes;
}

void Channel::reset() {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  self.check_usable();
  self.must_be_stopped();
  self.require_log();
  self.drop_relay_logs("", binlog::k_first_event_offset);
  log(LogLevel::info, "channel '{}': reset: relay logs removed, position forgotten", self.name);
}

void Channel::retire() {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  self.check_usable();
  self.must_be_stopped();
  if (self.log) {
    self.drop_relay_logs("", binlog::k_first_event_offset);
    self.log->remove_with_lists();
  }
  self.forget_checkpoint();
  const std::lock_guard lock(self.mutex);
  self.retired = true;
  log(LogLevel::info, "channel '{}': removed", self.name);
}

void Channel::start_wanted() {
  auto& self = *implementation_;
  ThreadSelection wanted;
  {
    const std::lock_guard lock(self.mutex);
    wanted = {self.record.io_running, self.record.sql_running};
  }
  if (!wanted.io && !wanted.sql) return;
  try {
    for (const Note& note : start(wanted)) log(LogLevel::warning, "channel '{}': {}", self.name, note.message);
  } catch (const std::exception& error) {
    log(LogLevel::error, "channel '{}': cannot be started again: {}", self.name, error.what());
  }
}

void Channel::request_shutdown() {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  self.io_thread.request_stop();
  self.sql_thread.request_stop();
}

void Channel::join() {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  self.io_thread = {};
  self.sql_thread = {};
}

}  // namespace tributary::channel
