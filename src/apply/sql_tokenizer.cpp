#include "tributary/apply/sql_tokenizer.hpp"

#include <algorithm>
#include <cctype>

namespace tributary::apply {
namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
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

bool is_within(std::uint8_t byte, std::uint8_t first, std::uint8_t last) {
  return byte >= first && byte <= last;
}

/// Length of the character of several bytes at the start of @p text; 1 where there is none: the servers take such a
/// byte for itself. Source: is_mb_char() of the character sets (strings/ctype-sjis.cc, -cp932.cc, -big5.cc, -gbk.cc,
/// -gb18030.cc).
std::size_t multi_byte_length(TrailBytes trail_bytes, std::string_view text) {
  if (text.size() < 2) return 1;
  const auto at = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = at(0);
  const std::uint8_t trail = at(1);
  bool is_character = false;
  switch (trail_bytes) {
    case TrailBytes::none:
      break;
    case TrailBytes::sjis:  // a1 to df are half-width katakana, of one byte
      is_character = (is_within(lead, 0x81, 0x9f) || is_within(lead, 0xe0, 0xfc)) &&
                     (is_within(trail, 0x40, 0x7e) || is_within(trail, 0x80, 0xfc));
      break;
    case TrailBytes::big5:
      is_character = is_within(lead, 0xa1, 0xf9) && (is_within(trail, 0x40, 0x7e) || is_within(trail, 0xa1, 0xfe));
      break;
    case TrailBytes::gb18030:
      if (text.size() >= 4 && is_within(lead, 0x81, 0xfe) && is_digit(text[1]) && is_within(at(2), 0x81, 0xfe) &&
          is_digit(text[3])) {
        return 4;
      }
      [[fallthrough]];
    case TrailBytes::gbk:
      is_character = is_within(lead, 0x81, 0xfe) && (is_within(trail, 0x40, 0x7e) || is_within(trail, 0x80, 0xfe));
      break;
  }
  return is_character ? 2 : 1;
}

/// Digits of a version in an executable comment that the server reads, of those at the start of @p text. Source:
/// sql/sql_lex.cc of MySQL 5.7, 8.0 and 9.0 (the sixth only before a blank) and of MariaDB 10.11.
std::size_t version_digits(std::string_view text, const SqlDialect& dialect) {
  static constexpr std::size_t k_least = 5;
  static constexpr std::uint32_t k_mysql_reads_six = 80034;
  std::size_t digits = 0;
  while (digits <= k_least && digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits < k_least) return 0;
  if (digits == k_least || dialect.mariadb) return digits;
  const bool blank_follows = text.size() > digits && is_blank(text[digits]);
  return dialect.server_version >= k_mysql_reads_six && blank_follows ? digits : k_least;
}

}  // namespace

SqlDialect SqlDialect::of_session(std::uint64_t sql_mode, std::uint16_t client_collation) {
  static constexpr std::uint64_t k_ansi_quotes = 0x4;
  static constexpr std::uint64_t k_no_backslash_escapes = 0x100000;
  SqlDialect dialect;
  dialect.ansi_quotes = (sql_mode & k_ansi_quotes) != 0;
  dialect.no_backslash_escapes = (sql_mode & k_no_backslash_escapes) != 0;
  dialect.client_collation = client_collation;
  // MariaDB's variants without padding are the base id + 1024.
  switch (client_collation % 1024) {
    case 1:   // big5_chinese_ci
    case 84:  // big5_bin
      dialect.trail_bytes = TrailBytes::big5;
      break;
    case 13:  // sjis_japanese_ci
    case 88:  // sjis_bin
    case 95:  // cp932_japanese_ci
    case 96:  // cp932_bin
      dialect.trail_bytes = TrailBytes::sjis;
      break;
    case 28:  // gbk_chinese_ci
    case 87:  // gbk_bin
      dialect.trail_bytes = TrailBytes::gbk;
      break;
    case 248:  // gb18030_chinese_ci, _bin, _unicode_520_ci
    case 249:
    case 250:
      dialect.trail_bytes = TrailBytes::gb18030;
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

std::optional<ExecutableComment> executable_comment(std::string_view text, std::size_t begin,
                                                    const SqlDialect& dialect) {
  const auto at = [text](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
  std::size_t bang = begin + 2;
  const bool maria_comment = at(bang) == 'M';
  if (maria_comment) ++bang;
  if (at(bang) != '!') return std::nullopt;
  const std::string_view rest = text.substr(bang + 1);
  const std::size_t digits = version_digits(rest, dialect);
  ExecutableComment comment;
  comment.begin = begin;
  comment.content = bang + 1 + digits;
  comment.end = text.size();
  for (std::size_t i = 0; i < digits; ++i) {
    comment.version = comment.version * 10 + static_cast<std::uint32_t>(rest[i] - '0');
  }
  comment.runs = runs_comment(dialect, comment.version, maria_comment);
  return comment;
}

void SqlTokenizer::skip_comment(bool nests) {
  while (position_ < text_.size()) {
    if (at(position_) == '*' && at(position_ + 1) == '/') {
      position_ += 2;
      return;
    }
    if (nests && at(position_) == '/' && at(position_ + 1) == '*') {
      position_ += 2;
      skip_comment(false);
    } else {
      ++position_;
    }
  }
}

void SqlTokenizer::skip_or_enter_comment() {
  auto comment = executable_comment(text_, position_, dialect_);
  if (!comment) {
    position_ += 2;
    return skip_comment(false);
  }
  position_ = comment->content;
  if (comment->runs) {
    open_comment_ = comments_.size();
  } else {
    // One that is meant for another version may have comments inside; MariaDB's are any comment to MySQL.
    const bool maria_comment = at(comment->begin + 2) == 'M';
    skip_comment(!maria_comment || dialect_.mariadb);
    const bool closed = text_.substr(0, position_).ends_with("*/") && position_ >= comment->content + 2;
    comment->end = closed ? position_ - 2 : position_;
  }
  comments_.push_back(*comment);
}

std::size_t SqlTokenizer::character_length() const {
  return dialect_.trail_bytes == TrailBytes::none ? 1
                                                  : multi_byte_length(dialect_.trail_bytes, text_.substr(position_));
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
      skip_or_enter_comment();
    } else if (open_comment_ && c == '*' && at(position_ + 1) == '/') {
      comments_[*open_comment_].end = position_;
      open_comment_.reset();
      position_ += 2;
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
    const std::size_t length = character_length();
    const bool escaped = c == '\\' && escapes;
    const bool doubled = c == quote && at(position_ + 1) == quote;
    if (length > 1) {
      position_ += length;
    } else if (escaped || doubled) {
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
    position_ += character_length();
  }
  return {TokenKind::word, text_.substr(begin, position_ - begin)};
}

}  // namespace tributary::apply
