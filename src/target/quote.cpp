#include "tributary/target/target_server.hpp"

namespace tributary::target {

std::string quote_identifier(std::string_view name) {
  std::string quoted;
  quoted.reserve(name.size() + 2);
  quoted.push_back('`');
  for (const char character : name) {
    if (character == '`') quoted.push_back('`');
    quoted.push_back(character);
  }
  quoted.push_back('`');
  return quoted;
}

std::string hex_literal(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string literal;
  literal.reserve(text.size() * 2 + 3);
  literal.append("x'");
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    literal.push_back(k_digits[byte >> 4U]);
    literal.push_back(k_digits[byte & 0x0fU]);
  }
  literal.push_back('\'');
  return literal;
}

std::string text_literal(std::string_view text) {
  return "_utf8mb4 " + hex_literal(text);
}

}  // namespace tributary::target
