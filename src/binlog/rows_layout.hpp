#pragma once

#include "tributary/binlog/rows_event.hpp"

namespace tributary::binlog {

/// What an event type says about a row event.
struct RowsForm {
  RowsKind kind = RowsKind::write;
  bool version_2 = false;   ///< has extra data
  bool compressed = false;  ///< MariaDB's compressed rows
  bool known = false;       ///< false: not a row event of version 1 or 2
  bool partial = false;     ///< after images may hold changes of JSON documents instead of whole ones
};
RowsForm rows_form(EventType type);

/// A row event's parts as raw bytes, all borrowed, nothing decompressed.
struct RowsLayout {
  RowsForm form;
  std::uint64_t table_id = 0;
  std::uint16_t flags = 0;
  ByteView extra_data;
  std::size_t column_count = 0;
  ByteView first_bitmap;
  ByteView second_bitmap;  ///< of an update
  ByteView columns_part;   ///< number of columns and bitmaps: the same in version 1 and 2
  ByteView rows_part;      ///< rows, or the compressed block

  /// Throws Error 1610.
  static RowsLayout decode(const EventView& event, const FormatDescription& description);
};

/// Bit @p index of a bitmap, the lowest bit of its first byte being bit 0.
inline bool bit_is_set(ByteView bitmap, std::size_t index) {
  return (bitmap[index / 8] >> (index % 8) & 1) != 0;
}

}  // namespace tributary::binlog
