#pragma once

#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/binlog/table_map.hpp"
#include "tributary/util/bytes.hpp"

namespace tributary::binlog {

/// The type that a column of the old TIMESTAMP, TIME or DATETIME has in the format of MySQL 5.6 and later
/// (TIMESTAMP2, TIME2, DATETIME2), with the same digits of the fraction. Other columns are returned as they are.
TableColumn modern_temporal_type(const TableColumn& column);

/// Appends @p value of the old column @p column, of which the digits of the fraction must be right, in the format of
/// modern_temporal_type(). (MariaDB's Field_*_hires::store_TIME, sql/field.cc; my_time.cc.) @throws Error 1610 when it
/// has another size, or stands for no date or time.
void append_modern_temporal(ByteView value, const TableColumn& column, Bytes& to);

/// Appends the content of @p value of a MariaDB column with the attribute COMPRESSED (sql/field_comp.cc), both without
/// length. @throws Error 1610 when it is damaged.
void append_uncompressed_column(ByteView value, Bytes& to);

/// A TABLE_MAP event, without checksum, like @p event but with the columns @p columns, one for each that it has: where
/// one differs from @p map, the event decoded, its type and metadata are written anew; it must be a string, blob, JSON,
/// modern temporal or vector then. Of the optional metadata, which tell of the columns by their types, it has no other
/// than the dimensions that vectors may have: @p dimensions, one for each column.
Bytes retype_table_map(const EventView& event, const FormatDescription& source, const TableMap& map,
                       const std::vector<TableColumn>& columns, const std::vector<std::uint32_t>& dimensions);

/// The UPDATE_ROWS event, of version 1 and without checksum, that says the same as the PARTIAL_UPDATE_ROWS event
/// @p event about the table of @p map: changes of JSON documents are applied to those of the before images.
/// @throws Error 1593 where a before image lacks a document that is changed, 1610 when the event is damaged.
Bytes expand_partial_update(const EventView& event, const FormatDescription& source, const TableMap& map);

}  // namespace tributary::binlog
