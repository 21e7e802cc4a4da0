#include "batch_builder.hpp"

#include <utility>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"
#include "tributary/util/error.hpp"

namespace tributary::apply {
BatchBuilder::BatchBuilder(const BatchLimits& limits, RowWriter& writer, Pipeline& pipeline, StatusBoard& status,
                           const TableEngines& engines, target::PreparedTransactionStore prepared,
                           DependencyTracker dependencies)
    : limits_(limits),
      writer_(writer),
      pipeline_(pipeline),
      status_(status),
      engines_(engines),
      prepared_(std::move(prepared)),
      dependencies_(std::move(dependencies)) {}

void BatchBuilder::on_begin(const TransactionStart& start) {
  if (limits_.gtids != nullptr) limits_.gtids->must_fit(start.gtid);
  transaction_ = start;
  if (cannot_roll_back_at_ == start.begin) transaction_.can_roll_back = false;
  has_steps_ = false;
  table_names_.clear();
  row_counter_.begin_transaction();
  // What cannot be rolled back is not mixed with what can: a failure elsewhere must not run it twice.
  const bool after_failure = alone_through_ && start.begin <= *alone_through_;
  alone_ = !transaction_.can_roll_back || after_failure || temporary_tables_.any() || drops_temporary_tables_;
  if (alone_ && whole_ > 0) close(false);
  // If it fails again it is by itself, not by what its changes come to.
  writer_.keep_order(after_failure);
  if (whole_ == 0) chunk_.first = transaction_;
  chunk_.last = transaction_;
  dependencies_.committed(pipeline_.committed());
  dependencies_.begin(batch_, transaction_);
  status_.begun(start);
}

bool BatchBuilder::is_tolerant() const {
  return tolerant_rows_ != nullptr && tolerant_rows_->covers(transaction_);
}

bool BatchBuilder::is_in_order() const {
  return alone_ || is_tolerant() || !transaction_.can_roll_back ||
         (in_order_through_ && transaction_.begin <= *in_order_through_);
}

std::uint64_t BatchBuilder::row_dependency(const binlog::EventView& event, const binlog::FormatDescription& source) {
  std::uint64_t dependency = dependencies_.rows(batch_, event, source);
  if (is_in_order()) dependency = dependencies_.everything(batch_);
  // When a worker begins with this batch, only those right before it may be under way with the others.
  return dependency + limits_.workers <= batch_ ? 0 : dependency;
}

void BatchBuilder::begin_step() {
  if (ddl_) push_ddl(false);
  has_steps_ = true;
}

void BatchBuilder::add_own_step(std::string sql) {
  begin_step();
  finish_rows(std::nullopt, {});
  chunk_.bytes += sizeof(Step) + sql.size();
  chunk_.steps.emplace_back(OwnStep{std::move(sql), dependencies_.everything(batch_)});
}

/// The transaction being read is applied alone, by the first worker.
void BatchBuilder::separate() {
  if (alone_) return;
  if ((whole_ > 0 && has_steps_) || (pushed_ && !for_first_worker_)) throw ApplyAlone{transaction_};
  alone_ = true;
  if (whole_ > 0) close_before_transaction();
}

void BatchBuilder::changes_table(TableName table) {
  if (transaction_.can_roll_back && engines_.known_without_transactions(table)) {
    separate();
    // What a worker has begun with cannot go behind this any more.
    if (pushed_ && limits_.one_engine_per_transaction) throw ApplyAlone{transaction_, true};
    // What came before has an engine that rolls back: it is no part of the steps by single events.
    if (rows_events_ > 0) {
      finish_rows(last_rows_, rows_events_ == 1 ? table_names_[last_rows_table_] : TableName());
    }
    transaction_.can_roll_back = false;
    chunk_.first = chunk_.last = transaction_;
  }
  if (const auto [added, is_new] = tables_.insert(std::move(table)); is_new) chunk_.tables.push_back(*added);
}

void BatchBuilder::finish_rows(const std::optional<EventPlace>& place, const TableName& table) {
  for (RowsStatement& statement : writer_.take()) {
    chunk_.bytes += sizeof(Step) + statement.sql.size();
    chunk_.steps.emplace_back(
        RowsStep{std::move(statement.sql), rows_server_id_, place, table, statement.session, statement.depends_on});
  }
  rows_events_ = 0;
}

void BatchBuilder::add_tolerant_rows(const EventPlace& place, const binlog::EventView& event,
                                     const binlog::FormatDescription& source) {
  if (rows_events_ > 0) finish_rows(std::nullopt, {});
  for (RowsStep& step : tolerant_rows_->steps_of(event, source, transaction_.can_roll_back)) {
    step.server_id = rows_server_id_;
    step.place = place;
    step.table = table_names_[last_rows_table_];
    step.depends_on = dependencies_.everything(batch_);
    chunk_.bytes += sizeof(Step) + step.sql.size() + step.tolerant->replacing.size();
    chunk_.steps.emplace_back(std::move(step));
  }
}

void BatchBuilder::on_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) {
  const auto layout = binlog::TableMapLayout::decode(event, source);
  // The writer may ask for the table as the DDL leaves it.
  if (ddl_) push_ddl(false);
  changes_table({std::string(layout.database), std::string(layout.table)});
  if (limits_.rows != UINT32_MAX) row_counter_.note(event, source);
  writer_.add_table_map(event, source);
  if (tolerant_rows_ != nullptr) tolerant_rows_->add_table_map(event, source);
  dependencies_.add_table_map(event, source);
  // Also while the transaction can be rolled back: a later table of the same statement may be one that cannot.
  table_names_[layout.table_id] = {std::string(layout.database), std::string(layout.table)};
}

