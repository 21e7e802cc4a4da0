#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/admin/statement.hpp"

#include "scanner.hpp"
#include "source_option.hpp"

namespace tributary::admin {

/// The operands of an expression while the grammar reads it, innermost last. An expression of too many levels, which
/// would exhaust the stack of whoever walks it, is refused with Error 1436.
class ExpressionStack {
 public:
  void push(decltype(Expression::node) node) { elements_.push_back({{std::move(node)}, 1}); }
  [[nodiscard]] Expression pop();
  /// Replaces the last @p count expressions by @p operation of them.
  void fold(Operator operation, std::size_t count);
  /// What is pushed until close_call() are the arguments of a call of @p function.
  void open_call(std::string function);
  void close_call();
  /// What is pushed until close_in() is the list that IN compares the last expression with.
  void open_in();
  void close_in();

 private:
  struct List {
    std::string function;
    std::size_t begin = 0;  ///< index of its first element
  };
  struct Element {
    Expression expression;
    std::size_t levels = 1;
  };
  struct Operands {
    std::vector<Expression> expressions;
    std::size_t levels = 0;  ///< of the deepest
  };
  Operands take(std::size_t first);
  Operands close_list();
  void push_parent(decltype(Expression::node) node, std::size_t levels_below);

  std::vector<Element> elements_;
  std::vector<List> lists_;  ///< open ones
};

/// The terms of START SLAVE UNTIL.
struct UntilTerms {
  std::optional<std::string> source_file, relay_file, before_gtids, after_gtids, mariadb_position;
  std::optional<std::uint64_t> source_position, relay_position;
  bool no_gaps = false;

  /// nullopt without any. @throws Error 1277 when they do not go together.
  [[nodiscard]] std::optional<apply::Until> condition() const;
};

/// What the grammar's actions fill in while it reads one statement. Members named after a clause hold what that
/// clause said; the action of the whole statement's rule puts them together in `statement`.
struct StatementBuilder {
  /// @p statement_text must outlive this.
  explicit StatementBuilder(std::string_view statement_text);

  using Tokens = std::span<const Token>;

  std::string_view text;
  std::vector<Token> tokens;
  std::size_t reached = 0;  ///< index of the farthest token the grammar has looked at: where an error is
  std::size_t depth = 0;    ///< of nested expressions

  Statement statement;

  Vocabulary vocabulary = Vocabulary::slave;
  ChannelSelector channel;
  channel::ThreadSelection threads{false, false};
  bool all = false;
  bool full = false;
  bool count_only = false;
  bool query_only = false;
  bool commits = false;
  std::string refused_clause;
  UntilTerms until;
  std::vector<SourceOptionSetting> options;
  VariableScope scope = VariableScope::unspecified;
  ExpressionStack expressions;
  std::vector<SelectItem> items;
  RowLimit limit;
  ShowFilter filter;
  std::string database;
  std::vector<std::variant<SetVariable, SetCharacterSet>> assignments;
  std::variant<SystemVariable, UserVariable> assigned;
  bool assigned_default = false;

  /// MariaDB's name after the verb, or FOR CHANNEL. @throws Error 1210 when both are given.
  void name_channel(const Token& name);
  void select_all_channels();
  void refuse(const Token& clause);
  /// The threads that were named; both when none was.
  [[nodiscard]] channel::ThreadSelection selected_threads() const;

  /// "NAME = value".
  void add_option(Tokens option);
  void add_item(Tokens expression);
  void set_limit(Tokens clause);

  void push_literal(Tokens literal);
  void push_column(Tokens name);
  void push_call(const Token& function);
  void push_user_variable(const Token& variable);
  /// "@@[scope.][channel.]name". @throws Error 1272 where the variable is no channel's.
  void push_system_variable(Tokens variable);

  void assign_to_user_variable(const Token& variable);
  /// "@@[scope.][channel.]name", or without "@@", with the scope of the SET before it.
  void assign_to_system_variable(Tokens variable);
  void finish_assignment();
  void assign_transaction(Tokens characteristic);
  void assign_character_set(Tokens clause);

  void make_kill(Tokens kill);
  void make_unsupported(Tokens name);

  /// @throws Error 1064 at the token that was reached, or at the end of the text.
  [[noreturn]] void fail() const;

 private:
  /// The text from the first to the last token, as written.
  [[nodiscard]] std::string written(Tokens range) const;
  [[nodiscard]] SystemVariable system_variable(Tokens variable) const;
};

inline const ChannelSelector k_all_channels{ChannelSelector::Kind::all, {}};

/// Error 1436.
[[noreturn]] void throw_nested_too_deep();

/// nullopt when it does not fit 64 bits.
std::optional<std::uint64_t> parse_integer(std::string_view digits);

/// The text of adjacent string literals, which are one.
std::string concatenate(std::span<const Token> strings);
VariableScope parse_scope(const Token& word);

}  // namespace tributary::admin
