#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tributary/util/bytes.hpp"

namespace tributary::binlog {

/// Types of values in binary JSON (sql-common/json_binary.cc).
enum class JsonType : std::uint8_t {
  small_object = 0x00,
  large_object = 0x01,
  small_array = 0x02,
  large_array = 0x03,
  literal = 0x04,
  int16 = 0x05,
  uint16 = 0x06,
  int32 = 0x07,
  uint32 = 0x08,
  int64 = 0x09,
  uint64 = 0x0a,
  double_type = 0x0b,
  string = 0x0c,
  opaque = 0x0f,
};

enum class JsonLiteral : std::uint8_t { null = 0, true_value = 1, false_value = 2 };

/// JSON_DOCUMENT_MAX_DEPTH: so many containers may stand one in another.
inline constexpr unsigned k_json_max_depth = 100;

inline bool is_container(JsonType type) {
  return type <= JsonType::large_array;
}
inline bool is_object(JsonType type) {
  return type == JsonType::small_object || type == JsonType::large_object;
}
inline bool is_large(JsonType type) {
  return type == JsonType::large_object || type == JsonType::large_array;
}
/// Whether such a value stands in its entry itself in a container, instead of behind the entries.
bool is_inlined(JsonType type, bool large);

/// A value with exactly its own bytes, borrowed from the document.
struct JsonItem {
  JsonType type = JsonType::literal;
  ByteView data;
};

/// The value of a whole document. Throws Error 1610.
JsonItem json_root(ByteView document);

/// Reads an array's or object's entries; every access is checked. Throws Error 1610.
class JsonContainer {
 public:
  /// @p item is a container.
  explicit JsonContainer(const JsonItem& item);

  [[nodiscard]] std::size_t size() const { return count_; }
  /// Of an object. Keys and values together must not have more bytes than the container, else a small document could
  /// stand for a huge one: key() and value() are to be called once for each index.
  std::string_view key(std::size_t index);
  JsonItem value(std::size_t index);

 private:
  void use(std::size_t bytes);

  bool object_ = false;
  bool large_ = false;
  std::size_t width_ = 0;
  std::size_t count_ = 0;
  ByteView bytes_;  ///< from the count to the end of the container
  std::size_t used_ = 0;
};

/// A length of seven bits a byte, low ones first; the high bit says that another byte follows.
std::size_t read_json_length(ByteReader& reader);

[[noreturn]] void throw_damaged_json(const char* what);

}  // namespace tributary::binlog
