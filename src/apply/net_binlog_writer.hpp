#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tributary/apply/row_writer.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"

#include "kept_event.hpp"
#include "net_row_images.hpp"
#include "target_table.hpp"

namespace tributary::apply {

/// A BINLOG writer that writes what the changes of a batch come to: of each row at most one removal, one update or one
/// new row, and those of a table as few events of many rows. Of tables where that leaves the same rows behind, whatever
/// the order among them: see @ref may_net. Others' events are written as they come. One thread.
class NetBinlogWriter : public RowWriter {
 public:
  /// As BinlogRowWriter; @p plain takes the events that are written as they come. Both outlive this.
  NetBinlogWriter(const std::string& target_version, std::size_t statement_limit, BinlogRowWriter& plain,
                  TargetTables& tables);

  void add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) override;
  void add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) override;
  void depend_on(std::uint64_t batch) override;
  void keep_order(bool keeps) override { keeps_order_ = keeps; }
  [[nodiscard]] std::size_t size() const override;
  std::vector<RowsStatement> take() override;
  void clear() override;
  void definitions_change(const std::vector<target::ObjectName>& objects) override;

 private:
  struct Table {
    KeptEvent map_event;  ///< the last one
    Bytes definition;     ///< TableMapLayout::definition, for which the rest holds
    binlog::TableMap map;
    std::uint32_t events = 0;      ///< of rows, until it is looked at
    std::uint32_t breaks = 0;      ///< since take(): it was written before its end
    bool is_known = false;         ///< the target was asked
    std::vector<std::size_t> key;  ///< columns, in their order; empty: its events are written as they come
    /// Keys of different bytes are different: changes of rows with different keys may go in any order.
    bool has_exact_key = false;
    NetRowImages net;
    binlog::EventHeader header;    ///< of the last event that is in net
    std::uint16_t flags = 0;       ///< likewise
    std::uint64_t depends_on = 0;  ///< of one of the rows in net
  };

  /// A table map of the source's current statement.
  struct OpenTable {
    std::uint64_t table_id = 0;
    Table* table = nullptr;
    KeptEvent map_event;
    bool given_to_plain = false;
  };

  /// Null where the current statement has none of this id.
  OpenTable* find(std::uint64_t table_id);
  /// Whether @p table's rows may be netted; asks the target once it has seen that the table is much changed.
  bool nets(Table& table);
  bool add_net(OpenTable& open, const binlog::EventView& event, const binlog::FormatDescription& source);
  bool add_row(Table& table, binlog::RowsKind kind);
  bool net_row(Table& table, binlog::RowsKind kind);
  void add_plain(OpenTable* open, const binlog::EventView& event, const binlog::FormatDescription& source);
  /// What @p table has comes before what is added to it as it comes.
  void finish(Table& table);
  /// What @p writer has goes behind what is finished.
  void finish(BinlogRowWriter& writer);
  void emit(Table& table, bool waiting);
  void emit(Table& table, bool waiting, binlog::RowsKind kind);
  void emitted(Table& table);
  void take_net();
  void end_statement();
  static std::size_t size_of(const Table& table);

  const std::size_t statement_limit_;
  BinlogRowWriter& plain_;
  BinlogRowWriter net_;  ///< for what is netted
  TargetTables& tables_;
  std::optional<binlog::FormatDescription> source_;
  std::uint64_t depends_on_ = 0;  ///< of what is added
  std::map<TableName, Table> known_;
  std::vector<OpenTable> open_;  ///< the first open_count_ are in use, the others keep memory
  std::size_t open_count_ = 0;
  bool plain_is_open_ = false;  ///< it has table maps of the current statement
  bool keeps_order_ = false;
  std::vector<Table*> changed_;  ///< those with something in net
  std::vector<Table*> broken_;   ///< those with breaks
  std::size_t net_size_ = 0;
  std::vector<RowsStatement> finished_;
  std::size_t finished_size_ = 0;
  binlog::RowsReader reader_;
  Bytes scratch_, key_, rows_;
};

/// The columns by which the target tells @p target's rows apart, where net changes leave the same behind as the events
/// one after another: an InnoDB table with one unique key (a second one's values may have gone from row to row),
/// without foreign keys, triggers and generated columns, whose columns are all in @p map. Else empty.
std::vector<std::size_t> may_net(const TargetTable& target, const binlog::TableMap& map);

}  // namespace tributary::apply
