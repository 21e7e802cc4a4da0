#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tributary::apply {

/// @p text, written in the character_set_client that the number of a collation stands for (0: not known, taken for
/// UTF-8), in UTF-8, as servers store names. nullopt where it is not well-formed in it, or nothing here knows the
/// character set (geostd8, keybcs2, swe7).
std::optional<std::string> to_utf8(std::string_view text, std::uint16_t client_collation);

}  // namespace tributary::apply
