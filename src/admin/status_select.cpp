#include "status_select.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "tributary/admin/parser.hpp"
#include "tributary/util/error.hpp"

#include "statement_error.hpp"
#include "value.hpp"

namespace tributary::admin {
namespace {

/// SQLite takes these without parentheses for columns, or for other functions.
constexpr std::array<std::string_view, 4> k_calls_without_arguments{"CURRENT_TIMESTAMP", "CURRENT_USER", "LOCALTIME",
                                                                    "LOCALTIMESTAMP"};
/// What means the same in both; all else is an error, since SQLite may take it for something of its own: parameters
/// ('?', ':'), names ('['), the end of the text (a zero byte).
constexpr std::array<std::string_view, 18> k_common_punctuation{"(", ")", ",", ".", "*", "=",  "<",  ">",  "+",
                                                                "-", "%", "~", "|", "&", "<=", ">=", "<>", "!="};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> k_other_punctuation{
    {{"&&", " AND "}, {"||", " OR "}, {"<=>", " IS NOT DISTINCT FROM "}, {"/", "*1.0/"}}};

std::string quoted_text(std::string_view value) {
  std::string result;
  if (value.find('\0') != std::string_view::npos) {
    for (const char c : value) result += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return "CAST(x'" + result + "' AS TEXT)";
  }
  for (const char c : value) result.append(c == '\'' ? 2 : 1, c);
  return "'" + result + "'";
}

std::string quoted_name(std::string_view name) {
  std::string result;
  for (const char c : name) result.append(c == '"' ? 2 : 1, c);
  return "\"" + result + "\"";
}

std::string literal(const Value& value) {
  const auto text = text_of(value);
  if (!text) return "NULL";
  return std::holds_alternative<std::string>(value) ? quoted_text(*text) : "(" + *text + ")";
}

/// With MySQL's escape character in the place of @p escape.
std::string like_pattern(std::string_view pattern, const std::string& escape) {
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!escape.empty() && pattern[i] == escape.front() && i + 1 < pattern.size()) {
      result += '\\';
      result += pattern[++i];
    } else {
      result.append(pattern[i] == '\\' ? 2 : 1, pattern[i]);
    }
  }
  return result;
}

/// SQLite's LIKE knows no escape character of its own: pattern, text and, where ESCAPE is written, that.
status_tables::Cell call_like(const std::vector<status_tables::Cell>& arguments) {
  const auto pattern = text_of(value_of(arguments[0]));
  const auto text = text_of(value_of(arguments[1]));
  const auto escape = arguments.size() < 3 ? std::string("\\") : text_of(value_of(arguments[2]));
  if (!pattern || !text || !escape) return {};
  if (escape->size() > 1) throw Error(1210, "Incorrect arguments to ESCAPE");
  return std::int64_t{matches_like(*text, *escape == "\\" ? *pattern : like_pattern(*pattern, *escape)) ? 1 : 0};
}

}  // namespace

Value value_of(const status_tables::Cell& cell) {
  return std::visit([](const auto& held) { return Value{held}; }, cell);
}

status_tables::Cell cell_of(const Value& value) {
  if (is_null(value)) return {};
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* big = std::get_if<std::uint64_t>(&value); big != nullptr && *big <= INT64_MAX) {
    return static_cast<std::int64_t>(*big);
  }
  return number_of(value).value_or(0);
}

StatusSelect::StatusSelect(std::string_view text, std::string database, std::vector<status_tables::Function> functions,
                           std::function<Value(const Expression&)> evaluate)
    : text_(text), evaluate_(std::move(evaluate)), tokens_(scan_statement(text)) {
  query_.database = std::move(database);
  query_.functions = std::move(functions);
  query_.functions.push_back({"like", 2, call_like});
  query_.functions.push_back({"like", 3, call_like});
  if (!tokens_.empty() && tokens_.back().is_punctuation(";")) tokens_.pop_back();
  take_names();
  for (std::size_t i = 0; i < tokens_.size();) i = take(i);
}

void StatusSelect::take_names() {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (i > 0 && tokens_[i - 1].is_word("AS")) aliases_.insert(tokens_[i].value());
    if (!is_name(i)) continue;
    const std::string name = to_lower(tokens_[i].value());
    query_.names.insert(name);
    const Token* dot = token(i + 1);
    if (dot != nullptr && dot->is_punctuation(".") && is_name(i + 2)) {
      query_.names.insert(name + "." + to_lower(tokens_[i + 2].value()));
    }
  }
}

