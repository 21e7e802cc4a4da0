#include <cmath>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "tributary/binlog/json.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/printable.hpp"

#include "json_tree.hpp"

namespace tributary::binlog {
namespace {

constexpr std::uint16_t k_invalid_text = 3140;    // ER_INVALID_JSON_TEXT
constexpr std::uint16_t k_too_deep = 3157;        // ER_JSON_DOCUMENT_TOO_DEEP
constexpr std::uint16_t k_number_too_big = 3140;  // the server says "Number too big to be stored in double."

/// Takes the parser's events (nlohmann::json's SAX interface) and makes the tree. The parser itself does not recurse.
class TreeMaker {
 public:
  // NOLINTBEGIN(readability-identifier-naming): names of the parser's interface
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;
  // NOLINTEND(readability-identifier-naming)

  bool null() { return take(JsonNode::literal(JsonLiteral::null)); }
  bool boolean(bool value) {
    return take(JsonNode::literal(value ? JsonLiteral::true_value : JsonLiteral::false_value));
  }
  bool number_integer(number_integer_t value) { return take(JsonNode::integer(value)); }
  bool number_unsigned(number_unsigned_t value) {
    // The server's parser tells its numbers so: what 32 bits hold is an INTEGER, above is UNSIGNED.
    return take(value <= UINT32_MAX ? JsonNode::integer(static_cast<std::int64_t>(value))
                                    : JsonNode::unsigned_integer(value));
  }
  bool number_float(number_float_t value, const string_t& text) {
    if (!std::isfinite(value)) {
      throw Error(k_number_too_big, "22032", fmt::format("Invalid JSON text: the number {} is too big", text));
    }
    return take(JsonNode::real(value));
  }
  bool string(string_t& value) { return take(JsonNode::string(value)); }
  bool binary(binary_t& /*value*/) { return false; }  // no JSON text has one
  bool start_object(std::size_t /*size*/) { return open(JsonNode::object()); }
  bool start_array(std::size_t /*size*/) { return open(JsonNode::array()); }
  bool key(string_t& value) {
    open_.back().key = std::move(value);
    return true;
  }
  bool end_object() {
    open_.back().node.sort_members();
    return close();
  }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string& last_token, const nlohmann::json::exception& /*error*/) {
    throw Error(k_invalid_text, "22032",
                fmt::format("Invalid JSON text at byte {}, near '{}'", position, printable(last_token, 40)));
  }

  JsonNode root;

 private:
  struct Open {
    JsonNode node;
    std::string key;  ///< of the member that comes next
  };

  bool open(JsonNode container) {
    if (open_.size() >= k_json_max_depth) {
      throw Error(k_too_deep, "22032",
                  fmt::format("The JSON document exceeds the maximum depth ({})", k_json_max_depth));
    }
    open_.push_back({std::move(container), {}});
    return true;
  }
  bool close() {
    JsonNode node = std::move(open_.back().node);
    open_.pop_back();
    return take(std::move(node));
  }
  bool take(JsonNode value) {
    if (open_.empty()) {
      root = std::move(value);
      return true;
    }
    Open& parent = open_.back();
    if (parent.node.is_object()) {
      parent.node.append(std::move(parent.key), std::move(value));
    } else {
      parent.node.append(std::move(value));
    }
    return true;
  }

  std::vector<Open> open_;
};

}  // namespace

Bytes json_from_text(std::string_view text) {
  static constexpr std::string_view k_byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(k_byte_order_mark)) {
    // The parser would pass over it; MySQL does not.
    throw Error(k_invalid_text, "22032", "Invalid JSON text: it begins with a byte order mark");
  }
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    // The parser would take it for the end of the text.
    throw Error(k_invalid_text, "22032", fmt::format("Invalid JSON text at byte {}: it is a zero byte", at + 1));
  }
  TreeMaker maker;
  nlohmann::json::sax_parse(text, &maker);
  return maker.root.encode();
}

}  // namespace tributary::binlog
