#include "account_statement.hpp"

#include <fmt/core.h>

namespace tributary::apply {
namespace {

/// '*' and 40 hexadecimal digits (sql/password.c, make_scrambled_password), in quotes.
bool is_native_hash(std::string_view text) {
  static constexpr std::size_t k_digits = 40;
  if (text.size() != k_digits + 3 || text[1] != '*') return false;
  return text.substr(2, k_digits).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> with_password_as_hash(std::string_view statement, const SqlDialect& dialect) {
  SqlTokenizer tokenizer(statement, dialect);
  if (!tokenizer.next().is("SET") || !tokenizer.next().is("PASSWORD")) return std::string(statement);
  SqlToken token = tokenizer.next();
  std::string_view account;
  if (token.is("FOR")) {
    const SqlToken first = tokenizer.next();
    SqlToken last = first;
    for (token = first; token.kind != TokenKind::end && !token.is('=') && !token.is(':'); token = tokenizer.next()) {
      last = token;
    }
    account = {first.raw.data(), static_cast<std::size_t>(last.raw.data() + last.raw.size() - first.raw.data())};
  }
  if (token.is(':')) token = tokenizer.next();
  const SqlToken password = tokenizer.next();
  if (!token.is('=') || password.kind != TokenKind::text) return std::nullopt;
  if (password.raw.size() == 2) return std::string(statement);  // none
  if (account.empty() || !is_native_hash(password.raw)) return std::nullopt;
  return fmt::format("ALTER USER {} IDENTIFIED WITH mysql_native_password AS {}", account, password.raw);
}

}  // namespace tributary::apply
