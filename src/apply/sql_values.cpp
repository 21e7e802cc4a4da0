#include "sql_values.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "tributary/binlog/column_values.hpp"
#include "tributary/binlog/decimal.hpp"
#include "tributary/binlog/json.hpp"
#include "tributary/binlog/row_text.hpp"
#include "tributary/util/error.hpp"

namespace tributary::apply {
namespace {

using binlog::Cell;
using binlog::ColumnType;

constexpr std::uint16_t k_no_literal = 1366;  // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD

enum class SqlForm { integer, bits, floating, decimal, temporal, string, document };

SqlForm form_of(const SqlColumn& column) {
  switch (column.type.type) {
    case ColumnType::tiny:
    case ColumnType::short_int:
    case ColumnType::int24:
    case ColumnType::long_int:
    case ColumnType::longlong:
      return SqlForm::integer;
    case ColumnType::bit:
    case ColumnType::enumeration:
    case ColumnType::set:
      return SqlForm::bits;
    case ColumnType::float_type:
    case ColumnType::double_type:
      return SqlForm::floating;
    case ColumnType::newdecimal:
      return SqlForm::decimal;
    case ColumnType::year:
    case ColumnType::date:
    case ColumnType::newdate:
    case ColumnType::timestamp:
    case ColumnType::timestamp2:
    case ColumnType::datetime:
    case ColumnType::datetime2:
    case ColumnType::time:
    case ColumnType::time2:
      return SqlForm::temporal;
    case ColumnType::json:
      return SqlForm::document;
    default:
      return SqlForm::string;
  }
}

[[noreturn]] void no_literal(const SqlColumn& column, std::string_view why) {
  throw Error(k_no_literal, fmt::format("column {}: {}", column.name, why));
}

void append_number(const fmt::format_int& number, std::string& sql) {
  sql.append(number.data(), number.size());
}

void append_integer(ByteView bytes, bool is_unsigned, std::string& sql) {
  const std::uint64_t number = ByteReader(bytes).little_endian(bytes.size());
  if (is_unsigned) {
    return append_number(fmt::format_int(number), sql);
  }
  const unsigned unused = static_cast<unsigned>(64 - 8 * bytes.size());
  append_number(fmt::format_int(static_cast<std::int64_t>(number << unused) >> unused), sql);
}

/// With an exponent: it makes a number a floating point one.
void append_floating(double number, const SqlColumn& column, std::string& sql) {
  if (!std::isfinite(number)) no_literal(column, "a number that is not finite cannot be written in SQL");
  if (number == 0 && std::signbit(number)) {
    sql += "'-0'";  // MariaDB before 11 takes the sign off a number
    return;
  }
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  sql.append(buffer.data(), end.ptr);
}

void append_temporal_literal(const Cell& cell, const SqlColumn& column, std::string& sql) {
  std::string text = binlog::value_to_text(cell, column.type, {});
  if (text.starts_with('x')) no_literal(column, "a date or time cannot be told from its bytes");
  // The session's zone is UTC, and '0000' as a text would be the year 2000.
  static constexpr std::string_view k_utc = "+00:00'";
  if (text.ends_with(k_utc)) text.replace(text.size() - k_utc.size(), k_utc.size(), "'");
  sql += text == "0000" ? "0" : text;
}

std::string document_text(ByteView document, const SqlColumn& column) {
  if (binlog::json_has_sql_types(document)) {
    no_literal(column,
               "a JSON document holds values of SQL types (a DECIMAL, a date, bytes), which its text does not tell: it "
               "can be applied by BINLOG statements only");
  }
  std::string text;
  binlog::append_json_text(document, text);
  return text;
}

/// A string's content, as the target stores it.
ByteView content(const Cell& cell, const SqlColumn& column, Bytes& scratch) {
  switch (column.type.type) {
    case ColumnType::mariadb_varchar_compressed:
    case ColumnType::mariadb_blob_compressed:
      binlog::append_uncompressed_column(cell.bytes, scratch);
      return scratch;
    default:
      return cell.bytes;
  }
}

/// With the bytes that BINARY(n) has behind what is told.
void append_string(const Cell& cell, const SqlColumn& column, std::string_view introducer, std::size_t padded_to,
                   std::string& sql) {
  Bytes scratch;
  const ByteView bytes = content(cell, column, scratch);
  sql += introducer;
  append_quoted(as_text(bytes), sql);
  if (bytes.size() >= padded_to) return;
  sql.pop_back();
  for (std::size_t i = bytes.size(); i < padded_to; ++i) sql += "\\0";
  sql += '\'';
}

void append_value(const Cell& cell, const SqlColumn& column, std::string& sql) {
  const ByteView bytes = cell.bytes;
  switch (form_of(column)) {
    case SqlForm::integer:
      return append_integer(bytes, column.is_unsigned, sql);
    case SqlForm::bits: {
      // BIT has its highest byte first.
      const std::uint64_t bits = column.type.type == ColumnType::bit ? ByteReader(bytes).big_endian(bytes.size())
                                                                     : ByteReader(bytes).little_endian(bytes.size());
      return append_number(fmt::format_int(bits), sql);
    }
    case SqlForm::floating:
      if (column.type.type == ColumnType::float_type) {
        // Not the shortest digits of the FLOAT: what the server rounds back is exactly this number.
        return append_floating(static_cast<double>(std::bit_cast<float>(ByteReader(bytes).u32())), column, sql);
      }
      return append_floating(std::bit_cast<double>(ByteReader(bytes).u64()), column, sql);
    case SqlForm::decimal: {
      const auto text = binlog::decimal_to_text(bytes, column.type.metadata >> 8, column.type.metadata & 0xff);
      if (!text) throw Error(error_code::k_corrupt_event, "a DECIMAL in a row event is damaged");
      sql += *text;
      return;
    }
    case SqlForm::temporal:
      return append_temporal_literal(cell, column, sql);
    case SqlForm::document:
      sql += "_utf8mb4";
      return append_quoted(document_text(bytes, column), sql);
    case SqlForm::string:
      return append_string(cell, column, column.introducer, column.padded_to, sql);
  }
}

bool is_bytes(std::string_view data_type) {
  return data_type == "binary" || data_type == "varbinary" || data_type.ends_with("blob");
}

std::string implicit_default_of(const TargetColumn& column) {
  const bool generated = column.extra.find("auto_increment") != std::string::npos || !column.generation.empty();
  if (column.nullable || column.has_default || generated) return {};
  const std::string& type = column.data_type;
  if (type == "date" || type == "datetime" || type == "timestamp") return "'0000-00-00'";
  if (type == "time") return "'00:00:00'";
  if (type == "enum") return "1";
  if (type.ends_with("char") || type.ends_with("text") || is_bytes(type)) return "''";
  if (type == "json") return "'null'";
  static constexpr std::string_view k_numbers[] = {"tinyint", "smallint", "mediumint", "int",  "bigint", "decimal",
                                                   "float",   "double",   "bit",       "year", "set"};
  return std::find(std::begin(k_numbers), std::end(k_numbers), type) != std::end(k_numbers) ? "0" : "";
}

}  // namespace

SqlColumn SqlColumn::of(const TargetColumn& target) {
  SqlColumn column;
  column.name = target::quote_identifier(target.name);
  column.is_unsigned = target.column_type.find("unsigned") != std::string::npos;
  column.writable = target.generation.empty() && target.extra.find("GENERATED") == std::string::npos;
  // Of MySQL a default that is an expression: "DEFAULT_GENERATED".
  if (target.extra.find("DEFAULT_GENERATED") != std::string::npos) column.writable = target.generation.empty();
  column.introducer = target.character_set.empty() ? "_binary" : "_" + target.character_set;
  if (target.data_type == "binary") {
    std::from_chars(target.octets.data(), target.octets.data() + target.octets.size(), column.padded_to);
  }
  if (target.data_type == "inet4" || target.data_type == "inet6") {
    column.padded_to = target.data_type == "inet4" ? 4 : 16;
    column.compares_by_bytes = false;
  }
  column.updates_itself = target.extra.find("on update") != std::string::npos;
  column.implicit_default = implicit_default_of(target);
  return column;
}

SqlColumn SqlColumn::of(const binlog::TableColumn& source, const TargetColumn& target) {
  SqlColumn column = of(target);
  column.type = source;
  return column;
}

void append_quoted(std::string_view bytes, std::string& sql) {
  sql += '\'';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c != '\'' && c != '\\' && c != '\0') continue;
    sql.append(bytes, copied, i - copied);
    sql += '\\';
    sql += c == '\0' ? '0' : c;
    copied = i + 1;
  }
  sql.append(bytes, copied);
  sql += '\'';
}

