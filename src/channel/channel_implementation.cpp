#include "channel_implementation.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "tributary/channel/channel_name.hpp"
#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/source/gtids_before.hpp"
#include "tributary/target/checkpoint.hpp"
#include "tributary/util/crash_point.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"

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

source::LinkOptions to_link_options(const state::SourceLinkRecord& record) {
  source::LinkOptions link;
  link.tls = record.ssl;
  link.ca = record.ssl_ca;
  link.ca_path = record.ssl_capath;
  link.certificate = record.ssl_cert;
  link.key = record.ssl_key;
  link.cipher = record.ssl_cipher;
  link.crl = record.ssl_crl;
  link.crl_path = record.ssl_crlpath;
  link.verify_server = record.ssl_verify_server_cert;
  link.tls_versions = record.tls_version;
  link.public_key_file = record.public_key_path;
  link.may_ask_public_key = record.get_public_key;
  link.may_compress = record.compression_algorithms.find("zlib") != std::string::npos;
  link.must_compress = record.compression_algorithms.find("uncompressed") == std::string::npos;
  link.bind_address = record.bind;
  return link;
}

state::AppliedRecord to_record(const target::Checkpoint& checkpoint) {
  return {checkpoint.position, checkpoint.source_file, checkpoint.source_offset, checkpoint.gtid,
          checkpoint.source_timestamp};
}

/// "host-relay-bin" of "host-relay-bin.000001".
std::string base_of(const std::string& relay_file) {
  return relay_file.substr(0, relay_file.rfind('.'));
}

}  // namespace

relay::RelayLogOptions Channel::Implementation::log_options(relay::RelayCatalogue& files) const {
  relay::RelayLogOptions options;
  options.directory = defaults.datadir;
  options.base_name = relay_base_name(defaults.relay_log_basename, name);
  options.channel = name;
  options.first_file_number = record.start_file_number;
  // Files keep the name that they were made with, also when the host's name or the option changes.
  const auto records = files.load();
  if (const std::string made_with = records.empty() ? "" : base_of(records.back().file_name);
      !made_with.empty() && made_with != options.base_name) {
    tributary::log(LogLevel::warning,
                   "channel '{}': its relay files are named {}.*, not {}.*; that name stays until RESET SLAVE ALL",
                   name, made_with, options.base_name);
    options.base_name = made_with;
  }
  return options;
}

void Channel::Implementation::open_log() {
  try {
    auto next_catalogue = store.relay_catalogue(name);
    relay::RelayLogOptions options = log_options(*next_catalogue);
    auto next_log = std::make_shared<relay::RelayLog>(std::move(options), *next_catalogue);
    const std::lock_guard lock(mutex);
    catalogue = std::move(next_catalogue);
    log = std::move(next_log);
    log_error.clear();
  } catch (const std::exception& error) {
    // A channel is a unit of failure: the others must start all the same.
    const std::lock_guard lock(mutex);
    log_error = error.what();
    tributary::log(LogLevel::error, "channel '{}': the relay log cannot be opened: {}", name, log_error);
  }
}

void Channel::Implementation::check_usable() const {
  const std::lock_guard lock(mutex);
  if (retired) throw Error(3074, fmt::format("Replica channel '{}' does not exist.", name));
}

