#include "tributary/apply/applier.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/log.hpp"
#include "tributary/util/printable.hpp"

#include "attempt.hpp"
#include "diagnosis.hpp"
#include "failure_text.hpp"
#include "lost_end.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint32_t k_log_every_wait = 30;
constexpr auto k_first_pause = std::chrono::milliseconds(50);
constexpr auto k_longest_pause = std::chrono::milliseconds(5000);
/// Of the relay log, behind a batch that failed with what may be passed over: applied row by row too.
constexpr std::uint64_t k_tolerant_bytes = std::uint64_t{16} << 10;
constexpr std::uint64_t k_most_tolerant_bytes = std::uint64_t{64} << 20;

/// The pause before try number @p count + 1, doubling.
std::chrono::milliseconds pause_after(std::uint32_t count) {
  static constexpr std::uint32_t k_doublings = 7;
  return std::min(k_first_pause * (1 << std::min(count, k_doublings)), k_longest_pause);
}

void sleep(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

/// How often the same place has failed.
struct Retries {
  relay::RelayPosition place;
  std::uint32_t count = 0;

  std::uint32_t at(const relay::RelayPosition& position) {
    count = place == position ? count + 1 : 1;
    place = position;
    return count;
  }
};

/// Thrown for an error that an administrator must mend.
struct GiveUp {
  std::uint16_t code;
  std::string message;
};

}  // namespace

struct Applier::Implementation {
  Implementation(ApplierOptions applier_options, relay::RelayLog& relay_log,
                 std::function<void(const target::Checkpoint&)> progress)
      : options(std::move(applier_options)),
        log(relay_log),
        on_progress(std::move(progress)),
        store(options.channel_uuid, options.channel),
        prepared(options.channel_uuid, options.channel),
        skipper(options.skip_counter),
        tolerance(options) {
    options.workers = std::clamp(options.workers, 1U, target::k_most_workers);
    if (!options.chunk_memory) options.chunk_memory = std::make_shared<ChunkMemory>();
    for (std::uint32_t worker = 0; worker < options.workers; ++worker) {
      sessions.push_back(std::make_unique<WorkerSession>(options, store, told, worker));
    }
  }

  const std::string& channel() const { return options.channel; }

  void run_attempts(const std::stop_token& stop);
  void attempt(const std::stop_token& stop);
  AttemptStart prepare(const std::stop_token& stop);
  void must_not_have_lost(const target::Checkpoint* checkpoint) const;
  void fence_others(const std::stop_token& stop);
  AttemptStart find_start();
  std::vector<target::PreparedTransaction> find_prepared();
  /// @throws Error 1594 when the relay file of the checkpoint is of another source file than the checkpoint says.
  void check_same_log(const AttemptStart& start) const;
  bool wait_received(relay::RelayPosition from, const std::stop_token& stop);
  void target_failed(const target::TargetError& error, const std::stop_token& stop);
  void batch_failed(const Failure& failure, const std::stop_token& stop);
  void locate(const Failure& failure, std::uint32_t count, const std::stop_token& stop);
  void apply_alone(const relay::RelayPosition& through);
  void apply_tolerantly(const Failure& failure);
  SqlDialect target_dialect();
  void disconnect();

  ApplierOptions options;
  relay::RelayLog& log;
  const std::function<void(const target::Checkpoint&)> on_progress;
  const target::CheckpointStore store;
  const target::PreparedTransactionStore prepared;
  StatusBoard status;
  TableEngines engines;
  TransactionSkipper skipper;
  TableWriterBoard table_writers;
  const Tolerance tolerance;

  // The coordinator's own.
  ToldOnce told;
  std::vector<std::unique_ptr<WorkerSession>> sessions;
  bool schema_prepared = false;
  bool fenced = false;  ///< against workers of other runs
  std::uint32_t connect_failures = 0;
  Retries retries;
  std::optional<relay::RelayPosition> alone_through;
  std::optional<relay::RelayPosition> cannot_roll_back_at;
  std::optional<relay::RelayPosition> in_order_through;
  std::optional<relay::RelayPosition> tolerant_through;
  std::uint64_t tolerant_bytes = k_tolerant_bytes;  ///< behind what failed
};

