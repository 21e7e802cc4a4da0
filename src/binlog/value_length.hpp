#pragma once

#include <cstddef>

#include "tributary/binlog/table_map.hpp"

namespace tributary::binlog {

/// How a value's bytes are found in a row: a length of so many bytes (little-endian) before the content, or, where
/// that is 0, a content of fixed size.
struct ValueShape {
  std::size_t length_bytes = 0;
  std::size_t fixed_size = 0;
};

ValueShape value_shape(const TableColumn& column);

/// The same, faster for the types that most columns have: this runs for every value.
inline ValueShape quick_value_shape(const TableColumn& column) {
  switch (column.type) {
    case ColumnType::tiny:
      return {0, 1};
    case ColumnType::short_int:
      return {0, 2};
    case ColumnType::long_int:
      return {0, 4};
    case ColumnType::longlong:
      return {0, 8};
    case ColumnType::varchar:
    case ColumnType::string:
      return {column.metadata < 256 ? std::size_t{1} : std::size_t{2}, 0};
    case ColumnType::blob:
      return {column.metadata, 0};
    default:
      return value_shape(column);
  }
}

}  // namespace tributary::binlog
