#include "statement_splitter.hpp"

#include "scanner.hpp"

namespace tributary::admin {
namespace {

std::string_view trim(std::string_view text) {
  static constexpr std::string_view k_blanks = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(k_blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(k_blanks) - begin + 1);
}

}  // namespace

std::vector<std::string_view> split_statements(std::string_view text) {
  std::vector<std::string_view> statements;
  std::size_t begin = 0;
  bool has_code = false;
  const auto cut = [&](std::size_t end) {
    // An executable comment that is never closed is a token without text at the end.
    const std::string_view piece = trim(text.substr(begin, end - begin));
    if (has_code && !piece.empty()) statements.push_back(piece);
    has_code = false;
  };
  for (const Token& token : scan_statement(text)) {
    if (token.is_punctuation(";")) {
      cut(token.offset);
      begin = token.offset + 1;
    } else {
      has_code = true;
    }
  }
  cut(text.size());
  return statements;
}

}  // namespace tributary::admin
