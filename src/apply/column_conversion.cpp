#include "column_conversion.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/core.h>

#include "tributary/binlog/column_values.hpp"
#include "tributary/binlog/json.hpp"
#include "tributary/util/error.hpp"

namespace tributary::apply {
namespace {

using binlog::ColumnType;
using binlog::TableColumn;

constexpr std::uint16_t k_incorrect_value = 1366;  // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
constexpr std::uint16_t k_long_length_bytes = 4;   // of LONGTEXT and JSON
constexpr std::uint32_t k_mariadb_timestamps_end_2106 = 110500;
constexpr std::uint32_t k_mysql_has_vectors = 90000;
constexpr std::size_t k_vector_element = 4;  // a FLOAT

bool is_old_temporal(ColumnType type) {
  return type == ColumnType::timestamp || type == ColumnType::time || type == ColumnType::datetime;
}

bool is_compressed(ColumnType type) {
  return type == ColumnType::mariadb_varchar_compressed || type == ColumnType::mariadb_blob_compressed;
}

TableColumn uncompressed(const TableColumn& column) {
  TableColumn plain = column;
  if (column.type == ColumnType::mariadb_varchar_compressed) {
    plain.type = ColumnType::varchar;
    --plain.metadata;  // it counts the byte of the method
  } else {
    plain.type = ColumnType::blob;
  }
  return plain;
}

void plan_old_temporal(TableConversion& table, std::size_t index, bool from_mariadb, const TargetColumn* target) {
  // MariaDB says so of its own old formats (Field_temporal::sql_type_comment, sql/field.cc).
  static constexpr std::string_view k_old_format = "/* mariadb-5.3 */";
  TableColumn& column = table.source.columns[index];
  if (target != nullptr && target->column_type.find(k_old_format) != std::string::npos) return;
  // The binary log does not tell the digits of MariaDB's old formats. MySQL's have none.
  if (from_mariadb && target != nullptr) {
    std::from_chars(target->fraction.data(), target->fraction.data() + target->fraction.size(), column.metadata);
  }
  table.conversions[index] = ColumnConversion::modern_temporal;
  table.columns[index] = modern_temporal_type(column);
}

void plan_vector(TableConversion& table, std::size_t index, const TargetColumn* target) {
  if (target == nullptr || target->data_type != "vector") return;
  TableColumn& column = table.columns[index];
  column.type = ColumnType::varchar;
  std::from_chars(target->octets.data(), target->octets.data() + target->octets.size(), column.metadata);
  table.conversions[index] = ColumnConversion::vector_to_bytes;
}

/// 0: it is no vector.
std::uint32_t dimensions_of(const TargetColumn* target) {
  static constexpr std::string_view k_type = "vector(";
  std::uint32_t dimensions = 0;
  if (target == nullptr || !target->column_type.starts_with(k_type)) return dimensions;
  const std::string_view number = std::string_view(target->column_type).substr(k_type.size());
  std::from_chars(number.data(), number.data() + number.size(), dimensions);
  return dimensions;
}

/// MariaDB's binary log does not tell a VECTOR from a VARBINARY of the same length.
void plan_byte_vector(TableConversion& table, std::size_t index, const TargetColumn* target) {
  static constexpr std::uint16_t k_length_bytes = 4;
  table.dimensions[index] = dimensions_of(target);
  if (table.dimensions[index] == 0) return;
  TableColumn& column = table.columns[index];
  column.type = ColumnType::vector;
  column.metadata = k_length_bytes;
  table.conversions[index] = ColumnConversion::bytes_to_vector;
}

/// A vector of MariaDB's has all dimensions of its column, or is something else.
void require_vector(ByteView value, const TableColumn& source, std::uint32_t most) {
  if (!value.empty() && value.size() == source.metadata && value.size() / k_vector_element <= most) return;
  throw Error(k_incorrect_value,
              fmt::format("a vector of {} bytes does not fit the target's column, which has {} dimensions of 4 bytes, "
                          "or is none: the source's column has {} bytes",
                          value.size(), most, source.metadata));
}

/// Documents are written in UTF-8, which a row image cannot say: the column would take the bytes for its own.
void require_utf8(std::string_view character_set, std::string_view text) {
  // The wide ones, and the one whose bytes below 0x80 are other characters than ASCII's: '[' there is 'Ä'.
  static constexpr std::string_view k_without_ascii[] = {"ucs2", "utf16", "utf16le", "utf32", "swe7"};
  if (character_set.empty() || character_set == "utf8mb4" || character_set == "binary") return;
  const auto highest = static_cast<std::uint8_t>(*std::max_element(text.begin(), text.end(), [](char a, char b) {
    return static_cast<std::uint8_t>(a) < static_cast<std::uint8_t>(b);
  }));
  static constexpr std::uint8_t k_four_bytes = 0xf0;  // the lead byte of what utf8mb3 does not have
  if (character_set == "utf8mb3" && highest < k_four_bytes) return;
  const bool has_ascii =
      std::find(std::begin(k_without_ascii), std::end(k_without_ascii), character_set) == std::end(k_without_ascii);
  if (has_ascii && highest < 0x80) return;
  throw Error(
      k_incorrect_value,
      fmt::format("a JSON document does not fit the target's column, whose character set is {}: make it utf8mb4",
                  character_set));
}

constexpr std::uint16_t k_row_end_fraction = 6;

/// What system versioning adds to a table stands at its end: ROW START, ROW END. @p metadata of a TIMESTAMP is one
/// byte.
bool may_be_versioned(ByteView types, ByteView metadata) {
  static constexpr auto k_timestamp = static_cast<std::uint8_t>(ColumnType::timestamp2);
  return types.size() > 2 && types[types.size() - 1] == k_timestamp && types[types.size() - 2] == k_timestamp &&
         metadata.size() >= 2 && metadata[metadata.size() - 1] == k_row_end_fraction &&
         metadata[metadata.size() - 2] == k_row_end_fraction;
}

bool may_have_byte_vectors(const RowSource& source, const SqlDialect& target) {
  return source.has_byte_vectors && !target.mariadb && target.server_version >= k_mysql_has_vectors;
}

/// The ROW END of a current row is another in the target.
bool row_end_differs(const RowSource& source, const SqlDialect& target) {
  return source.timestamps_end_2038 && target.mariadb && target.server_version >= k_mariadb_timestamps_end_2106;
}

/// What a ROW END looks like: every TIMESTAMP(6) where its values are not the target's, else what MariaDB puts at the
/// end of a table.
bool may_be_row_end(const std::vector<TableColumn>& columns, std::size_t index, bool differs) {
  const auto is_exact = [&columns](std::size_t i) {
    return columns[i].type == ColumnType::timestamp2 && columns[i].metadata == k_row_end_fraction;
  };
  return is_exact(index) && (differs || (index > 1 && index + 1 == columns.size() && is_exact(index - 1)));
}

void plan_row_end(TableConversion& table, std::size_t index, bool differs, const std::vector<TargetColumn>& known) {
  if (index < known.size()) {
    if (differs && known[index].generation == "ROW END") table.conversions[index] = ColumnConversion::row_end;
  } else if (!known.empty() && may_be_row_end(table.source.columns, index, false)) {
    table.conversions[index] = ColumnConversion::no_row_end;
  }
}

/// The ROW END of a current row: the last TIMESTAMP(6), '2038-01-19 03:14:07.999999' UTC, or '2106-02-07 …' from
/// MariaDB 11.5 on (include/my_time.h, TIMESTAMP_MAX_VALUE).
constexpr std::uint8_t k_end_2038[] = {0x7f, 0xff, 0xff, 0xff, 0x0f, 0x42, 0x3f};
constexpr std::uint8_t k_end_2106[] = {0xff, 0xff, 0xff, 0xff, 0x0f, 0x42, 0x3f};

bool is_last_timestamp(ByteView value, ByteView last) {
  return std::equal(value.begin(), value.end(), last.begin(), last.end());
}

void append_row_end(ByteView value, Bytes& to) {
  const ByteView own = is_last_timestamp(value, k_end_2038) ? ByteView(k_end_2106) : value;
  to.insert(to.end(), own.begin(), own.end());
}

void refuse_row_end(ByteView value, Bytes& to) {
  if (is_last_timestamp(value, k_end_2038) || is_last_timestamp(value, k_end_2106)) {
    throw Error(
        error_code::k_replica_fatal,
        "the source's table has system versioning, which the target's does not: rows that are deleted arrive as "
        "an UPDATE of their ROW END, and would stay. ALTER TABLE ... DROP SYSTEM VERSIONING on the source (or, on a "
        "target that is MariaDB too, ADD SYSTEM VERSIONING there), load the table anew, and go on behind it with "
        "CHANGE MASTER");
  }
  to.insert(to.end(), value.begin(), value.end());
}

}  // namespace

RowSource RowSource::of(const binlog::FormatDescription& description) {
  RowSource source;
  source.mariadb = description.is_mariadb();
  source.has_byte_vectors = source.mariadb && description.version() >= std::array<unsigned, 3>{11, 7, 0};
  source.timestamps_end_2038 = source.mariadb && description.version() < std::array<unsigned, 3>{11, 5, 0};
  return source;
}

bool TableConversion::any() const {
  return std::any_of(conversions.begin(), conversions.end(),
                     [](ColumnConversion conversion) { return conversion != ColumnConversion::none; });
}

bool may_need_conversion(ByteView types, ByteView metadata, const RowSource& source, const SqlDialect& target) {
  const bool has_byte_vectors = may_have_byte_vectors(source, target);
  if (source.mariadb && may_be_versioned(types, metadata)) return true;
  const bool row_ends_differ = row_end_differs(source, target);
  return std::any_of(types.begin(), types.end(), [&](std::uint8_t byte) {
    const auto type = static_cast<ColumnType>(byte);
    if (is_old_temporal(type) || (type == ColumnType::timestamp2 && row_ends_differ)) return true;
    if (target.mariadb) return type == ColumnType::json || type == ColumnType::vector;
    return is_compressed(type) || (source.mariadb && type == ColumnType::blob) ||
           (has_byte_vectors && type == ColumnType::varchar);
  });
}

TableConversion plan_conversion(binlog::TableMap map, const RowSource& source, const SqlDialect& target,
                                TargetColumns& columns) {
  TableConversion table;
  table.source = std::move(map);
  table.columns = table.source.columns;
  table.conversions.resize(table.columns.size());
  table.character_sets.resize(table.columns.size());
  table.dimensions.resize(table.columns.size());
  const auto known_columns = [&]() -> const std::vector<TargetColumn>& {
    return columns.of({table.source.database, table.source.table});
  };
  const auto target_column = [&](std::size_t index) -> const TargetColumn* {
    const auto& known = known_columns();
    return index < known.size() ? &known[index] : nullptr;
  };
  const bool row_ends_differ = row_end_differs(source, target);
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.source.columns[i];
    if (is_old_temporal(column.type)) {
      plan_old_temporal(table, i, source.mariadb, target_column(i));
    } else if (source.mariadb && may_be_row_end(table.source.columns, i, row_ends_differ)) {
      plan_row_end(table, i, row_ends_differ, known_columns());
    } else if (target.mariadb && column.type == ColumnType::json) {
      table.conversions[i] = ColumnConversion::json_to_text;
      table.columns[i].type = ColumnType::blob;
      table.columns[i].metadata = k_long_length_bytes;
      if (const TargetColumn* const known = target_column(i)) table.character_sets[i] = known->character_set;
    } else if (target.mariadb && column.type == ColumnType::vector) {
      plan_vector(table, i, target_column(i));
    } else if (column.type == ColumnType::varchar && may_have_byte_vectors(source, target)) {
      if (column.metadata % k_vector_element == 0) plan_byte_vector(table, i, target_column(i));
    } else if (column.type == ColumnType::vector) {
      table.dimensions[i] = dimensions_of(target_column(i));
    } else if (!target.mariadb && is_compressed(column.type)) {
      table.conversions[i] = ColumnConversion::inflate;
      table.columns[i] = uncompressed(column);
    } else if (!target.mariadb && source.mariadb && column.type == ColumnType::blob &&
               column.metadata == k_long_length_bytes) {
      const TargetColumn* const known = target_column(i);
      if (known == nullptr || known->data_type != "json") continue;
      table.conversions[i] = ColumnConversion::text_to_json;
      table.columns[i].type = ColumnType::json;
    }
  }
  return table;
}

