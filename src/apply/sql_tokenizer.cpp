#include "tributary/apply/sql_tokenizer.hpp"

#include <algorithm>
#include <cctype>

namespace tributary::apply {
namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

bool is_word_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

/// MariaDB runs the comments of its own and older versions, but none that are meant for MySQL 5.7 and later.
/// Source: sql/sql_lex.cc, Lex_input_stream::lex_one_token(), MY_LEX_LONG_COMMENT.
bool runs_comment(const SqlDialect& dialect, std::uint32_t version, bool maria_comment) {
  if (!dialect.mariadb) return !maria_comment && version <= dialect.server_version;
  return version <= dialect.server_version && (maria_comment || version < 50700 || version > 99999);
}

}  // namespace

SqlDialect SqlDialect::of_session(std::uint64_t sql_mode, std::uint16_t client_collation) {
  static constexpr std::uint64_t k_ansi_quotes = 0x4;
  static constexpr std::uint64_t k_no_backslash_escapes = 0x100000;
  SqlDialect dialect;
  dialect.ansi_quotes = (sql_mode & k_ansi_quotes) != 0;
  dialect.no_backslash_escapes = (sql_mode & k_no_backslash_escapes) != 0;
  // MariaDB's variants without padding are the base id + 1024.
  switch (client_collation % 1024) {
    case 1:    // big5_chinese_ci
    case 84:   // big5_bin
    case 13:   // sjis_japanese_ci
    case 88:   // sjis_bin
    case 28:   // gbk_chinese_ci
    case 87:   // gbk_bin
    case 95:   // cp932_japanese_ci
    case 96:   // cp932_bin
    case 248:  // gb18030_chinese_ci, _bin, _unicode_520_ci
    case 249:
    case 250:
      dialect.two_byte_characters = true;
      break;
    default:
      break;
  }
  return dialect;
}

bool SqlToken::is(std::string_view keyword) const {
  return kind == TokenKind::word && raw.size() == keyword.size() &&
         std::equal(raw.begin(), raw.end(), keyword.begin(),
                    [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

bool SqlToken::is(char character) const {
  return kind == TokenKind::punctuation && raw.front() == character;
}

std::string SqlToken::name() const {
  if (kind == TokenKind::word || raw.size() < 2) return std::string(raw);
  const char quote = raw.front();
  std::string name;
  for (std::size_t i = 1; i + 1 < raw.size(); ++i) {
    name.push_back(raw[i]);
    if (raw[i] == quote && raw[i + 1] == quote && i + 2 < raw.size()) ++i;
  }
  return name;
}

void SqlTokenizer::skip_comment() {
  const std::size_t end = text_.find("*/", position_);
  position_ = end == std::string_view::npos ? text_.size() : end + 2;
}

bool SqlTokenizer::enter_executable_comment() {
  std::size_t at_bang = position_ + 2;
  const bool maria_comment = at(at_bang) == 'M';
  if (maria_comment) ++at_bang;
  if (at(at_bang) != '!') return false;
  std::size_t digits_end = at_bang + 1;
  std::uint32_t version = 0;
  // Five or six digits are a version; the server reads no more.
  while (digits_end < at_bang + 7 && std::isdigit(static_cast<unsigned char>(at(digits_end))) != 0) {
    version = version * 10 + static_cast<std::uint32_t>(at(digits_end) - '0');
    ++digits_end;
  }
  const std::size_t digits = digits_end - at_bang - 1;
  if (digits < 5) {
    digits_end = at_bang + 1;
    version = 0;
  }
  if (!runs_comment(dialect_, version, maria_comment)) return false;
  position_ = digits_end;
  in_executable_comment_ = true;
  return true;
}

void SqlTokenizer::skip_blanks_and_comments() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (is_blank(c)) {
      ++position_;
    } else if (c == '#' || (c == '-' && at(position_ + 1) == '-' &&
                            (position_ + 2 >= text_.size() || is_blank(at(position_ + 2))))) {
      const std::size_t end = text_.find('\n', position_);
      position_ = end == std::string_view::npos ? text_.size() : end + 1;
    } else if (c == '/' && at(position_ + 1) == '*') {
      if (!enter_executable_comment()) {
        position_ += 2;
        skip_comment();
      }
    } else if (in_executable_comment_ && c == '*' && at(position_ + 1) == '/') {
      position_ += 2;
      in_executable_comment_ = false;
    } else {
      return;
    }
  }
}

SqlToken SqlTokenizer::quoted(char quote, TokenKind kind) {
  const std::size_t begin = position_++;
  const bool escapes = kind == TokenKind::text && !dialect_.no_backslash_escapes;
  while (position_ < text_.size()) {
    const char c = text_[position_];
    const bool two_bytes = dialect_.two_byte_characters && static_cast<unsigned char>(c) > 0x80;
    const bool escaped = c == '\\' && escapes;
    const bool doubled = c == quote && at(position_ + 1) == quote;
    if (two_bytes || escaped || doubled) {
      position_ = std::min(position_ + 2, text_.size());
    } else if (c != quote) {
      ++position_;
    } else {
      ++position_;
      break;
    }
  }
  return {kind, text_.substr(begin, position_ - begin)};
}

SqlToken SqlTokenizer::next() {
  skip_blanks_and_comments();
  if (position_ >= text_.size()) return {};
  const char c = text_[position_];
  if (c == '`') return quoted(c, TokenKind::quoted_identifier);
  if (c == '"') return quoted(c, dialect_.ansi_quotes ? TokenKind::quoted_identifier : TokenKind::text);
  if (c == '\'') return quoted(c, TokenKind::text);
  const std::size_t begin = position_;
  if (!is_word_character(c)) {
    ++position_;
    return {TokenKind::punctuation, text_.substr(begin, 1)};
  }
  while (position_ < text_.size() && is_word_character(text_[position_])) {
    const bool two_bytes = dialect_.two_byte_characters && static_cast<unsigned char>(text_[position_]) > 0x80;
    position_ = std::min(position_ + (two_bytes ? 2 : 1), text_.size());
  }
  return {TokenKind::word, text_.substr(begin, position_ - begin)};
}

}  // namespace tributary::apply