SqlDialect Applier::Implementation::target_dialect() {
  SqlDialect dialect;
  dialect.mariadb = sessions.front()->connection().is_mariadb();
  dialect.server_version = sessions.front()->connection().server_version_number();
  return dialect;
}

void Applier::Implementation::disconnect() {
  for (const auto& session : sessions) session->disconnect();
}

void Applier::Implementation::apply_alone(const relay::RelayPosition& through) {
  alone_through = std::max(alone_through.value_or(through), through);
}

/// Where one fails, more may fail behind it: the range grows as long as that is so.
void Applier::Implementation::apply_tolerantly(const Failure& failure) {
  const relay::RelayPosition& first = failure.first.begin;
  const bool soon_again = tolerant_through && tolerant_through->file_number == first.file_number &&
                          first.offset < tolerant_through->offset + tolerant_bytes;
  tolerant_bytes = soon_again ? std::min(2 * tolerant_bytes, k_most_tolerant_bytes) : k_tolerant_bytes;
  relay::RelayPosition through = failure.last.begin;
  through.offset += tolerant_bytes;
  tolerant_through = std::max(tolerant_through.value_or(through), through);
}

void Applier::Implementation::must_not_have_lost(const target::Checkpoint* checkpoint) const {
  static constexpr const char* k_mend =
      "Bring the target's data into a known state and give the matching position with CHANGE MASTER TO "
      "MASTER_LOG_FILE='...', MASTER_LOG_POS=..., or begin anew with RESET SLAVE";
  const relay::RelayPosition known = std::max(options.known_applied, status.applied().position);
  if (checkpoint != nullptr) {
    // The data are as old as it: a target that was restored, or killed while it did not sync every commit.
    if (checkpoint->position < known) {
      tributary::log(LogLevel::warning,
                     "channel '{}': the target went back to {}:{}, before what was applied; going on from there",
                     channel(), checkpoint->source_file, checkpoint->source_offset);
    }
    return;
  }
  if (known.file_number != 0 && known >= options.start) {
    const auto record = log.file(known.file_number);
    throw Error(
        error_code::k_replica_fatal,
        fmt::format("Fatal error: this channel has applied everything up to {}:{}, but the target's "
                    "tributary.applier_checkpoint has no position of it: everything would be applied once more. Is it "
                    "another target, or was it restored without the schema tributary? {}",
                    record ? record->source_file_name : log.path_of(known.file_number).filename().string(),
                    known.offset, k_mend));
  }
  // Without configured coordinates a channel begins with its first relay file, and only applied ones are purged.
  if (options.start.file_number == 0 && log.begin().file_number > 1) {
    throw Error(
        error_code::k_replica_fatal,
        fmt::format("Fatal error: the target's tributary.applier_checkpoint has no position of this channel, and the "
                    "first relay files do not exist any more; the oldest one is {}. Is it another target, or was it "
                    "restored? {}",
                    log.path_of(log.begin().file_number).filename().string(), k_mend));
  }
}

/// Those of a configuration that the administrator has replaced are forgotten.
std::vector<target::PreparedTransaction> Applier::Implementation::find_prepared() {
  target::TargetConnection& connection = sessions.front()->connection();
  std::vector<target::PreparedTransaction> found = prepared.load(connection);
  const auto first = std::find_if(found.begin(), found.end(),
                                  [this](const auto& transaction) { return transaction.begin >= options.start; });
  if (first == found.begin()) return found;
  for (auto forgotten = found.begin(); forgotten != first; ++forgotten) {
    tributary::log(LogLevel::warning,
                   "channel '{}': the XA transaction {}, prepared at {}:{}, is forgotten with the former position; its "
                   "changes are {}",
                   channel(), forgotten->xid.to_sql(), forgotten->source_file, forgotten->begin.offset,
                   forgotten->applied ? "in the target" : "not in the target, and will not be when it is committed");
  }
  prepared.forget_before(connection, options.start);
  found.erase(found.begin(), first);
  return found;
}

