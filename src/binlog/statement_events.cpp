#include "tributary/binlog/statement_events.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/core.h>

#include "tributary/binlog/decimal.hpp"

#include "compression.hpp"
#include "decode_support.hpp"

namespace tributary::binlog {
namespace {

/// Decodes what QUERY and EXECUTE_LOAD_QUERY share. @p post_header gets what follows the first 13 bytes of it.
QueryEvent decode_query(const EventView& event, const FormatDescription& description, ByteView& post_header_rest) {
  ByteReader reader(event.body());
  ByteReader post_header(reader.bytes(description.post_header_length(event.type())));
  QueryEvent result;
  result.thread_id = post_header.u32();
  result.execution_time = post_header.u32();
  const std::size_t database_length = post_header.u8();
  result.error_code = post_header.u16();
  const std::size_t status_length = post_header.u16();
  post_header_rest = post_header.rest();
  result.status = StatusVariables::decode(reader.bytes(status_length));
  result.database = reader.text(database_length);
  if (reader.u8() != 0) throw_damaged(event.type(), "no zero byte follows the name of the database");
  if (event.type() == EventType::mariadb_query_compressed) {
    Bytes text;
    decompress_block(reader.rest(), text);
    result.query = as_text(text);
  } else {
    result.query = as_text(reader.rest());
  }
  return result;
}

}  // namespace

QueryEvent QueryEvent::decode(const EventView& event, const FormatDescription& description) {
  require_type(event, {EventType::query, EventType::mariadb_query_compressed});
  ByteView post_header_rest;
  return decode_query(event, description, post_header_rest);
}

IntvarEvent IntvarEvent::decode(const EventView& event) {
  require_type(event, {EventType::intvar});
  ByteReader reader(event.body());
  const std::uint8_t kind = reader.u8();
  if (kind != static_cast<std::uint8_t>(IntvarKind::last_insert_id) &&
      kind != static_cast<std::uint8_t>(IntvarKind::insert_id)) {
    throw_damaged(event.type(), "it is neither for LAST_INSERT_ID nor for INSERT_ID");
  }
  return {static_cast<IntvarKind>(kind), reader.u64()};
}

RandEvent RandEvent::decode(const EventView& event) {
  require_type(event, {EventType::rand});
  ByteReader reader(event.body());
  RandEvent result;
  result.seed1 = reader.u64();
  result.seed2 = reader.u64();
  return result;
}

UserVarEvent UserVarEvent::decode(const EventView& event) {
  static constexpr std::uint8_t k_unsigned = 1;
  static constexpr std::uint8_t k_data_type_name = 2;  // MariaDB 10.11: CHUNK_DATA_TYPE_NAME (sql/log_event.h)

  require_type(event, {EventType::user_var});
  ByteReader reader(event.body());
  UserVarEvent result;
  result.name = reader.text(reader.u32());
  result.is_null = reader.u8() != 0;
  if (result.is_null) return result;
  const std::uint8_t type = reader.u8();
  if (type > static_cast<std::uint8_t>(UserVarType::decimal) || type == static_cast<std::uint8_t>(UserVarType::row)) {
    throw_damaged(event.type(), "the variable's type is not known");
  }
  result.type = static_cast<UserVarType>(type);
  result.collation = reader.u32();
  const std::size_t length = reader.u32();
  result.value = reader.text(length);
  if ((result.type == UserVarType::real || result.type == UserVarType::integer) && length != 8) {
    throw_damaged(event.type(), "a number of other than 8 bytes");
  }
  if (reader.at_end()) return result;
  std::uint8_t extra = reader.u8();
  if (extra == k_unsigned) result.is_unsigned = true;
  if (extra != k_data_type_name && !reader.at_end()) extra = reader.u8();
  if (extra == k_data_type_name) result.data_type_name = reader.text(reader.u8());
  return result;
}

std::string UserVarEvent::value_to_sql() const {
  if (is_null) return "NULL";
  const ByteView bytes = as_bytes(value);
  switch (type) {
    case UserVarType::integer: {
      const std::uint64_t number = ByteReader(bytes).u64();
      return is_unsigned ? fmt::format("CAST({} AS UNSIGNED)", number)
                         : fmt::format("{}", static_cast<std::int64_t>(number));
    }
    case UserVarType::real: {
      const auto number = std::bit_cast<double>(ByteReader(bytes).u64());
      if (!std::isfinite(number)) throw_damaged(EventType::user_var, "the value is not a number");
      return fmt::format("{:.17e}", number);  // the exponent makes it a double literal; 17 digits keep every bit
    }
    case UserVarType::decimal: {
      ByteReader reader(bytes);
      static constexpr unsigned k_most_digits = 65;  // of a DECIMAL; fewer are there where whole groups were counted
      const unsigned precision = reader.u8();
      const unsigned scale = reader.u8();
      if (const auto text = decimal_to_text(reader.rest(), precision, scale)) {
        return fmt::format("CAST({} AS DECIMAL({},{}))", *text, std::min(precision, k_most_digits), scale);
      }
      throw_damaged(EventType::user_var, "the value is not a decimal");
    }
    case UserVarType::string:
    case UserVarType::row:
      break;
  }
  return "x'" + to_hex(bytes) + "'";
}

LoadBlockEvent LoadBlockEvent::decode(const EventView& event) {
  require_type(event, {EventType::begin_load_query, EventType::append_block});
  ByteReader reader(event.body());
  LoadBlockEvent result;
  result.file_id = reader.u32();
  result.block = reader.rest();
  return result;
}

std::uint32_t decode_delete_file(const EventView& event) {
  require_type(event, {EventType::delete_file});
  return ByteReader(event.body()).u32();
}

ExecuteLoadQueryEvent ExecuteLoadQueryEvent::decode(const EventView& event, const FormatDescription& description) {
  require_type(event, {EventType::execute_load_query});
  ExecuteLoadQueryEvent result;
  ByteView post_header_rest;
  result.query = decode_query(event, description, post_header_rest);
  ByteReader reader(post_header_rest);
  result.file_id = reader.u32();
  result.file_name_start = reader.u32();
  result.file_name_end = reader.u32();
  const std::uint8_t duplicates = reader.u8();
  if (duplicates > static_cast<std::uint8_t>(LoadDuplicates::replace)) {
    throw_damaged(event.type(), "its handling of duplicates is not known");
  }
  result.duplicates = static_cast<LoadDuplicates>(duplicates);
  if (result.file_name_start > result.file_name_end || result.file_name_end > result.query.query.size()) {
    throw_damaged(event.type(), "the place of the file name is outside of the statement");
  }
  return result;
}

std::string_view decode_rows_query(const EventView& event) {
  require_type(event, {EventType::rows_query, EventType::mariadb_annotate_rows});
  ByteReader reader(event.body());
  // MySQL writes one byte of length, which is no use for long statements.
  if (event.type() == EventType::rows_query) reader.skip(1);
  return as_text(reader.rest());
}

}  // namespace tributary::binlog
