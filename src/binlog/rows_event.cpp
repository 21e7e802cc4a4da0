#include "tributary/binlog/rows_event.hpp"

#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "compression.hpp"
#include "decode_support.hpp"
#include "rows_layout.hpp"
#include "value_length.hpp"

namespace tributary::binlog {
namespace {

/// Set bits among the first @p count.
std::size_t count_bits(ByteView bitmap, std::size_t count) {
  std::size_t bits = 0;
  for (std::size_t i = 0; i < count / 8; ++i) bits += static_cast<std::size_t>(std::popcount(bitmap[i]));
  for (std::size_t i = count / 8 * 8; i < count; ++i) bits += bit_is_set(bitmap, i) ? 1 : 0;
  return bits;
}

/// The chunks of the extra data of version 2 (binlog-format 10.2). An unknown one hides what follows it.
void read_extra_data(ByteReader reader, RowsEvent& result) {
  static constexpr std::uint8_t k_ndb = 0;
  static constexpr std::uint8_t k_partition = 1;
  while (!reader.at_end()) {
    const std::uint8_t type = reader.u8();
    if (type == k_ndb) {
      const std::size_t length = reader.u8();  // counts itself and the byte of the format
      if (length > 1) reader.skip(length - 1);
    } else if (type == k_partition) {
      result.partition_id = reader.u16();
      if (result.kind == RowsKind::update) result.source_partition_id = reader.u16();
    } else {
      return;
    }
  }
}

}  // namespace

RowsLayout RowsLayout::decode(const EventView& event, const FormatDescription& description) {
  static constexpr std::size_t k_short_post_header = 6;  // 5.1 beta: a table id of four bytes
  const RowsForm form = rows_form(event.type());
  if (!form.known) throw_damaged(event.type(), "it is not a row event that can be decoded");
  ByteReader reader(event.body());
  const std::size_t post_header_length = description.post_header_length(event.type());
  RowsLayout layout;
  layout.form = form;
  layout.table_id = post_header_length == k_short_post_header ? reader.u32() : reader.u48();
  layout.flags = reader.u16();
  if (form.version_2) {
    const std::size_t length = reader.u16();  // counts itself
    if (length < 2) throw_damaged(event.type(), "its extra data is shorter than the length of it");
    layout.extra_data = reader.bytes(length - 2);
  }
  const std::size_t begin = reader.position();
  const std::uint64_t column_count = reader.lenenc();
  if (column_count > reader.remaining() * 8) throw_damaged(event.type(), "it is shorter than its number of columns");
  layout.column_count = static_cast<std::size_t>(column_count);
  const std::size_t bitmap_size = (layout.column_count + 7) / 8;
  layout.first_bitmap = reader.bytes(bitmap_size);
  if (form.kind == RowsKind::update) layout.second_bitmap = reader.bytes(bitmap_size);
  layout.columns_part = event.body().subspan(begin, reader.position() - begin);
  layout.rows_part = reader.rest();
  return layout;
}

RowsForm rows_form(EventType type) {
  switch (type) {
    case EventType::write_rows_v1:
      return {RowsKind::write, false, false, true};
    case EventType::update_rows_v1:
      return {RowsKind::update, false, false, true};
    case EventType::delete_rows_v1:
      return {RowsKind::remove, false, false, true};
    case EventType::write_rows:
      return {RowsKind::write, true, false, true};
    case EventType::update_rows:
      return {RowsKind::update, true, false, true};
    case EventType::delete_rows:
      return {RowsKind::remove, true, false, true};
    case EventType::mariadb_write_rows_compressed_v1:
      return {RowsKind::write, false, true, true};
    case EventType::mariadb_update_rows_compressed_v1:
      return {RowsKind::update, false, true, true};
    case EventType::mariadb_delete_rows_compressed_v1:
      return {RowsKind::remove, false, true, true};
    case EventType::mariadb_write_rows_compressed:
      return {RowsKind::write, true, true, true};
    case EventType::mariadb_update_rows_compressed:
      return {RowsKind::update, true, true, true};
    case EventType::mariadb_delete_rows_compressed:
      return {RowsKind::remove, true, true, true};
    case EventType::partial_update_rows:
      return {RowsKind::update, true, false, true, true};
    default:
      return {};
  }
}

RowsHead RowsHead::of(const EventView& event) {
  ByteReader reader(event.body());
  RowsHead head;
  head.table_id = reader.u48();
  head.flags = reader.u16();
  return head;
}

bool is_dummy_table_id(std::uint64_t table_id) {
  return table_id == 0x00ffffff || table_id == UINT32_MAX || table_id == 0xffffffffffff;
}

bool has_all_columns(ByteView bitmap, std::size_t columns) {
  for (std::size_t i = 0; i < columns; ++i) {
    if (!bit_is_set(bitmap, i)) return false;
  }
  return true;
}

bool is_rows_event(EventType type) {
  const RowsForm form = rows_form(type);
  return form.known && !form.partial;
}

RowsEvent RowsEvent::decode(const EventView& event, const FormatDescription& description, Bytes& scratch) {
  const RowsLayout layout = RowsLayout::decode(event, description);
  if (layout.form.partial) throw_damaged(event.type(), "its rows cannot be read without the documents before them");
  RowsEvent result;
  result.kind = layout.form.kind;
  result.table_id = layout.table_id;
  result.flags = layout.flags;
  result.column_count = layout.column_count;
  read_extra_data(ByteReader(layout.extra_data), result);
  if (result.kind == RowsKind::write) {
    result.after_columns = layout.first_bitmap;
  } else {
    result.before_columns = layout.first_bitmap;
    result.after_columns = layout.second_bitmap;
  }
  if (layout.form.compressed) {
    decompress_block(layout.rows_part, scratch);
    result.rows = scratch;
  } else {
    result.rows = layout.rows_part;
  }
  return result;
}

const Cell* RowImage::find(std::size_t column) const {
  const auto at = std::lower_bound(cells_.begin(), cells_.end(), column,
                                   [](const Cell& cell, std::size_t wanted) { return cell.column < wanted; });
  return at != cells_.end() && at->column == column ? &*at : nullptr;
}

void RowsReader::reset(const RowsEvent& event, const TableMap& table) {
  if (event.column_count != table.columns.size()) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("damaged row event: it has {} columns, its table map for {}.{} has {}", event.column_count,
                            table.database, table.table, table.columns.size()));
  }
  event_ = &event;
  table_ = &table;
  position_ = 0;
  before_present_ = event.before_columns.empty() ? 0 : count_bits(event.before_columns, event.column_count);
  after_present_ = event.after_columns.empty() ? 0 : count_bits(event.after_columns, event.column_count);
  before_.cells_.clear();
  before_.raw_ = {};
  after_.cells_.clear();
  after_.raw_ = {};
}