AttemptStart Applier::Implementation::find_start() {
  AttemptStart start;
  target::TargetConnection& connection = sessions.front()->connection();
  const std::optional<target::Checkpoint> checkpoint = store.load(connection);
  // A checkpoint before the configured start belongs to coordinates that the administrator has replaced.
  const bool counts = checkpoint && checkpoint->position >= options.start;
  must_not_have_lost(counts ? &*checkpoint : nullptr);
  if (counts) {
    start.from = checkpoint->position;
    start.gtid_position = checkpoint->gtid;
  } else {
    start.from = options.start.file_number == 0 ? log.begin() : options.start;
    start.gtid_position = options.start_gtid;
  }
  start.open_intent = store.load_intent(connection);
  if (start.open_intent && start.open_intent->statement < start.from) {
    connection.execute(store.clear_intent_statement());
    start.open_intent.reset();
  }
  start.prepared = find_prepared();
  start.alone_through = alone_through;
  start.cannot_roll_back_at = cannot_roll_back_at;
  start.in_order_through = in_order_through;
  start.tolerant_through = tolerant_through;
  if (counts) start.source_file = checkpoint->source_file;
  if (start.from.file_number < log.begin().file_number) {
    throw Error(
        error_code::k_read_relay_log,
        fmt::format("Relay log read failure: the applied position {}:{} is in relay file {}, which does not exist "
                    "any more; the oldest one is {}. Load the target anew and give the matching position with "
                    "CHANGE MASTER, or restore the missing relay files",
                    counts ? checkpoint->source_file : std::string("(start)"), start.from.offset,
                    log.path_of(start.from.file_number).filename().string(),
                    log.path_of(log.begin().file_number).filename().string()));
  }
  status.begin_attempt(counts ? *checkpoint : target::Checkpoint{}, start.from);
  return start;
}

void Applier::Implementation::check_same_log(const AttemptStart& start) const {
  const auto file = log.file(start.from.file_number);
  if (!file || start.source_file.empty() || file->source_file_name == start.source_file) return;
  throw Error(
      error_code::k_read_relay_log,
      fmt::format("Relay log read failure: the target has applied up to {0}:{1} through relay file {2}, but that "
                  "file mirrors {3} here: this data directory is not the one that the target was filled from. "
                  "Give the source's file '{0}' and position {1} with CHANGE MASTER",
                  start.source_file, start.from.offset, file->file_name, file->source_file_name));
}

AttemptStart Applier::Implementation::prepare(const std::stop_token& stop) {
  status.set_stage("Connecting to the target");
  sessions.front()->connect(stop);
  const std::stop_callback on_stop(stop, [this] {
    for (const auto& session : sessions) session->interrupt();
  });
  target::TargetConnection& connection = sessions.front()->connection();
  if (!schema_prepared) {
    store.prepare(connection);
    schema_prepared = true;
  }
  fence_others(stop);
  return find_start();
}

/// Before the checkpoint is read, no worker of before may still commit.
void Applier::Implementation::fence_others(const std::stop_token& stop) {
  const auto others = std::span(sessions).subspan(1);
  if (fenced && std::all_of(others.begin(), others.end(), [](const auto& session) { return session->fenced(); }))
    return;
  for (const auto& session : others) session->disconnect();
  sessions.front()->fence_former_workers(1, stop);
  for (const auto& session : others) session->set_fenced();
  fenced = true;
}

bool Applier::Implementation::wait_received(relay::RelayPosition from, const std::stop_token& stop) {
  static constexpr std::uint32_t k_wait_milliseconds = 60000;
  for (;;) {
    const relay::RelayPosition published = log.published_end();
    if (published > from) return true;
    // The end of the relay log may lie before what is applied: a power failure can take what was not synced. It is
    // received again, byte for byte.
    status.found_end(published);
    status.set_stage(published < from ? "Waiting until what is applied is in the relay log again"
                                      : "Replica has read all relay log; waiting for more updates");
    log.wait_published(published, stop, k_wait_milliseconds);
    if (stop.stop_requested()) return false;
  }
}