std::size_t StatusSelect::take(std::size_t index) {
  const Token& first = tokens_[index];
  switch (first.kind) {
    case TokenKind::word:
      return take_word(index);
    case TokenKind::quoted_identifier:
      if (first.text.find('\0') != std::string_view::npos) throw_syntax_error(text_, first.offset);
      return put(index, index + 1, quoted_name(first.value()));
    case TokenKind::string:
      return take_strings(index);
    case TokenKind::integer:
    case TokenKind::decimal:
      return put(index, index + 1, first.text);
    case TokenKind::binary:
      return put(index, index + 1, quoted_text(first.value()));
    case TokenKind::user_variable:
    case TokenKind::system_variable:
      return take_variable(index);
    case TokenKind::punctuation:
      return take_punctuation(index);
    case TokenKind::comment:
    case TokenKind::broken:
      break;
  }
  throw_syntax_error(text_, first.offset);
}

std::size_t StatusSelect::take_word(std::size_t index) {
  const Token& word = tokens_[index];
  const Token* next = token(index + 1);
  const bool qualified = index > 0 && tokens_[index - 1].is_punctuation(".");
  if (!qualified) {
    // Tables of a statement's own can be nested so that reading the text takes for ever.
    if (word.is_word("WITH")) throw_not_supported("WITH");
    if (word.text.starts_with('_') && next != nullptr && next->kind == TokenKind::string) {
      return put(index, index + 1, "");  // _utf8mb4'text'
    }
    const bool call = next != nullptr && next->is_punctuation("(");
    const auto known = [&](const auto& names) {
      return std::any_of(names.begin(), names.end(), [&](const auto& name) { return word.is_word(name); });
    };
    if (!call && known(k_calls_without_arguments))
      return put(index, index + 1, quoted_name(to_lower(word.text)) + "()");
    // Some of them are words of SQLite's grammar.
    const auto& all = query_.functions;
    if (call && !word.is_word("LIKE") &&
        std::any_of(all.begin(), all.end(), [&](const status_tables::Function& function) {
          return equal_ignoring_case(word.text, function.name);
        })) {
      return put(index, index + 1, quoted_name(to_lower(word.text)));
    }
  }
  // Names may begin with what begins a number or a parameter in SQLite, or be words of its grammar.
  static constexpr std::array<std::string_view, 8> k_reserved_by_sqlite{
      "AUTOINCREMENT", "COMMIT", "DEFERRABLE", "ISNULL", "NOTHING", "NOTNULL", "RETURNING", "TRANSACTION"};
  const char first = word.text.front();
  const bool odd = first == '$' || (first >= '0' && first <= '9') ||
                   std::any_of(k_reserved_by_sqlite.begin(), k_reserved_by_sqlite.end(),
                               [&](std::string_view reserved) { return word.is_word(reserved); });
  return put(index, index + 1, odd ? quoted_name(word.text) : std::string(word.text));
}

std::size_t StatusSelect::take_strings(std::size_t index) {
  std::size_t end = index;
  std::string value;
  while (end < tokens_.size() && tokens_[end].kind == TokenKind::string) value += tokens_[end++].value();
  return put(index, end, quoted_text(value));
}

std::size_t StatusSelect::take_variable(std::size_t index) {
  std::size_t end = index + 1;
  if (tokens_[index].kind == TokenKind::system_variable) {
    if (is_name(end)) ++end;
    while (token(end) != nullptr && tokens_[end].is_punctuation(".") && is_name(end + 1)) end += 2;
  }
  const Token& last = tokens_[end - 1];
  const std::size_t begin = tokens_[index].offset;
  const auto written = text_.substr(begin, last.offset + last.text.size() - begin);
  const Statement statement = parse_statement(fmt::format("SELECT {}", written));
  const auto* select = std::get_if<Select>(&statement);
  if (select == nullptr || select->items.size() != 1) throw_syntax_error(text_, begin);
  return put(index, end, literal(evaluate_(select->items.front().expression)));
}

std::size_t StatusSelect::take_punctuation(std::size_t index) {
  const std::string_view sign = tokens_[index].text;
  // It binds tighter than SQLite's NOT.
  if (sign == "!") throw_not_supported("!");
  const auto* other = std::find_if(k_other_punctuation.begin(), k_other_punctuation.end(),
                                   [&](const auto& known) { return known.first == sign; });
  if (other != k_other_punctuation.end()) return put(index, index + 1, other->second);
  if (std::find(k_common_punctuation.begin(), k_common_punctuation.end(), sign) == k_common_punctuation.end()) {
    throw_syntax_error(text_, tokens_[index].offset);
  }
  return put(index, index + 1, sign);
}

