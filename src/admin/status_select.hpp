#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/admin/statement.hpp"
#include "tributary/status_tables/query.hpp"

#include "scanner.hpp"

namespace tributary::admin {

[[nodiscard]] Value value_of(const status_tables::Cell& cell);
/// What SQLite does not have becomes a number with a fraction.
[[nodiscard]] status_tables::Cell cell_of(const Value& value);

/// A SELECT on status tables: MySQL's words on one side, SQLite's on the other.
class StatusSelect {
 public:
  /// Turns @p text, which must outlive this, into SQLite's words. What both understand in another way is put so that it
  /// means what it means in MySQL. Variables become the values that @p evaluate gives; LIKE and @p functions are called
  /// here and not by SQLite. @throws Error 1064; 1235 for WITH and '!'; what @p evaluate throws.
  StatusSelect(std::string_view text, std::string database, std::vector<status_tables::Function> functions,
               std::function<Value(const Expression&)> evaluate);

  [[nodiscard]] const status_tables::Query& query() const { return query_; }
  /// The name that MySQL gives to a column of the result: as it was written.
  void restore_names(std::vector<wire::Column>& columns) const;
  /// The server's error for @p error. @throws Error 1064, 1054, 1052.
  [[noreturn]] void fail(const status_tables::TextError& error) const;

 private:
  /// A stretch of the statement and what became of it.
  struct Piece {
    std::size_t begin = 0;  ///< in query_.sql
    std::size_t end = 0;
    std::size_t original_begin = 0;  ///< in text_
    std::size_t original_end = 0;
  };

  void take_names();
  /// Each takes the token at @p index, and those that go with it. @return the index behind them.
  std::size_t take(std::size_t index);
  std::size_t take_word(std::size_t index);
  std::size_t take_strings(std::size_t index);
  std::size_t take_variable(std::size_t index);
  std::size_t take_punctuation(std::size_t index);
  /// @p sql stands for the tokens from @p index up to @p end.
  std::size_t put(std::size_t index, std::size_t end, std::string_view sql);
  [[nodiscard]] const Token* token(std::size_t index) const;
  [[nodiscard]] bool is_name(std::size_t index) const;
  [[nodiscard]] std::size_t original_offset(std::size_t offset) const;
  [[nodiscard]] std::string_view clause_at(std::size_t offset) const;
  [[nodiscard]] std::string restored(const std::string& name, std::size_t& from) const;

  std::string_view text_;
  const std::function<Value(const Expression&)> evaluate_;
  std::vector<Token> tokens_;
  std::vector<Piece> pieces_;
  std::set<std::string> aliases_;  ///< what stands behind AS
  status_tables::Query query_;
};

}  // namespace tributary::admin
