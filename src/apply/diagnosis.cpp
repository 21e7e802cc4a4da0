#include "diagnosis.hpp"

#include <map>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "tributary/binlog/column_values.hpp"
#include "tributary/binlog/row_text.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"

#include "column_mismatch.hpp"
#include "ddl_window.hpp"
#include "event_interpreter.hpp"
#include "failure_text.hpp"
#include "rows_split.hpp"
#include "source_statement.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint16_t k_key_not_found = 1032;          // ER_KEY_NOT_FOUND
constexpr std::uint16_t k_storage_engine = 1030;         // ER_GET_ERRNO
constexpr std::uint32_t k_timestamps_end_2106 = 110500;  // MariaDB
constexpr std::uint16_t k_incorrect_temporal = 1292;     // ER_TRUNCATED_WRONG_VALUE, of plain SQL
constexpr std::uint16_t k_conversion_failed = 1677;      // ER_SLAVE_CONVERSION_FAILED

/// Column names and signs as the target has them, where the source did not write them into the table map.
void complete_metadata(target::TargetConnection& connection, const binlog::TableMap& table,
                       binlog::TableMetadata& metadata) {
  const auto rows = connection.query(
      "SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = " +
      target::text_literal(table.database) + " AND TABLE_NAME = " + target::text_literal(table.table) +
      " ORDER BY ORDINAL_POSITION");
  metadata.columns.resize(table.columns.size());
  for (std::size_t i = 0; i < metadata.columns.size() && i < rows.size(); ++i) {
    const target::Row& row = rows[i];
    if (row.size() < 3) continue;
    binlog::ColumnMetadata& column = metadata.columns[i];
    if (column.name.empty()) column.name = row[0].value_or("");
    if (!column.is_unsigned) column.is_unsigned = row[1].value_or("").find("unsigned") != std::string::npos;
    const std::string type = row[2].value_or("");
    if (column.collation == 0 && (type.ends_with("blob") || type.ends_with("binary"))) {
      column.collation = binlog::k_binary_collation;
    }
  }
}

/// The first TIMESTAMP of @p image beyond the year 2038, which MariaDB before 11.5 does not have; 0: none.
std::size_t number_of_late_timestamp(const binlog::RowImage& image, const binlog::TableMap& table) {
  static constexpr std::uint8_t k_after_2038 = 0x80;  // in the first byte of the seconds, which are big-endian
  for (const binlog::Cell& cell : image.cells()) {
    const bool is_timestamp = table.columns[cell.column].type == binlog::ColumnType::timestamp2;
    if (is_timestamp && !cell.bytes.empty() && cell.bytes.front() >= k_after_2038) return cell.column + 1;
  }
  return 0;
}

/// A transaction that lies whole in the relay log.
class WholeTransaction : public TransactionHandler {
 public:
  void on_begin(const TransactionStart& /*start*/) override {}
  void wait_for_more(relay::RelayLog& /*log*/, const relay::RelayPosition& /*seen*/,
                     const std::string& /*stage*/) override {
    throw Error(error_code::k_replica_fatal, "a transaction that was applied is not whole in the relay log");
  }
  void on_prepared(const target::PreparedTransaction& /*prepared*/) override {}
  void on_prepared_ended(const binlog::XaId& /*xid*/) override {}
  void on_end(bool /*rolled_back*/) override {}
  void on_abandoned() override {}
  void on_source_restarted() override {}
  void on_ddl(SourceStatement /*statement*/) override {}
};

/// Finds the session of the first definition inside of the transaction.
class FirstDefinition : public WholeTransaction {
 public:
  [[nodiscard]] const std::optional<StatementContext>& context() const { return context_; }
  void on_statement(SourceStatement statement) override {
    if (statement.context.defines && !context_) context_ = std::move(statement.context);
  }
  void on_table_map(const binlog::EventView& /*event*/, const binlog::FormatDescription& /*source*/) override {}
  void on_rows(const EventPlace& /*place*/, const binlog::EventView& /*event*/,
               const binlog::FormatDescription& /*source*/) override {}

 private:
  std::optional<StatementContext> context_;
};

/// Runs each event as it comes; throws the Diagnosis when one fails.
class EventByEvent : public WholeTransaction {
 public:
  EventByEvent(WorkerSession& session, RowWriter& writer, const std::string& rows_session_statement)
      : session_(session), writer_(writer), rows_session_statement_(rows_session_statement) {}

