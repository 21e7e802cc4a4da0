#include "column_conversion.hpp"

#include <algorithm>
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

/// Documents are written in UTF-8, which a row image cannot say: the column would take the bytes for its own.
void require_utf8(std::string_view character_set, std::string_view text) {
  static constexpr std::string_view k_wide[] = {"ucs2", "utf16", "utf16le", "utf32"};
  if (character_set.empty() || character_set == "utf8mb4" || character_set == "binary") return;
  const auto highest = static_cast<std::uint8_t>(*std::max_element(text.begin(), text.end(), [](char a, char b) {
    return static_cast<std::uint8_t>(a) < static_cast<std::uint8_t>(b);
  }));
  static constexpr std::uint8_t k_four_bytes = 0xf0;  // the lead byte of what utf8mb3 does not have
  if (character_set == "utf8mb3" && highest < k_four_bytes) return;
  const bool is_wide = std::find(std::begin(k_wide), std::end(k_wide), character_set) != std::end(k_wide);
  if (!is_wide && highest < 0x80) return;
  throw Error(
      k_incorrect_value,
      fmt::format("a JSON document does not fit the target's column, whose character set is {}: make it utf8mb4",
                  character_set));
}

}  // namespace

bool TableConversion::any() const {
  return std::any_of(conversions.begin(), conversions.end(),
                     [](ColumnConversion conversion) { return conversion != ColumnConversion::none; });
}

bool may_need_conversion(ByteView types, bool from_mariadb, const SqlDialect& target) {
  return std::any_of(types.begin(), types.end(), [&](std::uint8_t byte) {
    const auto type = static_cast<ColumnType>(byte);
    if (is_old_temporal(type)) return true;
    if (target.mariadb) return type == ColumnType::json || type == ColumnType::vector;
    return is_compressed(type) || (from_mariadb && type == ColumnType::blob);
  });
}

TableConversion plan_conversion(binlog::TableMap source, bool from_mariadb, const SqlDialect& target,
                                TargetColumns& columns) {
  TableConversion table;
  table.source = std::move(source);
  table.columns = table.source.columns;
  table.conversions.resize(table.columns.size());
  table.character_sets.resize(table.columns.size());
  const auto target_column = [&](std::size_t index) -> const TargetColumn* {
    const auto& known = columns.of({table.source.database, table.source.table});
    return index < known.size() ? &known[index] : nullptr;
  };
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.source.columns[i];
    if (is_old_temporal(column.type)) {
      plan_old_temporal(table, i, from_mariadb, target_column(i));
    } else if (target.mariadb && column.type == ColumnType::json) {
      table.conversions[i] = ColumnConversion::json_to_text;
      table.columns[i].type = ColumnType::blob;
      table.columns[i].metadata = k_long_length_bytes;
      if (const TargetColumn* const known = target_column(i)) table.character_sets[i] = known->character_set;
    } else if (target.mariadb && column.type == ColumnType::vector) {
      plan_vector(table, i, target_column(i));
    } else if (!target.mariadb && is_compressed(column.type)) {
      table.conversions[i] = ColumnConversion::inflate;
      table.columns[i] = uncompressed(column);
    } else if (!target.mariadb && from_mariadb && column.type == ColumnType::blob &&
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
          static constexpr std::size_t k_float_size = 4;
          throw Error(k_incorrect_value,
                      fmt::format("a vector of {} dimensions does not fit the target's column, which has {}",
                                  value.size() / k_float_size, column.metadata / k_float_size));
        }
        converted = value;
        break;
      case ColumnConversion::modern_temporal:
        return binlog::append_modern_temporal(value, table.source.columns[index], to);
      case ColumnConversion::none:
        return;
    }
  } catch (const Error& error) {
    throw Error(error.code(), error.sqlstate(),
                fmt::format("column {} of table {}.{}: {}", index + 1, table.source.database, table.source.table,
                            error.what()));
  }
  std::size_t width = column.metadata;  // of blobs and JSON
  if (column.type == ColumnType::varchar) width = column.metadata < 256 ? 1 : 2;
  for (std::size_t i = 0; i < width; ++i) to.push_back(static_cast<std::uint8_t>(converted.size() >> (8 * i)));
  to.insert(to.end(), converted.begin(), converted.end());
}

}  // namespace tributary::apply
