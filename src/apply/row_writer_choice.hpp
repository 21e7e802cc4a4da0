#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tributary/apply/applier.hpp"
#include "tributary/apply/row_writer.hpp"

#include "net_binlog_writer.hpp"
#include "row_transcoder.hpp"
#include "sql_row_writer.hpp"

namespace tributary::apply {

/// Which writer each table has at present, for status tables. Thread safe.
class TableWriterBoard {
 public:
  void chosen(const TableName& table, const std::string& writer, const std::string& why);
  void wrote(const TableName& table, std::uint64_t rows);
  [[nodiscard]] std::vector<TableWriter> tables() const;

 private:
  mutable std::mutex mutex_;  ///< guards what follows
  std::map<TableName, TableWriter> tables_;
};

/// Which of the writers a table's rows go to. The only place that decides it.
class RowWriterChoice {
 public:
  /// @p may_binlog: the target's account may run BINLOG statements. @p replaces: of rows that are in the way, which
  /// only MySQL lets a session do by BINLOG.
  RowWriterChoice(RowWriterMode mode, bool may_binlog, bool replaces, const SqlDialect& target)
      : mode_(mode), may_binlog_(may_binlog), replaces_(replaces), target_(target) {}

  struct Choice {
    bool sql = false;
    std::string why;
  };
  /// @throws Error 1235 where neither will do.
  [[nodiscard]] Choice of(const binlog::TableMap& map, const binlog::FormatDescription& source,
                          TargetTables& tables) const;
  /// The same for all tables: the table is not looked at.
  [[nodiscard]] bool binlog_always() const {
    return may_binlog_ && (replaces_ ? !target_.mariadb : mode_ != RowWriterMode::sql);
  }
  [[nodiscard]] bool may_binlog() const { return may_binlog_; }

 private:
  const RowWriterMode mode_;
  const bool may_binlog_;
  const bool replaces_;
  const SqlDialect target_;
};

struct RowWritersEnvironment {
  std::string server_version;  ///< the target's
  SqlDialect target;
  std::size_t statement_limit = 0;  ///< no statement is longer
  RowWriterMode mode = RowWriterMode::automatic;
  bool may_binlog = true;
  /// A failure must be the one that the changes have one by one: there are no net changes.
  bool in_order = false;
  bool replaces = false;          ///< SqlRowOptions::replaces, where BINLOG does not do it
  TargetTables::Connect connect;  ///< the connection to ask for definitions
  TableWriterBoard* board = nullptr;
};

/// Both writers, the choice between them, and the transcoder in front: what turns the source's row events into
/// statements. Where the rows of a transaction go to both, what one has is finished before the other goes on, so that
/// the changes keep their order. One thread.
class RowWriters : public RowWriter {
 public:
  explicit RowWriters(const RowWritersEnvironment& environment);

  /// BinlogRowWriter::session_statement()
  [[nodiscard]] const std::string& session_statement() const { return binlog_.session_statement(); }

  void add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) override {
    transcoder_.add_table_map(event, source);
  }
  void add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) override {
    transcoder_.add_rows(event, source);
  }
  void depend_on(std::uint64_t batch) override { chosen_.depend_on(batch); }
  void keep_order(bool keeps) override { chosen_.keep_order(keeps); }
  [[nodiscard]] std::size_t size() const override { return chosen_.size(); }
  std::vector<RowsStatement> take() override { return chosen_.take(); }
  void clear() override { transcoder_.clear(); }
  void definitions_change(const std::vector<target::ObjectName>& objects) override {
    transcoder_.definitions_change(objects);
  }

 private:
  /// Behind the transcoder: gives each event to the writer of its table.
  class Chosen : public RowWriter {
   public:
    /// @p binlog takes events for BINLOG.
    Chosen(const RowWritersEnvironment& environment, RowWriter& binlog, SqlRowWriter& sql, TargetTables& tables);
    void add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) override;
    void add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) override;
    void depend_on(std::uint64_t batch) override;
    void keep_order(bool keeps) override;
    [[nodiscard]] std::size_t size() const override;
    std::vector<RowsStatement> take() override;
    void clear() override;
    void definitions_change(const std::vector<target::ObjectName>& objects) override;

   private:
    struct Table {
      TableName name;
      Bytes definition;  ///< TableMapLayout::definition, for which it was chosen
      binlog::TableMap map;
      RowWriterChoice::Choice choice;
      std::uint64_t rows = 0;  ///< that the board does not know of yet
    };
    Table& choose(const binlog::EventView& event, const binlog::FormatDescription& source);
    void use(RowWriter& writer);
    void count_rows(Table& table, const binlog::EventView& event, const binlog::FormatDescription& source);
    void tell();

    const RowWriterChoice choice_;
    RowWriter& binlog_;
    SqlRowWriter& sql_;
    TargetTables& tables_;
    TableWriterBoard* const board_;
    std::map<TableName, Table> known_;
    std::map<std::uint64_t, Table*> by_id_;  ///< of the source's current statement
    RowWriter* used_ = nullptr;              ///< the writer that may have something
    std::vector<RowsStatement> finished_;
    std::size_t finished_size_ = 0;
    binlog::RowsReader reader_;
    Bytes scratch_;
  };

  TargetTables tables_;
  TargetColumns columns_;
  BinlogRowWriter binlog_;
  NetBinlogWriter net_;
  SqlRowWriter sql_;
  Chosen chosen_;
  RowTranscoder transcoder_;
};

}  // namespace tributary::apply
