#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tributary::admin {

/// Error 1064 in MySQL's form at @p offset of the statement @p text, which may be its end; passwords are masked.
[[noreturn]] void throw_syntax_error(std::string_view text, std::size_t offset);

/// Error 1235 for what the servers know and this daemon does not.
[[noreturn]] void throw_not_supported(const std::string& what);

}  // namespace tributary::admin
