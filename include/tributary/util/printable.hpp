#pragma once

#include <string>
#include <string_view>

namespace tributary {

/// What another server or a file said, fit for a log line, a status and an error message: UTF-8 in one line. Control
/// characters and bytes that are not UTF-8 become "\x0a"; what is longer than @p limit bytes is cut, with "..." behind
/// it.
std::string printable(std::string_view text, std::size_t limit = 2048);

}  // namespace tributary
