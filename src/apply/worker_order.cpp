// What a worker does about the others: waiting for its turn, giving way, running again what it did too early.
#include <chrono>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "worker.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint16_t k_error_during_commit = 1180;  // ER_ERROR_DURING_COMMIT
constexpr std::uint16_t k_deadlock = 1213;             // ER_LOCK_DEADLOCK
constexpr std::uint16_t k_access_denied = 1227;        // ER_SPECIFIC_ACCESS_DENIED_ERROR
constexpr std::uint16_t k_table_access_denied = 1142;  // ER_TABLEACCESS_DENIED_ERROR
/// A worker beyond the first that has nothing to do for so long ends its session.
constexpr auto k_idle = std::chrono::milliseconds(10000);
/// Until it is tried again to open one.
constexpr auto k_wait_for_slot = std::chrono::milliseconds(200);
/// A call of the head of the order to the target that takes longer may wait for a lock of a worker behind it.
constexpr auto k_stall = std::chrono::milliseconds(20);
/// The same where the account may not ask the target for what the head waits.
constexpr auto k_blind_stall = std::chrono::milliseconds(500);
/// Of a head that waits for a definition, after half a second: each time is 150 ms after the one before.
constexpr std::uint32_t k_told_until_definition = 4;
/// A batch that is a deadlock's victim is run again at once so often; after that it is tried by single transactions.
constexpr std::uint32_t k_most_runs_again = 3;

}  // namespace

/// The first worker is always connected, the others while there is work for them.
std::optional<Chunk> Worker::next_chunk() {
  if (index_ == 0) return environment_.pipeline.next(index_);
  for (;;) {
    switch (environment_.pipeline.wait_work(index_, session_.connected(), k_idle)) {
      case Pipeline::Work::ended:
        return std::nullopt;
      case Pipeline::Work::none:
        session_.close();
        break;
      case Pipeline::Work::ready:
        if (!session_.connected() && !session_.open(environment_.pipeline.ended())) {
          environment_.pipeline.pause(k_wait_for_slot);
        } else if (auto chunk = environment_.pipeline.try_next(index_)) {
          return chunk;
        }
        break;
    }
  }
}

void Worker::execute(Chunk& chunk) {
  if (chunk.opens) {
    kept_.clear();
    kept_bytes_ = 0;
    keeps_ = true;
    runs_again_ = 0;
    batch_ = chunk.batch;
  }
  try {
    run_chunk(chunk);
  } catch (const GiveWay&) {
    run_again(chunk);
  } catch (const target::TargetError& error) {
    const bool deadlock = error.code() == k_deadlock && runs_again_ < k_most_runs_again;
    // Whether it is committed then, the checkpoint tells.
    const bool undecided = error.connection_lost() || error.code() == k_error_during_commit;
    if (undecided || !(ahead_ || deadlock) || !may_run_again(chunk)) throw;
    run_again(chunk);
  }
  keep(chunk);
}

bool Worker::may_run_again(const Chunk& chunk) const {
  return keeps_ && !chunk.ddl && chunk.first.can_roll_back && !ran_statement_ && !ran_ahead_;
}

void Worker::run_again(Chunk& chunk) {
  ++runs_again_;
  located_.reset();
  if (session_.recover() && !only_sequences_stay()) {
    left_changes_ = true;
    throw Error(error_code::k_unknown_error, "the target could not roll back all of a transaction");
  }
  in_transaction_ = false;
  if (!session_.connected()) throw target::TargetError(k_lost_connection, "08S01", "Lost connection to the target");
  environment_.status.retried();
  // Behind all before it nothing of this channel is in its way.
  if (!environment_.pipeline.wait_turn(chunk.batch - 1)) throw Ended{};
  try {
    for (Chunk& before : kept_) run_chunk(before);
    run_chunk(chunk);
  } catch (const target::TargetError& error) {
    if (error.code() != k_deadlock || runs_again_ >= k_most_runs_again || !may_run_again(chunk)) throw;
    run_again(chunk);
  }
}

void Worker::keep(Chunk& chunk) {
  if (chunk.end || chunk.ddl || !keeps_) return;
  kept_bytes_ += chunk.bytes;
  if (kept_bytes_ > k_most_kept_bytes || ran_statement_ || ran_ahead_) {
    keeps_ = false;
    return kept_.clear();
  }
  // The original still tells the pipeline what it is.
  std::vector<Step> steps = std::move(chunk.steps);
  chunk.steps.clear();
  kept_.push_back(chunk);
  kept_.back().steps = std::move(steps);
}

/// The head of the order waits for a lock, and somebody for one of this session. (Not only the head: workers of another
/// channel may wait for it, and it for those behind them.)
bool Worker::is_in_the_way(std::uint64_t head_connection_id) {
  target::TargetConnection& connection = session_.connection();
  if (!sees_locks_) return true;
  const std::string head = fmt::format(
      "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = {} AND trx_state = 'LOCK WAIT'",
      head_connection_id);
  // Not CONNECTION_ID(), which is the session's pseudo_thread_id.
  const std::string waits = fmt::format(
      "SELECT 1 FROM {} w JOIN information_schema.INNODB_TRX t ON t.trx_id = w.{} WHERE t.trx_mysql_thread_id = {} "
      "LIMIT 1",
      connection.is_mariadb() ? "information_schema.INNODB_LOCK_WAITS" : "performance_schema.data_lock_waits",
      connection.is_mariadb() ? "blocking_trx_id" : "BLOCKING_ENGINE_TRANSACTION_ID", connection.connection_id());
  try {
    return !connection.query(head).empty() && !connection.query(waits).empty();
  } catch (const target::TargetError& error) {
    if (error.code() != k_access_denied && error.code() != k_table_access_denied) throw;
    sees_locks_ = false;
    return false;
  }
}

/// The head of the order waits for a metadata lock: it may be behind an ALTER TABLE of somebody else that waits for
/// this session's transaction. Who waits for whom there the servers do not tell every account.
bool Worker::may_block_a_definition(const TargetCall& call) {
  if (call.told < k_told_until_definition) return false;
  target::TargetConnection& connection = session_.connection();
  for (const target::Row& row : connection.query("SHOW PROCESSLIST")) {
    constexpr std::size_t k_id = 0;
    constexpr std::size_t k_state = 6;
    if (row.size() > k_state && row[k_id] == std::to_string(call.connection_id) && row[k_state]) {
      return row[k_state]->find("metadata lock") != std::string::npos;
    }
  }
  return false;
}

/// Blocks until @p batch is committed. A later batch may hold a lock that the head of the order needs, which must win.
void Worker::wait_for(const Chunk& chunk, std::uint64_t batch) {
  if (environment_.pipeline.committed() >= batch) return;
  if (packet_has_rows_) send();  // the target works on it meanwhile
  if (!in_transaction_ || transaction_is_empty_) {
    if (!environment_.pipeline.wait_turn(batch)) throw Ended{};
    return;
  }
  TargetCall call;
  for (;;) {
    switch (environment_.pipeline.wait_turn(batch, sees_locks_ ? k_stall : k_blind_stall, call)) {
      case Pipeline::Turn::come:
        return;
      case Pipeline::Turn::ended:
        throw Ended{};
      case Pipeline::Turn::stalled:
        if (may_run_again(chunk) && (is_in_the_way(call.connection_id) || may_block_a_definition(call))) {
          throw GiveWay{};
        }
    }
  }
}

}  // namespace tributary::apply
