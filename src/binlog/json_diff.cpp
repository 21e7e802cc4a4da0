#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

#include "tributary/binlog/json.hpp"
#include "tributary/util/error.hpp"

#include "json_tree.hpp"

namespace tributary::binlog {
namespace {

/// enum_json_diff_operation (sql-common/json_diff.h).
enum class JsonDiffOperation : std::uint8_t { replace = 0, insert = 1, remove = 2 };

/// One step of a path: a member, or an array's element.
struct PathLeg {
  std::string key;
  std::optional<std::size_t> index;
  bool from_end = false;  ///< index counts from the last element backwards

  /// Of an array of @p size elements; nullopt before its first.
  [[nodiscard]] std::optional<std::size_t> index_in(std::size_t size) const {
    if (!from_end) return index;
    return *index < size ? std::optional(size - 1 - *index) : std::nullopt;
  }
};

/// A path as diffs have it: "$" and then .name, ."quoted name", [number], [last] or [last-number], without wildcards
/// (sql-common/json_path.cc).
class PathReader {
 public:
  explicit PathReader(std::string_view path) : rest_(path) {
    if (!accept('$')) throw_damaged_json("a path does not begin with '$'");
  }

  std::optional<PathLeg> next() {
    if (rest_.empty()) return std::nullopt;
    PathLeg leg;
    if (accept('[')) {
      leg.from_end = rest_.starts_with(k_last);
      if (leg.from_end) rest_.remove_prefix(k_last.size());
      leg.index = !leg.from_end || accept('-') ? number() : 0;
      if (!accept(']')) throw_damaged_json("a path has no ']'");
    } else if (accept('.')) {
      leg.key = !rest_.empty() && rest_.front() == '"' ? quoted() : plain();
    } else {
      throw_damaged_json("a path cannot be read");
    }
    return leg;
  }

 private:
  static constexpr std::string_view k_last = "last";

  bool accept(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string take(std::size_t length) {
    std::string text(rest_.substr(0, length));
    rest_.remove_prefix(text.size());
    return text;
  }
  std::size_t number() {
    std::size_t value = 0;
    const auto result = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (result.ec != std::errc()) throw_damaged_json("a path has no number in '[ ]'");
    rest_.remove_prefix(static_cast<std::size_t>(result.ptr - rest_.data()));
    return value;
  }
  std::string plain() {
    const std::size_t end = rest_.find_first_of(".[");
    if (end == 0) throw_damaged_json("a path has an empty name");
    return take(end);
  }
  std::string quoted() {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) throw_damaged_json("a path has a name without its closing quote");
    const auto text = nlohmann::json::parse(take(end + 1), nullptr, false);
    if (!text.is_string()) throw_damaged_json("a path has a name that cannot be read");
    return text.get<std::string>();
  }

  std::string_view rest_;
};

JsonNode* seek(JsonNode* node, const PathLeg& leg) {
  if (!leg.index) return node->is_object() ? node->find(leg.key) : nullptr;
  // What is no array counts as one of a single element.
  if (!node->is_array()) return *leg.index == 0 ? node : nullptr;
  const auto index = leg.index_in(node->size());
  return index && *index < node->size() ? &node->element(*index) : nullptr;
}

bool insert(JsonNode& parent, const PathLeg& leg, JsonNode value) {
  if (leg.index) {
    if (!parent.is_array()) return false;
    parent.insert(leg.index_in(parent.size()).value_or(0), std::move(value));
    return true;
  }
  if (!parent.is_object() || parent.find(leg.key) != nullptr) return false;
  parent.add(leg.key, std::move(value));
  return true;
}

bool remove(JsonNode& parent, const PathLeg& leg) {
  if (leg.index) {
    if (!parent.is_array()) return false;
    const auto index = leg.index_in(parent.size());
    return index && parent.erase(*index);
  }
  return parent.is_object() && parent.erase(leg.key);
}

bool apply(JsonNode& document, JsonDiffOperation operation, std::string_view path, std::optional<JsonNode> value) {
  PathReader reader(path);
  std::optional<PathLeg> last = reader.next();
  if (!last) return false;  // the whole document is never changed so
  JsonNode* parent = &document;
  while (auto next = reader.next()) {
    parent = seek(parent, *last);
    if (parent == nullptr) return false;
    last = std::move(next);
  }
  switch (operation) {
    case JsonDiffOperation::replace: {
      JsonNode* const found = seek(parent, *last);
      if (found != nullptr) *found = std::move(*value);
      return found != nullptr;
    }
    case JsonDiffOperation::insert:
      return insert(*parent, *last, std::move(*value));
    case JsonDiffOperation::remove:
      return remove(*parent, *last);
  }
  throw_damaged_json("a change has an operation that is not known");
}

}  // namespace

Bytes apply_json_diffs(ByteView document, ByteView diffs) {
  JsonNode root(json_root(document));
  ByteReader reader(diffs);
  while (!reader.at_end()) {
    const auto operation = static_cast<JsonDiffOperation>(reader.u8());
    const std::string_view path = reader.lenenc_text();
    std::optional<JsonNode> value;
    if (operation != JsonDiffOperation::remove) value.emplace(json_root(as_bytes(reader.lenenc_text())));
    if (!apply(root, operation, path, std::move(value))) {
      throw Error(error_code::k_corrupt_event, "a partial JSON update names '" + std::string(path) +
                                                   "', which the document before it does not have");
    }
  }
  return root.encode();
}

}  // namespace tributary::binlog
