#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/apply/row_writer.hpp"
#include "tributary/apply/sql_tokenizer.hpp"
#include "tributary/binlog/rows_event.hpp"

#include "net_changes.hpp"
#include "sql_values.hpp"
#include "target_table.hpp"

namespace tributary::apply {

struct SqlRowOptions {
  /// Bytes of a statement, beyond which another one is begun; a row that is longer has a statement of its own.
  std::size_t statement_bytes = std::size_t{512} << 10;
  std::size_t statement_limit = 0;  ///< that the target takes
  bool in_order = false;            ///< each change by itself, no net changes
  /// A new row takes the place of those that have a value of one of its unique keys, as the servers' replicas do it
  /// under slave_exec_mode=IDEMPOTENT: columns that it does not have stay as they are in such a row.
  bool replaces = false;
};

/// The writer of plain SQL (docs/architecture.md, "Applying"). Rows of tables that RowWriterChoice gives it, in the
/// form in which the target stores them.
class SqlRowWriter : public RowWriter {
 public:
  /// @p tables must outlive it.
  SqlRowWriter(const SqlDialect& target, const SqlRowOptions& options, TargetTables& tables);

  void add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) override;
  /// @throws also Error 1366 for a value that no literal stands for, 1593 for a partial JSON update that cannot be made
  /// a whole one.
  void add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) override;
  void depend_on(std::uint64_t batch) override { depends_on_ = std::max(depends_on_, batch); }
  void keep_order(bool keeps) override { keeps_order_ = keeps; }
  [[nodiscard]] std::size_t size() const override { return size_; }
  std::vector<RowsStatement> take() override;
  void clear() override;
  void definitions_change(const std::vector<target::ObjectName>& objects) override;
  /// The source's statement ends with an event that is not given to this.
  void end_statement() { by_id_.clear(); }

 private:
  /// What is known of a table, and what waits for it.
  struct Table {
    Bytes definition;  ///< TableMapLayout::definition
    binlog::TableMap map;
    std::string name;                ///< quoted, with its database
    std::vector<SqlColumn> columns;  ///< those of the map that the target has too, then those that it has alone
    std::size_t common = 0;          ///< of both
    std::size_t written = 0;         ///< common ones that are not generated
    std::vector<std::size_t> key;    ///< of common columns only, else empty
    bool any_order = false;          ///< net changes per key do what the changes one by one do
    bool has_own_columns = false;    ///< that are written, and that the source does not have
    NetChanges net;
  };
  /// Rows that follow one another in a statement: "INSERT INTO ... VALUES" so far.
  struct OpenInsert {
    const Table* table = nullptr;
    std::vector<bool> columns;
    std::string sql;
    std::size_t rows = 0;
  };

  Table& table_of(std::uint64_t id);
  void plan(Table& table, const binlog::TableMap& map, const TargetTable& target) const;
  void enter(const Table& table, std::uint16_t flags, std::uint32_t timestamp);
  void add_row(Table& table, const binlog::RowsEvent& rows, const binlog::RowsReader& reader);
  [[nodiscard]] bool fits(const Table& table, std::string_view row) const;
  bool add_net(Table& table, const binlog::RowsEvent& rows, const binlog::RowsReader& reader);
  void add_in_order(Table& table, const binlog::RowsEvent& rows, const binlog::RowsReader& reader);
  [[nodiscard]] static bool is_whole(const Table& table, const binlog::RowImage& image);
  [[nodiscard]] static bool has_key(const Table& table, const binlog::RowImage& image);
  [[nodiscard]] static std::string key_text(const Table& table, const binlog::RowImage& image);
  [[nodiscard]] static std::string row_text(const Table& table, const binlog::RowImage& image);
  [[nodiscard]] std::string insert_head(const Table& table, const std::vector<bool>& columns) const;
  [[nodiscard]] static bool has_all_columns(const Table& table, const std::vector<bool>& columns);
  [[nodiscard]] std::string replacing_tail(const Table& table, const std::vector<bool>& columns) const;
  [[nodiscard]] static std::string where(const Table& table, const binlog::RowImage& image);
  [[nodiscard]] static std::string where_exactly(const Table& table, const binlog::RowImage& image);
  void insert_in_order(const Table& table, const binlog::RowImage& image);
  void update_in_order(const Table& table, const binlog::RowImage& before, const binlog::RowImage& after);
  void remove_in_order(const Table& table, const binlog::RowImage& before);
  void finish_insert();
  void finish_net(Table& table);
  void finish_all();
  void remove_all(const Table& table, const std::vector<std::string_view>& keys);
  void add_statement(const Table& table, std::string sql);
  void must_hold(const Table& table, std::string_view condition);

  const SqlDialect target_;
  const SqlRowOptions options_;
  TargetTables& tables_;
  std::map<TableName, Table> plans_;
  std::map<std::uint64_t, Table*> by_id_;  ///< of the source's current statement
  std::vector<Table*> changed_;            ///< with net changes, in the order of their first
  OpenInsert insert_;
  RowsSession session_;  ///< of all that waits
  bool keeps_order_ = false;
  std::uint64_t depends_on_ = 0;  ///< of one of the rows since take()
  std::vector<RowsStatement> finished_;
  std::size_t size_ = 0;
  binlog::RowsReader reader_;
};

/// What MySQL says where a statement of SqlRowWriter did not find its row, as the error that it stands for: 1032.
/// nullopt for other errors.
std::optional<target::TargetError> missing_row_error(const target::TargetError& error);

}  // namespace tributary::apply
