#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tributary/binlog/table_map.hpp"
#include "tributary/target/target_server.hpp"

#include "target_columns.hpp"

namespace tributary::apply {

/// MariaDB's BINLOG statement answers "Unknown error" where a column of the target has another type than in the source,
/// and writes the reason into its error log only. This finds the column, and says it as a replica would:
/// "Column 2 of table 'd.t' cannot be converted from type 'int' to type 'datetime'" (ER_SLAVE_CONVERSION_FAILED).
/// nullopt when the definitions agree. @throws TargetError.
std::optional<std::string> find_column_mismatch(target::TargetConnection& connection, const binlog::TableMap& table);

/// The same, of the columns @p targets.
std::optional<std::string> find_column_mismatch(const std::vector<TargetColumn>& targets,
                                                const binlog::TableMap& table);

/// A column of a table map as the server names its type: "int", "varchar(20 octets)", "decimal(10,2)".
std::string source_type_name(const binlog::TableColumn& column);

}  // namespace tributary::apply
