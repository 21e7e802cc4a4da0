#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "json_format.hpp"

namespace tributary::binlog {

/// A JSON value that can be changed. What is not looked into stays as its bytes.
class JsonNode {
 public:
  JsonNode() = default;
  explicit JsonNode(const JsonItem& item) : type_(item.type), data_(item.data.begin(), item.data.end()) {}
  static JsonNode integer(std::int64_t number);
  static JsonNode unsigned_integer(std::uint64_t number);
  static JsonNode real(double number);
  static JsonNode string(std::string_view value);
  static JsonNode literal(JsonLiteral value);
  static JsonNode object();
  static JsonNode array();

  [[nodiscard]] bool is_object() const { return binlog::is_object(type_); }
  [[nodiscard]] bool is_array() const { return is_container(type_) && !is_object(); }

  // Of containers. Throw Error 1610 where the bytes are damaged.
  std::size_t size();
  JsonNode& element(std::size_t index);
  /// nullptr when the object has no such member.
  JsonNode* find(std::string_view key);
  /// Of an object that has no such member.
  void add(std::string key, JsonNode value);
  bool erase(std::string_view key);
  /// @p index beyond the end: at the end.
  void insert(std::size_t index, JsonNode value);
  bool erase(std::size_t index);

  // To make a container part by part; of an object sort_members() is to be called at the end.
  void append(JsonNode value);
  void append(std::string key, JsonNode value);
  /// Into the order of binary JSON; of members with the same key the last stays.
  void sort_members();

  /// Type byte and value. Throws Error 1610 when it is nested deeper than the server allows, 3151 for too long a key.
  [[nodiscard]] Bytes encode() const;

 private:
  JsonNode(JsonType type, Bytes data) : type_(type), data_(std::move(data)) {}
  void expand();
  [[nodiscard]] std::size_t place_of(std::string_view key) const;
  [[nodiscard]] JsonNode encoded(unsigned depth) const;

  JsonType type_ = JsonType::literal;  ///< of an expanded container: large or small does not count
  Bytes data_ = {0};                   ///< the value, unless it is expanded
  bool expanded_ = false;
  std::vector<std::string> keys_;  ///< of an expanded object: ordered by length, then bytes
  std::vector<JsonNode> values_;   ///< of an expanded container
};

}  // namespace tributary::binlog
