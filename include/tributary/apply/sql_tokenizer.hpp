#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tributary::apply {

/// What changes how a statement is cut into tokens: the session it was written in and the server that will run it.
struct SqlDialect {
  bool ansi_quotes = false;           ///< "x" is an identifier (sql_mode ANSI_QUOTES)
  bool no_backslash_escapes = false;  ///< '\' is an ordinary character (sql_mode NO_BACKSLASH_ESCAPES)
  /// The text's character set has characters whose second byte may be a quote or a backslash (sjis, gbk, big5, ...).
  bool two_byte_characters = false;
  bool mariadb = true;                    ///< of the server that runs the statement: decides on executable comments
  std::uint32_t server_version = 101100;  ///< of that server, 101119 for 10.11.19

  /// The dialect of a statement with these sql_mode bits and this character_set_client (a collation id).
  static SqlDialect of_session(std::uint64_t sql_mode, std::uint16_t client_collation);
};

enum class TokenKind { end, word, quoted_identifier, text, punctuation };

/// One token. Words hold letters, digits, '_', '$' and all bytes from 0x80 up; punctuation is one character.
struct SqlToken {
  TokenKind kind = TokenKind::end;
  std::string_view raw;  ///< as written, quotes included

  /// True for an unquoted word that equals @p keyword (upper case) in any case.
  [[nodiscard]] bool is(std::string_view keyword) const;
  [[nodiscard]] bool is(char character) const;
  [[nodiscard]] bool is_identifier() const { return kind == TokenKind::word || kind == TokenKind::quoted_identifier; }
  /// The name that an identifier stands for: without quotes, doubled quotes undone.
  [[nodiscard]] std::string name() const;
};

/// Cuts a statement into tokens, on demand, without copying: blanks and comments are left out, the content of
/// executable comments (/*! ... */ and /*M! ... */) that the server would run is part of the statement
/// (sql/sql_lex.cc, Lex_input_stream). Any bytes are accepted: an open string or comment ends with the text.
class SqlTokenizer {
 public:
  /// @p text must outlive the tokenizer and its tokens.
  SqlTokenizer(std::string_view text, const SqlDialect& dialect) : text_(text), dialect_(dialect) {}

  SqlToken next();

 private:
  void skip_blanks_and_comments();
  bool enter_executable_comment();
  void skip_comment();
  SqlToken quoted(char quote, TokenKind kind);
  [[nodiscard]] char at(std::size_t position) const { return position < text_.size() ? text_[position] : '\0'; }

  std::string_view text_;
  SqlDialect dialect_;
  std::size_t position_ = 0;
  bool in_executable_comment_ = false;
};

}  // namespace tributary::apply
