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

}  // namespace tributary::binlog
