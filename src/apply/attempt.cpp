#include "attempt.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "tributary/target/session.hpp"
#include "tributary/util/log.hpp"
#include "tributary/util/time.hpp"

#include "failure_text.hpp"

namespace tributary::apply {
namespace {

/// What a worker's packet holds besides a BINLOG statement.
constexpr std::size_t k_chunk_reserve = 8192;
constexpr std::uint32_t k_wait_milliseconds = 60000;
/// A stopping applier lets its workers finish what they are at for so long.
constexpr std::uint32_t k_stop_grace_milliseconds = 1500;

constexpr const char* k_stage_reading = "Reading event from the relay log";
constexpr const char* k_stage_all_read = "Replica has read all relay log; waiting for more updates";

std::size_t rows_statement_limit(const WorkerSession& session) {
  const std::size_t packet = session.statement_limit();
  return packet > 2 * k_chunk_reserve ? packet - k_chunk_reserve : packet / 2;
}

BatchLimits limits_of(const ApplierOptions& options, const WorkerSession& session, const PreservedGtids* gtids) {
  BatchLimits limits;
  limits.gtids = gtids;
  limits.transactions = gtids != nullptr ? 1 : std::max(options.batch_transactions, 1U);
  limits.bytes = options.batch_bytes;
  limits.rows = options.batch_rows;
  limits.workers = std::max(options.workers, 1U);
  limits.one_engine_per_transaction = session.one_engine_per_transaction();
  return limits;
}

}  // namespace

Attempt::Attempt(const AttemptEnvironment& environment, const AttemptStart& start)
    : environment_(environment),
      pipeline_(environment.sessions.size(), *environment.options.chunk_memory),
      tolerance_(environment.options),
      writers_(writers_environment()),
      tolerant_rows_(writers_, make_replacers(), rows_statement_limit(*environment.sessions.front())),
      builder_(limits_of(environment.options, *environment.sessions.front(), environment.gtids), writers_, pipeline_,
               environment.status, environment.engines, {environment.options.channel_uuid, environment.options.channel},
               {environment.options.dependencies, environment.sessions.size(),
                [this](const TableName& table) { return query_table_keys(definitions_connection(), table); }}),
      delay_(environment.options.delay, environment.options.clock_difference, environment.log),
      interpreter_(environment.log, builder_, environment.target, start.gtid_position, start.prepared),
      worker_environment_{environment.options.channel,
                          environment.store,
                          pipeline_,
                          environment.status,
                          environment.on_progress,
                          start.open_intent,
                          writers_.session_statement(),
                          environment.engines,
                          tolerance_,
                          environment.gtids},
      cursor_(environment.log.open_cursor(start.from)) {
  builder_.set_interpreter(interpreter_);
  builder_.apply_alone_through(start.alone_through);
  builder_.cannot_roll_back_at(start.cannot_roll_back_at);
  builder_.apply_in_order_through(start.in_order_through);
  tolerant_rows_.apply_through(start.tolerant_through);
  if (tolerance_.any()) builder_.set_tolerant_rows(&tolerant_rows_);
  builder_.set_temporary_tables(environment.sessions.front()->temporary_tables());
}

RowWritersEnvironment Attempt::writers_environment() {
  const WorkerSession& session = *environment_.sessions.front();
  RowWritersEnvironment writers;
  writers.server_version = environment_.sessions.front()->connection().server_version();
  writers.target = environment_.target;
  writers.statement_limit = rows_statement_limit(session);
  writers.mode = environment_.options.row_writer;
  writers.may_binlog = session.may_binlog();
  writers.in_order = tolerance_.any();
  writers.connect = [this]() -> target::TargetConnection& { return definitions_connection(); };
  writers.board = &environment_.table_writers;
  return writers;
}

RowWriter* Attempt::make_replacers() {
  if (!tolerance_.idempotent()) return nullptr;
  RowWritersEnvironment writers = writers_environment();
  writers.replaces = true;
  writers.board = nullptr;
  return &replacers_.emplace(writers);
}

void Attempt::run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] { pipeline_.end(); });
  try {
    for (std::size_t i = 0; i < environment_.sessions.size(); ++i) {
      workers_.emplace_back([this, i] { Worker(worker_environment_, *environment_.sessions[i], i).run(); });
    }
    read();
  } catch (const PipelineEnded&) {
    end_workers();
    if (stop.stop_requested()) return;
    if (auto failure = pipeline_.failure()) throw BatchFailed{std::move(*failure)};
    return;
  } catch (...) {
    end_workers();
    throw;
  }
}

target::TargetConnection& Attempt::definitions_connection() {
  // The batch being built has no DDL behind which a table could be another one.
  if (!pipeline_.wait_committed(builder_.last_definition_change())) throw PipelineEnded{};
  if (!definitions_connection_) {
    definitions_connection_ =
        std::make_unique<target::TargetConnection>(environment_.options.target, pipeline_.ended());
    on_end_.emplace(pipeline_.ended(), [this] { definitions_connection_->interrupt(); });
    target::prepare_applier_session(*definitions_connection_, {});
  }
  return *definitions_connection_;
}

