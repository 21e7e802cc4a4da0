#include "executable_comments.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace tributary::apply {
namespace {

bool may_have_executable_comment(std::string_view statement) {
  return statement.find("/*!") != std::string_view::npos || statement.find("/*M!") != std::string_view::npos;
}

void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < std::min(end, text.size()); ++i) text[i] = ' ';
}

/// Follows a definition: whether what comes next belongs to an index.
class IndexTracker {
 public:
  void feed(const SqlToken& token) {
    static constexpr std::array<std::string_view, 7> k_words{"KEY",     "INDEX",   "UNIQUE",    "FULLTEXT",
                                                             "SPATIAL", "PRIMARY", "CONSTRAINT"};
    if (token.is('(')) {
      outer_.push_back(in_index_);
      item_begins_ = true;
    } else if (token.is(')') && !outer_.empty()) {
      in_index_ = outer_.back();
      outer_.pop_back();
      item_begins_ = false;
    } else if (token.is(',') || token.is("ADD") || token.is("CREATE")) {
      item_begins_ = true;
    } else if (item_begins_) {
      in_index_ = std::any_of(k_words.begin(), k_words.end(), [&](std::string_view word) { return token.is(word); });
      item_begins_ = false;
    }
  }
  [[nodiscard]] bool in_index() const { return in_index_; }

 private:
  bool in_index_ = false;
  bool item_begins_ = false;
  std::vector<bool> outer_;
};

/// Whether @p content, of a comment in a definition, says only how something is stored: the rows and what a statement
/// does with them are the same without it. Source: sql/sql_show.cc of MySQL 9.7, sql/field.cc of MariaDB 10.11.
bool is_about_storage(std::string_view content, const SqlDialect& dialect, bool in_index) {
  std::vector<SqlToken> tokens;
  SqlTokenizer tokenizer(content, dialect);
  for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end; token = tokenizer.next()) {
    if (token.is('=')) continue;
    if (tokens.size() == 3) return false;
    tokens.push_back(token);
  }
  const auto is = [&tokens](std::size_t at, std::string_view word) {
    return at < tokens.size() && tokens[at].is(word);
  };
  switch (tokens.size()) {
    case 1:
      return is(0, "COMPRESSED") || (in_index && is(0, "INVISIBLE"));
    case 2:
      if (is(0, "ENCRYPTION")) return tokens[1].name() == "N" || tokens[1].name() == "n";
      return is(0, "SRID") || is(0, "ENGINE_ATTRIBUTE") || is(0, "SECONDARY_ENGINE_ATTRIBUTE") ||
             is(0, "SECONDARY_ENGINE") || is(0, "AUTOEXTEND_SIZE") || (is(0, "NOT") && is(1, "SECONDARY"));
    case 3:
      return is(0, "DEFAULT") && is(1, "ENCRYPTION") && (tokens[2].name() == "N" || tokens[2].name() == "n");
    default:
      return false;
  }
}

/// Makes what did not run in the source a plain comment, as the servers do with it before they log a statement
/// (sql/sql_lex.cc); a comment inside of it would end a plain one.
void make_plain(std::string& text, const ExecutableComment& comment) {
  const std::size_t bang = text.find('!', comment.begin);
  text[bang] = ' ';
  for (std::size_t i = bang + 1; i + 1 < comment.end; ++i) {
    const bool opens = text[i] == '/' && text[i + 1] == '*';
    const bool closes = text[i] == '*' && text[i + 1] == '/';
    if (opens || closes) blank(text, i, i + 2);
  }
}

}  // namespace

std::string with_comments_of_source(std::string statement, const SqlDialect& source, const SqlDialect& target) {
  if (!may_have_executable_comment(statement)) return statement;
  std::string text = statement;
  SqlTokenizer tokenizer(statement, source);
  const auto& comments = tokenizer.executable_comments();
  std::vector<bool> of_index;  // of each comment
  IndexTracker tracker;
  bool defines = false;
  for (bool first = true;; first = false) {
    const SqlToken token = tokenizer.next();
    while (of_index.size() < comments.size()) of_index.push_back(tracker.in_index());
    if (token.kind == TokenKind::end) break;
    if (first) defines = token.is("CREATE") || token.is("ALTER");
    tracker.feed(token);
  }
  for (std::size_t i = 0; i < comments.size(); ++i) {
    const ExecutableComment& comment = comments[i];
    if (!comment.runs) {
      make_plain(text, comment);
      continue;
    }
    const auto there = executable_comment(statement, comment.begin, target);
    if (there && there->runs && there->content == comment.content) continue;
    const auto content = std::string_view(statement).substr(comment.content, comment.end - comment.content);
    if (there && !there->runs && defines && is_about_storage(content, source, of_index[i])) continue;
    blank(text, comment.begin, comment.content);
    blank(text, comment.end, comment.end + 2);
  }
  return text;
}

}  // namespace tributary::apply