void BatchBuilder::on_rows(const EventPlace& place, const binlog::EventView& event,
                           const binlog::FormatDescription& source) {
  begin_step();
  if (event.header().server_id != rows_server_id_) {
    finish_rows(std::nullopt, {});
    rows_server_id_ = event.header().server_id;
  }
  writer_.depend_on(row_dependency(event, source));
  if (limits_.rows != UINT32_MAX) batch_rows_ += row_counter_.count(event, source);
  last_rows_ = place;
  last_rows_table_ = binlog::RowsHead::of(event).table_id;
  if (is_tolerant()) {
    add_tolerant_rows(place, event, source);
  } else {
    writer_.add_rows(event, source);
    if (tolerant_rows_ != nullptr) tolerant_rows_->pass(event);
    ++rows_events_;
    // Without a second try the event that failed must be known from the first.
    if (!transaction_.can_roll_back) finish_rows(place, table_names_[last_rows_table_]);
  }
  batch_bytes_ += event.raw().size();
  if (chunk_is_full()) push_chunk();
}

bool BatchBuilder::chunk_is_full() {
  const std::size_t bytes = chunk_.bytes + writer_.size();
  pipeline_.builds(bytes);
  return bytes >= pipeline_.chunk_bytes();
}

void BatchBuilder::on_statement(SourceStatement statement) {
  const bool about_temporary_table = statement.scan.kind == StatementKind::temporary_table;
  if (about_temporary_table || statement.context.thread_specific) separate();
  if (about_temporary_table) temporary_tables_.note(statement);
  if (statement.scan.kind == StatementKind::dml && !statement.scan.objects.empty()) {
    const target::ObjectName& table = statement.scan.objects.front();
    changes_table({table.database, table.name});
  }
  if (statement.context.use_database) {
    // A session cannot go back to no default database: what comes after one goes in another batch.
    const bool none = statement.context.database.empty();
    if (none && uses_database_ && whole_ > 0 && !has_steps_) close_before_transaction();
    if (!none) uses_database_ = true;
  }
  begin_step();
  statement.depends_on = dependencies_.statement(batch_, statement);
  if (is_in_order()) statement.depends_on = dependencies_.everything(batch_);
  finish_rows(std::nullopt, {});
  const std::size_t bytes = memory_of(statement);
  batch_bytes_ += bytes;
  chunk_.bytes += bytes;
  chunk_.steps.emplace_back(std::move(statement));
  if (chunk_is_full()) push_chunk();
}

void BatchBuilder::on_ddl(SourceStatement statement) {
  if (has_steps_ || ddl_) {
    throw Error(error_code::k_replica_fatal,
                "Fatal error: a statement that commits by itself stands in the middle of transaction " +
                    transaction_.gtid + " at " + interpreter_->source_place(statement.place.start));
  }
  if (whole_ > 0) close_before_transaction();
  if (statement.context.thread_specific) separate();
  writer_.definitions_change(statement.scan.objects);
  if (tolerant_rows_ != nullptr) tolerant_rows_->definitions_change(statement.scan.objects);
  statement.depends_on = dependencies_.definitions_change(batch_, statement.scan.objects);
  ddl_ = std::move(statement);
}

