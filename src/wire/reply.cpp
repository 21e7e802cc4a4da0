#include "tributary/wire/reply.hpp"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "tributary/wire/protocol.hpp"

namespace tributary::wire {
namespace {

constexpr std::uint8_t k_ok_header = 0x00;
constexpr std::uint8_t k_eof_header = 0xfe;
constexpr std::uint8_t k_error_header = 0xff;
constexpr std::uint8_t k_null_value = 0xfb;

constexpr std::size_t k_sqlstate_size = 5;
/// Bytes of an error's text; real servers stop at 511. Texts quote what clients send, which can be megabytes.
constexpr std::size_t k_max_error_text = 4096;

constexpr std::uint16_t k_collation_utf8mb4 = 45;  // utf8mb4_general_ci
constexpr std::uint16_t k_collation_binary = 63;
constexpr std::uint32_t k_bytes_per_character = 4;

constexpr std::uint16_t k_flag_unsigned = 0x20;
constexpr std::uint16_t k_flag_binary = 0x80;
constexpr std::uint8_t k_decimals_not_fixed = 31;  // DECIMAL_NOT_SPECIFIED

Bytes encode_ok_with_header(std::uint8_t header, const OkResult& result, const ReplyContext& context) {
  ByteWriter writer;
  writer.u8(header);
  writer.lenenc(result.affected_rows);
  writer.lenenc(0);  // insert id
  writer.u16(context.status);
  writer.u16(context.warnings);
  // A packed string also without SESSION_TRACK: net_send_ok(), sql/protocol_classic.cc.
  if (!result.info.empty()) writer.lenenc_text(result.info);
  return writer.take();
}

/// Display width when the column does not say one, in characters, as the servers give it.
std::uint32_t default_length(ColumnType type) {
  switch (type) {
    case ColumnType::long_int:
      return 11;
    case ColumnType::longlong:
      return 21;
    case ColumnType::double_precision:
      return 23;
    case ColumnType::null:
      return 0;
    case ColumnType::var_string:
      break;
  }
  return 1024;
}

/// The beginning of @p text, not cut within a character of UTF-8.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace

Bytes encode_ok(const OkResult& result, const ReplyContext& context) {
  return encode_ok_with_header(k_ok_header, result, context);
}

Bytes encode_end_of_rows(const ReplyContext& context) {
  if ((context.capabilities & capability::k_deprecate_eof) != 0)
    return encode_ok_with_header(k_eof_header, {}, context);
  ByteWriter writer;
  writer.u8(k_eof_header);
  writer.u16(context.warnings);
  writer.u16(context.status);
  return writer.take();
}

Bytes encode_error(const Error& error, std::uint32_t capabilities) {
  ByteWriter writer;
  writer.u8(k_error_header);
  writer.u16(error.code());
  if ((capabilities & capability::k_protocol_41) != 0) {
    writer.u8('#');
    writer.text(error.sqlstate().size() == k_sqlstate_size ? std::string_view(error.sqlstate()) : "HY000");
  }
  writer.text(cut(error.what(), k_max_error_text));
  return writer.take();
}

Bytes encode_column(const Column& column) {
  const bool text = column.type == ColumnType::var_string;
  const std::uint32_t wanted = column.length != 0 ? column.length : default_length(column.type);
  const std::uint32_t characters = std::min(wanted, std::numeric_limits<std::uint32_t>::max() / k_bytes_per_character);
  ByteWriter writer;
  writer.lenenc_text("def");
  writer.lenenc_text("");  // database
  writer.lenenc_text("");  // table
  writer.lenenc_text("");  // table before aliasing
  writer.lenenc_text(column.name);
  writer.lenenc_text("");  // name before aliasing
  writer.lenenc(0x0c);     // bytes that follow
  writer.u16(text ? k_collation_utf8mb4 : k_collation_binary);
  writer.u32(text ? characters * k_bytes_per_character : characters);
  writer.u8(static_cast<std::uint8_t>(column.type));
  writer.u16(static_cast<std::uint16_t>((text ? 0 : k_flag_binary) | (column.unsigned_value ? k_flag_unsigned : 0)));
  writer.u8(column.type == ColumnType::double_precision ? k_decimals_not_fixed : 0);
  writer.u16(0);
  return writer.take();
}

void write_result_set(PacketWriter& packets, const ResultSet& result, const ReplyContext& context) {
  // A count of 0 would be read as an OK packet.
  if (result.columns.empty()) throw Error(tributary::error_code::k_unknown_error, "a result set without columns");
  ByteWriter payload;
  payload.lenenc(result.columns.size());
  packets.add(payload.view());
  for (const Column& column : result.columns) packets.add(encode_column(column));
  if ((context.capabilities & capability::k_deprecate_eof) == 0) packets.add(encode_end_of_rows(context));
  for (const ResultRow& row : result.rows) {
    if (row.size() != result.columns.size()) {
      throw Error(tributary::error_code::k_unknown_error,
                  fmt::format("a row of {} values in a result of {} columns", row.size(), result.columns.size()));
    }
    payload.clear();
    for (const std::optional<std::string>& value : row) {
      if (value) {
        payload.lenenc_text(*value);
      } else {
        payload.u8(k_null_value);
      }
    }
    packets.add(payload.view());
  }
  packets.add(encode_end_of_rows(context));
}

void write_result(PacketWriter& packets, const StatementResult& result, const ReplyContext& context) {
  if (const auto* rows = std::get_if<ResultSet>(&result)) {
    write_result_set(packets, *rows, context);
  } else {
    packets.add(encode_ok(std::get<OkResult>(result), context));
  }
}

}  // namespace tributary::wire
