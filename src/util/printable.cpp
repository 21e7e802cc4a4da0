#include "tributary/util/printable.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/core.h>

#include "tributary/util/utf8.hpp"

namespace tributary {
namespace {

/// Of the character that @p text begins with; 0 when it is not UTF-8 or is a control character.
std::size_t printable_length(std::string_view text) {
  const auto first = static_cast<std::uint8_t>(text[0]);
  if (first < 0x20 || first == 0x7f) return 0;
  const std::size_t length = utf8_character_length(text);
  return length == 2 && first == 0xc2 && static_cast<std::uint8_t>(text[1]) < 0xa0 ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = printable_length(text.substr(at));
    if (at + std::max<std::size_t>(length, 1) > limit) return shown + "...";
    if (length == 0) {
      shown += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text[at++]));
    } else {
      shown += text.substr(at, length);
      at += length;
    }
  }
  return shown;
}

}  // namespace tributary