void append_converted(const TableConversion& table, std::size_t index, ByteView value, Bytes& to) {
  const TableColumn& column = table.columns[index];
  Bytes bytes;
  std::string text;
  ByteView converted;
  try {
    switch (table.conversions[index]) {
      case ColumnConversion::json_to_text:
        binlog::append_json_text(value, text);
        require_utf8(table.character_sets[index], text);
        converted = as_bytes(text);
        break;
      case ColumnConversion::text_to_json:
        bytes = binlog::json_from_text(as_text(value));
        converted = bytes;
        break;
      case ColumnConversion::inflate:
        binlog::append_uncompressed_column(value, bytes);
        converted = bytes;
        break;
      case ColumnConversion::vector_to_bytes:
        if (value.size() != column.metadata) {
          throw Error(k_incorrect_value,
                      fmt::format("a vector of {} dimensions does not fit the target's column, which has {}",
                                  value.size() / k_vector_element, column.metadata / k_vector_element));
        }
        converted = value;
        break;
      case ColumnConversion::bytes_to_vector:
        require_vector(value, table.source.columns[index], table.dimensions[index]);
        converted = value;
        break;
      case ColumnConversion::modern_temporal:
        return binlog::append_modern_temporal(value, table.source.columns[index], to);
      case ColumnConversion::row_end:
        return append_row_end(value, to);
      case ColumnConversion::no_row_end:
        return refuse_row_end(value, to);
      case ColumnConversion::none:
        return;
    }
  } catch (const Error& error) {
    throw Error(error.code(), error.sqlstate(),
                fmt::format("column {} of table {}.{}: {}", index + 1, table.source.database, table.source.table,
                            error.what()));
  }
  std::size_t width = column.metadata;  // of blobs, JSON and vectors
  if (column.type == ColumnType::varchar) width = column.metadata < 256 ? 1 : 2;
  for (std::size_t i = 0; i < width; ++i) to.push_back(static_cast<std::uint8_t>(converted.size() >> (8 * i)));
  to.insert(to.end(), converted.begin(), converted.end());
}

}  // namespace tributary::apply
