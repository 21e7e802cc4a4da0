#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::apply {

/// The character sets that a client may have in which a character's second byte can be a quote, a backslash or a '*'.
enum class TrailBytes : std::uint8_t { none, sjis, big5, gbk, gb18030 };

/// What changes how a statement is cut into tokens: the session it was written in and the server that reads it.
struct SqlDialect {
  bool ansi_quotes = false;                   ///< "x" is an identifier (sql_mode ANSI_QUOTES)
  bool no_backslash_escapes = false;          ///< '\' is an ordinary character (sql_mode NO_BACKSLASH_ESCAPES)
  TrailBytes trail_bytes = TrailBytes::none;  ///< of the text's character set; sjis stands for cp932 too
  std::uint16_t client_collation = 0;         ///< character_set_client, in which the text is; 0: not known
  bool mariadb = true;                    ///< of the server that reads the statement: decides on executable comments
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

/// A comment /*! ... */ or /*M! ... */: places in the text.
struct ExecutableComment {
  std::size_t begin = 0;    ///< of "/*"
  std::size_t content = 0;  ///< behind the '!' and, where the server reads one, the version
  std::size_t end = 0;      ///< of the closing "*/"; the text's end where it is missing
  std::uint32_t version = 0;
  bool runs = false;  ///< the server of the dialect takes the content for a part of the statement
};

/// The executable comment that begins at @p begin, as a server reads it; `end` is not looked for. nullopt for any other
/// comment; /*M! is one for MySQL, but never runs there.
std::optional<ExecutableComment> executable_comment(std::string_view text, std::size_t begin,
                                                    const SqlDialect& dialect);

/// Cuts a statement into tokens, on demand, without copying: blanks and comments are left out, the content of
/// executable comments (/*! ... */ and /*M! ... */) that the server would run is part of the statement
/// (sql/sql_lex.cc, Lex_input_stream). Any bytes are accepted: an open string or comment ends with the text.
class SqlTokenizer {
 public:
  /// @p text must outlive the tokenizer and its tokens.
  SqlTokenizer(std::string_view text, const SqlDialect& dialect) : text_(text), dialect_(dialect) {}

  SqlToken next();

  /// Those that lie before the next token or around it, in their order.
  [[nodiscard]] const std::vector<ExecutableComment>& executable_comments() const { return comments_; }

 private:
  void skip_blanks_and_comments();
  void skip_or_enter_comment();
  /// Goes past the comment's end. @p nests: it may have comments inside.
  void skip_comment(bool nests);
  [[nodiscard]] std::size_t character_length() const;
  SqlToken quoted(char quote, TokenKind kind);
  [[nodiscard]] char at(std::size_t position) const { return position < text_.size() ? text_[position] : '\0'; }

  std::string_view text_;
  SqlDialect dialect_;
  std::size_t position_ = 0;
  std::vector<ExecutableComment> comments_;
  std::optional<std::size_t> open_comment_;  ///< that the position is in: of comments_
};

}  // namespace tributary::apply
