#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/binlog/table_map.hpp"

namespace tributary::binlog {

/// The table maps of the statement at hand, for its row events. A source describes a table anew with every statement; a
/// description that is the same as last time is not decoded again and allocates nothing. One thread.
class TableMaps {
 public:
  /// A table and what optional metadata tells of its columns.
  struct Table {
    TableMap map;
    TableMetadata metadata;
  };

  /// Decodes a TABLE_MAP event. The reference holds until the next end_statement() with many tables, or clear().
  /// Throws Error 1610.
  const Table& add(const EventView& event, const FormatDescription& description);
  /// The table with that number in the statement at hand; nullptr when no event described it.
  [[nodiscard]] const Table* find(std::uint64_t table_id) const;
  /// A row event with STMT_END_F was read, or a transaction ended: numbers mean nothing until they are described again.
  void end_statement();
  /// Forgets all: another source, or another file with another description.
  void clear();

 private:
  struct Entry {
    std::uint64_t statement = 0;  ///< in which it was described last
    Bytes body;                   ///< of that event
    Table table;
  };

  std::unordered_map<std::uint64_t, Entry> entries_;
  std::uint64_t statement_ = 1;
};

}  // namespace tributary::binlog