  void on_begin(const TransactionStart& start) override { transaction_ = start; }
  void on_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) override {
    const std::uint64_t id = binlog::TableMapLayout::decode(event, source).table_id;
    table_maps_[id].assign(event.raw().begin(), event.raw().end());
  }
  void on_statement(SourceStatement statement) override {
    try {
      if (statement.scan.kind == StatementKind::temporary_table) {
        run_temporary_table_statement(session_, statement, {});
      } else {
        run_source_statement(session_, statement, {});
      }
    } catch (const target::TargetError& error) {
      if (error.transient()) throw;
      throw Diagnosis{error.code(), statement_failure_text(statement, error.code(), error.what())};
    }
  }
  void on_rows(const EventPlace& place, const binlog::EventView& event,
               const binlog::FormatDescription& source) override {
    try {
      run_rows(event, source);
    } catch (const target::TargetError& error) {
      if (error.transient()) throw;
      locate(place, event, source, error);
    }
  }

 private:
  void run_rows(const binlog::EventView& event, const binlog::FormatDescription& source) {
    // All maps of the statement: the writer writes those that are used.
    writer_.clear();
    const std::uint64_t id = binlog::RowsHead::of(event).table_id;
    const auto map = table_maps_.find(id);
    if (map != table_maps_.end()) writer_.add_table_map(binlog::EventView(map->second, map_checksum(source)), source);
    writer_.add_rows(event, source);
    session_.execute(session_.context().enter_plain() + "SAVEPOINT tributary_diagnosis");
    for (const RowsStatement& statement : writer_.take()) {
      std::string sql = session_.context().enter_rows(event.header().server_id, statement.session);
      if (!statement.session && session_.take_rows_unprepared()) sql += rows_session_statement_ + ";";
      session_.execute(sql + statement.sql);
    }
  }

  static binlog::ChecksumAlgorithm map_checksum(const binlog::FormatDescription& source) { return source.checksum; }

  [[noreturn]] void locate(const EventPlace& place, const binlog::EventView& event,
                           const binlog::FormatDescription& source, const target::TargetError& event_error) {
    session_.execute("ROLLBACK TO tributary_diagnosis");
    const binlog::EventView map_event(table_maps_.at(binlog::RowsHead::of(event).table_id), map_checksum(source));
    const binlog::TableMap table = binlog::TableMap::decode(map_event, source);
    const std::string table_name = table.database + "." + table.table;
    Bytes whole;  // of a partial update
    if (event.type() == binlog::EventType::partial_update_rows) {
      try {
        whole = binlog::expand_partial_update(event, source, table);
      } catch (const Error&) {
        // Its before image lacks the document: which row it was cannot be told.
        throw Diagnosis{event_error.code(),
                        rows_failure_text(place, transaction_, table_name, event_error.code(), event_error.what(), {})};
      }
    }
    Bytes rows_scratch;
    const binlog::RowsEvent rows = binlog::RowsEvent::decode(
        whole.empty() ? event : binlog::EventView(whole, binlog::ChecksumAlgorithm::off), source, rows_scratch);
    binlog::RowsReader reader(rows, table);
    const auto next = [&reader] {
      try {
        return reader.next();
      } catch (const Error&) {
        return false;  // of MariaDB's old temporal formats a table map does not tell the size
      }
    };
    while (next()) {
      const Bytes row_event = make_rows_event(event.header(), rows, current_row(reader), true);
      try {
        run_rows(binlog::EventView(row_event, binlog::ChecksumAlgorithm::off), source);
      } catch (const target::TargetError& error) {
        if (error.transient()) throw;
        binlog::TableMetadata metadata = table.metadata(source);
        complete_metadata(session_.connection(), table, metadata);
        std::uint16_t code = error.code();
        std::string message = error.what();
        if (code == error_code::k_unknown_error) {
          if (auto mismatch = find_column_mismatch(session_.connection(), table)) {
            code = k_conversion_failed;
            message = std::move(*mismatch);
          } else {
            message += ", the target's error log may tell the reason";
          }
        }
        const target::TargetConnection& target = session_.connection();
        const bool ends_2038 = target.is_mariadb() && target.server_version_number() < k_timestamps_end_2106;
        const std::size_t late = ends_2038 && (code == k_storage_engine || code == k_incorrect_temporal)
                                     ? number_of_late_timestamp(reader.after(), table)
                                     : 0;
        if (late != 0) {
          message += fmt::format(
              "; the TIMESTAMP in column {} is beyond 2038-01-19 03:14:07 UTC, where those of this server end", late);
        }
        const bool wants_before = reader.after().empty() || error.code() == k_key_not_found;
        const binlog::RowImage& image = wants_before && !reader.before().empty() ? reader.before() : reader.after();
        throw Diagnosis{code, rows_failure_text(place, transaction_, table_name, code, message,
                                                binlog::row_to_text(image, table, metadata))};
      }
    }
    throw Diagnosis{event_error.code(),
                    rows_failure_text(place, transaction_, table_name, event_error.code(), event_error.what(), {})};
  }

  WorkerSession& session_;
  RowWriter& writer_;
  const std::string& rows_session_statement_;
  TransactionStart transaction_;
  std::map<std::uint64_t, Bytes> table_maps_;
};

}  // namespace

std::optional<Diagnosis> diagnose(WorkerSession& session, relay::RelayLog& log, const TransactionStart& transaction,
                                  const SqlDialect& target, RowWriter& writer,
                                  const std::string& rows_session_statement,
                                  const std::vector<target::PreparedTransaction>& prepared,
                                  const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [&session] { session.interrupt(); });
  std::optional<Diagnosis> diagnosis;
  try {
    // As a worker begins, where the transaction's sessions may be without default database.
    if (session.context().has_default_database() && !session.temporary_tables().any()) session.reconnect(stop);
    const auto read_with = [&](TransactionHandler& handler) {
      EventInterpreter interpreter(log, handler, target, {}, prepared);
      const auto cursor = log.open_cursor(transaction.begin);
      while (const auto event = cursor->next()) {
        interpreter.feed(*event, cursor->description());
        if (!interpreter.in_transaction() || stop.stop_requested()) break;
      }
    };
    FirstDefinition definition;
    read_with(definition);
    std::string begin;
    if (definition.context()) begin = session.context().enter_before_transaction(*definition.context());
    session.execute(begin + "START TRANSACTION");
    EventByEvent handler(session, writer, rows_session_statement);
    read_with(handler);
  } catch (Diagnosis& found) {
    diagnosis = std::move(found);
  } catch (const target::TargetError& error) {
    if (error.connection_lost()) {
      session.disconnect();
    } else {
      session.recover();
    }
    throw;
  }
  session.recover();
  return diagnosis;
}

}  // namespace tributary::apply
