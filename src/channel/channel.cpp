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

[[noreturn]] void throw_applier_must_stop(const std::string& channel) {
  throw Error(3085,
              fmt::format("This operation cannot be performed with a running replica sql thread; run STOP REPLICA "
                          "SQL_THREAD FOR CHANNEL '{}' first.",
                          channel));
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
  state::ChannelRecord next = self.copy_of_record();
  // Tools repeat host and port in every statement; only others than before are another source (as in MariaDB).
  const bool new_source = (change.host && *change.host != next.host) || (change.port && *change.port != next.port);
  const bool moves =
      change.host || change.port || change.log_file || change.log_pos || change.gtid_mode || change.start_gtid;
  const bool receives = change.user || change.password || change.connect_retry || change.retry_count ||
                        change.heartbeat_period || !change.link_texts.empty() || !change.link_flags.empty();
  const bool applies = change.sql_delay || !change.settings.empty();
  if (moves || (receives && applies && self.io_is_alive() && self.sql_is_alive())) self.must_be_stopped();
  if (applies && self.sql_is_alive()) throw_applier_must_stop(self.name);
  if (receives && self.io_is_alive()) {
    throw Error(3021,
                fmt::format("This operation cannot be performed with a running replica io thread; run STOP REPLICA "
                            "IO_THREAD FOR CHANNEL '{}' first.",
                            self.name));
  }
  if (change.host) next.host = *change.host;
  if (change.port) next.port = *change.port;
  if (change.user) next.user = *change.user;
  if (change.password) next.password = *change.password;
  if (change.gtid_mode) next.gtid_mode = *change.gtid_mode;
  if (change.connect_retry) next.connect_retry = *change.connect_retry;
  if (change.sql_delay) next.sql_delay = *change.sql_delay;
  if (change.retry_count) next.retry_count = *change.retry_count;
  if (change.heartbeat_period) {
    next.heartbeat_period = *change.heartbeat_period;
  } else if (new_source) {
    next.heartbeat_period = state::ChannelRecord{}.heartbeat_period;
  }

  for (const auto& [member, value] : change.link_texts) next.link.*member = value;
  for (const auto& [member, value] : change.link_flags) next.link.*member = value;

  for (const auto& [setting, value] : change.settings) self.store.save_channel_setting(self.name, setting, value);

  const bool by_gtid = next.gtid_mode != "no";
  // A new source without coordinates is read from its first file; with GTID the position decides, so what was
  // received stays and the receiver goes on from there (a fail-over).
  const bool starts_over = change.log_file || change.log_pos || (new_source && !by_gtid);
  if (change.start_gtid) {
    next.log_file.clear();
    next.log_pos = binlog::k_first_event_offset;
    next.start_gtid = *change.start_gtid;
    self.begin_anew(std::move(next));
  } else if (starts_over) {
    if (change.log_file) {
      next.log_file = *change.log_file;
    } else if (new_source) {
      next.log_file.clear();
    } else {
      self.require_log();
      const std::string file = self.log->received_end().source_file_name;
      if (!file.empty()) next.log_file = file;  // the present Master_Log_File
    }
    next.log_pos = change.log_pos ? *change.log_pos : binlog::k_first_event_offset;
    if (change.log_pos && next.log_file.empty()) {
      throw Error(
          1210, fmt::format("Incorrect arguments to CHANGE REPLICATION SOURCE: the position {} needs the name of a log "
                            "file, since channel '{}' has none",
                            next.log_pos, self.name));
    }
    next.start_gtid.clear();
    self.begin_anew(std::move(next));
  } else {
    self.save(std::move(next));
    if (new_source) {
      // Whether it is another server is known when it has answered.
      const std::lock_guard lock(self.mutex);
      self.receiver.reset();
      // What is received already was written under these settings.
      state::SourceAnswersRecord answers;
      answers.time_zone = self.source_settings->time_zone;
      answers.variables = self.source_settings->variables;
      self.store.save_source_answers(self.name, answers);
    }
  }
  const std::lock_guard lock(self.mutex);
  log(LogLevel::info, "channel '{}': configured: source {}@{}:{}, log file '{}', position {}, GTID {}", self.name,
      self.record.user, self.record.host, self.record.port, self.record.log_file, self.record.log_pos,
      self.record.gtid_mode);
  return {};
}

