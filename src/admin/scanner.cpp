#include "scanner.hpp"

#include <algorithm>

namespace tributary::admin {
namespace {

/// Executable comments run up to these versions: the newest servers whose statements are understood here.
constexpr unsigned k_mysql_version = 90799;
constexpr unsigned k_mariadb_version = 110899;

/// No statement has as many. A token takes more memory than its text may: the largest packet must not take gigabytes.
constexpr std::size_t k_most_tokens = 100000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_word_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

unsigned hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>(lower(c) - 'a') + 10;
}

class Scanner {
 public:
  Scanner(std::string_view text, bool with_comments) : text_(text), with_comments_(with_comments) {}

  std::vector<Token> run() {
    while (position_ < text_.size()) {
      if (tokens_.size() >= k_most_tokens) {
        add(TokenKind::broken, text_.size());
      } else {
        step();
      }
    }
    if (in_executable_) add(TokenKind::broken, text_.size());
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char at(std::size_t position) const { return position < text_.size() ? text_[position] : '\0'; }
  [[nodiscard]] bool starts_with(std::string_view what) const { return text_.substr(position_).starts_with(what); }

  /// Ends the token that began at position_ before @p end.
  void add(TokenKind kind, std::size_t end) {
    tokens_.push_back({kind, position_, text_.substr(position_, end - position_)});
    position_ = end;
  }

  void step() {
    const char c = text_[position_];
    if (is_blank(c)) {
      ++position_;
    } else if (c == '#' || (starts_with("--") && (position_ + 2 >= text_.size() || at(position_ + 2) <= ' '))) {
      skip_comment(std::min(text_.find('\n', position_), text_.size()));
    } else if (starts_with("/*")) {
      block_comment();
    } else if (in_executable_ && starts_with("*/")) {
      in_executable_ = false;
      position_ += 2;
    } else if (c == '\'' || c == '"') {
      quoted(TokenKind::string, position_, c);
    } else if (c == '`') {
      quoted(TokenKind::quoted_identifier, position_, c);
    } else if (starts_with("@@")) {
      add(TokenKind::system_variable, position_ + 2);
    } else if (c == '@') {
      user_variable();
    } else if (is_digit(c) || (c == '.' && is_digit(at(position_ + 1)) && !after_name())) {
      number();
    } else if (is_word_character(c)) {
      word();
    } else {
      punctuation();
    }
  }

  void skip_comment(std::size_t end) {
    if (with_comments_) {
      add(TokenKind::comment, end);
    } else {
      position_ = end;
    }
  }

  void block_comment() {
    std::size_t body = position_ + 2;
    const bool mariadb_only = upper(at(body)) == 'M' && at(body + 1) == '!';
    if (at(body) == '!' || mariadb_only) {
      body += mariadb_only ? 2 : 1;
      const std::size_t digits_end = std::min(body + 6, text_.size());
      std::size_t end = body;
      unsigned version = 0;
      for (; end < digits_end && is_digit(text_[end]); ++end) {
        version = version * 10 + static_cast<unsigned>(text_[end] - '0');
      }
      if (end - body < 5) end = body;  // fewer than five digits are not a version
      if (end == body) version = 0;
      // MySQL's numbers are below 100000, MariaDB's from there on.
      const unsigned ours = mariadb_only || version >= 100000 ? k_mariadb_version : k_mysql_version;
      if (version <= ours && !in_executable_) {
        in_executable_ = true;
        position_ = end;
        return;
      }
    }
    const std::size_t end = text_.find("*/", position_ + 2);
    if (end == std::string_view::npos) {
      add(TokenKind::broken, text_.size());
    } else {
      skip_comment(end + 2);
    }
  }

  /// A literal whose quote stands at @p open; the token began at position_ (x'..').
  void quoted(TokenKind kind, std::size_t open, char quote) {
    for (std::size_t i = open + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && kind == TokenKind::string) {
        ++i;
      } else if (text_[i] == quote) {
        if (at(i + 1) != quote) return add(kind, i + 1);
        ++i;
      }
    }
    add(TokenKind::broken, text_.size());
  }

  void user_variable() {
    const char next = at(position_ + 1);
    if (next == '\'' || next == '"' || next == '`') {
      quoted(TokenKind::user_variable, position_ + 1, next);
      return;
    }
    std::size_t end = position_ + 1;
    while (end < text_.size() && (is_word_character(text_[end]) || text_[end] == '.')) ++end;
    add(end == position_ + 1 ? TokenKind::punctuation : TokenKind::user_variable, end);
  }

  /// After "name." a number is the rest of a qualified name.
  [[nodiscard]] bool after_name() const {
    if (tokens_.empty() || position_ == 0) return false;
    const Token& last = tokens_.back();
    return last.offset + last.text.size() == position_ &&
           (last.kind == TokenKind::word || last.kind == TokenKind::quoted_identifier);
  }

