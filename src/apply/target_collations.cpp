#include "target_collations.hpp"

#include <charconv>

#include <fmt/core.h>

#include "tributary/util/log.hpp"

#include "collation_names.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint16_t k_unknown_collation = 1273;  // ER_UNKNOWN_COLLATION

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

void TargetCollations::forget() {
  by_number_.clear();
  by_name_.clear();
}

void TargetCollations::load(target::TargetConnection& connection) {
  if (!by_number_.empty()) return;
  // From 10.10 on MariaDB lists its collations that fit several character sets once for each of them, here.
  const bool by_pairs = connection.is_mariadb() && connection.server_version_number() >= 101001;
  const auto rows = connection.query(
      by_pairs ? "SELECT ID, CHARACTER_SET_NAME, FULL_COLLATION_NAME, COLLATION_NAME FROM"
                 " information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
               : "SELECT ID, CHARACTER_SET_NAME, COLLATION_NAME, COLLATION_NAME FROM information_schema.COLLATIONS");
  for (const target::Row& row : rows) {
    if (row.size() < 4 || !row[0] || !row[1] || !row[2] || !row[3]) continue;
    std::uint32_t number = 0;
    std::from_chars(row[0]->data(), row[0]->data() + row[0]->size(), number);
    by_number_[number] = {*row[1], *row[2], number};
    by_name_[lower_case(*row[2])] = number;
    by_name_.emplace(lower_case(*row[3]), number);  // without character set
  }
}

const CollationName* TargetCollations::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &by_number_.at(found->second);
}

const CollationName* TargetCollations::find_like(std::string_view name, std::string_view character_set) {
  for (const std::string& like : like_collations(name, character_set)) {
    const CollationName* const found = find(like);
    if (found == nullptr) continue;
    if (told_.first(name)) {
      log(LogLevel::warning, "the target does not have the collation {} of the source: {} stands for it", name,
          found->collation);
    }
    return found;
  }
  return nullptr;
}

const CollationName& TargetCollations::of(target::TargetConnection& connection, std::uint32_t source) {
  load(connection);
  if (const auto own = by_number_.find(source); own != by_number_.end()) return own->second;
  const auto name = collation_by_number(source);
  if (name) {
    // The target may have it by another number.
    if (const CollationName* const same = find(*name)) return *same;
    if (const CollationName* const like = find_like(*name, {})) return *like;
  }
  throw target::NotRunError(k_unknown_collation,
                            fmt::format("Unknown collation: '{}': the source's statement uses a collation that "
                                        "the target does not have, nor one like it",
                                        name ? *name : fmt::format("#{}", source)));
}

std::optional<std::string> TargetCollations::instead_of(target::TargetConnection& connection, std::string_view name,
                                                        std::string_view character_set,
                                                        const std::function<std::string()>& find_default) {
  load(connection);
  const std::string wanted = lower_case(name);
  if (find(wanted) != nullptr) return std::nullopt;
  std::string of = lower_case(character_set);
  if (of.empty() && fits_several_character_sets(wanted)) {
    of = find_default();
    if (of.empty()) {
      throw target::NotRunError(
          k_unknown_collation,
          fmt::format(
              "Unknown collation: '{}': it fits several character sets, the statement does not name one for it, "
              "and the target does not tell which is meant; name one on the source",
              name));
    }
  }
  if (of == "utf8") of = "utf8mb3";
  const CollationName* const like = find_like(wanted, of);
  return like == nullptr ? std::nullopt : std::optional(like->collation);
}

}  // namespace tributary::apply
