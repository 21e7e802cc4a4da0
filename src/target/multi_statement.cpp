#include "multi_statement.hpp"

#include <algorithm>
#include <array>

namespace tributary::target {
namespace {

constexpr std::string_view k_space = " \t\r\n\f\v";

std::size_t clamp(std::size_t position, std::string_view text) {
  return std::min(position, text.size());
}

/// One past the comment at @p at; @p at itself when none begins there.
std::size_t end_of_comment(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const bool to_line_end =
      rest.starts_with('#') ||
      (rest.starts_with("--") && (rest.size() == 2 || k_space.find(rest[2]) != std::string_view::npos));
  if (to_line_end) return clamp(clamp(text.find('\n', at), text) + 1, text);
  if (rest.starts_with("/*")) return clamp(clamp(text.find("*/", at + 2), text) + 2, text);
  return at;
}

/// The first one from @p at on that can end a statement or begin what hides such, or text.size(). By a table, since
/// find_first_of() calls memchr() for every character.
std::size_t find_special(std::string_view text, std::size_t at) {
  static constexpr auto k_special = [] {
    std::array<bool, 256> special{};
    for (const char c : std::string_view(";'\"`#-/")) special[static_cast<unsigned char>(c)] = true;
    return special;
  }();
  while (at < text.size() && !k_special[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

/// Removes the text up to the first ';', and that too, from @p text and returns it.
std::string_view take_to_semicolon(std::string_view& text) {
  std::size_t at = 0;
  while (true) {
    at = find_special(text, at);
    if (at == text.size() || text[at] == ';') break;
    if (text[at] == '\'' || text[at] == '"' || text[at] == '`') {
      at = end_of_quoted(text, at);
    } else {
      const std::size_t end = end_of_comment(text, at);
      at = end == at ? at + 1 : end;
    }
  }
  const std::string_view statement = text.substr(0, at);
  text.remove_prefix(clamp(at + 1, text));
  return statement;
}

std::string_view trim_front(std::string_view text) {
  text.remove_prefix(clamp(text.find_first_not_of(k_space), text));
  return text;
}

bool begins_with(std::string_view statement, std::string_view word) {
  return statement.size() >= word.size() &&
         std::equal(word.begin(), word.end(), statement.begin(),
                    [](char wanted, char found) { return wanted == found || wanted - 'A' + 'a' == found; });
}

bool is_binlog(std::string_view statement) {
  return begins_with(statement, "BINLOG");
}

/// Removes the first statement and its ';' from @p text and returns it.
std::string_view take_statement(std::string_view& text) {
  const std::string_view whole = trim_front(text);
  std::string_view part = take_to_semicolon(text);
  // MariaDB's IF ... THEN ...; END IF outside of routines is one statement with one result.
  if (!begins_with(whole, "IF ")) return part;
  while (!text.empty() && !begins_with(part, "END IF")) part = trim_front(take_to_semicolon(text));
  return whole.substr(0, whole.size() - text.size());
}

}  // namespace

std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  std::size_t end = at++;
  while (true) {
    // Quote and escape each by itself, as memchr() finds one character fast.
    if (end < at) end = text.find(quote, at);
    if (end == std::string_view::npos) return text.size();
    const std::size_t escape = quote == '`' ? end : text.substr(0, end).find('\\', at);
    if (escape >= end) return end + 1;
    at = escape + 2;  // behind what the backslash escapes
  }
}

bool StatementReader::another_follows_binlog(std::size_t number) {
  for (; number_ < number && !rest_.empty(); ++number_) statement_ = trim_front(take_statement(rest_));
  return number_ == number && is_binlog(statement_) && !trim_front(rest_).empty();
}

bool another_follows_binlog(std::string_view sql, std::size_t number) {
  return StatementReader(sql).another_follows_binlog(number);
}

}  // namespace tributary::target
