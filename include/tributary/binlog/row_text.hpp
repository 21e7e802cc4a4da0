#pragma once

#include <cstddef>
#include <string>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"

namespace tributary::binlog {

struct RowTextOptions {
  std::size_t value_limit = 64;  ///< longer strings are cut to so many bytes and end in "..."
  std::size_t row_limit = 4096;  ///< the text ends in "..." past so many bytes
};

/// A row for people: "id=5, name='x', doc=NULL". Columns without a known name are "@1", "@2", ... Numbers are signed
/// unless @p metadata says otherwise; bytes and what is not valid UTF-8 appear as x'6162'; TIMESTAMP in UTC.
/// Never throws for odd values: they appear in hexadecimal.
std::string row_to_text(const RowImage& row, const TableMap& table, const TableMetadata& metadata,
                        const RowTextOptions& options = {});

/// One value likewise. @p metadata may be empty (default constructed).
std::string value_to_text(const Cell& cell, const TableColumn& column, const ColumnMetadata& metadata,
                          const RowTextOptions& options = {});

}  // namespace tributary::binlog
