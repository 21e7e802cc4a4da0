#include "column_mismatch.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/core.h>

namespace tributary::apply {
namespace {

using binlog::ColumnType;

/// The target's names for a source type, separated by blanks, the usual one first; '' when the type is not judged here.
std::string_view names_of(const binlog::TableColumn& column) {
  switch (column.type) {
    case ColumnType::tiny:
      return "tinyint";
    case ColumnType::short_int:
      return "smallint";
    case ColumnType::int24:
      return "mediumint";
    case ColumnType::long_int:
      return "int";
    case ColumnType::longlong:
      return "bigint";
    case ColumnType::float_type:
      return "float";
    case ColumnType::double_type:
      return "double";
    case ColumnType::newdecimal:
      return "decimal";
    case ColumnType::year:
      return "year";
    case ColumnType::date:
    case ColumnType::newdate:
      return "date";
    case ColumnType::time:
    case ColumnType::time2:
      return "time";
    case ColumnType::datetime:
    case ColumnType::datetime2:
      return "datetime";
    case ColumnType::timestamp:
    case ColumnType::timestamp2:
      return "timestamp";
    case ColumnType::bit:
      return "bit";
    case ColumnType::enumeration:
      return "enum";
    case ColumnType::set:
      return "set";
    case ColumnType::varchar:
    case ColumnType::var_string:
      return "varchar varbinary vector";
    case ColumnType::string:
      return "char binary inet6 inet4 uuid";
    case ColumnType::blob:
      switch (column.metadata) {
        case 1:
          return "tinyblob tinytext";
        case 2:
          return "blob text";
        case 3:
          return "mediumblob mediumtext";
        default:
          return "longblob longtext json";
      }
    case ColumnType::json:
      return "json longtext";
    default:
      return "";
  }
}

std::string_view first_word(std::string_view words) {
  return words.substr(0, words.find(' '));
}

bool same_type(const binlog::TableColumn& column, const TargetColumn& target) {
  std::string_view names = names_of(column);
  if (names.empty()) return true;
  while (!names.empty()) {
    const std::string_view name = first_word(names);
    if (name == target.data_type) return true;
    names.remove_prefix(std::min(name.size() + 1, names.size()));
  }
  return false;
}

bool same_size(const binlog::TableColumn& column, const TargetColumn& target) {
  const std::string metadata = std::to_string(column.metadata);
  switch (column.type) {
    case ColumnType::varchar:
    case ColumnType::string:
      return target.octets.empty() || target.octets == metadata;
    case ColumnType::newdecimal:
      return target.precision == std::to_string(column.metadata >> 8) &&
             target.scale == std::to_string(column.metadata & 0xff);
    case ColumnType::bit:
      return target.precision == metadata;
    case ColumnType::time2:
    case ColumnType::datetime2:
    case ColumnType::timestamp2:
      return target.fraction == metadata;
    default:
      return true;
  }
}

}  // namespace

std::string source_type_name(const binlog::TableColumn& column) {
  const std::string_view name = first_word(names_of(column));
  switch (column.type) {
    case ColumnType::varchar:
    case ColumnType::var_string:
    case ColumnType::string:
      return fmt::format("{}({} octets)", name, column.metadata);
    case ColumnType::newdecimal:
      return fmt::format("{}({},{})", name, column.metadata >> 8, column.metadata & 0xff);
    case ColumnType::bit:
      return fmt::format("{}({})", name, column.metadata);
    case ColumnType::time2:
    case ColumnType::datetime2:
    case ColumnType::timestamp2:
      return column.metadata == 0 ? std::string(name) : fmt::format("{}({})", name, column.metadata);
    default:
      break;
  }
  return name.empty() ? fmt::format("<type {}>", static_cast<unsigned>(column.type)) : std::string(name);
}

std::optional<std::string> find_column_mismatch(target::TargetConnection& connection, const binlog::TableMap& table) {
  return find_column_mismatch(query_target_columns(connection, {table.database, table.table}), table);
}

std::optional<std::string> find_column_mismatch(const std::vector<TargetColumn>& targets,
                                                const binlog::TableMap& table) {
  const std::size_t common = std::min(table.columns.size(), targets.size());
  // Another size may be allowed by slave_type_conversions: another type is the likelier reason.
  for (const auto same : {same_type, same_size}) {
    for (std::size_t i = 0; i < common; ++i) {
      if (same(table.columns[i], targets[i])) continue;
      return fmt::format("Column {} of table '{}.{}' cannot be converted from type '{}' to type '{}'", i,
                         table.database, table.table, source_type_name(table.columns[i]), targets[i].column_type);
    }
  }
  return std::nullopt;
}

}  // namespace tributary::apply
