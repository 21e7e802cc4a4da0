#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tributary/apply/applier.hpp"
#include "tributary/apply/row_writer.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"
#include "tributary/target/target_server.hpp"

#include "kept_event.hpp"
#include "work.hpp"

namespace tributary::apply {

/// Which errors an applier passes over: slave_exec_mode=IDEMPOTENT and slave_skip_errors. Never those that another try
/// may mend, nor a lost connection.
class Tolerance {
 public:
  explicit Tolerance(const ApplierOptions& options)
      : idempotent_(options.exec_mode == ExecMode::idempotent), skipped_(options.skip_errors) {}

  [[nodiscard]] bool any() const { return idempotent_ || skipped_.any(); }
  [[nodiscard]] bool idempotent() const { return idempotent_; }
  [[nodiscard]] bool skips_any() const { return skipped_.any(); }
  /// By slave_skip_errors. @p expected: that the source had, of a statement; 0: none.
  [[nodiscard]] bool skips(const target::TargetError& error, std::uint16_t expected = 0) const;
  /// By slave_exec_mode: of one row.
  [[nodiscard]] bool passes_row(const target::TargetError& error) const;
  /// Whether a batch that failed with @p code may do without what failed.
  [[nodiscard]] bool may_pass_over(std::uint16_t code) const;

 private:
  const bool idempotent_;
  const SkippedErrors skipped_;
};

/// Row events as steps of one row each, whose errors a worker may pass over one by one. One thread: the coordinator's.
class TolerantRows {
 public:
  /// @p writer writes the rows as in any batch, @p replacer over those that are in their way (null: STRICT). Both must
  /// outlive it. No statement for rows that are tried together is longer than @p statement_limit.
  TolerantRows(RowWriter& writer, RowWriter* replacer, std::size_t statement_limit)
      : writer_(writer), replacer_(replacer), statement_limit_(statement_limit) {}

  /// Transactions that begin at or before @p last are applied so.
  void apply_through(std::optional<relay::RelayPosition> last) { through_ = last; }
  /// Also what cannot be rolled back, which is not tried twice.
  [[nodiscard]] bool covers(const TransactionStart& transaction) const {
    return !transaction.can_roll_back || (through_ && transaction.begin <= *through_);
  }

  /// A TABLE_MAP event, which the writer gets by itself.
  void add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source);
  /// The steps of a row event: their sql, session and `tolerant`. The writer must be empty. @p can_roll_back: they may
  /// be tried together first.
  std::vector<RowsStep> steps_of(const binlog::EventView& event, const binlog::FormatDescription& source,
                                 bool can_roll_back);
  /// A row event that is applied in the ordinary way.
  void pass(const binlog::EventView& event);
  void definitions_change(const std::vector<target::ObjectName>& objects);
  void clear();

 private:
  struct TableMapEvent {
    KeptEvent event;
    bool replacer_has_it = false;
  };
  std::optional<RowsStep> step_of(const binlog::EventView& event, const binlog::FormatDescription& source,
                                  bool inserts);
  void replace(const binlog::EventView& event, const binlog::FormatDescription& source, TolerantRow& row);

  RowWriter& writer_;
  RowWriter* const replacer_;
  const std::size_t statement_limit_;
  std::optional<relay::RelayPosition> through_;
  std::map<std::uint64_t, TableMapEvent> table_maps_;  ///< by id, of the source's statement that is not over
};

/// A row event's rows.
struct EventRows {
  binlog::RowsKind kind = binlog::RowsKind::write;
  Bytes all;                  ///< an event of all of them that does not end its statement
  std::vector<Bytes> single;  ///< an event for each; the last ends the statement where the event does
};
/// nullopt where the rows cannot be told apart (a partial update whose document is not in the event, MariaDB's old
/// temporal formats).
std::optional<EventRows> take_apart(const binlog::EventView& event, const binlog::FormatDescription& source,
                                    const binlog::TableMap& table);

}  // namespace tributary::apply
