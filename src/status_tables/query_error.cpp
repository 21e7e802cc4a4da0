#include "query_error.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::status_tables {
namespace {

/// A failure that SQLite tells by a fixed text, and the server's for it.
struct FixedText {
  std::string_view beginning;
  std::uint16_t code;
  std::string_view sqlstate;
  const char* message;
};

constexpr std::array k_fixed_texts{
    FixedText{"not authorized", 1235, "42000", "Status tables can be read, and nothing else"},
    FixedText{"misuse of aggregate", 1111, "HY000", "Invalid use of group function"},
    FixedText{"misuse of window function", 1111, "HY000", "Invalid use of group function"},
    FixedText{"HAVING clause on a non-aggregate query", 1111, "HY000", "Invalid use of group function"},
    FixedText{"SELECTs to the left and right of", 1222, "21000",
              "The used SELECT statements have a different number of columns"},
    FixedText{"sub-select returns", 1241, "21000", "Operand should contain 1 column(s)"},
    FixedText{"row value misused", 1241, "21000", "Operand should contain 1 column(s)"},
    FixedText{"at most 64 tables in a join", 1116, "HY000", "Too many tables; MySQL can only use 61 tables in a join"},
    FixedText{"too many columns", 1117, "HY000", "Too many columns"},
    FixedText{"Expression tree is too large", 1436, "HY000",
              "Thread stack overrun: the expressions of the statement nest too deep"},
    FixedText{"parser stack overflow", 1436, "HY000",
              "Thread stack overrun: the expressions of the statement nest too deep"},
    FixedText{"integer overflow", 1690, "22003", "BIGINT value is out of range"},
};

/// What follows @p beginning in @p text, up to @p end.
std::optional<std::string> name_after(std::string_view text, std::string_view beginning, std::string_view end = "") {
  if (!text.starts_with(beginning)) return std::nullopt;
  text.remove_prefix(beginning.size());
  return std::string(end.empty() ? text : text.substr(0, text.find(end)));
}

}  // namespace

void throw_no_such_table(std::string_view table, const Query& query) {
  std::string name(table);
  if (name.find('.') == std::string::npos) {
    if (query.database.empty()) throw Error(1046, "3D000", "No database selected");
    name = query.database + "." + name;
  }
  throw Error(1146, "42S02", fmt::format("Table '{}' doesn't exist", name));
}

void throw_no_such_function(std::string_view function, const Query& query) {
  throw Error(
      1305, "42000",
      fmt::format("FUNCTION {}{}{} does not exist", query.database, query.database.empty() ? "" : ".", function));
}

void throw_takes_too_much(const std::string& what) {
  throw Error(1041, "HY000", "Out of memory: " + what);
}

void throw_error_of(sqlite3* connection, const Query& query) {
  const std::string text = sqlite3_errmsg(connection);
  const int where = sqlite3_error_offset(connection);
  const std::size_t offset = where < 0 ? query.sql.size() : static_cast<std::size_t>(where);
  using Kind = TextError::Kind;
  if (const auto name = name_after(text, "no such table: ")) throw_no_such_table(*name, query);
  // SQLite's own virtual tables, which the guard does not let it make.
  if (const auto name = name_after(text, "vtable constructor failed: ")) throw_no_such_table(*name, query);
  if (const auto name = name_after(text, "no such function: ")) throw_no_such_function(*name, query);
  if (const auto name = name_after(text, "no such column: ")) throw TextError(Kind::unknown_column, offset, *name);
  if (const auto name = name_after(text, "ambiguous column name: ")) {
    throw TextError(Kind::ambiguous_column, offset, *name);
  }
  if (const auto name = name_after(text, "wrong number of arguments to function ", "(")) {
    throw Error(1582, "42000", fmt::format("Incorrect parameter count in the call to native function '{}'", *name));
  }
  if (const auto name = name_after(text, "no such collation sequence: ")) {
    throw Error(1273, fmt::format("Unknown collation: '{}'", *name));
  }
  const auto* fixed = std::find_if(k_fixed_texts.begin(), k_fixed_texts.end(),
                                   [&](const FixedText& known) { return text.starts_with(known.beginning); });
  if (fixed != k_fixed_texts.end()) throw Error(fixed->code, fixed->sqlstate, fixed->message);
  switch (sqlite3_errcode(connection)) {
    case SQLITE_TOOBIG:
      throw_takes_too_much("a value or the statement is too long");
    case SQLITE_NOMEM:
      throw_takes_too_much("the query needs more than there is");
    default:
      break;
  }
  if (text.starts_with("near ") || text == "incomplete input" || text.starts_with("unrecognized token")) {
    throw TextError(Kind::syntax, offset, text);
  }
  throw Error(error_code::k_unknown_error, text);
}

}  // namespace tributary::status_tables
