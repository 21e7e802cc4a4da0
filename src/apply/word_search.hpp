#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tributary::apply {

/// Where @p word, of lower case letters, digits and '_', first stands in @p text in any case; npos: nowhere.
inline std::size_t find_word(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  const auto* const at = std::search(text.begin(), text.end(), word.begin(), word.end(), same);
  return at == text.end() ? std::string_view::npos : static_cast<std::size_t>(at - text.begin());
}

}  // namespace tributary::apply
