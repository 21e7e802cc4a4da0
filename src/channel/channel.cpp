#include "tributary/channel/channel.hpp"

#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "tributary/channel/channel_name.hpp"
#include "tributary/target/checkpoint.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"

#include "channel_implementation.hpp"

namespace tributary::channel {
namespace {

using Clock = std::chrono::steady_clock;

source::SourceOptions::GtidMode parse_gtid_mode(const std::string& mode) {
  using enum source::SourceOptions::GtidMode;
  if (mode == "auto_position") return mysql_auto_position;
  if (mode == "slave_pos") return mariadb_slave_pos;
  if (mode == "current_pos") return mariadb_current_pos;
  return none;
}

state::AppliedRecord to_record(const target::Checkpoint& checkpoint) {
  return {checkpoint.position, checkpoint.source_file, checkpoint.source_offset, checkpoint.gtid,
          checkpoint.source_timestamp};
}

target::Checkpoint to_checkpoint(const state::AppliedRecord& record) {
  return {record.position, record.source_file, record.source_offset, record.gtid, record.source_timestamp};
}

}  // namespace

void Channel::Implementation::open_log() {
  try {
    catalogue = store.relay_catalogue(name);
    relay::RelayLogOptions options;
    options.directory = defaults.datadir;
    options.base_name = relay_base_name(defaults.relay_log_basename, name);
    options.channel = name;
    log = std::make_unique<relay::RelayLog>(std::move(options), *catalogue);
  } catch (const std::exception& error) {
    // A channel is a unit of failure: the others must start all the same.
    log_error = error.what();
    tributary::log(LogLevel::error, "channel '{}': the relay log cannot be opened: {}", name, log_error);
  }
}

void Channel::Implementation::check_usable() const {
  const std::lock_guard lock(mutex);
  if (retired) throw Error(3074, fmt::format("Replica channel '{}' does not exist.", name));
}

void Channel::Implementation::require_log() const {
  if (!log)
    throw Error(1872, fmt::format("Replica failed to initialize the relay log of channel '{}': {}", name, log_error));
}

void Channel::Implementation::must_be_stopped() const {
  if (io_is_alive() || sql_is_alive()) {
    throw Error(3081,
                fmt::format("This operation cannot be performed with running replication threads; run STOP REPLICA "
                            "FOR CHANNEL '{}' first",
                            name));
  }
}

void Channel::Implementation::save() {
  const std::lock_guard lock(mutex);
  store.save_channel(record);
}

void Channel::Implementation::on_progress(const target::Checkpoint& checkpoint) {
  static constexpr auto k_mirror_interval = std::chrono::seconds(1);
  bool save_now = false;
  bool next_file = false;
  {
    const std::lock_guard lock(mutex);
    next_file = checkpoint.position.file_number != mirror.position.file_number;
    mirror = checkpoint;
    if (Clock::now() - mirror_saved_at >= k_mirror_interval) {
      mirror_saved_at = Clock::now();
      save_now = true;
    }
  }
  if (save_now) save_mirror();
  if (next_file && defaults.relay_log_purge) log->purge_before(checkpoint.position.file_number);
}

void Channel::Implementation::save_mirror() {
  target::Checkpoint checkpoint;
  {
    const std::lock_guard lock(mutex);
    checkpoint = mirror;
  }
  if (checkpoint.position.file_number == 0) return;
  try {
    store.save_applied(name, to_record(checkpoint));
  } catch (const std::exception& error) {
    // The target owns the fact; without the copy only the status shown while the target is away is older.
    tributary::log(LogLevel::warning, "channel '{}': the applied position cannot be copied to the state store: {}",
                   name, error.what());
  }
}

void Channel::Implementation::start_io() {
  source::SourceOptions options;
  {
    const std::lock_guard lock(mutex);
    options.channel = name;
    options.host = record.host;
    options.port = record.port;
    options.user = record.user;
    options.password = record.password;
    options.connect_retry = record.connect_retry;
    options.retry_count = record.retry_count;
    options.heartbeat_period = record.heartbeat_period;
    options.server_id = defaults.server_id;
    options.server_uuid = record.uuid;
    options.report_host = defaults.report_host;
    options.report_port = defaults.report_port;
    options.gtid_mode = parse_gtid_mode(record.gtid_mode);
    options.start_file = record.log_file;
    options.start_position = record.log_pos;
    options.start_gtid = mirror.gtid;
  }
  io_thread = {};  // joins the last run
  auto next =
      std::make_shared<source::Receiver>(std::move(options), *log, [this](const source::SourceAnswers& answers) {
        store.save_source_answers(name, {answers.version, answers.server_id, answers.server_uuid, answers.checksum});
      });
  {
    const std::lock_guard lock(mutex);
    receiver = next;
    io_alive = true;
  }
  io_thread = std::jthread([this, next](const std::stop_token& stop) {
    next->run(stop);
    const std::lock_guard lock(mutex);
    io_alive = false;
  });
}

void Channel::Implementation::start_sql() {
  apply::ApplierOptions options;
  {
    const std::lock_guard lock(mutex);
    options.channel = name;
    options.daemon_uuid = record.uuid;
    options.target = *defaults.target;
    options.workers = defaults.parallel_workers;
    options.start = {record.start_file_number, binlog::k_first_event_offset};
  }
  sql_thread = {};
  auto next = std::make_shared<apply::Applier>(
      std::move(options), *log, [this](const target::Checkpoint& checkpoint) { on_progress(checkpoint); });
  {
    const std::lock_guard lock(mutex);
    applier = next;
    sql_alive = true;
  }
  sql_thread = std::jthread([this, next](const std::stop_token& stop) {
    next->run(stop);
    save_mirror();
    const std::lock_guard lock(mutex);
    sql_alive = false;
  });
}

void Channel::Implementation::drop_relay_logs(const std::string& log_file, std::uint64_t log_pos) {
  {
    const std::lock_guard lock(mutex);
    receiver.reset();
    applier.reset();
    mirror = {};
  }
  const std::uint64_t next_number = catalogue->last_number() + 1;
  // The configuration goes first: should the daemon die before the files are gone, they lie before the start.
  {
    const std::lock_guard lock(mutex);
    record.log_file = log_file;
    record.log_pos = log_pos;
    record.start_file_number = next_number;
  }
  save();
  log->remove_all();
  store.remove_applied(name);
}

void Channel::Implementation::forget_checkpoint() const {
  if (!defaults.target) return;
  try {
    target::TargetOptions options = *defaults.target;
    options.connect_timeout = 3;
    target::TargetConnection connection(options);
    target::CheckpointStore(record.uuid, name).forget(connection);
  } catch (const std::exception& error) {
    // Its rows are keyed by this channel's uuid, which no other channel will ever have: they are only litter.
    tributary::log(LogLevel::warning, "channel '{}': its rows in the target's schema tributary stay behind: {}", name,
                   error.what());
  }
}

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
