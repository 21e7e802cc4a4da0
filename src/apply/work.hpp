#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tributary/apply/row_writer.hpp"
#include "tributary/apply/session_context.hpp"
#include "tributary/apply/statement_scan.hpp"
#include "tributary/binlog/event.hpp"
#include "tributary/relay/relay_log.hpp"
#include "tributary/target/checkpoint.hpp"

#include "axis_order.hpp"
#include "load_data.hpp"
#include "table_engines.hpp"

namespace tributary::apply {

/// Where an event stands in the relay log; its offsets are those of the source's file.
struct EventPlace {
  binlog::EventType type = binlog::EventType::unknown;
  relay::RelayPosition start;
  relay::RelayPosition end;
  std::string source_file{};  ///< where it is not its transaction's: in an XA transaction that was prepared in another
};

/// What a source says of a transaction's order among others. Either MySQL's or MariaDB's.
struct LogicalClock {
  std::int64_t last_committed = 0;  ///< MySQL: that and all before it must be committed
  std::int64_t sequence_number = 0;
  std::uint64_t commit_id = 0;  ///< MariaDB: the same in transactions that were committed together; 0: none
};

/// A source transaction (a "group" in MariaDB's words), as its first event tells it.
struct TransactionStart {
  relay::RelayPosition begin;
  std::string source_file;
  std::string gtid;  ///< of this transaction; '' when the source has none
  std::uint32_t timestamp = 0;
  /// False where the source said that the transaction changes what cannot be rolled back (another engine).
  bool can_roll_back = true;
  std::optional<LogicalClock> clock{};
};

/// The name that a LOAD DATA gets for its file: there is none of that name.
inline constexpr std::string_view k_load_data_file = "tributary-load-data";

/// A statement of the source with its session.
struct SourceStatement {
  EventPlace place;
  TransactionStart transaction;  ///< that it is part of
  StatementScan scan;
  StatementContext context;
  SqlDialect dialect;                ///< in which the target reads it
  std::string text;                  ///< bytes in the statement's own character set
  std::uint16_t expected_error = 0;  ///< the source saw this error after a partial effect
  /// A LOAD DATA LOCAL INFILE 'k_load_data_file': what that file holds.
  std::optional<LoadDataFile> load_data;
  /// Where source and target take coordinates in different orders; else `none`.
  AxisOrderUse axis_order = AxisOrderUse::none;
  std::uint64_t depends_on = 0;  ///< batch that must be committed before it may run; 0: none
};

/// Of a step of one row (or of one event, where its rows cannot be told apart) whose error may be passed over.
struct TolerantRow {
  bool first_of_event = false;
  bool tries_event = false;  ///< all rows of the event at once: the steps behind are only for where it fails
  /// Of a new row, under slave_exec_mode=IDEMPOTENT: writes it over the rows that are in its way.
  std::string replacing;
  std::optional<RowsSession> session;  ///< of `replacing`
  std::string why_not_replaced;        ///< where `replacing` is missing
};

/// Row changes, ready to be run.
struct RowsStep {
  std::string sql;              ///< one statement, without ';'
  std::uint32_t server_id = 0;  ///< the server that wrote the rows first
  /// Where a failure must be located by this step alone: its event, or the last of several.
  std::optional<EventPlace> place;
  TableName table;                       ///< of the rows, where they are of one event and place is known
  std::optional<RowsSession> session{};  ///< RowsStatement::session
  std::uint64_t depends_on = 0;
  std::optional<TolerantRow> tolerant{};
};

/// A statement on Tributary's own tables.
struct OwnStep {
  std::string sql;  ///< without ';'
  std::uint64_t depends_on = 0;
};

using Step = std::variant<RowsStep, SourceStatement, OwnStep>;

inline std::uint64_t dependency_of(const Step& step) {
  return std::visit([](const auto& which) { return which.depends_on; }, step);
}

static_assert(sizeof(Step) <= k_statement_memory);

/// Bytes, nearly.
inline std::size_t memory_of(const SourceStatement& statement) {
  std::size_t bytes = sizeof(Step) + statement.text.size();
  for (const auto& variable : statement.context.user_variables) bytes += variable.name.size() + variable.value.size();
  return bytes;
}

/// How a target transaction ends.
struct BatchEnd {
  target::Checkpoint checkpoint;
  std::uint32_t transactions = 0;  ///< source transactions in the batch
  bool rolled_back = false;        ///< the source rolled its (one) transaction back, over changes that stay
  bool clears_intent = false;      ///< a DDL inside of the transaction has left its intent
};

/// A piece of a batch. A batch is one target transaction with one or more whole source transactions; one that is larger
/// than a chunk streams through several of them.
struct Chunk {
  std::uint64_t batch = 0;       ///< batches are numbered from 1, in the order of their commits
  std::uint64_t depends_on = 0;  ///< batch that must be committed before any of its steps may run; 0: none
  bool opens = false;            ///< the batch's first chunk
  std::vector<Step> steps;
  /// A DDL, which commits by itself: alone in its chunk, which opens its batch. Without `end` the rest of its source
  /// transaction follows as the next batch (CREATE TABLE … SELECT in row format).
  std::optional<SourceStatement> ddl;
  std::optional<BatchEnd> end;          ///< the batch's last chunk
  std::vector<TableName> tables;        ///< that the batch changes, from this chunk on
  bool drops_temporary_tables = false;  ///< before anything else: the source was restarted

  TransactionStart first;  ///< first source transaction of the batch
  TransactionStart last;   ///< last one that has begun in the batch so far
  std::size_t bytes = 0;   ///< of memory, nearly: what the queue's limit counts
};

/// Why a batch could not be applied.
struct Failure {
  std::uint16_t code = 0;
  std::string sqlstate;
  std::string message;  ///< of the server, or of us
  bool connection_lost = false;
  bool transient = false;  ///< worth another try as it is
  /// The target could not roll back all of it: changes to tables without transactions stay.
  bool left_changes = false;
  /// The message is complete: it names the transaction and what failed in it.
  bool located = false;
  bool ahead = false;      ///< batches before this one were not committed, and may be the reason
  TransactionStart first;  ///< of the batch
  TransactionStart last;
};

}  // namespace tributary::apply
