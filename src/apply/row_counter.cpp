#include "row_counter.hpp"

#include <utility>

namespace tributary::apply {

void RowCounter::note(const binlog::EventView& table_map, const binlog::FormatDescription& source) {
  binlog::TableMap table = binlog::TableMap::decode(table_map, source);
  const std::uint64_t id = table.table_id;
  tables_.insert_or_assign(id, std::move(table));
}

std::uint64_t RowCounter::count(const binlog::EventView& rows, const binlog::FormatDescription& source) {
  const auto table = tables_.find(binlog::RowsHead::of(rows).table_id);
  // Without its table the event is refused elsewhere; partial updates of JSON are few in an event.
  if (table == tables_.end() || rows.type() == binlog::EventType::partial_update_rows) return 1;
  const binlog::RowsEvent event = binlog::RowsEvent::decode(rows, source, scratch_);
  binlog::RowsReader reader(event, table->second);
  std::uint64_t count = 0;
  while (reader.next()) ++count;
  return count;
}

}  // namespace tributary::apply
