#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <fmt/core.h>

#include "tributary/binlog/decimal.hpp"
#include "tributary/binlog/json.hpp"
#include "tributary/binlog/table_map.hpp"

#include "json_format.hpp"

namespace tributary::binlog {
namespace {

std::int64_t signed_integer(ByteView bytes) {
  const std::uint64_t number = ByteReader(bytes).little_endian(bytes.size());
  const unsigned unused = static_cast<unsigned>(64 - 8 * bytes.size());
  return static_cast<std::int64_t>(number << unused) >> unused;
}

/// As my_gcvt with room for all digits, and ".0" behind a whole number (strings/dtoa.cc; json_dom.cc).
void append_double(double number, std::string& text) {
  static constexpr int k_longest_plain = 15;  // MAX_DECPT_FOR_F_FORMAT, DBL_DIG
  if (!std::isfinite(number)) throw_damaged_json("a number is not finite");
  if (number == 0) {
    text += std::signbit(number) ? "-0.0" : "0.0";
    return;
  }
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  std::string_view rest(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  if (rest.front() == '-') {
    text += '-';
    rest.remove_prefix(1);
  }
  const std::size_t e = rest.find('e');
  const int point = std::atoi(rest.data() + e + 1) + 1;  // NOLINT(cert-err34-c): of to_chars; digits before the point
  std::string digits(rest.substr(0, 1));
  if (e > 2) digits += rest.substr(2, e - 2);
  const int count = static_cast<int>(digits.size());
  if (point < 1 - k_longest_plain || (point > k_longest_plain && count <= point)) {
    text += digits.front();
    if (count > 1) text.append(".").append(digits, 1);
    text += fmt::format("e{}", point - 1);
  } else if (point <= 0) {
    text.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else if (point >= count) {
    text.append(digits).append(static_cast<std::size_t>(point - count), '0').append(".0");
  } else {
    text.append(digits, 0, static_cast<std::size_t>(point)).append(".").append(digits, static_cast<std::size_t>(point));
  }
}

void append_string(std::string_view value, std::string& text) {
  text += '"';
  for (const char c : value) {
    switch (c) {
      case '"':
      case '\\':
        text.append("\\").push_back(c);
        break;
      case '\b':
        text += "\\b";
        break;
      case '\f':
        text += "\\f";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\t':
        text += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          text += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          text += c;
        }
    }
  }
  text += '"';
}

/// The packed form of my_time.h: 24 bits microseconds, second, minute, hour (10 bits for a TIME); of dates then 5 bits
/// day and year * 13 + month. A negative TIME is negated as a whole.
void append_temporal(ColumnType type, ByteView bytes, std::string& text) {
  const auto packed = static_cast<std::int64_t>(ByteReader(bytes).u64());
  const auto value = static_cast<std::uint64_t>(packed < 0 ? -packed : packed);
  const std::uint64_t fraction = value & 0xffffff;
  const std::uint64_t clock = value >> 24;
  text += '"';
  if (type == ColumnType::time) {
    text += fmt::format("{}{:02}:{:02}:{:02}.{:06}", packed < 0 ? "-" : "", clock >> 12 & 0x3ff, clock >> 6 & 63,
                        clock & 63, fraction);
  } else {
    const std::uint64_t year_month = clock >> 22;
    text += fmt::format("{:04}-{:02}-{:02}", year_month / 13, year_month % 13, clock >> 17 & 31);
    if (type != ColumnType::date) {
      text += fmt::format(" {:02}:{:02}:{:02}.{:06}", clock >> 12 & 31, clock >> 6 & 63, clock & 63, fraction);
    }
  }
  text += '"';
}

/// In lines of 76 characters, as the server's base64_encode makes them; their ends escaped, as in any string.
void append_base64_lines(ByteView bytes, std::string& text) {
  static constexpr std::size_t k_line_bytes = 57;
  while (bytes.size() > k_line_bytes) {
    append_base64(text, bytes.first(k_line_bytes));
    text += "\\n";
    bytes = bytes.subspan(k_line_bytes);
  }
  append_base64(text, bytes);
}

void append_opaque(ByteView data, std::string& text) {
  ByteReader reader(data);
  const auto type = static_cast<ColumnType>(reader.u8());
  const ByteView bytes = reader.bytes(read_json_length(reader));
  switch (type) {
    case ColumnType::newdecimal:
      if (bytes.size() > 2) {
        if (const auto number = decimal_to_text(bytes.subspan(2), bytes[0], bytes[1])) {
          text += *number;
          return;
        }
      }
      throw_damaged_json("a decimal number is damaged");
    case ColumnType::date:
    case ColumnType::time:
    case ColumnType::datetime:
    case ColumnType::timestamp:
      if (bytes.size() != 8) throw_damaged_json("a temporal value is damaged");
      return append_temporal(type, bytes, text);
    default:
      text += fmt::format("\"base64:type{}:", static_cast<unsigned>(type));
      append_base64_lines(bytes, text);
      text += '"';
  }
}

/// @p depth: the containers around it.
void append_item(const JsonItem& item, unsigned depth, std::string& text) {
  switch (item.type) {
    case JsonType::small_object:
    case JsonType::large_object:
    case JsonType::small_array:
    case JsonType::large_array: {
      if (depth == k_json_max_depth) throw_damaged_json("it is nested too deep");
      const bool object = is_object(item.type);
      JsonContainer container(item);
      text += object ? '{' : '[';
      for (std::size_t i = 0; i < container.size(); ++i) {
        if (i > 0) text += ", ";
        if (object) {
          append_string(container.key(i), text);
          text += ": ";
        }
        append_item(container.value(i), depth + 1, text);
      }
      text += object ? '}' : ']';
      return;
    }
    case JsonType::literal:
      switch (static_cast<JsonLiteral>(item.data[0])) {
        case JsonLiteral::null:
          text += "null";
          return;
        case JsonLiteral::true_value:
          text += "true";
          return;
        case JsonLiteral::false_value:
          text += "false";
          return;
      }
      throw_damaged_json("a literal is not known");
    case JsonType::int16:
    case JsonType::int32:
    case JsonType::int64:
      text += fmt::format("{}", signed_integer(item.data));
      return;
    case JsonType::uint16:
    case JsonType::uint32:
    case JsonType::uint64:
      text += fmt::format("{}", ByteReader(item.data).little_endian(item.data.size()));
      return;
    case JsonType::double_type:
      return append_double(std::bit_cast<double>(ByteReader(item.data).u64()), text);
    case JsonType::string: {
      ByteReader reader(item.data);
      const std::size_t length = read_json_length(reader);
      return append_string(reader.text(length), text);
    }
    case JsonType::opaque:
      return append_opaque(item.data, text);
  }
}

bool has_opaque(const JsonItem& item, unsigned depth) {
  if (item.type == JsonType::opaque) return true;
  if (!is_container(item.type)) return false;
  if (depth == k_json_max_depth) throw_damaged_json("it is nested too deep");
  JsonContainer container(item);
  for (std::size_t i = 0; i < container.size(); ++i) {
    if (has_opaque(container.value(i), depth + 1)) return true;
  }
  return false;
}

}  // namespace

bool json_has_sql_types(ByteView document) {
  return has_opaque(json_root(document), 0);
}

void append_json_text(ByteView document, std::string& text) {
  append_item(json_root(document), 0, text);
}

}  // namespace tributary::binlog
