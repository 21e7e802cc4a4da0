#include "tributary/apply/statement_rewrite.hpp"

#include <cstddef>

namespace tributary::apply {

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

}  // namespace tributary::apply
