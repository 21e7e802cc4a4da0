#include "worker.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "tributary/target/session.hpp"
#include "tributary/util/crash_point.hpp"
#include "tributary/util/log.hpp"

#include "failure_text.hpp"
#include "source_statement.hpp"

namespace tributary::apply {
namespace {

/// Thrown when the batch must be tried again, by single transactions.
class TryAgain : public Error {
 public:
  using Error::Error;
};

#ifdef TRIBUTARY_CRASH_POINTS
/// Crash tests need the instant between the data and the commit, which otherwise travel in one packet.
constexpr bool k_commit_travels_alone = true;
#else
constexpr bool k_commit_travels_alone = false;
#endif

/// Of rows, unless one statement has more: the target holds a packet several times.
constexpr std::size_t k_packet_bytes = std::size_t{256} << 10;
constexpr std::uint16_t k_bad_null = 1048;  // ER_BAD_NULL_ERROR
/// Of a transaction's changes that wait in memory until those that go ahead of them have come.
constexpr std::size_t k_most_held_bytes = std::size_t{64} << 20;
std::size_t bytes_of(const Step& step) {
  if (const auto* const rows = std::get_if<RowsStep>(&step)) return sizeof(Step) + rows->sql.size();
  if (const auto* const statement = std::get_if<SourceStatement>(&step)) return memory_of(*statement);
  return sizeof(Step) + std::get<OwnStep>(step).sql.size();
}

}  // namespace

Worker::Worker(const WorkerEnvironment& environment, WorkerSession& session, std::size_t index)
    : environment_(environment),
      session_(session),
      index_(index),
      ddl_window_(session, environment.store, environment.gtids, environment.open_intent) {}

void Worker::run() noexcept {
  while (std::optional<Chunk> chunk = next_chunk()) {
    located_.reset();
    try {
      execute(*chunk);
      environment_.pipeline.finished(*chunk);
    } catch (const Ended&) {
      break;
    } catch (const target::TargetError& error) {
      // Of its settings, which no try mends.
      if (error.code() == error_code::k_replica_fatal && !located_) {
        located_ = fmt::format("{}; {}", error.what(), place_text(chunk->first));
      }
      report(*chunk, error, error.connection_lost(), error.transient());
    } catch (const TryAgain& error) {
      report(*chunk, error, false, true);
    } catch (const Error& error) {
      report(*chunk, error, false, false);
    } catch (const std::exception& error) {
      report(*chunk, Error(error_code::k_unknown_error, error.what()), false, false);
    }
  }
  if (in_transaction_) session_.recover();
  environment_.pipeline.left();
}

void Worker::report(const Chunk& chunk, const Error& error, bool connection_lost, bool transient) {
  Failure failure;
  failure.code = error.code();
  failure.sqlstate = error.sqlstate();
  failure.message = located_ ? *located_ : error.what();
  failure.located = located_.has_value();
  failure.connection_lost = connection_lost;
  failure.transient = transient;
  failure.ahead = ahead_;
  failure.first = chunk.first;
  failure.last = chunk.last;
  if (connection_lost) {
    session_.disconnect();
  } else {
    failure.left_changes = (session_.recover() && !only_sequences_stay()) || left_changes_ || ran_ahead_;
  }
  in_transaction_ = false;
  environment_.pipeline.fail(std::move(failure));
}

bool Worker::only_sequences_stay() const {
  // A statement, unlike a row, may change what nobody here knows of, and takes a sequence's next value again.
  return !ran_statement_ && environment_.engines.only_sequences_stay(changed_tables_);
}

void Worker::send() {
  if (packet_.empty()) return;
  note_transaction_sent();
  const WatchedCall call(environment_.pipeline, index_, batch_, session_.connection().connection_id());
  session_.execute(packet_);
  if (packet_.capacity() > 2 * k_packet_bytes) {
    packet_ = {};  // of a large row
  } else {
    packet_.clear();
  }
  packet_has_rows_ = false;
}

void Worker::note_transaction_sent() {
  transaction_is_empty_ = false;
  transaction_connection_ = session_.connection().connection_id();
}

/// Without its beginning the rest of a transaction must never be committed.
void Worker::must_hold_transaction() const {
  if (!in_transaction_ || transaction_is_empty_) return;
  if (session_.connected() && session_.connection().connection_id() == transaction_connection_) return;
  throw target::TargetError(k_lost_connection, "08S01", "Lost connection to the target within a transaction");
}

void Worker::run_chunk(Chunk& chunk) {
  if (!chunk.opens) must_hold_transaction();
  if (!in_transaction_ || chunk.opens) {
    if (!environment_.pipeline.wait_turn(chunk.depends_on)) throw Ended{};
  } else {
    wait_for(chunk, chunk.depends_on);
  }
  environment_.status.applying(chunk.first);
  if (chunk.drops_temporary_tables) session_.drop_temporary_tables(environment_.pipeline.ended());
  packet_.clear();
  packet_has_rows_ = false;
  if (chunk.opens) {
    ahead_ = false;
    passed_over_ = 0;
  }
  if (chunk.ddl) return execute_ddl(chunk);
  look_at_engines(chunk);
  if (chunk.opens) {
    ran_ahead_ = false;
    left_changes_ = false;
    ran_statement_ = false;
    in_transaction_ = false;
    held_.clear();
    held_bytes_ = 0;
  }
  if (!in_transaction_) {
    if (run_ahead(chunk)) return;
    begin(chunk);
  }
  for (Step& step : chunk.steps) run_step(chunk, step);
  if (chunk.end) return finish(chunk);
  send();
}

void Worker::begin(Chunk& chunk) {
  // Not BEGIN: with sql_mode ORACLE that begins a block.
  packet_ = before_transaction(chunk) + take_gtid(chunk) + "START TRANSACTION;";
  transaction_is_empty_ = true;
  in_transaction_ = true;
}

std::string Worker::take_gtid(const Chunk& chunk) {
  std::string take = environment_.gtids == nullptr ? std::string() : environment_.gtids->take(chunk.last.gtid);
  has_gtid_ = !take.empty();
  return take;
}

void Worker::look_at_engines(const Chunk& chunk) {
  if (chunk.opens) changed_tables_.clear();
  changed_tables_.insert(changed_tables_.end(), chunk.tables.begin(), chunk.tables.end());
  if (chunk.tables.empty()) return;
  const TableEngines::Found found = environment_.engines.look_up(session_.connection(), chunk.tables);
  if (!found.without_transactions) return;
  if (environment_.gtids != nullptr) {
    // Such changes take a GTID by themselves, before the rest of their transaction.
    located_ = fmt::format("preserve_gtids is on: a table that it changes has no transactions in the target; {}",
                           place_text(chunk.last));
    throw Error(1235, "42000", *located_);
  }
  const bool one_engine = session_.one_engine_per_transaction();
  const bool several = chunk.first.begin != chunk.last.begin;
  // Nothing can join it any more, and its steps may be in one target transaction. (Where one may be passed over it is
  // known from the start that they cannot be tried twice.)
  if (!one_engine && !environment_.tolerance.any() && !several && chunk.opens && chunk.end) {
    keeps_ = false;
    if (!environment_.pipeline.wait_turn(chunk.batch - 1)) throw Ended{};
    return;
  }
  // Not known when the chunk was made: its row events share statements with those of other tables, and the target's
  // transaction may be other source transactions' too, of this chunk or of later ones.
  if (several || chunk.first.can_roll_back || (one_engine && found.learnt && !ran_ahead_)) {
    throw TryAgain(error_code::k_unknown_error,
                   "a table that it changes has no transactions in the target: it is applied alone, event by event");
  }
}

bool Worker::changes_only_without_transactions(const Step& step) const {
  if (const auto* const rows = std::get_if<RowsStep>(&step)) {
    return rows->place && environment_.engines.known_without_transactions(rows->table);
  }
  const auto* const statement = std::get_if<SourceStatement>(&step);
  if (statement == nullptr || statement->scan.kind != StatementKind::dml || statement->scan.objects.empty())
    return false;
  const target::ObjectName& table = statement->scan.objects.front();
  return environment_.engines.known_without_transactions({table.database, table.name});
}

bool Worker::run_ahead(Chunk& chunk) {
  transaction_is_empty_ = true;
  if (chunk.first.can_roll_back || !session_.one_engine_per_transaction()) return false;
  const auto is_statement = [](const Step& step) { return std::holds_alternative<SourceStatement>(step); };
  // A statement may read what those before it have changed, and those behind it may change what it reads.
  bool behind_others = std::any_of(held_.begin(), held_.end(), is_statement);
  for (Step& step : chunk.steps) {
    const bool is_rows = std::holds_alternative<RowsStep>(step);
    const bool ahead = changes_only_without_transactions(step) && !behind_others && (is_rows || held_.empty());
    if (!ahead) {
      behind_others = behind_others || is_statement(step);
      held_bytes_ += bytes_of(step);
      held_.push_back(std::move(step));
      continue;
    }
    ran_ahead_ = true;  // also where it fails: some of its rows may stay
    run_step(chunk, step);
    send();
  }
  if (!chunk.end && (held_.empty() || held_bytes_ <= k_most_held_bytes)) return true;
  chunk.steps = std::exchange(held_, {});
  return false;
}

void Worker::refuse_behind_others(const Chunk& chunk, const RowsStep& step) {
  static constexpr std::uint16_t k_one_engine = 1785;  // ER_GTID_UNSAFE_NON_TRANSACTIONAL_TABLE
  const std::string message = fmt::format(
      "the table has no transactions in the target, and its changes come behind statements or more than {} MiB of "
      "changes to others in one transaction, which enforce_gtid_consistency=ON of the target does not take: there, "
      "ALTER TABLE ... ENGINE=InnoDB",
      k_most_held_bytes >> 20);
  located_ =
      rows_failure_text(*step.place, chunk.last, step.table.first + "." + step.table.second, k_one_engine, message, {});
  throw Error(k_one_engine, message);
}

std::string Worker::before_transaction(const Chunk& chunk) {
  for (const Step& step : chunk.steps) {
    const auto* const statement = std::get_if<SourceStatement>(&step);
    if (statement != nullptr && statement->context.defines) {
      return session_.context().enter_before_transaction(statement->context);
    }
  }
  return {};
}

void Worker::run_step(const Chunk& chunk, Step& step) {
  wait_for(chunk, dependency_of(step));
  ahead_ = ahead_ || environment_.pipeline.committed() + 1 < chunk.batch;
  if (auto* const rows = std::get_if<RowsStep>(&step)) {
    if (rows->tolerant) {
      add_tolerant_rows(chunk, *rows);
    } else {
      add_rows(chunk, *rows);
    }
    if (rows->sql.size() <= k_most_kept_bytes) return;
    rows->sql = {};
    keeps_ = false;
  } else if (const auto* const own = std::get_if<OwnStep>(&step)) {
    add_own_statement(own->sql);
  } else {
    run_statement(chunk, std::get<SourceStatement>(step));
  }
}

void Worker::add_rows(const Chunk& chunk, const RowsStep& step) {
  if (step.sql.empty() && !step.tolerant)
    throw Error(error_code::k_unknown_error, "rows that were executed already are no longer there");
  if (in_transaction_ && session_.one_engine_per_transaction() && changes_only_without_transactions(step)) {
    refuse_behind_others(chunk, step);
  }
  std::string enter = session_.context().enter_rows(step.server_id, step.session);
  if (!step.session && session_.take_rows_unprepared()) enter += environment_.rows_session_statement + ";";
  // A step of one event goes in a packet of its own, so that an error is known to be its.
  if (packet_.size() + enter.size() + step.sql.size() + 1 > std::min(session_.statement_limit(), k_packet_bytes) ||
      (step.place && packet_ != k_savepoint)) {
    send();
  }
  packet_ += enter;
  packet_ += step.sql;
  packet_ += ';';
  packet_has_rows_ = true;
  rows_unconfirmed_ = true;
  if (!step.place) return;
  try {
    send();
  } catch (const target::TargetError& error) {
    const std::string table = step.table.second.empty() ? "" : step.table.first + "." + step.table.second;
    located_ = rows_failure_text(*step.place, chunk.last, table, error.code(), error.what(), {});
    throw;
  }
}

void Worker::add_own_statement(const std::string& sql) {
  const std::string enter = session_.context().enter_plain();
  if (packet_.size() + enter.size() + sql.size() + 1 > session_.statement_limit()) send();
  packet_ += enter;
  packet_ += sql;
  packet_ += ';';
}

void Worker::leave_database(const Chunk& chunk, const SourceStatement& statement) {
  if (!statement.context.database.empty()) session_.look_again_for(statement.context.database);
  // A session that holds temporary tables cannot be given up: there the statement sees the former default database.
  if (!session_.runs_without_database(statement.context) || !session_.context().has_default_database() ||
      session_.temporary_tables().any()) {
    return;
  }
  if (transaction_is_empty_ && !packet_has_rows_) return session_.reconnect(environment_.pipeline.ended());
  // No session loses its default database inside a transaction: the one before in the batch had it.
  if (chunk.first.begin != chunk.last.begin) {
    throw TryAgain(error_code::k_unknown_database,
                   "the statement's session has no default database, others before it have one");
  }
}

void Worker::check_database(const SourceStatement& statement, const target::TargetError& error) {
  if (error.code() != error_code::k_unknown_database || !statement.context.use_database ||
      statement.context.database.empty())
    return;
  if (session_.runs_without_database(statement.context) || !session_.finds_missing(statement.context.database)) return;
  throw TryAgain(error_code::k_unknown_database,
                 fmt::format("the default database '{}' of the source's session does not exist in the "
                             "target: the statement is tried without one",
                             statement.context.database));
}

void Worker::run_statement(const Chunk& chunk, const SourceStatement& statement) {
  const bool about_temporary_table = statement.scan.kind == StatementKind::temporary_table;
  // Rows that wait go first by themselves, so that an error is known to be the statement's. Nothing may follow the
  // statement in its packet: its text may end in an open comment.
  if (packet_has_rows_) send();
  leave_database(chunk, statement);
  if (environment_.tolerance.skips_any()) set_savepoint();
  note_transaction_sent();
  ran_statement_ = true;
  const WatchedCall call(environment_.pipeline, index_, batch_, session_.connection().connection_id());
  try {
    std::string before = std::exchange(packet_, {});
    if (about_temporary_table) {
      run_temporary_table_statement(session_, statement, std::move(before));
    } else {
      run_source_statement(session_, statement, std::move(before));
    }
  } catch (const target::TargetError& error) {
    check_database(statement, error);
    located_ = statement_failure_text(statement, error.code(), error.what());
    if (!skips(statement, error)) throw;
    note_passed_over(undo_step(error));
  }
}

void Worker::execute_ddl(const Chunk& chunk) {
  const SourceStatement& statement = *chunk.ddl;
  transaction_is_empty_ = true;
  ran_statement_ = true;
  leave_database(chunk, statement);
  try {
    // Where rows follow, in a target transaction of their own, that one has the GTID.
    ddl_window_.run(statement, chunk.end ? take_gtid(chunk) : std::string(), chunk.last.gtid);
  } catch (const target::TargetError& error) {
    check_database(statement, error);
    located_ = statement_failure_text(statement, error.code(), error.what());
    if (!ddl_window_.statement_failed() || !skips(statement, error)) throw;
    note_passed_over(*std::exchange(located_, std::nullopt));
  } catch (const Error& error) {
    located_ = statement_failure_text(statement, error.code(), error.what());
    throw;
  }
  environment_.engines.forget(statement.scan.objects);
  if (!chunk.end) return tell_passed_over();
  const bool unused = std::exchange(has_gtid_, false) && ddl_window_.gtid_is_unused();
  packet_ = (unused ? take_gtid(chunk) : std::string()) + "START TRANSACTION;";
  in_transaction_ = true;
  commit(chunk);
}

void Worker::finish(const Chunk& chunk) {
  if (chunk.end->rolled_back) {
    packet_ += "ROLLBACK;";
    if (environment_.gtids != nullptr) packet_ += environment_.gtids->give_back() + ";";
    // Without a whole transaction it is one that the source never finished.
    has_gtid_ = false;
    if (chunk.end->transactions > 0) packet_ += take_gtid(chunk);
    packet_ += "START TRANSACTION;";
  }
  commit(chunk);
}

void Worker::commit(const Chunk& chunk) {
  const BatchEnd& end = *chunk.end;
  wait_for(chunk, chunk.batch - 1);
  const bool if_strict = std::exchange(rows_unconfirmed_, false) && session_.connection().is_mariadb();
  std::string finish = environment_.store.move_statement(session_.worker(), end.checkpoint, if_strict) + ";";
  if (end.clears_intent) finish += environment_.store.clear_intent_statement() + ";";
  const auto server_id = has_gtid_ ? environment_.gtids->server_id(chunk.last.gtid) : std::nullopt;
  if (server_id) finish += session_.context().enter_server(*server_id);
  if (packet_.size() + finish.size() > session_.statement_limit()) send();
  packet_ += finish;
  try {
    if (k_commit_travels_alone) send();
    crash_point("apply.before_commit");
    packet_ += "COMMIT";
    if (std::exchange(has_gtid_, false)) packet_ += ";" + environment_.gtids->give_back();
    send();
  } catch (const target::TargetError& error) {
    if (if_strict && error.code() == k_bad_null) target::must_not_pass_over_rows(session_.connection());
    throw;
  }
  in_transaction_ = false;
  ran_ahead_ = false;
  crash_point("apply.after_commit");
  environment_.status.committed(end);
  tell_passed_over();
  environment_.on_progress(end.checkpoint);
}

}  // namespace tributary::apply