void Channel::Implementation::require_log() {
  if (!log) open_log();
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

state::ChannelRecord Channel::Implementation::copy_of_record() const {
  const std::lock_guard lock(mutex);
  return record;
}

void Channel::Implementation::save(state::ChannelRecord next) {
  store.save_channel(next);
  const std::lock_guard lock(mutex);
  record = std::move(next);
}

void Channel::Implementation::on_progress(const target::Checkpoint& checkpoint) {
  static constexpr auto k_mirror_interval = std::chrono::seconds(1);
  bool save_now = false;
  const auto needed = [](const target::Checkpoint& at) {
    return std::min(at.position.file_number, at.needed_from.value_or(at.position.file_number));
  };
  bool needs_less = false;
  {
    const std::lock_guard lock(mutex);
    needs_less = needed(checkpoint) != needed(mirror);
    mirror = checkpoint;
    if (Clock::now() - mirror_saved_at >= k_mirror_interval) {
      mirror_saved_at = Clock::now();
      save_now = true;
    }
  }
  if (save_now) save_mirror();
  if (needs_less && defaults.relay_log_purge) log->purge_before(needed(checkpoint));
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

void Channel::Implementation::keep_answers(const source::SourceAnswers& answers) {
  state::SourceAnswersRecord kept{answers.version,  answers.server_id, answers.server_uuid,
                                  answers.checksum, answers.time_zone, answers.variables};
  // What it does not say this time, it said before.
  const auto former = store.source_answers(name);
  if (former && former->server_id == kept.server_id && former->server_uuid == kept.server_uuid) {
    if (kept.time_zone.empty()) kept.time_zone = former->time_zone;
    if (kept.variables.empty()) kept.variables = former->variables;
  }
  set_source_settings(kept.time_zone, kept.variables);
  store.save_source_answers(name, kept);
}

void Channel::Implementation::set_source_settings(const std::string& time_zone, const std::string& variables) {
  auto next = std::make_shared<const apply::SourceSettings>(apply::SourceSettings{time_zone, variables});
  const std::lock_guard lock(mutex);
  source_settings = std::move(next);
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
    options.report_port = defaults.report_port ? defaults.report_port() : std::uint16_t{0};
    options.gtid_mode = parse_gtid_mode(record.gtid_mode);
    options.start_file = record.log_file;
    options.start_position = record.log_pos;
    options.start_gtid = record.start_gtid;
    options.link = to_link_options(record.link);
  }
  options.applied_gtids = [this](const std::stop_token& stop) -> source::AppliedGtids {
    {
      const std::lock_guard lock(mutex);
      if (mirror.position.file_number == 0) return {{}, record.start_gtid};  // nothing was applied yet
    }
    return applied_gtids(stop);
  };
  io_thread = {};  // joins the last run
  auto next = std::make_shared<source::Receiver>(
      std::move(options), *log, [this](const source::SourceAnswers& answers) { keep_answers(answers); });
  {
    const std::lock_guard lock(mutex);
    receiver = next;
    io_alive = true;
  }
  try {
    io_thread = std::jthread([this, next](const std::stop_token& stop) {
      next->run(stop);
      const std::lock_guard lock(mutex);
      io_alive = false;
    });
  } catch (...) {
    const std::lock_guard lock(mutex);
    io_alive = false;
    throw;
  }
}

void Channel::Implementation::start_sql(const std::optional<apply::Until>& condition) {
  apply::ApplierOptions options;
  SettingValues settings = store.channel_settings(name);
  settings.merge(store.global_settings());
  settings.merge(default_settings(defaults.parallel_workers, defaults.row_writer));
  put_settings(settings, options);
  {
    const std::lock_guard lock(mutex);
    options.channel = name;
    options.channel_uuid = record.uuid;
    options.target = *defaults.target;
    options.worker_slots = defaults.worker_slots;
    options.chunk_memory = defaults.chunk_memory;
    options.start = {record.start_file_number, binlog::k_first_event_offset};
    options.start_gtid = record.start_gtid;
    options.known_applied = mirror.position;
    options.delay = record.sql_delay;
    options.skip_counter = skip_counter;
    if (defaults.skipped_gtids) {
      options.is_declared_applied = [skipped = defaults.skipped_gtids](const gtid::MysqlGtid& gtid) {
        return skipped->contains(gtid);
      };
    }
    options.clock_difference = [this] {
      std::shared_ptr<source::Receiver> current;
      {
        const std::lock_guard guard(mutex);
        current = receiver;
      }
      return current ? current->status().clock_difference : 0;
    };
    options.until = condition;
    options.with_gtids_before = [this](const std::string& gtids, const relay::RelayPosition& place) {
      return with_gtids_before(gtids, place);
    };
    options.source_settings = [this] {
      const std::lock_guard guard(mutex);
      return source_settings;
    };
  }
  sql_thread = {};
  const std::uint32_t started_workers = std::min(options.workers, target::k_most_workers);
  auto next = std::make_shared<apply::Applier>(
      std::move(options), *log, [this](const target::Checkpoint& checkpoint) { on_progress(checkpoint); });
  {
    const std::lock_guard lock(mutex);
    applier = next;
    until = condition;
    workers = started_workers;
    skip_counter = 0;
    sql_alive = true;
  }
  try {
    sql_thread = std::jthread([this, next](const std::stop_token& stop) {
      next->run(stop);
      save_mirror();
      const std::lock_guard lock(mutex);
      sql_alive = false;
    });
  } catch (...) {
    const std::lock_guard lock(mutex);
    sql_alive = false;
    throw;
  }
}

void throw_skip_needs_gtid() {
  throw Error(1858,
              "sql_slave_skip_counter can not be set when the server is running with @@GLOBAL.GTID_MODE = ON. Instead, "
              "for each transaction that you want to skip, generate an empty transaction with the same GTID as the "
              "transaction");
}

void Channel::Implementation::begin_anew(state::ChannelRecord next) {
  const auto files = store.relay_catalogue(name);
  next.start_file_number = relay::RelayLog::last_number(log_options(*files), *files) + 1;
  // The configuration goes first: should the daemon die before the files are gone, they lie before the start.
  save(std::move(next));
  {
    const std::lock_guard lock(mutex);
    receiver.reset();
    applier.reset();
    until.reset();
    skip_counter = 0;
    mirror = {};
  }
  crash_point("channel.begin_anew");
  try {
    if (log) {
      log->remove_all();
    } else {
      require_log();  // without a look at them: they lie before the start
    }
  } catch (...) {
    // Opening it again removes them, or says why that cannot be.
    const std::lock_guard lock(mutex);
    log.reset();
    if (log_error.empty()) log_error = "its former files could not be removed";
    throw;
  }
  store.remove_applied(name);
}

target::TargetOptions Channel::Implementation::options_for_a_question() const {
  // A statement waits for the answer, or a thread that is to stop.
  target::TargetOptions options = *defaults.target;
  options.connect_timeout = 3;
  options.read_timeout = options.write_timeout = 10;
  return options;
}

source::AppliedGtids Channel::Implementation::applied_gtids(const std::stop_token& stop) const {
  const state::ChannelRecord configured = copy_of_record();
  if (!defaults.target) return {{}, configured.start_gtid};
  target::TargetConnection connection(options_for_a_question(), stop);
  const std::stop_callback interrupt(stop, [&connection] { connection.interrupt(); });
  const target::CheckpointStore checkpoints(configured.uuid, name);
  std::optional<target::Checkpoint> checkpoint;
  try {
    checkpoint = checkpoints.load(connection);
  } catch (const target::TargetError& error) {
    // ER_NO_SUCH_TABLE: no channel has applied anything there yet.
    if (error.code() != 1146) throw;
  }
  const bool counts = checkpoint && checkpoint->position.file_number >= configured.start_file_number;
  source::AppliedGtids applied;
  if (counts) applied.position = checkpoint->position;
  applied.gtids = with_gtids_before(counts ? checkpoint->gtid : configured.start_gtid, applied.position);
  return applied;
}

std::string Channel::Implementation::with_gtids_before(const std::string& applied,
                                                       const relay::RelayPosition& position) const {
  std::shared_ptr<relay::RelayLog> open;
  {
    const std::lock_guard lock(mutex);
    open = log;
  }
  // The checkpoint knows what was applied since the channel began; the relay file tells what stood before that.
  std::string before;
  try {
    before =
        open ? source::gtids_before(*open, position.file_number == 0 ? open->begin().file_number : position.file_number)
             : recorded_before(position);
  } catch (const Error& error) {
    if (copy_of_record().gtid_mode != "no") throw;
    tributary::log(LogLevel::warning, "channel '{}': the GTIDs before what was applied are not known: {}", name,
                   error.what());
  }
  if (before.empty() || applied.empty()) return before.empty() ? applied : before;
  const auto of_mysql = [](const std::string& gtids) { return gtids.find(':') != std::string::npos; };
  if (of_mysql(before) != of_mysql(applied)) return applied;
  if (of_mysql(applied)) {
    auto set = gtid::MysqlGtidSet::parse(before);
    set.add(gtid::MysqlGtidSet::parse(applied));
    return set.to_string();
  }
  auto whole = gtid::MariadbGtidPosition::parse(before);
  const auto since = gtid::MariadbGtidPosition::parse(applied);
  for (const auto& [domain, gtid] : since.domains()) whole.update(gtid);
  return whole.to_string();
}

std::string Channel::Implementation::recorded_before(const relay::RelayPosition& position) const {
  const auto catalogued = store.relay_catalogue(name);
  const auto records = relay::RelayLog::recorded_files(log_options(*catalogued));
  const auto found = std::find_if(records.begin(), records.end(), [&](const relay::RelayFileRecord& one) {
    return position.file_number == 0 || one.file_number == position.file_number;
  });
  if (found != records.end()) return found->gtid_before;
  if (records.empty()) return {};
  throw Error(error_code::k_read_relay_log,
              fmt::format("what was applied before relay file {} of channel '{}', which cannot be opened, is not "
                          "known; set GTID_PURGED or GTID_SLAVE_POS, or coordinates, with CHANGE REPLICATION SOURCE TO",
                          position.file_number, name));
}

void Channel::Implementation::forget_checkpoint() const {
  if (!defaults.target) return;
  try {
    target::TargetConnection connection(options_for_a_question());
    target::CheckpointStore(record.uuid, name).forget(connection);
  } catch (const std::exception& error) {
    // Its rows are keyed by this channel's uuid, which no other channel will ever have: they are only litter.
    tributary::log(LogLevel::warning, "channel '{}': its rows in the target's schema tributary stay behind: {}", name,
                   error.what());
  }
}

}  // namespace tributary::channel
