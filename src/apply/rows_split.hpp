#pragma once

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"

namespace tributary::apply {

/// ER_NET_PACKET_TOO_LARGE: of rows that no statement for the target can hold.
inline constexpr std::uint16_t k_packet_too_large = 1153;

/// A row event of version 1, uncompressed and without checksum, with the header, columns and flags of @p event but
/// the rows @p rows (whole rows, as in event.rows); STMT_END_F as @p ends_statement says.
Bytes make_rows_event(const binlog::EventHeader& header, const binlog::RowsEvent& event, ByteView rows,
                      bool ends_statement);

/// The reader's current row as it stands in the event: before image, then after image.
ByteView current_row(const binlog::RowsReader& reader);

/// False where a table map does not tell how long the values are, or what they are: MariaDB's old temporal types with a
/// fraction, and its compressed columns.
bool tells_lengths(const binlog::TableMap& table);

}  // namespace tributary::apply
