#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "tributary/apply/row_writer.hpp"

#include "dependency_tracker.hpp"
#include "event_interpreter.hpp"
#include "pipeline.hpp"
#include "preserved_gtids.hpp"
#include "row_counter.hpp"
#include "status_board.hpp"
#include "temporary_tables.hpp"
#include "tolerance.hpp"

namespace tributary::apply {

struct BatchLimits {
  std::uint32_t transactions = 100;
  std::uint64_t bytes = std::uint64_t{4} << 20;  ///< of the source's events
  std::uint32_t rows = UINT32_MAX;               ///< the largest: not counted
  std::size_t workers = 1;                       ///< each has one batch at most that is not committed
  bool one_engine_per_transaction = false;       ///< WorkerSession::one_engine_per_transaction()
  const PreservedGtids* gtids = nullptr;         ///< null: transactions get the target's own
};

/// Thrown when a transaction turns out, after parts of it have joined a batch, to be one that must be applied alone:
/// reading begins again at the checkpoint.
struct ApplyAlone {
  TransactionStart transaction;
  /// It must also be known from its begin that it cannot be rolled back.
  bool cannot_roll_back = false;
};

/// Thrown when the pipeline has ended: because of a failure of a worker, or because the applier is to stop.
struct PipelineEnded {};

/// Groups source transactions into batches and hands them to the workers: at once while a worker waits for work, else
/// as many as fit the limits. Keeps transactions whole.
class BatchBuilder : public TransactionHandler {
 public:
  BatchBuilder(const BatchLimits& limits, RowWriter& writer, Pipeline& pipeline, StatusBoard& status,
               const TableEngines& engines, target::PreparedTransactionStore prepared, DependencyTracker dependencies);

  /// The interpreter that feeds this: it knows the checkpoint. Call before the first event.
  void set_interpreter(EventInterpreter& interpreter) { interpreter_ = &interpreter; }
  /// Transactions that begin at or before @p last are applied alone.
  void apply_alone_through(std::optional<relay::RelayPosition> last) { alone_through_ = last; }
  /// The transaction that begins there changes tables without transactions in the target.
  void cannot_roll_back_at(std::optional<relay::RelayPosition> begin) { cannot_roll_back_at_ = begin; }

  /// Transactions that begin at or before @p last wait for all before them, and all behind for them.
  void apply_in_order_through(std::optional<relay::RelayPosition> last) { in_order_through_ = last; }

  /// Null: every error of a row stops the applier.
  void set_tolerant_rows(TolerantRows* rows) { tolerant_rows_ = rows; }

  /// What the first worker's session holds from before.
  void set_temporary_tables(const TemporaryTables& tables) { temporary_tables_ = tables; }

  /// True when whole transactions wait to be handed over.
  [[nodiscard]] bool has_whole_transactions() const { return whole_ > 0; }
  /// True when parts of a transaction that is not whole are in the batch, or with a worker.
  [[nodiscard]] bool has_partial_transaction() const { return has_steps_; }
  /// Hands over what is whole. Only while there is no partial transaction.
  void hand_over() { close(false); }
  /// The last batch that was begun; earlier ones were handed over completely.
  [[nodiscard]] std::uint64_t current_batch() const { return batch_; }
  /// The last batch that may have changed a definition; one that is not handed over is not among them.
  [[nodiscard]] std::uint64_t last_definition_change() const { return dependencies_.last_definition_change(); }

  void on_begin(const TransactionStart& start) override;
  void on_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) override;
  void on_rows(const EventPlace& place, const binlog::EventView& event,
               const binlog::FormatDescription& source) override;
  void on_statement(SourceStatement statement) override;
  void on_ddl(SourceStatement statement) override;
  void wait_for_more(relay::RelayLog& log, const relay::RelayPosition& seen, const std::string& stage) override;
  void on_prepared(const target::PreparedTransaction& prepared) override {
    add_own_step(prepared_.remember_statement(prepared));
  }
  void on_prepared_ended(const binlog::XaId& xid) override { add_own_step(prepared_.forget_statement(xid)); }
  void on_end(bool rolled_back) override;
  void on_abandoned() override;
  void on_source_restarted() override {
    drops_temporary_tables_ = drops_temporary_tables_ || temporary_tables_.any();
    temporary_tables_.clear();
  }

 private:
  void begin_step();
  std::uint64_t row_dependency(const binlog::EventView& event, const binlog::FormatDescription& source);
  [[nodiscard]] bool is_in_order() const;
  [[nodiscard]] bool is_tolerant() const;
  bool chunk_is_full();
  void add_own_step(std::string sql);
  void separate();
  void changes_table(TableName table);
  void finish_rows(const std::optional<EventPlace>& place, const TableName& table);
  void add_tolerant_rows(const EventPlace& place, const binlog::EventView& event,
                         const binlog::FormatDescription& source);
  void push_chunk();
  void push_ddl(bool ends_transaction);
  void close(bool rolled_back);
  void close_before_transaction();
  void start_batch();
  void begin_batch_with_transaction();

  const BatchLimits limits_;
  RowWriter& writer_;
  Pipeline& pipeline_;
  StatusBoard& status_;
  const TableEngines& engines_;
  const target::PreparedTransactionStore prepared_;
  EventInterpreter* interpreter_ = nullptr;
  DependencyTracker dependencies_;
  std::optional<relay::RelayPosition> alone_through_;
  std::optional<relay::RelayPosition> cannot_roll_back_at_;
  std::optional<relay::RelayPosition> in_order_through_;
  TolerantRows* tolerant_rows_ = nullptr;
  TemporaryTables temporary_tables_;
  std::set<TableName> tables_;           ///< changed by the batch being built
  bool drops_temporary_tables_ = false;  ///< the source was restarted, which was not told to the worker yet

  // The batch being built.
  std::uint64_t batch_ = 1;
  bool for_first_worker_ = false;  ///< where a chunk of it was pushed
  bool pushed_ = false;            ///< a chunk of it is with its worker
  std::uint32_t whole_ = 0;        ///< whole transactions in it
  std::uint64_t batch_bytes_ = 0;
  std::uint64_t batch_rows_ = 0;
  bool clears_intent_ = false;
  bool uses_database_ = false;  ///< a statement in it has a default database
  Chunk chunk_;

  // The rows in the writer.
  std::uint32_t rows_server_id_ = 0;
  std::size_t rows_events_ = 0;
  EventPlace last_rows_;               ///< the last of them
  std::uint64_t last_rows_table_ = 0;  ///< its table id

  RowCounter row_counter_;

  // The transaction being read.
  TransactionStart transaction_;
  bool alone_ = false;
  bool has_steps_ = false;  ///< parts of it are in the batch
  std::optional<SourceStatement> ddl_;
  std::map<std::uint64_t, TableName> table_names_;  ///< by table id
};

}  // namespace tributary::apply
