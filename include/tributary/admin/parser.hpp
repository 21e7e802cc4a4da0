#pragma once

#include <string_view>

#include "tributary/admin/statement.hpp"

namespace tributary::admin {

/// Turns the text of one statement into its value. Comments are skipped, the body of /*! ... */ is read; one ';' may
/// end it. Any bytes may be given: time and memory are linear in their number, nesting is limited.
/// @throws Error 1064 in MySQL's form ("... near '...' at line n", passwords masked), 1065 when there is nothing but
/// blanks and comments, 1210 when a channel is named twice, 1436 when expressions nest too deep. Thread safe.
Statement parse_statement(std::string_view text);

}  // namespace tributary::admin
