#include "tributary/binlog/table_maps.hpp"

#include <algorithm>

#include "decode_support.hpp"

namespace tributary::binlog {
namespace {

/// Past so many tables, all are forgotten between two statements: a source may have 100,000.
constexpr std::size_t k_most_tables = 4096;

}  // namespace

const TableMaps::Table& TableMaps::add(const EventView& event, const FormatDescription& description) {
  require_type(event, {EventType::table_map});
  static constexpr std::size_t k_short_post_header = 6;
  ByteReader reader(event.body());
  const bool short_id = description.post_header_length(event.type()) == k_short_post_header;
  const std::uint64_t table_id = short_id ? reader.u32() : reader.u48();
  const ByteView body = event.body();
  Entry& entry = entries_[table_id];
  if (!std::equal(body.begin(), body.end(), entry.body.begin(), entry.body.end())) {
    entry.statement = 0;
    entry.body.clear();
    entry.table.map = TableMap::decode(event, description);
    entry.table.metadata = entry.table.map.metadata(description);
    entry.body.assign(body.begin(), body.end());
  }
  entry.statement = statement_;
  return entry.table;
}

const TableMaps::Table* TableMaps::find(std::uint64_t table_id) const {
  const auto at = entries_.find(table_id);
  return at == entries_.end() || at->second.statement != statement_ ? nullptr : &at->second.table;
}

void TableMaps::end_statement() {
  ++statement_;
  if (entries_.size() > k_most_tables) entries_.clear();
}

void TableMaps::clear() {
  entries_.clear();
  ++statement_;
}

}  // namespace tributary::binlog
