#include "json_tree.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::binlog {
namespace {

constexpr std::size_t k_most_small = UINT16_MAX;
constexpr std::uint16_t k_key_too_long = 3151;  // ER_JSON_KEY_TOO_BIG

bool key_less(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

Bytes number_bytes(std::uint64_t number, std::size_t width) {
  Bytes bytes(width);
  store_little_endian(bytes.data(), number, width);
  return bytes;
}

template <typename Small, typename Number>
bool fits(Number number) {
  return number >= std::numeric_limits<Small>::min() && number <= std::numeric_limits<Small>::max();
}

/// Bytes of a container with these parts, of which those in their entries take no more room.
std::size_t container_size(bool large, const std::vector<std::string>& keys, const std::vector<JsonItem>& values) {
  const std::size_t width = large ? 4 : 2;
  std::size_t size = 2 * width + values.size() * (1 + width) + keys.size() * (width + 2);
  for (const std::string& key : keys) size += key.size();
  for (const JsonItem& value : values) size += is_inlined(value.type, large) ? 0 : value.data.size();
  return size;
}

Bytes write_container(bool large, std::size_t size, const std::vector<std::string>& keys,
                      const std::vector<JsonItem>& values) {
  const std::size_t width = large ? 4 : 2;
  ByteWriter writer(size);
  writer.little_endian(values.size(), width);
  writer.little_endian(size, width);
  std::size_t end = 2 * width + values.size() * (1 + width) + keys.size() * (width + 2);
  for (const std::string& key : keys) {
    writer.little_endian(end, width);
    writer.u16(static_cast<std::uint16_t>(key.size()));
    end += key.size();
  }
  for (const JsonItem& value : values) {
    writer.u8(static_cast<std::uint8_t>(value.type));
    if (is_inlined(value.type, large)) {
      // A literal has one byte; numbers are little-endian, and the sign of an int16 is in its two bytes only.
      writer.bytes(value.data);
      writer.fill(width - value.data.size());
    } else {
      writer.little_endian(end, width);
      end += value.data.size();
    }
  }
  for (const std::string& key : keys) writer.text(key);
  for (const JsonItem& value : values) {
    if (!is_inlined(value.type, large)) writer.bytes(value.data);
  }
  return writer.take();
}

}  // namespace

JsonNode JsonNode::integer(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  if (fits<std::int16_t>(number)) return {JsonType::int16, number_bytes(bits, 2)};
  if (fits<std::int32_t>(number)) return {JsonType::int32, number_bytes(bits, 4)};
  return {JsonType::int64, number_bytes(bits, 8)};
}

JsonNode JsonNode::unsigned_integer(std::uint64_t number) {
  if (fits<std::uint16_t>(number)) return {JsonType::uint16, number_bytes(number, 2)};
  if (fits<std::uint32_t>(number)) return {JsonType::uint32, number_bytes(number, 4)};
  return {JsonType::uint64, number_bytes(number, 8)};
}

JsonNode JsonNode::real(double number) {
  return {JsonType::double_type, number_bytes(std::bit_cast<std::uint64_t>(number), 8)};
}

JsonNode JsonNode::string(std::string_view value) {
  ByteWriter writer(value.size() + 5);
  std::size_t length = value.size();
  for (; length > 0x7f; length >>= 7) writer.u8(static_cast<std::uint8_t>(length | 0x80));
  writer.u8(static_cast<std::uint8_t>(length));
  writer.text(value);
  return {JsonType::string, writer.take()};
}

JsonNode JsonNode::literal(JsonLiteral value) {
  return {JsonType::literal, {static_cast<std::uint8_t>(value)}};
}

JsonNode JsonNode::object() {
  JsonNode node(JsonType::small_object, {});
  node.expanded_ = true;
  return node;
}

JsonNode JsonNode::array() {
  JsonNode node(JsonType::small_array, {});
  node.expanded_ = true;
  return node;
}

void JsonNode::expand() {
  if (expanded_) return;
  JsonContainer container({type_, data_});
  for (std::size_t i = 0; i < container.size(); ++i) {
    if (is_object()) keys_.emplace_back(container.key(i));
    values_.emplace_back(container.value(i));
  }
  if (!std::is_sorted(keys_.begin(), keys_.end(), key_less)) throw_damaged_json("keys are not in order");
  expanded_ = true;
  data_ = {};
}

std::size_t JsonNode::size() {
  expand();
  return values_.size();
}

JsonNode& JsonNode::element(std::size_t index) {
  expand();
  return values_.at(index);
}

std::size_t JsonNode::place_of(std::string_view key) const {
  return static_cast<std::size_t>(std::lower_bound(keys_.begin(), keys_.end(), key, key_less) - keys_.begin());
}

JsonNode* JsonNode::find(std::string_view key) {
  expand();
  const std::size_t place = place_of(key);
  return place < keys_.size() && keys_[place] == key ? &values_[place] : nullptr;
}

void JsonNode::add(std::string key, JsonNode value) {
  expand();
  const auto place = static_cast<std::ptrdiff_t>(place_of(key));
  keys_.insert(keys_.begin() + place, std::move(key));
  values_.insert(values_.begin() + place, std::move(value));
}

bool JsonNode::erase(std::string_view key) {
  if (find(key) == nullptr) return false;
  const auto place = static_cast<std::ptrdiff_t>(place_of(key));
  keys_.erase(keys_.begin() + place);
  values_.erase(values_.begin() + place);
  return true;
}

void JsonNode::insert(std::size_t index, JsonNode value) {
  expand();
  values_.insert(values_.begin() + static_cast<std::ptrdiff_t>(std::min(index, values_.size())), std::move(value));
}

bool JsonNode::erase(std::size_t index) {
  expand();
  if (index >= values_.size()) return false;
  values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

void JsonNode::append(JsonNode value) {
  values_.push_back(std::move(value));
}

void JsonNode::append(std::string key, JsonNode value) {
  keys_.push_back(std::move(key));
  values_.push_back(std::move(value));
}

void JsonNode::sort_members() {
  std::vector<std::size_t> order(keys_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [this](std::size_t a, std::size_t b) { return key_less(keys_[a], keys_[b]); });
  std::vector<std::string> keys;
  std::vector<JsonNode> values;
  keys.reserve(order.size());
  values.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + 1 < order.size() && keys_[order[i]] == keys_[order[i + 1]]) continue;
    keys.push_back(std::move(keys_[order[i]]));
    values.push_back(std::move(values_[order[i]]));
  }
  keys_ = std::move(keys);
  values_ = std::move(values);
}

