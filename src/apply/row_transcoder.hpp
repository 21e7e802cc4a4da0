#pragma once

#include <map>

#include "tributary/apply/row_writer.hpp"
#include "tributary/apply/sql_tokenizer.hpp"
#include "tributary/binlog/rows_event.hpp"

#include "column_conversion.hpp"

namespace tributary::apply {

/// Stands before a row writer, and gives it the rows of tables whose values the target stores in another form than the
/// source in that form (ColumnConversion). All other events pass untouched. One thread.
class RowTranscoder : public RowWriter {
 public:
  /// @p writer and @p columns must outlive it.
  RowTranscoder(RowWriter& writer, const SqlDialect& target, TargetColumns& columns)
      : writer_(writer), target_(target), columns_(columns) {}

  void add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) override;
  /// @throws also Error 1593 for a partial JSON update that cannot be made a whole one, 3140 and 3157 for what is no
  /// JSON or nested too deep.
  void add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) override;
  void depend_on(std::uint64_t batch) override { writer_.depend_on(batch); }
  void keep_order(bool keeps) override { writer_.keep_order(keeps); }
  [[nodiscard]] std::size_t size() const override { return writer_.size(); }
  std::vector<RowsStatement> take() override { return writer_.take(); }
  void clear() override;
  void definitions_change(const std::vector<target::ObjectName>& objects) override;

 private:
  void convert(const binlog::RowImage& image, const TableConversion& table, Bytes& rows) const;

  RowWriter& writer_;
  const SqlDialect target_;
  TargetColumns& columns_;
  std::map<std::uint64_t, TableConversion> tables_;  ///< by table id, of the source's statement that is not over
};

}  // namespace tributary::apply
