#include "value_length.hpp"

#include <array>

#include "tributary/binlog/decimal.hpp"

namespace tributary::binlog {
namespace {

constexpr std::size_t k_digits = 7;  // of a fraction: 0 to 6
// MariaDB's own temporal formats with a fraction (mysql56_temporal_format=OFF), Field_*_hires in sql/field.cc.
constexpr std::array<std::size_t, k_digits> k_old_time_sizes = {3, 4, 4, 5, 5, 5, 6};
constexpr std::array<std::size_t, k_digits> k_old_datetime_sizes = {8, 6, 6, 7, 7, 7, 8};
constexpr std::array<std::size_t, k_digits> k_old_timestamp_sizes = {4, 5, 5, 6, 6, 7, 7};

std::size_t by_digits(const std::array<std::size_t, k_digits>& sizes, std::size_t digits) {
  return sizes[digits < k_digits ? digits : 0];
}

}  // namespace

ValueShape value_shape(const TableColumn& column) {
  const std::size_t metadata = column.metadata;
  const std::size_t fraction_bytes = (metadata + 1) / 2;
  switch (column.type) {
    case ColumnType::null:
      return {0, 0};
    case ColumnType::tiny:
    case ColumnType::year:
      return {0, 1};
    case ColumnType::short_int:
      return {0, 2};
    case ColumnType::int24:
    case ColumnType::date:
    case ColumnType::newdate:
      return {0, 3};
    case ColumnType::long_int:
    case ColumnType::float_type:
      return {0, 4};
    case ColumnType::longlong:
    case ColumnType::double_type:
      return {0, 8};
    case ColumnType::timestamp:
      return {0, by_digits(k_old_timestamp_sizes, metadata)};
    case ColumnType::time:
      return {0, by_digits(k_old_time_sizes, metadata)};
    case ColumnType::datetime:
      return {0, by_digits(k_old_datetime_sizes, metadata)};
    case ColumnType::timestamp2:
      return {0, 4 + fraction_bytes};
    case ColumnType::datetime2:
      return {0, 5 + fraction_bytes};
    case ColumnType::time2:
      return {0, 3 + fraction_bytes};
    case ColumnType::bit:
      return {0, (metadata + 7) / 8};
    case ColumnType::enumeration:
    case ColumnType::set:
      return {0, metadata};
    case ColumnType::newdecimal:
      return {0, decimal_size(column.metadata >> 8U, column.metadata & 0xffU)};
    case ColumnType::varchar:
    case ColumnType::var_string:
    case ColumnType::string:
    case ColumnType::mariadb_varchar_compressed:
      return {metadata < 256 ? std::size_t{1} : std::size_t{2}, 0};
    case ColumnType::tiny_blob:
    case ColumnType::medium_blob:
    case ColumnType::long_blob:
    case ColumnType::blob:
    case ColumnType::json:
    case ColumnType::geometry:
    case ColumnType::vector:
    case ColumnType::mariadb_blob_compressed:
      return {metadata, 0};
    case ColumnType::decimal:
      break;  // before MySQL 5.0; TableMap::decode refuses it
  }
  return {0, 0};
}

}  // namespace tributary::binlog
