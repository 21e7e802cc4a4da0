#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/target/fingerprint.hpp"

namespace tributary::apply {

/// What rows that are written as plain SQL need of the session, which BINLOG takes from the events.
struct RowsSession {
  std::uint16_t flags = 0;  ///< binlog::rows_flag, those of k_session_flags
  /// Of the event, where values of the target's own making may depend on it (a column that the source does not have).
  std::uint32_t timestamp = 0;
  /// Without sql_mode STRICT, which does not take the empty value of an ENUM: the rows are looked at afterwards.
  bool lenient = false;

  bool operator==(const RowsSession&) const = default;
};

/// A statement that changes rows, without ';'.
struct RowsStatement {
  std::string sql;
  std::optional<RowsSession> session;  ///< of plain SQL; none: BINLOG
  std::uint64_t depends_on = 0;        ///< the last batch that one of its rows waits for (RowWriter::depend_on)
};

/// Turns the row events of a batch into SQL for the target. One thread. After an error the writer is to be cleared.
/// Bytes that a statement takes beside its text while it is on its way to a worker, nearly.
inline constexpr std::size_t k_statement_memory = 1024;

class RowWriter {
 public:
  RowWriter() = default;
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;
  virtual ~RowWriter() = default;

  /// A TABLE_MAP event; it counts until the source's statement ends, also over take().
  virtual void add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) = 0;
  /// A row event. @throws Error 1610 when it is damaged, 1153 when one of its rows cannot be sent to the target.
  virtual void add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) = 0;
  /// The rows that are added from here on, until it is said anew, may be changed when @p batch is committed; 0: at
  /// once. Statements that wait for little come before those that wait for more where that costs few statements more.
  virtual void depend_on(std::uint64_t batch) = 0;
  /// The rows that are added from here on are changed one by one, in the source's order: no net changes.
  virtual void keep_order(bool /*keeps*/) {}
  /// Bytes of the statements so far, nearly.
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// The statements, to be run in order in one transaction.
  virtual std::vector<RowsStatement> take() = 0;
  /// Throws everything away, table maps too.
  virtual void clear() = 0;
  /// A DDL comes next that names @p objects (none: it may change any): what was learnt of those in the target may not
  /// hold any more.
  virtual void definitions_change(const std::vector<target::ObjectName>& /*objects*/) {}
};

/// The writer of BINLOG statements (docs/architecture.md, "Applying").
class BinlogRowWriter : public RowWriter {
 public:
  /// @p target_version as the target reports it; no statement is longer than @p statement_limit bytes.
  BinlogRowWriter(const std::string& target_version, std::size_t statement_limit);
  ~BinlogRowWriter() override;

  /// Length of a BINLOG statement with an event of so many bytes, generously: base64 with its line ends, the table map
  /// and headers beside it.
  static std::size_t statement_size(std::size_t event_size);

  /// What a session must run once before the first statement of this writer; on MySQL outside of a transaction, and
  /// GTID_NEXT must be set afterwards.
  [[nodiscard]] const std::string& session_statement() const;

  void add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) override;
  void add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) override;
  /// The source's statement is over, where no row event of it has said so.
  void end_statement();
  void depend_on(std::uint64_t batch) override;
  [[nodiscard]] std::size_t size() const override;
  std::vector<RowsStatement> take() override;
  void clear() override;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tributary::apply
