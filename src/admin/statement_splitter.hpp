#pragma once

#include <string_view>
#include <vector>

namespace tributary::admin {

/// The statements of a text: cut at each ';' outside of quotes and comments, without it and without the blanks around.
/// Pieces of nothing but blanks and comments are left out; what is not closed reaches to the end. Views into @p text.
std::vector<std::string_view> split_statements(std::string_view text);

}  // namespace tributary::admin