JsonNode JsonNode::encoded(unsigned depth) const {
  if (depth > k_json_max_depth) throw_damaged_json("it is nested too deep");
  std::vector<JsonNode> own;  // keeps what the items borrow
  std::vector<JsonItem> items;
  own.reserve(values_.size());
  items.reserve(values_.size());
  for (const JsonNode& value : values_) {
    const JsonNode& done = value.expanded_ ? own.emplace_back(value.encoded(depth + 1)) : value;
    items.push_back({done.type_, done.data_});
  }
  for (const std::string& key : keys_) {
    if (key.size() > k_most_small) {
      throw Error(
          k_key_too_long, "22032",
          fmt::format("The JSON object contains a key name of {} bytes: the longest is {}", key.size(), k_most_small));
    }
  }
  std::size_t size = container_size(false, keys_, items);
  const bool large = items.size() > k_most_small || size > k_most_small;
  if (large) size = container_size(true, keys_, items);
  const JsonType type = is_object() ? (large ? JsonType::large_object : JsonType::small_object)
                                    : (large ? JsonType::large_array : JsonType::small_array);
  return {type, write_container(large, size, keys_, items)};
}

Bytes JsonNode::encode() const {
  const JsonNode done = expanded_ ? encoded(1) : *this;
  Bytes bytes;
  bytes.reserve(done.data_.size() + 1);
  bytes.push_back(static_cast<std::uint8_t>(done.type_));
  bytes.insert(bytes.end(), done.data_.begin(), done.data_.end());
  return bytes;
}

}  // namespace tributary::binlog
