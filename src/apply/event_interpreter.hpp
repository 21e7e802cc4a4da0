#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/binlog/control_events.hpp"
#include "tributary/binlog/statement_events.hpp"
#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/relay/relay_log.hpp"
#include "tributary/target/prepared_transactions.hpp"

#include "work.hpp"

namespace tributary::apply {

/// What the events of the relay log mean to an applier, in order. Whatever a method throws ends the reading.
class TransactionHandler {
 public:
  TransactionHandler() = default;
  TransactionHandler(const TransactionHandler&) = delete;
  TransactionHandler& operator=(const TransactionHandler&) = delete;
  virtual ~TransactionHandler() = default;

  virtual void on_begin(const TransactionStart& start) = 0;
  virtual void on_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) = 0;
  virtual void on_rows(const EventPlace& place, const binlog::EventView& event,
                       const binlog::FormatDescription& source) = 0;
  /// DML, savepoints, temporary tables: what runs inside of a transaction.
  virtual void on_statement(SourceStatement statement) = 0;
  /// What commits by itself. It may be followed by rows (CREATE TABLE … SELECT) or by on_end().
  virtual void on_ddl(SourceStatement statement) = 0;
  /// The transaction is an XA transaction that the source has prepared: where it stands is to be remembered. None of
  /// its changes were told, unless prepared.applied.
  virtual void on_prepared(const target::PreparedTransaction& prepared) = 0;
  /// Nothing of the transaction being read was told, and what it means depends on what comes after the published end
  /// @p seen: returns when there is more.
  virtual void wait_for_more(relay::RelayLog& log, const relay::RelayPosition& seen, const std::string& stage) = 0;
  /// A prepared transaction has come to its end: committed, after its changes were told, or rolled back.
  virtual void on_prepared_ended(const binlog::XaId& xid) = 0;
  /// The transaction is whole; @p rolled_back: the source ended it with ROLLBACK.
  virtual void on_end(bool rolled_back) = 0;
  /// The source was started anew: the temporary tables of its former sessions are gone.
  virtual void on_source_restarted() = 0;
  /// The source crashed in the middle of the transaction: what was seen of it has no effect.
  virtual void on_abandoned() = 0;
};

/// Reads the events of a relay log one after another and tells a handler what they mean. Knows the transaction it is
/// in, the GTID position, the prepared XA transactions, and the helper events that wait for their statement. One
/// thread.
///
/// What stands for other events is unfolded here: a TRANSACTION_PAYLOAD is its events, and an XA COMMIT the events of
/// the transaction that it commits, which are read once more from where they stand.
class EventInterpreter {
 public:
  /// @p target tells which server will run the statements. @p gtid_position is Checkpoint::gtid at the place where
  /// reading begins, @p prepared what is prepared there. @p log and @p handler must outlive this.
  EventInterpreter(relay::RelayLog& log, TransactionHandler& handler, const SqlDialect& target,
                   std::string_view gtid_position, const std::vector<target::PreparedTransaction>& prepared);

  /// The next event of the cursor. @throws Error: 1610 damaged or out of place, 1593 what the applier cannot execute
  /// (each names type, file and position), 1590 an incident of the source, 1397 an XA COMMIT of what is not known to be
  /// prepared, and what the handler throws.
  void feed(const relay::RelayEvent& event, const binlog::FormatDescription& description);

  /// The transaction that the next event begins has no effect, whatever is in it: the handler is told its begin and
  /// end.
  void skip_next_transaction() { skips_next_ = true; }
  /// Whether the last event was of such a transaction.
  [[nodiscard]] bool skips() const { return skips_; }
  [[nodiscard]] bool in_transaction() const { return !boundary_.at_boundary(); }
  /// The transaction being read; the last one when none is.
  [[nodiscard]] const TransactionStart& transaction() const { return transaction_; }
  /// "binlog.000003:1234" in the source's terms.
  [[nodiscard]] std::string source_place(const relay::RelayPosition& position);
  /// After the last whole transaction.
  [[nodiscard]] target::Checkpoint checkpoint();