void append_sql_value(const Cell& cell, const SqlColumn& column, std::string& sql) {
  if (cell.is_null) {
    sql += "NULL";
    return;
  }
  append_value(cell, column, sql);
}

bool is_empty_member(const Cell& cell, const SqlColumn& column) {
  return column.type.type == ColumnType::enumeration && !cell.is_null &&
         std::all_of(cell.bytes.begin(), cell.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

void append_sql_key_match(const Cell& cell, const SqlColumn& column, std::string& sql) {
  sql += column.name;
  sql += '=';
  append_sql_value(cell, column, sql);
}

void append_sql_exact_match(const Cell& cell, const SqlColumn& column, std::string& sql) {
  if (cell.is_null) {
    sql += column.name + " IS NULL";
    return;
  }
  switch (form_of(column)) {
    case SqlForm::string:
      if (!column.compares_by_bytes) break;
      sql += "CAST(" + column.name + " AS BINARY)=";
      return append_string(cell, column, "_binary", column.padded_to, sql);
    case SqlForm::document:
      sql += "CAST(CAST(" + column.name + " AS CHAR CHARACTER SET utf8mb4) AS BINARY)=_binary";
      return append_quoted(document_text(cell.bytes, column), sql);
    case SqlForm::bits:
      // The number of a SET is a signed one there.
      sql += "CAST(" + column.name + " AS UNSIGNED)=";
      return append_value(cell, column, sql);
    default:
      break;
  }
  append_sql_key_match(cell, column, sql);
}

}  // namespace tributary::apply
