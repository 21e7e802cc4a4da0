#pragma once

#include <string>
#include <string_view>

namespace tributary::target {

/// SHA-256 as 64 hexadecimal digits.
std::string sha256_hex(std::string_view text);

}  // namespace tributary::target