void BatchBuilder::wait_for_more(relay::RelayLog& log, const relay::RelayPosition& seen, const std::string& stage) {
  static constexpr std::uint32_t k_wait_milliseconds = 60000;
  if (whole_ > 0) close_before_transaction();
  status_.set_stage(stage);
  log.wait_published(seen, pipeline_.ended(), k_wait_milliseconds);
  if (pipeline_.ended().stop_requested()) throw PipelineEnded{};
  status_.set_stage("Reading event from the relay log");
}

void BatchBuilder::push_chunk() {
  finish_rows(std::nullopt, {});
  // A session whose default database another one has altered goes on with that database's former collation.
  if (!pushed_) {
    for_first_worker_ = alone_ || chunk_.ddl;
    // Those of the first worker may wait for it while others are free: then it is not the last ones alone that may not
    // be committed.
    if (for_first_worker_) dependencies_.everything(batch_);
  }
  if (!pushed_ && alone_) chunk_.drops_temporary_tables = std::exchange(drops_temporary_tables_, false);
  chunk_.batch = batch_;
  chunk_.depends_on = chunk_.ddl             ? chunk_.ddl->depends_on
                      : chunk_.steps.empty() ? dependencies_.at_least(batch_)
                                             : dependency_of(chunk_.steps.front());
  chunk_.opens = !pushed_;
  Chunk rest;
  rest.first = chunk_.first;
  rest.last = chunk_.last;
  pushed_ = true;
  if (!pipeline_.push(std::exchange(chunk_, std::move(rest)), for_first_worker_)) throw PipelineEnded{};
}

void BatchBuilder::push_ddl(bool ends_transaction) {
  chunk_.bytes += ddl_->text.size();
  clears_intent_ = !ends_transaction;
  chunk_.ddl = std::exchange(ddl_, std::nullopt);
  if (ends_transaction) chunk_.end = BatchEnd{interpreter_->checkpoint(), 1, false, true};
  push_chunk();
  const bool clears = clears_intent_;
  start_batch();
  clears_intent_ = clears;
  if (!ends_transaction) begin_batch_with_transaction();
}

void BatchBuilder::on_end(bool rolled_back) {
  if (ddl_) return push_ddl(true);
  if (rolled_back && has_steps_) {
    if (whole_ > 0) throw ApplyAlone{transaction_};
    ++whole_;
    has_steps_ = false;
    return close(true);
  }
  ++whole_;
  has_steps_ = false;
  if (alone_ || whole_ >= limits_.transactions || batch_bytes_ >= limits_.bytes || batch_rows_ >= limits_.rows ||
      pipeline_.idle()) {
    close(false);
  }
}

void BatchBuilder::on_abandoned() {
  status_.abandoned();
  ddl_.reset();
  if (!has_steps_) return;
  if (whole_ > 0) throw ApplyAlone{transaction_};
  writer_.clear();
  if (tolerant_rows_ != nullptr) tolerant_rows_->clear();
  rows_events_ = 0;
  chunk_.steps.clear();
  if (pushed_) {
    // Undo what the worker has done of it; the checkpoint stays in front of it.
    BatchEnd end{interpreter_->checkpoint(), 0, true, false};
    end.checkpoint.position = transaction_.begin;
    end.checkpoint.source_file = transaction_.source_file;
    end.checkpoint.source_offset = transaction_.begin.offset;
    chunk_.end = std::move(end);
    push_chunk();
  }
  start_batch();
}

void BatchBuilder::close(bool rolled_back) {
  chunk_.end = BatchEnd{interpreter_->checkpoint(), whole_, rolled_back, clears_intent_};
  push_chunk();
  start_batch();
}

/// The transaction being read has no step yet, and what came before it is whole.
void BatchBuilder::close_before_transaction() {
  close(false);
  begin_batch_with_transaction();
}

void BatchBuilder::begin_batch_with_transaction() {
  chunk_.first = chunk_.last = transaction_;
  // Later ones depend on it as a part of this batch.
  dependencies_.goes_to(batch_, transaction_);
}

void BatchBuilder::start_batch() {
  if (pushed_) ++batch_;
  pushed_ = false;
  whole_ = 0;
  batch_bytes_ = 0;
  batch_rows_ = 0;
  clears_intent_ = false;
  uses_database_ = false;
  tables_.clear();
  chunk_ = {};
}

}  // namespace tributary::apply
