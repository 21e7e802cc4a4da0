#pragma once

#include <cstddef>
#include <string_view>

namespace tributary {

/// Bytes of the character that @p text, which is not empty, begins with; 0 when these are not UTF-8: cut short, longer
/// than needed, a surrogate or beyond U+10FFFF (Unicode 15, table 3-7).
std::size_t utf8_character_length(std::string_view text);

/// True when all bytes of @p text are below 0x80.
bool is_ascii(std::string_view text);

}  // namespace tributary
