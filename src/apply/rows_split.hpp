#pragma once

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/rows_event.hpp"

namespace tributary::apply {

/// A row event of version 1, uncompressed and without checksum, with the header, columns and flags of @p event but
/// the rows @p rows (whole rows, as in event.rows); STMT_END_F as @p ends_statement says.
Bytes make_rows_event(const binlog::EventHeader& header, const binlog::RowsEvent& event, ByteView rows,
                      bool ends_statement);

/// The reader's current row as it stands in the event: before image, then after image.
ByteView current_row(const binlog::RowsReader& reader);

}  // namespace tributary::apply