void Applier::Implementation::attempt(const std::stop_token& stop) {
  AttemptStart start = prepare(stop);
  connect_failures = 0;
  std::optional<UntilCondition> until;
  if (options.until) {
    until.emplace(*options.until, log);
    const bool joins = options.with_gtids_before && !start.gtid_position.empty();
    const std::string gtids = joins ? options.with_gtids_before(start.gtid_position, start.from) : start.gtid_position;
    if (until->ends_at_start(start.from, gtids)) throw UntilReached{};
  }
  if (!wait_received(start.from, stop)) return;
  check_same_log(start);
  pass_lost_end(start, log, channel());
  std::optional<PreservedGtids> gtids;
  if (options.preserve_gtids) gtids.emplace(sessions.front()->connection());
  const AttemptEnvironment environment{options,          log,           store,
                                       status,           on_progress,   sessions,
                                       target_dialect(), engines,       until ? &*until : nullptr,
                                       skipper,          table_writers, gtids ? &*gtids : nullptr};
  Attempt(environment, start).run(stop);
}

void Applier::Implementation::target_failed(const target::TargetError& error, const std::stop_token& stop) {
  disconnect();
  if (stop.stop_requested()) return;
  const std::string message = fmt::format("Error at the target '{}@{}': {} ({})", options.target.user,
                                          options.target.address(), error.what(), error.code());
  if (!error.transient()) throw GiveUp{error.code(), message};
  if (connect_failures == 0) {
    tributary::log(LogLevel::warning, "channel '{}': {}; trying again until it answers", channel(), message);
  }
  status.set_error(error.code(), message);
  status.set_stage("Waiting to reconnect to the target");
  sleep(pause_after(connect_failures++), stop);
}

void Applier::Implementation::locate(const Failure& failure, std::uint32_t count, const std::stop_token& stop) {
  if (failure.first.can_roll_back) {
    // The diagnosis may itself lose the connection: then the whole road is taken once more.
    sessions.front()->connect(stop);
    WorkerSession& session = *sessions.front();
    // Event by event.
    const bool by_events = options.row_writer == RowWriterMode::automatic && session.may_binlog();
    const RowWriterMode mode = by_events ? RowWriterMode::binlog : options.row_writer;
    RowWriters writers({session.connection().server_version(), target_dialect(), session.statement_limit() / 2, mode,
                        session.may_binlog(), tolerance.any(), false,
                        [&session]() -> target::TargetConnection& { return session.connection_for_names(); }, nullptr});
    const auto found = diagnose(session, log, failure.first, target_dialect(), writers, writers.session_statement(),
                                prepared.load(session.connection()), stop);
    if (found) throw GiveUp{found->code, found->message};
    if (count <= options.transaction_retries) {
      status.retried();
      sleep(pause_after(count - 1), stop);
      return;
    }
  }
  throw GiveUp{failure.code, fmt::format("{} ({}); {}", failure.message, failure.code, place_text(failure.first))};
}