void Attempt::end_workers() {
  pipeline_.end();
  if (!pipeline_.wait_left(k_stop_grace_milliseconds)) {
    for (const auto& session : environment_.sessions) session->interrupt();
  }
  workers_.clear();
}

void Attempt::read() {
  try {
    for (;;) {
      const relay::RelayPosition published = environment_.log.published_end();
      environment_.status.set_stage(k_stage_reading);
      read_to_end();
      // Only whole transactions are published: nothing is left half read here.
      if (builder_.has_whole_transactions()) {
        if (!pipeline_.wait_hungry()) throw PipelineEnded{};
        builder_.hand_over();
      }
      environment_.status.found_end(published);
      environment_.status.set_stage(k_stage_all_read);
      environment_.log.wait_published(published, pipeline_.ended(), k_wait_milliseconds);
      if (pipeline_.ended().stop_requested()) throw PipelineEnded{};
    }
  } catch (const target::TargetError& error) {
    // The target went away while it was asked for columns: not the transaction's fault, and no error that lasts.
    if (error.transient()) throw;
    finish_before_error(error);
  } catch (const Error& error) {
    finish_before_error(error);
  }
}

void Attempt::read_to_end() {
  const std::stop_token ended = pipeline_.ended();
  while (const auto event = cursor_->next()) {
    UntilCondition* const until = environment_.until;
    if (!interpreter_.in_transaction()) {
      if (until != nullptr && until->ends_before(*event, cursor_->description())) end_at_until();
      if (environment_.options.delay > 0) wait_until_due(*event);
    }
    feed(*event);
    if (!interpreter_.in_transaction()) {
      environment_.status.reading(event->end);
      if (until != nullptr && until->ends_behind(event->end)) end_at_until();
    }
    if (ended.stop_requested()) throw PipelineEnded{};
  }
}

bool Attempt::is_declared_applied(const relay::RelayEvent& event) const {
  const auto& declared = environment_.options.is_declared_applied;
  const PreservedGtids* const gtids = environment_.gtids;
  const binlog::EventView view(event.raw, cursor_->description().checksum);
  if (view.type() == binlog::EventType::mariadb_gtid) {
    return gtids != nullptr && gtids->executed(binlog::MariadbGtidEvent::decode(view).gtid.to_string());
  }
  const bool has_gtid = view.type() == binlog::EventType::gtid || view.type() == binlog::EventType::gtid_tagged;
  if (!has_gtid || (!declared && gtids == nullptr)) return false;
  const gtid::MysqlGtid gtid = binlog::MysqlGtidEvent::decode(view).gtid;
  return (declared && declared(gtid)) || (gtids != nullptr && gtids->executed(gtid.to_string()));
}

void Attempt::feed(const relay::RelayEvent& event) {
  TransactionSkipper& skipper = environment_.skipper;
  if (!interpreter_.in_transaction() && begins_transaction(event, cursor_->description())) {
    const bool counted = skipper.skips(event.start);
    if (counted || is_declared_applied(event)) {
      why_skipped_ =
          counted ? "sql_slave_skip_counter says so" : "its GTID was declared applied, or the target has executed it";
      interpreter_.skip_next_transaction();
    }
  }
  interpreter_.feed(event, cursor_->description());
  if (!interpreter_.skips()) return;
  const bool ends = !interpreter_.in_transaction();
  skipper.passed(binlog::EventView(event.raw, cursor_->description().checksum).type(), ends);
  if (!ends) return;
  log(LogLevel::warning, "channel '{}': passed over, since {}: {}", environment_.options.channel, why_skipped_,
      place_text(interpreter_.transaction()));
}

void Attempt::wait_until_due(const relay::RelayEvent& event) {
  const auto due = delay_.due_at(event, cursor_->description());
  if (!due || *due <= unix_seconds()) return;
  // Those before it are due.
  if (builder_.has_whole_transactions()) builder_.hand_over();
  environment_.status.delayed(*due, binlog::EventView(event.raw, cursor_->description().checksum).header().timestamp);
  wait_until(*due, pipeline_.ended());
  environment_.status.delay_is_over();
  if (pipeline_.ended().stop_requested()) throw PipelineEnded{};
  environment_.status.set_stage(k_stage_reading);
}

void Attempt::end_at_until() {
  if (builder_.has_whole_transactions()) builder_.hand_over();
  if (!pipeline_.wait_committed(builder_.current_batch() - 1)) throw PipelineEnded{};
  throw UntilReached{};
}

void Attempt::finish_before_error(const Error& error) {
  if (builder_.has_whole_transactions()) {
    if (builder_.has_partial_transaction()) throw ApplyAlone{interpreter_.transaction()};
    builder_.hand_over();
  }
  if (!pipeline_.wait_committed(builder_.current_batch() - 1)) throw PipelineEnded{};
  if (!interpreter_.in_transaction()) throw error;
  throw Error(error.code(), error.sqlstate(),
              fmt::format("{}; {}", error.what(), place_text(interpreter_.transaction())));
}

}  // namespace tributary::apply
