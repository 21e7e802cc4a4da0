#include "statement_error.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "tributary/admin/redact.hpp"
#include "tributary/util/error.hpp"

#include "scanner.hpp"

namespace tributary::admin {
namespace {

/// MySQL cuts the text after "near" at 80 bytes ('%-.80s' of ER_PARSE_ERROR), and where a C string ends.
std::string_view cut_near(std::string_view text) {
  static constexpr std::size_t k_longest = 80;
  return cut_text(text.substr(0, text.find('\0')), k_longest);
}

}  // namespace

void throw_syntax_error(std::string_view text, std::size_t offset) {
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
  throw Error(
      1064, "42000",
      fmt::format("You have an error in your SQL syntax; check the manual that corresponds to your MySQL server "
                  "version for the right syntax to use near '{}' at line {}",
                  cut_near(redact_statement_from(text, offset)), line));
}

void throw_not_supported(const std::string& what) {
  throw Error(1235, "42000", fmt::format("This version of Tributary doesn't yet support '{}'", what));
}

}  // namespace tributary::admin
