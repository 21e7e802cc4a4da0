#pragma once

#include <cstdint>
#include <map>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"

namespace tributary::apply {

/// Counts the rows of row events, for the limit of a batch. It walks over all of them: an event does not tell.
class RowCounter {
 public:
  void begin_transaction() { tables_.clear(); }
  void note(const binlog::EventView& table_map, const binlog::FormatDescription& source);
  std::uint64_t count(const binlog::EventView& rows, const binlog::FormatDescription& source);

 private:
  std::map<std::uint64_t, binlog::TableMap> tables_;  ///< by id
  Bytes scratch_;
};

}  // namespace tributary::apply
