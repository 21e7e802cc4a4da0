#include "row_transcoder.hpp"

#include <fmt/core.h>

#include "tributary/binlog/column_values.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/util/error.hpp"

#include "rows_split.hpp"

namespace tributary::apply {
namespace {

using binlog::ChecksumAlgorithm;
using binlog::EventType;
using binlog::EventView;

/// No statement for the target holds more (max_allowed_packet). An event of the source with compressed values may.
constexpr std::size_t k_most_converted_bytes = std::size_t{1} << 30;

}  // namespace

void RowTranscoder::add_table_map(const EventView& event, const binlog::FormatDescription& source) {
  const auto layout = binlog::TableMapLayout::decode(event, source);
  tables_.erase(layout.table_id);
  const RowSource server = RowSource::of(source);
  if (may_need_conversion(layout.types, layout.column_metadata, server, target_)) {
    TableConversion table = plan_conversion(binlog::TableMap::decode(event, source), server, target_, columns_);
    if (table.any()) {
      const Bytes own = binlog::retype_table_map(event, source, table.source, table.columns, table.dimensions);
      writer_.add_table_map(EventView(own, ChecksumAlgorithm::off), source);
      tables_.emplace(layout.table_id, std::move(table));
      return;
    }
  }
  writer_.add_table_map(event, source);
}

void RowTranscoder::convert(const binlog::RowImage& image, const TableConversion& table, Bytes& rows) const {
  // Values that stay are copied together with what lies between them: their lengths.
  const std::uint8_t* copied = image.raw().data();
  const auto copy_to = [&](const std::uint8_t* end) {
    rows.insert(rows.end(), copied, end);
    copied = end;
  };
  const std::uint8_t* end = copied + (image.cells().size() + 7) / 8;  // of the null bitmap, then of the value before
  for (const binlog::Cell& cell : image.cells()) {
    if (cell.is_null) continue;
    if (table.conversions[cell.column] != ColumnConversion::none) {
      copy_to(end);
      append_converted(table, cell.column, cell.bytes, rows);
      if (rows.size() > k_most_converted_bytes) {
        throw Error(k_packet_too_large, "08S01",
                    fmt::format("an event's rows of table {}.{} have more than 1 GiB in the form that the target "
                                "stores, which no statement can hold",
                                table.source.database, table.source.table));
      }
      copied = cell.bytes.data() + cell.bytes.size();
    }
    end = cell.bytes.data() + cell.bytes.size();
  }
  copy_to(image.raw().data() + image.raw().size());
}

void RowTranscoder::add_rows(const EventView& event, const binlog::FormatDescription& source) {
  const auto [table_id, flags] = binlog::RowsHead::of(event);
  const auto found = tables_.find(table_id);
  if (found == tables_.end()) {
    writer_.add_rows(event, source);
  } else {
    const TableConversion& table = found->second;
    Bytes whole;  // when the event is a partial update
    if (event.type() == EventType::partial_update_rows) {
      whole = binlog::expand_partial_update(event, source, table.source);
    }
    const EventView view = whole.empty() ? event : EventView(whole, ChecksumAlgorithm::off);
    Bytes scratch;
    const binlog::RowsEvent rows = binlog::RowsEvent::decode(view, source, scratch);
    Bytes converted;
    converted.reserve(rows.rows.size() + rows.rows.size() / 2);
    binlog::RowsReader reader(rows, table.source);
    while (reader.next()) {
      if (rows.kind != binlog::RowsKind::write) convert(reader.before(), table, converted);
      if (rows.kind != binlog::RowsKind::remove) convert(reader.after(), table, converted);
    }
    const Bytes own = make_rows_event(event.header(), rows, converted, rows.ends_statement());
    writer_.add_rows(EventView(own, ChecksumAlgorithm::off), source);
  }
  if ((flags & binlog::rows_flag::k_statement_end) != 0) tables_.clear();
}

void RowTranscoder::clear() {
  tables_.clear();
  writer_.clear();
}

void RowTranscoder::definitions_change(const std::vector<target::ObjectName>& objects) {
  columns_.forget(objects);
  writer_.definitions_change(objects);
}

}  // namespace tributary::apply