std::size_t StatusSelect::put(std::size_t index, std::size_t end, std::string_view sql) {
  const Token& first = tokens_[index];
  const Token& last = tokens_[end - 1];
  const bool apart = index > 0 && tokens_[index - 1].offset + tokens_[index - 1].text.size() < first.offset;
  // Two minus signs begin a comment in SQLite, whatever follows.
  if (apart || (sql == "-" && query_.sql.ends_with('-'))) query_.sql += ' ';
  const std::size_t begin = query_.sql.size();
  query_.sql += sql;
  pieces_.push_back({begin, query_.sql.size(), first.offset, last.offset + last.text.size()});
  return end;
}

const Token* StatusSelect::token(std::size_t index) const {
  return index < tokens_.size() ? &tokens_[index] : nullptr;
}

bool StatusSelect::is_name(std::size_t index) const {
  const Token* found = token(index);
  return found != nullptr && (found->kind == TokenKind::word || found->kind == TokenKind::quoted_identifier);
}

std::size_t StatusSelect::original_offset(std::size_t offset) const {
  const auto piece =
      std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& candidate) { return offset < candidate.end; });
  return piece == pieces_.end() ? text_.size() : piece->original_begin;
}

void StatusSelect::restore_names(std::vector<wire::Column>& columns) const {
  std::size_t from = 0;
  for (wire::Column& column : columns) column.name = restored(column.name, from);
}

std::string StatusSelect::restored(const std::string& name, std::size_t& from) const {
  if (name.empty() || aliases_.contains(name)) return name;
  // SQLite gives an expression as it stands in the text that it got.
  const std::size_t begin = query_.sql.find(name, from);
  if (begin == std::string::npos) return name;
  const std::size_t end = begin + name.size();
  const auto first = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& p) { return p.begin == begin; });
  const auto last = std::find_if(first, pieces_.end(), [&](const Piece& p) { return p.end == end; });
  if (first == pieces_.end() || last == pieces_.end()) return name;
  from = end;
  const std::string_view written = text_.substr(first->original_begin, last->original_end - first->original_begin);
  // A column is called by its name alone, a text by what it (or the first of several) says.
  const std::vector<Token> tokens = scan_statement(written);
  bool one_name = !tokens.empty() && tokens.size() % 2 == 1;
  for (std::size_t i = 0; i < tokens.size() && one_name; ++i) {
    one_name = i % 2 == 0 ? tokens[i].kind == TokenKind::word || tokens[i].kind == TokenKind::quoted_identifier
                          : tokens[i].is_punctuation(".");
  }
  if (one_name) return tokens.back().value();
  const bool all_texts = !tokens.empty() && std::all_of(tokens.begin(), tokens.end(), [](const Token& token) {
    return token.kind == TokenKind::string;
  });
  return all_texts ? tokens.front().value() : std::string(written);
}

std::string_view StatusSelect::clause_at(std::size_t offset) const {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> k_clauses{{{"SELECT", "field list"},
                                                                                           {"ON", "on clause"},
                                                                                           {"WHERE", "where clause"},
                                                                                           {"GROUP", "group statement"},
                                                                                           {"HAVING", "having clause"},
                                                                                           {"ORDER", "order clause"}}};
  std::string_view clause = "field list";
  for (const Token& word : tokens_) {
    if (word.offset >= offset) break;
    for (const auto& [name, called] : k_clauses) {
      if (word.is_word(name)) clause = called;
    }
  }
  return clause;
}

void StatusSelect::fail(const status_tables::TextError& error) const {
  using Kind = status_tables::TextError::Kind;
  const std::size_t offset = original_offset(error.offset());
  switch (error.kind()) {
    case Kind::unknown_column:
      throw Error(1054, "42S22", fmt::format("Unknown column '{}' in '{}'", error.what(), clause_at(offset)));
    case Kind::ambiguous_column:
      throw Error(1052, "23000", fmt::format("Column '{}' in {} is ambiguous", error.what(), clause_at(offset)));
    case Kind::syntax:
      break;
  }
  throw_syntax_error(text_, offset);
}

}  // namespace tributary::admin