bool RowsReader::next() {
  if (event_ == nullptr || position_ == event_->rows.size()) return false;
  const std::size_t begin = position_;
  if (event_->kind != RowsKind::write)
    position_ = read_image(position_, event_->before_columns, before_present_, before_);
  if (event_->kind != RowsKind::remove)
    position_ = read_image(position_, event_->after_columns, after_present_, after_);
  // Rows without a byte would never end.
  if (position_ == begin) throw Error(error_code::k_corrupt_event, "damaged row event: it has rows without columns");
  return true;
}

std::size_t RowsReader::read_image(std::size_t position, ByteView columns, std::size_t present, RowImage& image) const {
  ByteReader reader(event_->rows.subspan(position));
  const ByteView nulls = reader.bytes((present + 7) / 8);
  image.cells_.resize(present);
  Cell* cell = image.cells_.data();
  const TableColumn* const definitions = table_->columns.data();
  const bool all_present = present == event_->column_count;
  std::size_t index = 0;  // among the present columns
  for (std::size_t column = 0; index < present; ++column) {
    if (!all_present && !bit_is_set(columns, column)) continue;
    cell->column = column;
    cell->is_null = bit_is_set(nulls, index);
    ++index;
    if (cell->is_null) {
      cell->bytes = {};
    } else {
      const ValueShape shape = quick_value_shape(definitions[column]);
      const std::size_t size = shape.length_bytes == 0
                                   ? shape.fixed_size
                                   : static_cast<std::size_t>(reader.little_endian(shape.length_bytes));
      cell->bytes = reader.bytes(size);
    }
    ++cell;
  }
  image.raw_ = event_->rows.subspan(position, reader.position());
  return position + reader.position();
}

}  // namespace tributary::binlog