Notes Channel::start(ThreadSelection threads, const std::optional<apply::Until>& until) {
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
  if (until) self.check_until(*until);
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
  } else if (until && !start_sql) {
    notes.push_back({1279, "SQL thread is not to be started so UNTIL options are ignored", false});
  }
  state::ChannelRecord next = self.copy_of_record();
  if (threads.io) next.io_running = true;
  // UNTIL does not outlive the daemon: an applier that was to stop there must not begin without it by itself.
  const bool ends_by_itself = start_sql ? until.has_value() : self.has_until();
  if (threads.sql) next.sql_running = !ends_by_itself;
  self.save(std::move(next));
  if (start_io) self.start_io();
  if (start_sql) self.start_sql(until);
  return notes;
}

void Channel::set_skip_counter(std::uint32_t events) {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  self.check_usable();
  if (self.sql_is_alive()) throw_applier_must_stop(self.name);
  const std::lock_guard lock(self.mutex);
  if (events > 0 && self.record.gtid_mode == "auto_position") throw_skip_needs_gtid();
  self.skip_counter = events;
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
  state::ChannelRecord next = self.copy_of_record();
  if (threads.io) next.io_running = false;
  if (threads.sql) next.sql_running = false;
  self.save(std::move(next));
  return notes;
}

void Channel::reset() {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  self.check_usable();
  self.must_be_stopped();
  state::ChannelRecord next = self.copy_of_record();
  next.log_file.clear();
  next.log_pos = binlog::k_first_event_offset;
  next.sql_delay = 0;  // as MySQL
  // As MariaDB keeps gtid_slave_pos: what is applied stays applied.
  try {
    next.start_gtid = self.applied_gtids().gtids;
  } catch (const target::TargetError& error) {
    if (next.gtid_mode != "no") {
      throw Error(error.code(),
                  fmt::format("RESET REPLICA: the applied GTID position of channel '{}', with which it would "
                              "begin, cannot be had from the target: {}",
                              self.name, error.what()));
    }
    next.start_gtid.clear();
  }
  self.begin_anew(std::move(next));
  log(LogLevel::info, "channel '{}': reset: relay logs removed, position forgotten", self.name);
}

void Channel::retire() {
  auto& self = *implementation_;
  const std::lock_guard statement(self.statement_mutex);
  {
    const std::lock_guard lock(self.mutex);
    if (self.retired) return;
  }
  self.must_be_stopped();
  const bool opened = self.log != nullptr;
  try {
    self.begin_anew(self.copy_of_record());
    self.log->remove_with_lists();
  } catch (const std::exception& error) {
    if (opened) throw;
    log(LogLevel::warning, "channel '{}': its relay files stay behind: {}", self.name, error.what());
  }
  self.forget_checkpoint();
  const std::lock_guard lock(self.mutex);
  self.retired = true;
  log(LogLevel::info, "channel '{}': removed", self.name);
}

bool Channel::start_wanted(bool again) {
  auto& self = *implementation_;
  ThreadSelection wanted;
  {
    const std::lock_guard lock(self.mutex);
    wanted = {self.record.io_running, self.record.sql_running};
  }
  if (!wanted.io && !wanted.sql) return true;
  try {
    for (const Note& note : start(wanted)) log(LogLevel::warning, "channel '{}': {}", self.name, note.message);
    return true;
  } catch (const std::exception& error) {
    if (!again) {
      log(LogLevel::error, "channel '{}': cannot be started: {}; it is tried again from time to time", self.name,
          error.what());
    }
    return false;
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
