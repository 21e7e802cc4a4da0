#include "tributary/apply/statement_rewrite.hpp"

#include <algorithm>
#include <cstddef>

namespace tributary::apply {
namespace {

/// Whether @p word, of lower case letters, digits and '_', stands in @p text in any case.
bool has_word(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

bool may_name_collation(std::string_view statement) {
  static constexpr std::string_view k_words[] = {"0900_", "uca1400_", "nopad_", "_mysql561_"};
  return std::any_of(std::begin(k_words), std::end(k_words),
                     [&](std::string_view word) { return has_word(statement, word); });
}

/// The name that a word, an identifier or a string stands for.
std::string name_of(const SqlToken& token) {
  if (token.kind != TokenKind::text || token.raw.size() < 2) return token.name();
  return std::string(token.raw.substr(1, token.raw.size() - 2));
}

}  // namespace

std::string without_start_transaction(std::string_view statement, const SqlDialect& dialect) {
  std::string text(statement);
  SqlTokenizer tokenizer(statement, dialect);
  if (!tokenizer.next().is("CREATE") || !tokenizer.next().is("TABLE")) return text;
  // An option of the table, beside others; what is quoted or in parentheses only looks like it.
  int depth = 0;
  SqlToken before;
  for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end; token = tokenizer.next()) {
    if (token.is('(')) ++depth;
    if (token.is(')')) --depth;
    if (depth == 0 && before.is("START") && token.is("TRANSACTION")) {
      const auto begin = static_cast<std::size_t>(before.raw.data() - statement.data());
      const auto end = static_cast<std::size_t>(token.raw.data() + token.raw.size() - statement.data());
      return text.erase(begin, end - begin);
    }
    before = token;
  }
  return text;
}

std::string with_collations(std::string_view statement, const SqlDialect& dialect, const FindCollation& find) {
  if (!may_name_collation(statement)) return std::string(statement);
  std::string text;
  std::size_t copied = 0;
  std::string character_set;
  SqlTokenizer tokenizer(statement, dialect);
  for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end;) {
    const bool collation = token.is("COLLATE");
    // CHARACTER SET utf8mb4, CHARSET=utf8mb4
    bool set = token.is("CHARSET");
    const bool character = token.is("CHARACTER") || token.is("CHAR");
    token = tokenizer.next();
    if (character && token.is("SET")) {
      set = true;
      token = tokenizer.next();
    }
    if (!collation && !set) continue;
    if (token.is('=')) token = tokenizer.next();
    if (!token.is_identifier() && token.kind != TokenKind::text) continue;
    if (set) {
      character_set = name_of(token);
    } else if (const auto name = find(name_of(token), character_set)) {
      const auto begin = static_cast<std::size_t>(token.raw.data() - statement.data());
      text.append(statement.substr(copied, begin - copied)).append(*name);
      copied = begin + token.raw.size();
    }
    token = tokenizer.next();
  }
  return text.append(statement.substr(copied));
}

}  // namespace tributary::apply
