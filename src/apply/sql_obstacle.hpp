#pragma once

#include <optional>
#include <string>

#include "tributary/apply/sql_tokenizer.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/binlog/table_map.hpp"

#include "target_table.hpp"

namespace tributary::apply {

/// Why a table's rows should not be written as plain SQL.
struct SqlObstacle {
  std::string why;  ///< to be shown
  /// Not only because of values that the table may have, and which are refused when they come.
  bool absolute = true;
};

/// nullopt where nothing speaks against it. @p map is in the form in which the target stores the rows.
std::optional<SqlObstacle> sql_obstacle(const binlog::TableMap& map, const TargetTable& target,
                                        const binlog::FormatDescription& source, const SqlDialect& dialect);

}  // namespace tributary::apply
