// A source's statement as the applier reads it: tokens, what kind it is, which tables it names, what is left out of it.
// The first byte chooses the dialect.

#include "tributary/apply/sql_tokenizer.hpp"
#include "tributary/apply/statement_scan.hpp"

#include "axis_order.hpp"
#include "fuzz.hpp"
#include "ignored_constraints.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  if (size == 0) return 0;
  apply::SqlDialect dialect;
  dialect.ansi_quotes = (data[0] & 1) != 0;
  dialect.no_backslash_escapes = (data[0] & 2) != 0;
  if ((data[0] & 4) != 0) dialect.trail_bytes = apply::TrailBytes::sjis;
  dialect.mariadb = (data[0] & 8) == 0;
  const std::string_view text = as_text(ByteView(data, size).subspan(1));
  apply::SqlTokenizer tokenizer(text, dialect);
  std::size_t tokens = 0;
  for (apply::SqlToken token = tokenizer.next(); token.kind != apply::TokenKind::end; token = tokenizer.next()) {
    fuzz::require(!token.raw.empty() && token.raw.data() >= text.data() &&
                  token.raw.data() + token.raw.size() <= text.data() + text.size());
    static_cast<void>(token.name());
    fuzz::require(++tokens <= text.size());
  }
  static_cast<void>(scan_statement(text, "db", dialect));
  static_cast<void>(names_own_table(text, "tributary", dialect));
  const std::size_t place = definer_place(text, dialect);
  fuzz::require(place == std::string_view::npos || place <= text.size());
  fuzz::require(without_ignored_constraints(text, dialect, {true, true}).size() == text.size());
  static_cast<void>(axis_order_use(text, dialect));
  return 0;
}
