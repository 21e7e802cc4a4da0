#include "sql_obstacle.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/core.h>

#include "column_mismatch.hpp"

namespace tributary::apply {

std::optional<SqlObstacle> sql_obstacle(const binlog::TableMap& map, const TargetTable& target,
                                        const binlog::FormatDescription& source, const SqlDialect& dialect) {
  using binlog::ColumnType;
  // Seen with 10.11, not with 11.8: whatever a statement says, zero is stored without a sign.
  static constexpr std::uint32_t k_mariadb_keeps_sign_of_zero = 110800;
  const bool source_has_sign = !source.is_mariadb() || source.version() >= std::array<unsigned, 3>{11, 0, 0};
  const bool loses_sign = dialect.mariadb && dialect.server_version < k_mariadb_keeps_sign_of_zero && source_has_sign;
  if (target.type.empty()) return SqlObstacle{"the target has no such table"};
  if (target.type != "BASE TABLE") return SqlObstacle{fmt::format("in the target it is a {}", target.type)};
  if (target.has_triggers) return SqlObstacle{"it has triggers in the target, which would run"};
  if (auto mismatch = find_column_mismatch(target.columns, map)) return SqlObstacle{std::move(*mismatch)};
  std::optional<SqlObstacle> values;
  for (std::size_t i = 0; i < std::min(map.columns.size(), target.columns.size()); ++i) {
    const binlog::TableColumn& column = map.columns[i];
    const std::string& name = target.columns[i].name;
    if (column.type == ColumnType::timestamp || column.type == ColumnType::datetime ||
        column.type == ColumnType::time) {
      return SqlObstacle{fmt::format("column {} has a format from before MySQL 5.6", name)};
    }
    if (target.columns[i].data_type == "uuid") {
      return SqlObstacle{fmt::format("column {} is a UUID, whose bytes in the binary log are not those of SQL", name)};
    }
    if (column.type == ColumnType::json) {
      values = SqlObstacle{fmt::format("column {} is JSON, whose documents may hold values of SQL types", name), false};
    }
    if (loses_sign && (column.type == ColumnType::float_type || column.type == ColumnType::double_type)) {
      values = SqlObstacle{
          fmt::format("column {} is of floating point, and this server's SQL does not keep the sign of zero", name),
          false};
    }
    if (source.is_mariadb() && !dialect.mariadb && column.type == ColumnType::time2 && column.metadata != 0) {
      values = SqlObstacle{
          fmt::format("column {} is a TIME with a fraction, which MariaDB may have beyond 838:59:59.000000", name),
          false};
    }
  }
  return values;
}

}  // namespace tributary::apply
