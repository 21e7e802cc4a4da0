#include <vector>

#include <fmt/core.h>

#include "tributary/binlog/column_values.hpp"
#include "tributary/binlog/json.hpp"
#include "tributary/util/error.hpp"

#include "decode_support.hpp"
#include "rows_layout.hpp"
#include "value_length.hpp"

namespace tributary::binlog {
namespace {

struct BeforeDocument {
  bool known = false;
  ByteView document;
};

/// Reads the rows of a PARTIAL_UPDATE_ROWS event and writes them as those of an UPDATE_ROWS event.
class Expander {
 public:
  Expander(const RowsLayout& layout, const TableMap& map, ByteWriter& out)
      : layout_(layout), map_(map), out_(out), reader_(layout.rows_part), documents_(map.columns.size()) {
    for (const TableColumn& column : map.columns) json_columns_ += column.type == ColumnType::json ? 1 : 0;
    before_present_ = count(layout.first_bitmap);
    after_present_ = count(layout.second_bitmap);
  }

  void run() {
    while (!reader_.at_end()) {
      copy_before();
      copy_after();
    }
  }

 private:
  std::size_t count(ByteView bitmap) const {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < layout_.column_count; ++i) bits += bit_is_set(bitmap, i) ? 1 : 0;
    return bits;
  }

  /// The value at the reader, without its length.
  ByteView value(const TableColumn& column) {
    const ValueShape shape = value_shape(column);
    if (shape.length_bytes == 0) return reader_.bytes(shape.fixed_size);
    return reader_.bytes(static_cast<std::size_t>(reader_.little_endian(shape.length_bytes)));
  }
  void write_value(const TableColumn& column, ByteView bytes) {
    out_.little_endian(bytes.size(), value_shape(column).length_bytes);
    out_.bytes(bytes);
  }

  void copy_before() {
    const ByteView nulls = reader_.bytes((before_present_ + 7) / 8);
    out_.bytes(nulls);
    std::size_t index = 0;
    for (std::size_t i = 0; i < layout_.column_count; ++i) {
      const TableColumn& column = map_.columns[i];
      documents_[i] = {};
      if (!bit_is_set(layout_.first_bitmap, i) || bit_is_set(nulls, index++)) continue;
      const ByteView bytes = value(column);
      documents_[i] = {true, bytes};
      write_value(column, bytes);
    }
  }

  void copy_after() {
    static constexpr std::uint64_t k_partial_json = 1;  // enum_binlog_row_value_options
    const std::uint64_t options = reader_.lenenc();
    if ((options & ~k_partial_json) != 0) throw_damaged(EventType::partial_update_rows, "options that are not known");
    const ByteView partial = (options & k_partial_json) != 0 ? reader_.bytes((json_columns_ + 7) / 8) : ByteView();
    const ByteView nulls = reader_.bytes((after_present_ + 7) / 8);
    out_.bytes(nulls);
    std::size_t index = 0;
    std::size_t json_index = 0;  // among all JSON columns, present or not
    for (std::size_t i = 0; i < layout_.column_count; ++i) {
      const TableColumn& column = map_.columns[i];
      const bool is_partial = column.type == ColumnType::json && !partial.empty() && bit_is_set(partial, json_index);
      if (column.type == ColumnType::json) ++json_index;
      if (!bit_is_set(layout_.second_bitmap, i) || bit_is_set(nulls, index++)) continue;
      const ByteView bytes = value(column);
      if (is_partial) {
        write_value(column, changed(i, bytes));
      } else {
        write_value(column, bytes);
      }
    }
  }

  Bytes changed(std::size_t column, ByteView changes) const {
    if (!documents_[column].known) {
      throw Error(error_code::k_replica_fatal,
                  fmt::format("Fatal error: a partial update changes the JSON document in column {} of table {}.{}, "
                              "which the row before it does not have: set binlog_row_image to FULL, or "
                              "binlog_row_value_options to '', on the source",
                              column + 1, map_.database, map_.table));
    }
    return apply_json_diffs(documents_[column].document, changes);
  }

  const RowsLayout& layout_;
  const TableMap& map_;
  ByteWriter& out_;
  ByteReader reader_;
  std::vector<BeforeDocument> documents_;  ///< of the current row, by column
  std::size_t json_columns_ = 0;
  std::size_t before_present_ = 0;
  std::size_t after_present_ = 0;
};

}  // namespace

Bytes expand_partial_update(const EventView& event, const FormatDescription& source, const TableMap& map) {
  require_type(event, {EventType::partial_update_rows});
  const RowsLayout layout = RowsLayout::decode(event, source);
  if (layout.column_count != map.columns.size()) {
    throw_damaged(event.type(), "it has another number of columns than its table map");
  }
  EventHeader header = event.header();
  header.type = EventType::update_rows_v1;
  header.log_pos = 0;
  ByteWriter writer(event.raw().size() * 2);
  header.encode(writer);
  writer.u48(layout.table_id);
  writer.u16(layout.flags);
  writer.bytes(layout.columns_part);
  Expander(layout, map, writer).run();
  Bytes bytes = writer.take();
  finish_event(bytes, ChecksumAlgorithm::off);
  return bytes;
}

}  // namespace tributary::binlog
