// What a worker passes over: slave_exec_mode=IDEMPOTENT and slave_skip_errors.
#include <utility>

#include "tributary/util/log.hpp"
#include "tributary/util/printable.hpp"

#include "worker.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint16_t k_doubled = 1062;  // ER_DUP_ENTRY
constexpr const char* k_to_savepoint = "ROLLBACK TO SAVEPOINT tributary_step";

}  // namespace

/// It goes with what comes next. What waits before is not the step's, and must not fail with it. Outside of a
/// transaction a step is one statement, of one row of a table without transactions.
void Worker::set_savepoint() {
  if (!in_transaction_) return;
  send();
  packet_ = k_savepoint;
}

/// Also finds out whether the error was one that rolls the whole transaction back: then there is no savepoint.
/// @return the error's complete message.
std::string Worker::undo_step(const target::TargetError& error) {
  std::string what = std::exchange(located_, std::nullopt).value_or(error.what());
  packet_.clear();
  packet_has_rows_ = false;
  std::string undo;
  // What replaces rows may have failed before it left this mode.
  if (environment_.tolerance.idempotent() && !session_.connection().is_mariadb()) {
    undo = "SET SESSION rbr_exec_mode = 'STRICT';";
  }
  if (in_transaction_) undo += k_to_savepoint;
  try {
    if (!undo.empty()) session_.execute(undo);
  } catch (const target::TargetError& other) {
    if (other.connection_lost()) throw;
    located_ = std::move(what);
    throw error;
  }
  // The statements in front of the one that failed may not have run.
  session_.context().forget_variables();
  session_.context().forget_database();
  return what;
}

void Worker::note_passed_over(std::string what) {
  if (passed_over_++ == 0) first_passed_over_ = std::move(what);
}

/// When what was passed over is in the target for good.
void Worker::tell_passed_over() {
  const std::uint64_t count = std::exchange(passed_over_, 0);
  if (count == 0) return;
  environment_.status.passed_over(count);
  log(LogLevel::warning, "channel '{}': passed over: {}{}", environment_.channel,
      printable(first_passed_over_, SIZE_MAX),
      count == 1 ? std::string() : ", and " + std::to_string(count - 1) + " more in the same target transaction");
}

bool Worker::skips(const SourceStatement& statement, const target::TargetError& error) const {
  return !ahead_ && environment_.tolerance.skips(error, statement.expected_error);
}

/// @return why not, where the row does not stop the applier.
std::optional<Worker::FailedRow> Worker::try_rows(const Chunk& chunk, const RowsStep& step) {
  try {
    add_rows(chunk, step);
    return std::nullopt;
  } catch (const target::TargetError& error) {
    const Tolerance& tolerance = environment_.tolerance;
    if (ahead_ || !(tolerance.passes_row(error) || tolerance.skips(error))) throw;
    return FailedRow{error, undo_step(error)};
  }
}

void Worker::add_tolerant_rows(const Chunk& chunk, const RowsStep& step) {
  const TolerantRow& row = *step.tolerant;
  if (row.first_of_event) passes_event_ = false;
  if (passes_event_) return;
  set_savepoint();
  std::optional<FailedRow> failed = try_rows(chunk, step);
  if (row.tries_event) passes_event_ = !failed;
  if (!failed || row.tries_event) return;
  const Tolerance& tolerance = environment_.tolerance;
  if (tolerance.idempotent() && failed->error.code() == k_doubled) {
    if (!row.why_not_replaced.empty()) {
      located_ = failed->what + "; slave_exec_mode=IDEMPOTENT cannot replace the row that is there, since " +
                 row.why_not_replaced;
      throw target::TargetError(failed->error);
    }
    if (!row.replacing.empty()) {
      RowsStep replacing;
      replacing.sql = row.replacing;
      replacing.server_id = step.server_id;
      replacing.place = step.place;
      replacing.table = step.table;
      replacing.session = row.session;
      failed = try_rows(chunk, replacing);
      if (!failed) return;
      // Several rows were in the way of one that lacks columns (SqlRowWriter::replacing_tail()).
      if (failed->error.code() == k_doubled && !tolerance.skips(failed->error)) {
        located_ = std::move(failed->what);
        throw target::TargetError(failed->error);
      }
    }
  }
  // As the servers do: of an event that slave_skip_errors lets pass nothing more is applied.
  passes_event_ = !tolerance.passes_row(failed->error);
  note_passed_over(std::move(failed->what));
}

}  // namespace tributary::apply