void Applier::Implementation::batch_failed(const Failure& failure, const std::stop_token& stop) {
  if (stop.stop_requested()) return;
  if (failure.ahead && !failure.connection_lost && !failure.left_changes) {
    // What it ran into may be that it ran too early: once more, in order.
    in_order_through = std::max(in_order_through.value_or(failure.last.begin), failure.last.begin);
    if (tolerance.may_pass_over(failure.code)) apply_tolerantly(failure);
    return status.retried();
  }
  const std::uint32_t count = retries.at(failure.first.begin);
  const bool single = failure.first.begin == failure.last.begin;
  const std::string place = place_text(failure.first);
  const std::string what =
      failure.located ? failure.message : fmt::format("{} ({}); {}", failure.message, failure.code, place);
  if (failure.left_changes) {
    // Another try would do them once more.
    const std::string which = single
                                  ? "The transaction was"
                                  : fmt::format("The transactions from {} to {} were", place, place_text(failure.last));
    throw GiveUp{failure.code,
                 fmt::format("{}. {} rolled back, but for changes to tables without transactions in the target: undo "
                             "those, or complete what was rolled back and go on behind it with CHANGE MASTER, or they "
                             "are made twice",
                             what, which)};
  }
  if (failure.connection_lost || failure.transient) {
    // A connection is lost for its own reasons: only when it happens again at the same place is the batch suspected.
    if (!failure.connection_lost || count > 1) apply_alone(failure.last.begin);
    // A lock is waited for as long as somebody holds it: a replica's own patience is far beyond ten short waits.
    const bool waits = failure.code == error_code::k_lock_wait_timeout;
    if (single && !waits && count > options.transaction_retries) {
      throw GiveUp{failure.code, fmt::format("{}; the transaction was tried {} times in vain", what, count)};
    }
    if (!waits || count == 1 || count % k_log_every_wait == 0) {
      tributary::log(LogLevel::warning, "channel '{}': {}; trying again", channel(), printable(what, SIZE_MAX));
    }
    status.retried();
    if (waits) {
      status.set_lock_wait(what + "; trying again");
    } else {
      status.set_error(failure.code, what + "; trying again");
    }
    status.set_stage("Waiting to try the transaction again");
    sleep(pause_after(count - 1), stop);
    return;
  }
  if (tolerance.may_pass_over(failure.code) && (!tolerant_through || *tolerant_through < failure.last.begin)) {
    tributary::log(LogLevel::info, "channel '{}': {}; going on row by row, to pass over it", channel(), what);
    return apply_tolerantly(failure);
  }
  apply_alone(failure.last.begin);
  if (!single) {
    tributary::log(LogLevel::info, "channel '{}': {}; going on with one transaction after another", channel(), what);
    return;
  }
  if (failure.located) throw GiveUp{failure.code, failure.message};
  locate(failure, count, stop);
}

void Applier::Implementation::run_attempts(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      try {
        attempt(stop);
      } catch (const BatchFailed& failed) {
        batch_failed(failed.failure, stop);
      } catch (const ApplyAlone& alone) {
        apply_alone(alone.transaction.begin);
        if (alone.cannot_roll_back) cannot_roll_back_at = alone.transaction.begin;
      }
    } catch (const target::TargetError& error) {
      target_failed(error, stop);
    }
  }
}

Applier::Applier(ApplierOptions options, relay::RelayLog& log,
                 std::function<void(const target::Checkpoint&)> on_progress)
    : implementation_(std::make_unique<Implementation>(std::move(options), log, std::move(on_progress))) {}

Applier::~Applier() = default;

void Applier::run(std::stop_token stop) {  // NOLINT(performance-unnecessary-value-param): the contract of a thread body
  Implementation& self = *implementation_;
  const auto give_up = [&self](std::uint16_t code, const std::string& message) {
    self.status.set_error(code, message);
    log(LogLevel::error, "channel '{}': the applier stops: {}", self.channel(), printable(message, SIZE_MAX));
  };
  self.status.started();
  log(LogLevel::info, "channel '{}': the applier starts, target {}", self.channel(), self.options.target.address());
  try {
    self.run_attempts(stop);
    log(LogLevel::info, "channel '{}': the applier was stopped", self.channel());
  } catch (const UntilReached&) {
    log(LogLevel::info, "channel '{}': the applier stops: all that START SLAVE UNTIL lets pass is applied",
        self.channel());
  } catch (const GiveUp& reason) {
    give_up(reason.code, reason.message);
  } catch (const Error& error) {
    give_up(error.code(), error.what());
  } catch (const std::exception& error) {
    give_up(error_code::k_unknown_error, error.what());
  }
  if (self.sessions.front()->temporary_tables().any()) {
    log(LogLevel::warning,
        "channel '{}': temporary tables of the source are open and lost with the applier's session: statements that "
        "use "
        "them will stop it",
        self.channel());
  }
  self.disconnect();
  self.status.stopped();
}

ApplierStatus Applier::status() const {
  ApplierStatus status = implementation_->status.status(implementation_->log.published_end());
  status.skip_counter = implementation_->skipper.remaining();
  return status;
}

std::vector<TableWriter> Applier::tables() const {
  return implementation_->table_writers.tables();
}

}  // namespace tributary::apply
