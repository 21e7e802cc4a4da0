#include "tributary/admin/redact.hpp"

#include <algorithm>
#include <vector>

#include "scanner.hpp"
#include "source_option.hpp"

namespace tributary::admin {
namespace {

constexpr std::string_view k_mask = "<secret>";

/// Bytes [begin, end) of a text.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Does a text speak of passwords?
bool mentions_secret(std::string_view text) {
  const std::string upper = to_upper(text);
  return upper.find("PASSW") != std::string::npos || upper.find("IDENTIFIED") != std::string::npos || upper == "PWD" ||
         upper == "AUTH";
}

bool is_literal(const Token& token) {
  return token.kind == TokenKind::string || token.kind == TokenKind::binary || token.kind == TokenKind::broken;
}

class SecretFinder {
  /// Where in a statement we are (a text may hold several).
  struct Place {
    Token previous;
    Token before_previous;
    bool first = true;
    bool change = false;     ///< a CHANGE statement
    bool mentioned = false;  ///< a word of passwords was met
    bool after_secret = false;
  };

 public:
  explicit SecretFinder(std::string_view text) : text_(text), tokens_(scan_statement(text, true)) {}

  std::vector<Range> run() {
    for (const Token& token : tokens_) {
      if (token.kind == TokenKind::comment) {
        const bool quotes = token.text.find_first_of("'\"") != std::string_view::npos;
        if (mentions_secret(token.text) || (place_.change && quotes)) hide(token);
        continue;
      }
      visit(token);
      place_.before_previous = place_.previous;
      place_.previous = token;
    }
    return std::move(ranges_);
  }

 private:
  void visit(const Token& token) {
    if (token.is_punctuation(";")) {
      place_ = {};
      return;
    }
    if (place_.first) {
      place_.first = false;
      place_.change = token.is_word("CHANGE");
    }
    if (place_.after_secret) {
      place_.after_secret = false;
      // What follows a password where nothing may follow is taken for the rest of it: its quoting is not as meant.
      if (!may_follow_secret(token)) hide_rest(token.offset);
    }
    // A literal without an end: which quotes open and which close is anybody's guess.
    if (token.kind == TokenKind::broken && suspect_from_ != std::string_view::npos) hide_rest(suspect_from_);
    if (is_secret(token)) hide_secret(token);
    if (token.kind == TokenKind::word && mentions_secret(token.text)) {
      place_.mentioned = true;
      suspect_from_ = std::min(suspect_from_, token.offset + token.text.size());
    }
  }

  [[nodiscard]] bool may_follow_secret(const Token& token) const {
    if (token.is_punctuation(",")) return true;
    if (place_.change) return token.is_word("FOR");
    return token.is_punctuation(")") || token.is_punctuation("=") || token.kind == TokenKind::user_variable ||
           (token.kind == TokenKind::word && !touches_previous(token));
  }

  [[nodiscard]] bool is_secret(const Token& token) const {
    if (is_literal(token) && mentions_secret(token.text) &&
        (token.kind == TokenKind::broken || token.text.find('=') != std::string_view::npos)) {
      return true;  // a statement in a literal
    }
    if (names_channel()) return token.kind == TokenKind::broken;
    return place_.change ? is_secret_in_change(token)
                         : place_.mentioned && (is_literal(token) || is_unquoted_password(token));
  }

  /// FOR CHANNEL x, FOR CHANNEL = x.
  [[nodiscard]] bool names_channel() const {
    return place_.previous.is_word("CHANNEL") ||
           (place_.previous.is_punctuation("=") && place_.before_previous.is_word("CHANNEL"));
  }

  [[nodiscard]] bool is_secret_in_change(const Token& token) const {
    const bool is_value = place_.previous.is_punctuation("=") && place_.before_previous.kind == TokenKind::word;
    if (place_.previous.is_word("MASTER") && token.kind == TokenKind::string)
      return false;  // MariaDB's connection name
    if (is_value) {
      const auto* definition = find_source_option(place_.before_previous.text);
      if (definition != nullptr && definition->option != SourceOption::password) return token.kind == TokenKind::broken;
      return true;
    }
    // MASTER_PASSWORD x, with the '=' forgotten.
    if (place_.previous.kind == TokenKind::word && mentions_secret(place_.previous.text))
      return !token.is_punctuation("=");
    return is_literal(token);
  }

  /// SET PASSWORD = x; PASSWORD x.
  [[nodiscard]] bool is_unquoted_password(const Token& token) const {
    if (token.kind == TokenKind::punctuation || token.kind == TokenKind::user_variable) return false;
    if (place_.previous.is_punctuation("=")) return mentions_secret(place_.before_previous.text);
    return token.kind != TokenKind::word && mentions_secret(place_.previous.text);
  }

  [[nodiscard]] bool touches_previous(const Token& token) const {
    return place_.previous.offset + place_.previous.text.size() == token.offset;
  }

  void hide_secret(const Token& token) {
    suspect_from_ = std::min(suspect_from_, token.offset);
    hide(token);
    place_.after_secret = true;
  }

  void hide(const Token& token) { add({token.offset, token.offset + token.text.size()}); }
  void hide_rest(std::size_t begin) { add({begin, text_.size()}); }

  void add(Range range) {
    while (!ranges_.empty() && ranges_.back().end >= range.begin) {
      range.begin = std::min(range.begin, ranges_.back().begin);
      range.end = std::max(range.end, ranges_.back().end);
      ranges_.pop_back();
    }
    ranges_.push_back(range);
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::vector<Range> ranges_;
  Place place_;
  std::size_t suspect_from_ = std::string_view::npos;  ///< where the first password is, or may be
};

std::string mask(std::string_view text, std::size_t offset) {
  std::string result;
  for (const Range& range : SecretFinder(text).run()) {
    if (range.end <= offset) continue;
    if (range.begin > offset) result += text.substr(offset, range.begin - offset);
    result += k_mask;
    offset = range.end;
  }
  if (offset < text.size()) result += text.substr(offset);
  return result;
}

}  // namespace

std::string redact_statement(std::string_view text) {
  return mask(text, 0);
}

std::string redact_statement_from(std::string_view text, std::size_t offset) {
  return mask(text, offset);
}

}  // namespace tributary::admin