 private:
  void interpret(const relay::RelayEvent& event, const binlog::EventView& view,
                 const binlog::FormatDescription& description);
  void begin_transaction(const relay::RelayEvent& event, const binlog::EventView& view);
  void note_source(const binlog::FormatDescription& description);
  void note_clock(const binlog::MysqlGtidEvent& gtid);
  void end_transaction(const relay::RelayEvent& event);
  void on_gtid_list(const binlog::EventView& view);
  void on_helper(const binlog::EventView& view);
  void on_table_map(const binlog::EventView& view, const binlog::FormatDescription& description);
  void on_rows(const relay::RelayEvent& event, const binlog::EventView& view,
               const binlog::FormatDescription& description);
  void on_query(const relay::RelayEvent& event, const binlog::EventView& view,
                const binlog::FormatDescription& description);
  void on_load_data(const relay::RelayEvent& event, const binlog::EventView& view,
                    const binlog::FormatDescription& description);
  void tell_statement(const relay::RelayEvent& event, const binlog::EventView& view, binlog::QueryEvent query,
                      const std::optional<LoadDataFile>& load_data);
  /// SET PASSWORD with a hash, for MySQL.
  void translate_password(SourceStatement& statement, const binlog::EventView& view, const relay::RelayPosition& start,
                          const SqlDialect& dialect);
  void on_statement(SourceStatement statement, const relay::RelayEvent& event, const binlog::EventView& view,
                    const SqlDialect& dialect);
  void on_payload(const relay::RelayEvent& event, const binlog::EventView& view,
                  const binlog::FormatDescription& description);
  void on_xa_statement(const relay::RelayEvent& event, const binlog::EventView& view, const std::string& text,
                       const SqlDialect& dialect);
  void on_xa_prepare(const relay::RelayEvent& event, const binlog::EventView& view);
  /// Tells the handler the changes of @p prepared as part of the transaction being read.
  void replay(const target::PreparedTransaction& prepared);
  void note_prepared_statement(const binlog::EventView& view, const binlog::FormatDescription& description);
  /// Whether the source commits @p prepared. Waits until it is received.
  bool is_committed_later(const target::PreparedTransaction& prepared);
  [[nodiscard]] SqlDialect dialect_of(const binlog::QueryEvent& query) const;
  [[nodiscard]] SqlDialect source_dialect_of(const binlog::QueryEvent& query) const;  ///< as the source has read it
  [[nodiscard]] StatementScan scan(const binlog::QueryEvent& query) const;
  [[nodiscard]] EventPlace place_of(const relay::RelayEvent& event, const binlog::EventView& view);
  /// Whether the statement is only about tables of an upstream Tributary. @throws Error for one that mixes.
  bool skips_own(const relay::RelayEvent& event, const binlog::EventView& view, const binlog::QueryEvent& query,
                 const StatementScan& scan, const SqlDialect& dialect);
  void tell_skipped(const std::string& what);
  [[noreturn]] void refuse(const binlog::EventView& view, const relay::RelayPosition& start, std::string_view why);
  const std::string& source_file(std::uint64_t file_number);

  relay::RelayLog& log_;
  TransactionHandler& handler_;
  const SqlDialect target_;
  binlog::TransactionBoundary boundary_;
  bool from_mariadb_ = true;
  std::uint32_t source_version_ = 0;
  std::uint64_t source_file_number_ = 0;
  std::string source_file_name_;

  std::map<std::string, target::PreparedTransaction> prepared_;  ///< by XaId::to_sql()
  gtid::MariadbGtidPosition mariadb_position_;
  gtid::MysqlGtidSet mysql_position_;
  relay::RelayPosition applied_end_;
  std::string applied_source_file_;
  std::uint32_t applied_timestamp_ = 0;

  // Of the transaction being read.
  TransactionStart transaction_;
  std::optional<gtid::MariadbGtid> mariadb_gtid_;
  std::optional<gtid::MysqlGtid> mysql_gtid_;
  bool skips_ = false;
  bool skips_next_ = false;
  bool rolled_back_ = false;
  bool told_skipped_ = false;
  /// START ALTER and ROLLBACK ALTER of MariaDB's two-phase ALTER: COMMIT ALTER runs the statement.
  bool statement_has_no_effect_ = false;
  /// It is an XA transaction: its events tell nothing before it is committed.
  bool prepares_ = false;
  bool prepares_by_statements_ = false;  ///< of a source that does not keep locked what they have read
  /// Where the blocks of LOAD DATA statements to come begin, by file id.
  std::map<std::uint32_t, relay::RelayPosition> load_files_;
  bool in_payload_ = false;                ///< events are those of a TRANSACTION_PAYLOAD
  bool replays_ = false;                   ///< events are those of a prepared transaction
  std::vector<std::uint64_t> own_tables_;  ///< table ids of an upstream Tributary's own tables
  StatementContext pending_;               ///< from INTVAR, RAND and USER_VAR events
};

}  // namespace tributary::apply
