#include "tributary/apply/event_statement.hpp"

#include <cstddef>

namespace tributary::apply {
namespace {

constexpr std::string_view k_disabled = "DISABLE ON SLAVE";

/// The tokens of a statement with their places in it.
class Reader {
 public:
  Reader(std::string_view statement, const SqlDialect& dialect)
      : statement_(statement), tokenizer_(statement, dialect) {
    advance();
  }

  [[nodiscard]] const SqlToken& token() const { return token_; }
  [[nodiscard]] bool at_end() const { return token_.kind == TokenKind::end; }
  [[nodiscard]] std::size_t place() const { return static_cast<std::size_t>(token_.raw.data() - statement_.data()); }
  void advance() { token_ = tokenizer_.next(); }
  bool accept(std::string_view keyword) {
    if (!token_.is(keyword)) return false;
    advance();
    return true;
  }
  /// [database .] name, which may be a word of the grammar
  void skip_name() {
    advance();
    if (!token_.is('.')) return;
    advance();
    advance();
  }

 private:
  std::string_view statement_;
  SqlTokenizer tokenizer_;
  SqlToken token_;
};

/// Goes past MariaDB's SET STATEMENT … FOR, also several of them.
void skip_settings(Reader& reader) {
  while (reader.token().is(';') || reader.token().is("SET")) {
    int depth = 0;
    while (!reader.token().is(';') && !reader.at_end() && !(depth == 0 && reader.token().is("FOR"))) {
      if (reader.token().is('(')) ++depth;
      if (reader.token().is(')')) --depth;
      reader.advance();
    }
    reader.advance();
  }
}

/// Goes past [OR REPLACE] [DEFINER = account] EVENT; false where something else stands there.
bool find_event(Reader& reader) {
  if (reader.accept("OR")) reader.accept("REPLACE");
  if (reader.accept("DEFINER")) {
    reader.advance();  // '='
    reader.advance();
    // The host of the account, or the parentheses of CURRENT_USER().
    if (reader.token().is('@') || reader.token().is('(')) {
      reader.advance();
      reader.advance();
    }
  }
  return reader.accept("EVENT");
}

}  // namespace

std::string disable_event_on_replica(std::string_view statement, const SqlDialect& dialect) {
  std::string text(statement);
  Reader reader(statement, dialect);
  skip_settings(reader);
  const bool creates = reader.accept("CREATE");
  if ((!creates && !reader.accept("ALTER")) || !find_event(reader)) return text;
  if (reader.accept("IF")) {
    reader.accept("NOT");
    reader.accept("EXISTS");
  }
  reader.skip_name();
  int depth = 0;
  while (!reader.at_end()) {
    const SqlToken& token = reader.token();
    if (depth == 0 && token.is("DISABLE")) return text;
    if (depth == 0 && token.is("ENABLE")) return text.replace(reader.place(), token.raw.size(), k_disabled);
    if (depth == 0 && (token.is("COMMENT") || token.is("DO"))) {
      // Where nothing is said a new event is enabled, and ALTER leaves it as it is.
      if (creates) text.insert(reader.place(), std::string(k_disabled) + " ");
      return text;
    }
    if (token.is('(')) ++depth;
    if (token.is(')')) --depth;
    const bool name_follows = token.is('@') || token.is('.');  // of a variable or function in the schedule
    const bool renames = token.is("RENAME");
    reader.advance();
    if (renames) reader.accept("TO");
    if (name_follows || renames) reader.skip_name();
  }
  return text;
}

}  // namespace tributary::apply
