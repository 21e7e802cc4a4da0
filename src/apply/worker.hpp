#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tributary/target/checkpoint.hpp"

#include "ddl_window.hpp"
#include "pipeline.hpp"
#include "preserved_gtids.hpp"
#include "status_board.hpp"
#include "tolerance.hpp"
#include "worker_session.hpp"

namespace tributary::apply {

/// What the workers of one attempt share; outlives them.
struct WorkerEnvironment {
  const std::string& channel;
  const target::CheckpointStore& store;
  Pipeline& pipeline;
  StatusBoard& status;
  const std::function<void(const target::Checkpoint&)>& on_progress;
  std::optional<target::DdlIntent> open_intent;  ///< found in the target when the attempt began
  std::string rows_session_statement;            ///< BinlogRowWriter::session_statement()
  TableEngines& engines;
  const Tolerance& tolerance;
  const PreservedGtids* gtids;  ///< null: transactions get the target's own
};

/// Executes chunks on one session until its pipeline ends. run() is a thread's body.
class Worker {
 public:
  Worker(const WorkerEnvironment& environment, WorkerSession& session, std::size_t index);

  /// Never throws: a failure ends the pipeline.
  void run() noexcept;

 private:
  /// Thrown when the pipeline ends while a worker waits for its turn.
  struct Ended {};
  /// Thrown when the batch at the head of the order may wait for a lock of this one.
  struct GiveWay {};

  struct FailedRow {
    target::TargetError error;
    std::string what;  ///< complete message
  };

  /// In front of a step whose error may be passed over; each sets its own.
  static constexpr std::string_view k_savepoint = "SAVEPOINT tributary_step;";
  static constexpr std::uint16_t k_lost_connection = 2013;  // CR_SERVER_LOST
  /// Of a batch's statements that are kept until it is committed.
  static constexpr std::size_t k_most_kept_bytes = std::size_t{1} << 20;

  std::optional<Chunk> next_chunk();
  void execute(Chunk& chunk);
  void run_chunk(Chunk& chunk);
  [[nodiscard]] bool may_run_again(const Chunk& chunk) const;
  void run_again(Chunk& chunk);
  void keep(Chunk& chunk);
  void wait_for(const Chunk& chunk, std::uint64_t batch);
  bool is_in_the_way(std::uint64_t head_connection_id);
  bool may_block_a_definition(const TargetCall& call);
  void execute_ddl(const Chunk& chunk);
  /// The statements for it; '' where the source's GTIDs are not kept.
  std::string take_gtid(const Chunk& chunk);
  void look_at_engines(const Chunk& chunk);
  void begin(Chunk& chunk);
  /// Runs the steps on tables without transactions that are not to be in the target's transaction, and holds the
  /// others back. @return whether the target's transaction is not to begin yet.
  bool run_ahead(Chunk& chunk);
  /// Of changes in the transaction that was rolled back in part.
  [[nodiscard]] bool only_sequences_stay() const;
  [[nodiscard]] bool changes_only_without_transactions(const Step& step) const;
  std::string before_transaction(const Chunk& chunk);
  /// @throws Error 1785 for a step that comes too late to run ahead.
  void refuse_behind_others(const Chunk& chunk, const RowsStep& step);
  void run_step(const Chunk& chunk, Step& step);
  void add_rows(const Chunk& chunk, const RowsStep& step);
  void add_tolerant_rows(const Chunk& chunk, const RowsStep& step);
  std::optional<FailedRow> try_rows(const Chunk& chunk, const RowsStep& step);
  [[nodiscard]] bool skips(const SourceStatement& statement, const target::TargetError& error) const;
  void set_savepoint();
  std::string undo_step(const target::TargetError& error);
  void note_passed_over(std::string what);
  void tell_passed_over();
  void add_own_statement(const std::string& sql);
  void run_statement(const Chunk& chunk, const SourceStatement& statement);
  void leave_database(const Chunk& chunk, const SourceStatement& statement);
  void check_database(const SourceStatement& statement, const target::TargetError& error);
  void finish(const Chunk& chunk);
  void commit(const Chunk& chunk);
  void send();
  void note_transaction_sent();
  void must_hold_transaction() const;
  void report(const Chunk& chunk, const Error& error, bool connection_lost, bool transient);

  const WorkerEnvironment& environment_;
  WorkerSession& session_;
  const std::size_t index_;
  DdlWindow ddl_window_;
  std::string packet_;  ///< statements that are not sent yet, each with ';'
  bool packet_has_rows_ = false;
  bool rows_unconfirmed_ = false;          ///< the target transaction has rows
  bool ran_statement_ = false;             ///< the target transaction has a statement of the source
  std::vector<TableName> changed_tables_;  ///< by the target transaction, as far as statements tell
  bool transaction_is_empty_ = true;       ///< nothing of the target transaction was sent yet but its start
  bool in_transaction_ = false;            ///< of the target
  std::vector<Step> held_;                 ///< of chunks before, until what runs ahead of them has run
  std::size_t held_bytes_ = 0;
  bool ran_ahead_ = false;  ///< changes of this transaction are in the target, whatever becomes of the rest
  std::uint64_t transaction_connection_ = 0;  ///< that has what was sent of the open transaction
  bool left_changes_ = false;                 ///< the same, found out when it was to be run again
  /// Chunks before of the batch, for a second run; nothing when they were too large, or hold what is not run twice.
  std::vector<Chunk> kept_;
  std::size_t kept_bytes_ = 0;
  bool keeps_ = true;
  bool has_gtid_ = false;          ///< the target transaction has the source's
  bool ahead_ = false;             ///< a step of the target transaction ran while batches before were not committed
  std::uint64_t batch_ = 0;        ///< being executed
  std::uint32_t runs_again_ = 0;   ///< of this batch
  bool sees_locks_ = true;         ///< the account may ask who waits for a lock
  bool passes_event_ = false;      ///< the rest of an event's steps is passed over
  std::uint64_t passed_over_ = 0;  ///< errors in this batch
  std::string first_passed_over_;  ///< message of the first of them
  std::optional<std::string> located_;  ///< complete message of the error being thrown
};

}  // namespace tributary::apply
