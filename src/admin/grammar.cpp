#include "grammar.hpp"

#include <functional>

#include "tributary/admin/parser.hpp"

namespace tributary::admin {
namespace {
namespace pegtl = tao::pegtl;

using Builder = StatementBuilder;
using Tokens = StatementBuilder::Tokens;

/// What a matched rule tells the builder: nothing, unless the table below says more.
template <typename Rule>
struct Action : pegtl::nothing<Rule> {};

/// Calls a function with the builder.
template <auto Function>
struct Does {
  static void apply0(Builder& builder) { std::invoke(Function, builder); }
};
/// Calls a function with the builder and the rule's tokens.
template <auto Function>
struct Takes {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    const auto index = static_cast<std::size_t>(in.begin() - in.input().begin());
    std::invoke(Function, builder, Tokens(builder.tokens).subspan(index, in.size()));
  }
};
/// Calls a function with the builder and the rule's first token.
template <auto Function>
struct TakesOne : Takes<[](Builder& builder, Tokens tokens) { std::invoke(Function, builder, tokens.front()); }> {};
template <Operator Operation, std::size_t Operands = 2>
struct Folds : Does<[](Builder& builder) { builder.expressions.fold(Operation, Operands); }> {};
template <bool StatementBuilder::*Flag>
struct Sets : Does<[](Builder& builder) { builder.*Flag = true; }> {};

// One line per rule.
// clang-format off
#define TRIBUTARY_ACTION(name) template <> struct Action<rule::name>

TRIBUTARY_ACTION(Literal) : Takes<&Builder::push_literal> {};
TRIBUTARY_ACTION(SystemVariableValue) : Takes<&Builder::push_system_variable> {};
TRIBUTARY_ACTION(UserVariableValue) : TakesOne<&Builder::push_user_variable> {};
TRIBUTARY_ACTION(Column) : Takes<&Builder::push_column> {};
TRIBUTARY_ACTION(CallOpen) : TakesOne<[](Builder& b, const Token& t) { b.expressions.open_call(t.value()); }> {};
TRIBUTARY_ACTION(Call) : Does<[](Builder& b) { b.expressions.close_call(); }> {};
TRIBUTARY_ACTION(CallWithoutArguments) : TakesOne<&Builder::push_call> {};
TRIBUTARY_ACTION(InOpen) : Does<[](Builder& b) { b.expressions.open_in(); }> {};
TRIBUTARY_ACTION(IsIn) : Does<[](Builder& b) { b.expressions.close_in(); }> {};
TRIBUTARY_ACTION(Negative) : Folds<Operator::negate, 1> {};
TRIBUTARY_ACTION(Product) : Folds<Operator::multiply> {};
TRIBUTARY_ACTION(Sum) : Folds<Operator::add> {};
TRIBUTARY_ACTION(Difference) : Folds<Operator::subtract> {};
TRIBUTARY_ACTION(IsEqual) : Folds<Operator::equal> {};
TRIBUTARY_ACTION(IsNullSafeEqual) : Folds<Operator::null_safe_equal> {};
TRIBUTARY_ACTION(IsNotEqual) : Folds<Operator::not_equal> {};
TRIBUTARY_ACTION(IsLessOrEqual) : Folds<Operator::less_or_equal> {};
TRIBUTARY_ACTION(IsLess) : Folds<Operator::less> {};
TRIBUTARY_ACTION(IsGreaterOrEqual) : Folds<Operator::greater_or_equal> {};
TRIBUTARY_ACTION(IsGreater) : Folds<Operator::greater> {};
TRIBUTARY_ACTION(IsLike) : Folds<Operator::like> {};
TRIBUTARY_ACTION(IsNotLikeOrIn) : Folds<Operator::logical_not, 1> {};
TRIBUTARY_ACTION(IsNull) : Folds<Operator::is_null, 1> {};
TRIBUTARY_ACTION(IsNotNull) : Folds<Operator::is_not_null, 1> {};
TRIBUTARY_ACTION(Negated) : Folds<Operator::logical_not, 1> {};
TRIBUTARY_ACTION(AndNext) : Folds<Operator::logical_and> {};
TRIBUTARY_ACTION(OrNext) : Folds<Operator::logical_or> {};

TRIBUTARY_ACTION(Replica) : Does<[](Builder& b) { b.vocabulary = Vocabulary::replica; }> {};
TRIBUTARY_ACTION(ConnectionName) : TakesOne<&Builder::name_channel> {};
TRIBUTARY_ACTION(ChannelName) : TakesOne<&Builder::name_channel> {};
TRIBUTARY_ACTION(AllChannels) : Does<&Builder::select_all_channels> {};
TRIBUTARY_ACTION(IoThread) : Does<[](Builder& b) { b.threads.io = true; }> {};
TRIBUTARY_ACTION(SqlThread) : Does<[](Builder& b) { b.threads.sql = true; }> {};
TRIBUTARY_ACTION(UntilSourceFile) : Takes<[](Builder& b, Tokens t) { b.until.source_file = t.back().value(); }> {};
TRIBUTARY_ACTION(UntilSourcePosition) : Takes<[](Builder& b, Tokens t) { b.until.source_position = parse_integer(t.back().text); }> {};
TRIBUTARY_ACTION(UntilRelayFile) : Takes<[](Builder& b, Tokens t) { b.until.relay_file = t.back().value(); }> {};
TRIBUTARY_ACTION(UntilRelayPosition) : Takes<[](Builder& b, Tokens t) { b.until.relay_position = parse_integer(t.back().text); }> {};
TRIBUTARY_ACTION(UntilBeforeGtids) : Takes<[](Builder& b, Tokens t) { b.until.before_gtids = t.back().value(); }> {};
TRIBUTARY_ACTION(UntilAfterGtids) : Takes<[](Builder& b, Tokens t) { b.until.after_gtids = t.back().value(); }> {};
TRIBUTARY_ACTION(UntilMariadbPosition) : Takes<[](Builder& b, Tokens t) { b.until.mariadb_position = t.back().value(); }> {};
TRIBUTARY_ACTION(UntilNoGaps) : Does<[](Builder& b) { b.until.no_gaps = true; }> {};
TRIBUTARY_ACTION(ConnectionOptions) : TakesOne<&Builder::refuse> {};
TRIBUTARY_ACTION(RowCount) : Takes<&Builder::set_limit> {};
TRIBUTARY_ACTION(Like) : Takes<[](Builder& b, Tokens t) { b.filter.like = t[1].value(); }> {};
TRIBUTARY_ACTION(Where) : Does<[](Builder& b) { b.filter.where = b.expressions.pop(); }> {};
TRIBUTARY_ACTION(Scope) : TakesOne<[](Builder& b, const Token& t) { b.scope = parse_scope(t); }> {};
TRIBUTARY_ACTION(Full) : Sets<&Builder::full> {};
TRIBUTARY_ACTION(All) : Sets<&Builder::all> {};
TRIBUTARY_ACTION(CountAll) : Sets<&Builder::count_only> {};
TRIBUTARY_ACTION(Commit) : Sets<&Builder::commits> {};
TRIBUTARY_ACTION(QueryOnly) : Sets<&Builder::query_only> {};
TRIBUTARY_ACTION(Database) : TakesOne<[](Builder& b, const Token& t) { b.database = t.value(); }> {};
TRIBUTARY_ACTION(Option) : Takes<&Builder::add_option> {};
TRIBUTARY_ACTION(SelectExpression) : Takes<&Builder::add_item> {};
TRIBUTARY_ACTION(Alias) : Takes<[](Builder& b, Tokens t) { b.items.back().name = t.back().value(); }> {};
TRIBUTARY_ACTION(DefaultValue) : Sets<&Builder::assigned_default> {};
TRIBUTARY_ACTION(WordValue) : TakesOne<[](Builder& b, const Token& t) { b.expressions.push(Value{t.value()}); }> {};
TRIBUTARY_ACTION(AssignedUserVariable) : TakesOne<&Builder::assign_to_user_variable> {};
TRIBUTARY_ACTION(AssignedSystemVariable) : Takes<&Builder::assign_to_system_variable> {};
TRIBUTARY_ACTION(Assignment) : Does<&Builder::finish_assignment> {};
TRIBUTARY_ACTION(CharacterSet) : Takes<&Builder::assign_character_set> {};
TRIBUTARY_ACTION(TransactionCharacteristic) : Takes<&Builder::assign_transaction> {};

// Whole statements, made of the clauses that were read.
template <auto Function>
struct Makes : Does<[](Builder& b) { b.statement = Function(b); }> {};

TRIBUTARY_ACTION(ChangeSource) : Makes<[](Builder& b) { return ChangeSource{b.channel, b.options}; }> {};
TRIBUTARY_ACTION(StartReplica)
    : Makes<[](Builder& b) { return StartReplica{b.channel, b.selected_threads(), false, b.refused_clause, b.until.condition()}; }> {};
TRIBUTARY_ACTION(StartAllReplicas)
    : Makes<[](Builder& b) { return StartReplica{k_all_channels, b.selected_threads(), true, {}, {}}; }> {};
TRIBUTARY_ACTION(StopReplica)
    : Makes<[](Builder& b) { return StopReplica{b.channel, b.selected_threads(), false}; }> {};
TRIBUTARY_ACTION(StopAllReplicas)
    : Makes<[](Builder& b) { return StopReplica{k_all_channels, b.selected_threads(), true}; }> {};
TRIBUTARY_ACTION(ResetReplica) : Makes<[](Builder& b) { return ResetReplica{b.channel, b.all}; }> {};
TRIBUTARY_ACTION(ShowReplicaStatus)
    : Makes<[](Builder& b) { return ShowReplicaStatus{b.channel, b.vocabulary, false}; }> {};
TRIBUTARY_ACTION(ShowAllReplicasStatus)
    : Makes<[](Builder&) { return ShowReplicaStatus{k_all_channels, Vocabulary::slave, true}; }> {};
TRIBUTARY_ACTION(Select) : Makes<[](Builder& b) { return Select{b.items, b.limit}; }> {};
TRIBUTARY_ACTION(SelectFromTables) : Makes<[](Builder& b) { return SelectFromTables{std::string(b.text)}; }> {};
TRIBUTARY_ACTION(Set) : Makes<[](Builder& b) { return Set{b.assignments}; }> {};
TRIBUTARY_ACTION(ShowVariables) : Makes<[](Builder& b) { return ShowVariables{b.scope, b.filter}; }> {};
TRIBUTARY_ACTION(ShowStatus) : Makes<[](Builder& b) { return ShowStatus{b.scope, b.filter}; }> {};
TRIBUTARY_ACTION(ShowWarnings) : Makes<[](Builder& b) { return ShowWarnings{false, b.count_only, b.limit}; }> {};
TRIBUTARY_ACTION(ShowErrors) : Makes<[](Builder& b) { return ShowWarnings{true, b.count_only, b.limit}; }> {};
TRIBUTARY_ACTION(ShowDatabases) : Makes<[](Builder& b) { return ShowDatabases{b.filter}; }> {};
TRIBUTARY_ACTION(ShowTables) : Makes<[](Builder& b) { return ShowTables{b.database, b.full, b.filter}; }> {};
TRIBUTARY_ACTION(ShowProcesslist) : Makes<[](Builder& b) { return ShowProcesslist{b.full}; }> {};
TRIBUTARY_ACTION(Use) : Makes<[](Builder& b) { return Use{b.database}; }> {};
TRIBUTARY_ACTION(Kill) : Takes<&Builder::make_kill> {};
TRIBUTARY_ACTION(Shutdown) : Makes<[](Builder&) { return Shutdown{}; }> {};
TRIBUTARY_ACTION(DoExpression) : Does<[](Builder& b) { b.items.push_back({b.expressions.pop(), {}}); }> {};
TRIBUTARY_ACTION(Do) : Makes<[](Builder& b) { return Do{b.items}; }> {};
TRIBUTARY_ACTION(NoOperation) : Makes<[](Builder& b) { return NoOperation{b.commits}; }> {};
TRIBUTARY_ACTION(UnsupportedName) : Takes<&Builder::make_unsupported> {};
// clang-format on

}  // namespace

Statement parse_statement(std::string_view text) {
  StatementBuilder builder(text);
  if (builder.tokens.empty()) throw Error(1065, "42000", "Query was empty");
  const std::string kinds(builder.tokens.size(), '.');
  pegtl::memory_input<pegtl::tracking_mode::lazy> in(kinds, "");
  if (!pegtl::parse<rule::Any, Action>(in, builder)) builder.fail();
  return std::move(builder.statement);
}

}  // namespace tributary::admin
