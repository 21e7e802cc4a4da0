#pragma once

#include <cstdint>

namespace tributary::binlog {

/// The parts of a table map's optional metadata: Optional_metadata_field_type (libs/mysql/binlog/event/rows_event.h).
enum OptionalMetadata : std::uint8_t {
  k_signedness = 1,
  k_default_charset = 2,
  k_column_charset = 3,
  k_column_name = 4,
  k_set_values = 5,
  k_enum_values = 6,
  k_geometry_type = 7,
  k_simple_primary_key = 8,
  k_primary_key_with_prefix = 9,
  k_enum_and_set_default_charset = 10,
  k_enum_and_set_column_charset = 11,
  k_column_visibility = 12,
  k_vector_dimension = 13
};

}  // namespace tributary::binlog
