#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "tributary/apply/applier.hpp"

#include "apply_delay.hpp"
#include "batch_builder.hpp"
#include "preserved_gtids.hpp"
#include "row_writer_choice.hpp"
#include "transaction_skipper.hpp"
#include "until_condition.hpp"
#include "worker.hpp"

namespace tributary::apply {

/// Where an attempt begins.
struct AttemptStart {
  relay::RelayPosition from;
  std::string source_file;                                  ///< that the checkpoint names; '': there is none
  std::string gtid_position;                                ///< Checkpoint::gtid there
  std::optional<target::DdlIntent> open_intent;             ///< found in the target
  std::vector<target::PreparedTransaction> prepared;        ///< the same
  std::optional<relay::RelayPosition> alone_through;        ///< transactions that begin up to there are applied alone
  std::optional<relay::RelayPosition> cannot_roll_back_at;  ///< BatchBuilder::cannot_roll_back_at()
  std::optional<relay::RelayPosition> in_order_through;     ///< BatchBuilder::apply_in_order_through()
  std::optional<relay::RelayPosition> tolerant_through;     ///< TolerantRows::apply_through()
};

/// What an attempt works with; all of it outlives the attempt.
struct AttemptEnvironment {
  const ApplierOptions& options;
  relay::RelayLog& log;
  const target::CheckpointStore& store;
  StatusBoard& status;
  const std::function<void(const target::Checkpoint&)>& on_progress;
  std::vector<std::unique_ptr<WorkerSession>>& sessions;  ///< one for each worker; the first is connected
  SqlDialect target;
  TableEngines& engines;
  UntilCondition* until;  ///< null: none
  TransactionSkipper& skipper;
  TableWriterBoard& table_writers;
  const PreservedGtids* gtids;  ///< null: transactions get the target's own
};

/// Thrown when a worker has failed.
struct BatchFailed {
  Failure failure;
};

/// The coordinator between two failures: reads the relay log from a position, hands batches to the workers, until it is
/// stopped or something fails. One thread; it starts and joins the workers.
class Attempt {
 public:
  Attempt(const AttemptEnvironment& environment, const AttemptStart& start);

  /// Returns when @p stop is requested. @throws BatchFailed, ApplyAlone (begin again), UntilReached, and Error from
  /// reading the relay log; the latter two after everything before was applied.
  void run(const std::stop_token& stop);

 private:
  void read();
  void read_to_end();
  void finish_before_error(const Error& error);
  [[noreturn]] void end_at_until();
  void wait_until_due(const relay::RelayEvent& event);
  void feed(const relay::RelayEvent& event);
  RowWritersEnvironment writers_environment();
  RowWriter* make_replacers();
  [[nodiscard]] bool is_declared_applied(const relay::RelayEvent& event) const;
  void end_workers();
  /// When all that may have changed a definition is done.
  target::TargetConnection& definitions_connection();

  const AttemptEnvironment& environment_;
  Pipeline pipeline_;
  std::unique_ptr<target::TargetConnection>
      definitions_connection_;  ///< made when the target's definitions are first asked for
  std::optional<std::stop_callback<std::function<void()>>> on_end_;  ///< ends what that connection waits for
  const Tolerance tolerance_;
  RowWriters writers_;
  std::optional<RowWriters> replacers_;  ///< slave_exec_mode=IDEMPOTENT
  TolerantRows tolerant_rows_;
  BatchBuilder builder_;
  const ApplyDelay delay_;
  EventInterpreter interpreter_;
  WorkerEnvironment worker_environment_;
  std::unique_ptr<relay::RelayCursor> cursor_;
  const char* why_skipped_ = "";  ///< the transaction being read
  std::vector<std::jthread> workers_;
};

}  // namespace tributary::apply