  void number() {
    std::size_t end = position_;
    if (at(end) == '0' && (at(end + 1) == 'x' || at(end + 1) == 'b')) {
      const bool hex = at(end + 1) == 'x';
      end += 2;
      const std::size_t digits = end;
      while (hex ? is_hex_digit(at(end)) : at(end) == '0' || at(end) == '1') ++end;
      if (end > digits && !is_word_character(at(end))) return add(TokenKind::binary, end);
      end = position_;
    }
    while (is_digit(at(end))) ++end;
    TokenKind kind = TokenKind::integer;
    if (at(end) == '.') {
      kind = TokenKind::decimal;
      ++end;
      while (is_digit(at(end))) ++end;
    }
    if (at(end) == 'e' || at(end) == 'E') {
      std::size_t exponent = end + 1;
      if (at(exponent) == '+' || at(exponent) == '-') ++exponent;
      if (is_digit(at(exponent))) {
        kind = TokenKind::decimal;
        end = exponent;
        while (is_digit(at(end))) ++end;
      }
    }
    // Names may begin with digits: 1st.
    if (kind == TokenKind::integer && is_word_character(at(end))) return word();
    add(kind, end);
  }

  void word() {
    const char first = lower(text_[position_]);
    if (at(position_ + 1) == '\'') {
      if (first == 'x' || first == 'b') return quoted(TokenKind::binary, position_ + 1, '\'');
      if (first == 'n') return quoted(TokenKind::string, position_ + 1, '\'');
    }
    std::size_t end = position_;
    while (end < text_.size() && is_word_character(text_[end])) ++end;
    add(TokenKind::word, end);
  }

  void punctuation() {
    static constexpr std::string_view k_operators[] = {"<=>", "<=", ">=", "<>", "!=", ":=", "&&", "||"};
    for (const std::string_view characters : k_operators) {
      if (starts_with(characters)) return add(TokenKind::punctuation, position_ + characters.size());
    }
    add(TokenKind::punctuation, position_ + 1);
  }

  std::string_view text_;
  bool with_comments_;
  std::size_t position_ = 0;
  bool in_executable_ = false;
  std::vector<Token> tokens_;
};

/// The content of a quoted literal: doubled quotes and, in strings, escapes resolved.
std::string unquote(std::string_view quoted_text, bool escapes) {
  const char quote = quoted_text.front();
  const std::string_view body = quoted_text.substr(1, quoted_text.size() - 2);
  std::string result;
  result.reserve(body.size());
  for (std::size_t i = 0; i < body.size(); ++i) {
    char c = body[i];
    if (c == quote) {
      ++i;  // the second of a pair
    } else if (c == '\\' && escapes && i + 1 < body.size()) {
      c = body[++i];
      switch (c) {
        case '0':
          c = '\0';
          break;
        case 'b':
          c = '\b';
          break;
        case 'n':
          c = '\n';
          break;
        case 'r':
          c = '\r';
          break;
        case 't':
          c = '\t';
          break;
        case 'Z':
          c = '\x1a';
          break;
        case '%':
        case '_':
          result += '\\';
          break;  // stays escaped, for LIKE
        default:
          break;
      }
    }
    result += c;
  }
  return result;
}

std::string binary_value(std::string_view literal) {
  const bool hex = lower(literal.front()) == 'x' || (literal.front() == '0' && literal[1] == 'x');
  std::string_view digits = literal.substr(2);
  if (digits.ends_with('\'')) digits.remove_suffix(1);
  const unsigned bits = hex ? 4 : 1;
  const std::size_t per_byte = 8 / bits;
  std::string result;
  unsigned byte = 0;
  std::size_t missing = (per_byte - digits.size() % per_byte) % per_byte;
  for (const char c : digits) {
    byte = (byte << bits) | (hex_value(c) & (hex ? 0xfU : 1U));
    if (++missing == per_byte) {
      result += static_cast<char>(byte);
      byte = 0;
      missing = 0;
    }
  }
  return result;
}

}  // namespace

bool Token::is_word(std::string_view upper_case) const {
  return kind == TokenKind::word && equal_ignoring_case(text, upper_case);
}

std::string Token::value() const {
  switch (kind) {
    case TokenKind::string:
      return unquote(text.substr(text.front() == '\'' || text.front() == '"' ? 0 : 1), true);
    case TokenKind::quoted_identifier:
      return unquote(text, false);
    case TokenKind::binary:
      return binary_value(text);
    case TokenKind::user_variable: {
      const char first = text[1];
      if (first == '\'' || first == '"' || first == '`') return unquote(text.substr(1), false);
      return std::string(text.substr(1));
    }
    default:
      return std::string(text);
  }
}

std::vector<Token> scan_statement(std::string_view text, bool with_comments) {
  return Scanner(text, with_comments).run();
}

std::string_view cut_text(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80) --longest;
  return text.substr(0, longest);
}

std::string to_upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), upper);
  return result;
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return upper(x) == upper(y); });
}

}  // namespace tributary::admin
