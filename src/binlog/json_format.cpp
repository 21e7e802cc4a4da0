#include "json_format.hpp"

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::binlog {
namespace {

constexpr std::size_t k_small_width = 2;
constexpr std::size_t k_large_width = 4;
constexpr std::size_t k_key_length_width = 2;

/// The bytes of the value that begins at the front of @p bytes.
std::size_t value_size(JsonType type, ByteView bytes) {
  switch (type) {
    case JsonType::small_object:
    case JsonType::large_object:
    case JsonType::small_array:
    case JsonType::large_array: {
      const std::size_t width = is_large(type) ? k_large_width : k_small_width;
      ByteReader reader(bytes);
      reader.skip(width);
      return static_cast<std::size_t>(reader.little_endian(width));
    }
    case JsonType::literal:
      return 1;
    case JsonType::int16:
    case JsonType::uint16:
      return 2;
    case JsonType::int32:
    case JsonType::uint32:
      return 4;
    case JsonType::int64:
    case JsonType::uint64:
    case JsonType::double_type:
      return 8;
    case JsonType::string: {
      ByteReader reader(bytes);
      const std::size_t length = read_json_length(reader);
      return reader.position() + length;
    }
    case JsonType::opaque: {
      ByteReader reader(bytes);
      reader.skip(1);
      const std::size_t length = read_json_length(reader);
      return reader.position() + length;
    }
  }
  throw_damaged_json("a value has a type that is not known");
}

JsonItem item_at(JsonType type, ByteView bytes) {
  return {type, ByteReader(bytes).bytes(value_size(type, bytes))};
}

}  // namespace

void throw_damaged_json(const char* what) {
  throw Error(error_code::k_corrupt_event, fmt::format("damaged JSON document: {}", what));
}

std::size_t read_json_length(ByteReader& reader) {
  static constexpr unsigned k_most_bytes = 5;
  std::uint64_t length = 0;
  for (unsigned i = 0; i < k_most_bytes; ++i) {
    const std::uint8_t byte = reader.u8();
    length |= std::uint64_t{byte & 0x7fU} << (7 * i);
    if ((byte & 0x80) == 0) return static_cast<std::size_t>(length);
  }
  throw_damaged_json("a length has more than five bytes");
}

bool is_inlined(JsonType type, bool large) {
  switch (type) {
    case JsonType::literal:
    case JsonType::int16:
    case JsonType::uint16:
      return true;
    case JsonType::int32:
    case JsonType::uint32:
      return large;
    default:
      return false;
  }
}

JsonItem json_root(ByteView document) {
  static constexpr std::uint8_t k_null = static_cast<std::uint8_t>(JsonLiteral::null);
  if (document.empty()) return {JsonType::literal, {&k_null, 1}};
  return item_at(static_cast<JsonType>(document[0]), document.subspan(1));
}

JsonContainer::JsonContainer(const JsonItem& item)
    : object_(is_object(item.type)),
      large_(is_large(item.type)),
      width_(large_ ? k_large_width : k_small_width),
      bytes_(item.data) {
  ByteReader reader(bytes_);
  count_ = static_cast<std::size_t>(reader.little_endian(width_));
  const std::size_t entry = 1 + width_ + (object_ ? width_ + k_key_length_width : 0);
  used_ = 2 * width_;
  if (count_ > (bytes_.size() - used_) / entry) throw_damaged_json("a container is shorter than its entries");
  used_ += count_ * entry;
}

void JsonContainer::use(std::size_t bytes) {
  used_ += bytes;
  if (used_ > bytes_.size()) throw_damaged_json("values overlap");
}

std::string_view JsonContainer::key(std::size_t index) {
  ByteReader entry(bytes_);
  entry.skip(2 * width_ + index * (width_ + k_key_length_width));
  const auto offset = static_cast<std::size_t>(entry.little_endian(width_));
  const std::size_t length = entry.u16();
  use(length);
  ByteReader reader(bytes_);
  reader.skip(offset);
  return reader.text(length);
}

JsonItem JsonContainer::value(std::size_t index) {
  const std::size_t keys = object_ ? count_ * (width_ + k_key_length_width) : 0;
  ByteReader entry(bytes_);
  entry.skip(2 * width_ + keys + index * (1 + width_));
  const auto type = static_cast<JsonType>(entry.u8());
  const ByteView field = entry.bytes(width_);
  if (is_inlined(type, large_)) return item_at(type, field);
  const auto offset = static_cast<std::size_t>(ByteReader(field).little_endian(width_));
  if (offset > bytes_.size()) throw_damaged_json("a value lies outside of its container");
  const JsonItem item = item_at(type, bytes_.subspan(offset));
  use(item.data.size());
  return item;
}

}  // namespace tributary::binlog
