#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::admin {

enum class TokenKind : char {
  word = 'w',               ///< keyword or identifier
  quoted_identifier = 'q',  ///< `name`
  string = 's',             ///< 'text' or "text"
  integer = 'i',
  decimal = 'd',          ///< with a point or an exponent
  binary = 'x',           ///< x'..', 0x.., b'..', 0b..
  user_variable = 'u',    ///< @name
  system_variable = 'v',  ///< the "@@"
  punctuation = 'p',      ///< one or more characters of an operator
  comment = 'c',          ///< only where asked for
  broken = 'b'            ///< to the end of the text: a literal or comment without its end, or too many tokens
};

/// A token: a view into the statement's text, which must outlive it.
struct Token {
  TokenKind kind = TokenKind::broken;
  std::size_t offset = 0;  ///< in bytes
  std::string_view text;   ///< as written, with quotes

  /// True for the word @p upper_case, in any case.
  [[nodiscard]] bool is_word(std::string_view upper_case) const;
  [[nodiscard]] bool is_punctuation(std::string_view characters) const {
    return kind == TokenKind::punctuation && text == characters;
  }
  /// What the token means: a literal without quotes and escapes, an identifier without backticks, the bytes of a
  /// binary literal, a user variable's name.
  [[nodiscard]] std::string value() const;
};

/// Splits a statement as MySQL's lexer does (sql/sql_lex.cc). Comments are dropped unless @p with_comments; /*! and its
/// end are dropped and what stands between them is split, but for a version above ours. Never throws.
std::vector<Token> scan_statement(std::string_view text, bool with_comments = false);

/// At most the first @p longest bytes; a UTF-8 character is left whole.
std::string_view cut_text(std::string_view text, std::size_t longest);
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
/// ASCII letters compare without regard to case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace tributary::admin
