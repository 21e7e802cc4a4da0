#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include <tao/pegtl.hpp>

#include "scanner.hpp"
#include "source_option.hpp"
#include "statement_builder.hpp"

// The grammar of all statements; its one user is grammar.cpp. It reads tokens, not characters: its input holds one
// byte for each token of the builder, so an index into one is an index into the other. Each rule of a token remembers
// how far it looked, which is where a syntax error is reported: at the first token that no rule accepts, as MySQL's
// parser does.
namespace tributary::admin::rule {
namespace pegtl = tao::pegtl;
using pegtl::apply_mode;
using pegtl::list;
using pegtl::opt;
using pegtl::plus;
using pegtl::rewind_mode;
using pegtl::seq;
using pegtl::sor;
using pegtl::star;
using pegtl::until;

/// Deeper expressions are refused, so that no statement can exhaust a session's stack.
inline constexpr std::size_t k_deepest_expression = 50;

/// A keyword as a template argument.
template <std::size_t N>
struct Keyword {
  // NOLINTNEXTLINE(google-explicit-constructor): word<"NAME"> needs the conversion.
  consteval Keyword(const char (&text)[N]) { std::copy_n(text, N, characters); }
  [[nodiscard]] constexpr std::string_view view() const { return {characters, N - 1}; }
  char characters[N]{};
};

/// One token that Derived::accepts.
template <typename Derived, bool Remembers = true>
struct OneToken {
  using rule_t = Derived;
  using subs_t = pegtl::empty_list;

  template <apply_mode A, rewind_mode M, template <typename...> class Action, template <typename...> class Control,
            typename Input>
  static bool match(Input& in, StatementBuilder& builder) {
    const auto index = static_cast<std::size_t>(in.current() - in.begin());
    if (Remembers) builder.reached = std::max(builder.reached, index);
    if (in.empty() || !Derived::accepts(builder.tokens[index])) return false;
    in.bump(1);
    return true;
  }
};

template <Keyword... Words>
struct Word : OneToken<Word<Words...>> {
  static bool accepts(const Token& token) { return (token.is_word(Words.view()) || ...); }
};
template <Keyword... Signs>
struct Sign : OneToken<Sign<Signs...>> {
  static bool accepts(const Token& token) { return (token.is_punctuation(Signs.view()) || ...); }
};
template <TokenKind Kind>
struct OfKind : OneToken<OfKind<Kind>> {
  static bool accepts(const Token& token) { return token.kind == Kind; }
};
/// The end of the statement; a ';' may stand before it.
struct EndOfText {
  using rule_t = EndOfText;
  using subs_t = pegtl::empty_list;
  template <apply_mode A, rewind_mode M, template <typename...> class Action, template <typename...> class Control,
            typename Input>
  static bool match(Input& in, StatementBuilder& builder) {
    builder.reached = std::max(builder.reached, static_cast<std::size_t>(in.current() - in.begin()));
    return in.empty();
  }
};
/// Any token of a statement that is not read further. Leaves no trace for errors.
struct Anything : OneToken<Anything, false> {
  static bool accepts(const Token& token) { return token.kind != TokenKind::broken && !token.is_punctuation(";"); }
};
struct QuietFrom : OneToken<QuietFrom, false> {
  static bool accepts(const Token& token) { return token.is_word("FROM"); }
};

/// Rule, one level deeper. @throws Error 1436 below the deepest level.
template <typename Rule>
struct Nested {
  using rule_t = Nested;
  using subs_t = pegtl::type_list<Rule>;
  template <apply_mode A, rewind_mode M, template <typename...> class Action, template <typename...> class Control,
            typename Input>
  static bool match(Input& in, StatementBuilder& builder) {
    if (builder.depth >= k_deepest_expression) throw_nested_too_deep();
    ++builder.depth;
    const bool matched = Control<Rule>::template match<A, M, Action, Control>(in, builder);
    --builder.depth;
    return matched;
  }
};

struct Comma : Sign<","> {};
struct Dot : Sign<"."> {};
struct Equals : Sign<"="> {};
struct Open : Sign<"("> {};
struct Close : Sign<")"> {};
struct Assign : Sign<"=", ":="> {};
struct StringToken : OfKind<TokenKind::string> {};
struct String : plus<StringToken> {};
struct Integer : OneToken<Integer> {
  static bool accepts(const Token& token) { return token.kind == TokenKind::integer && parse_integer(token.text); }
};
struct Decimal : OneToken<Decimal> {
  static bool accepts(const Token& token) {
    return token.kind == TokenKind::decimal || (token.kind == TokenKind::integer && !Integer::accepts(token));
  }
};
struct AnyWord : OfKind<TokenKind::word> {};
struct Name : OneToken<Name> {
  static bool accepts(const Token& token) {
    static constexpr std::array<std::string_view, 42> k_reserved{
        "ALL",    "AND",  "AS",     "BETWEEN", "BINARY", "BY",    "CASE",  "COLLATE", "CROSS", "DEFAULT",   "DISTINCT",
        "DIV",    "ELSE", "EXISTS", "FALSE",   "FOR",    "FROM",  "GROUP", "HAVING",  "IN",    "INTO",      "IS",
        "JOIN",   "LIKE", "LIMIT",  "LOCK",    "NOT",    "NULL",  "ON",    "OR",      "ORDER", "PROCEDURE", "REGEXP",
        "SELECT", "SET",  "THEN",   "TRUE",    "UNION",  "USING", "WHEN",  "WHERE",   "XOR"};
    if (token.kind == TokenKind::quoted_identifier) return true;
    return token.kind == TokenKind::word && std::none_of(k_reserved.begin(), k_reserved.end(),
                                                         [&](std::string_view word) { return token.is_word(word); });
  }
};

// --- Expressions, from the tightest binding outwards ---

struct Introducer : OneToken<Introducer> {  // _utf8mb4'text'
  static bool accepts(const Token& token) { return token.kind == TokenKind::word && token.text.starts_with('_'); }
};
struct Literal
    : sor<String, Integer, Decimal, OfKind<TokenKind::binary>, Word<"NULL", "TRUE", "FALSE">, seq<Introducer, String>> {
};
struct PrefixedVariableName : seq<OfKind<TokenKind::system_variable>, list<Name, Dot>> {};
struct UserVariableName : OfKind<TokenKind::user_variable> {};
struct Expression;
struct CallOpen : seq<Name, Open> {};
struct Call : seq<CallOpen, opt<list<Nested<Expression>, Comma>>, Close> {};
struct CallWithoutArguments : Word<"CURRENT_USER", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"> {};
struct Column : seq<Name, opt<Dot, Name>> {};
struct SystemVariableValue : PrefixedVariableName {};
struct UserVariableValue : UserVariableName {};
struct Primary : sor<Literal, SystemVariableValue, UserVariableValue, Call, CallWithoutArguments, Column,
                     seq<Open, Nested<Expression>, Close>> {};
struct Unary;
struct Negative : seq<Sign<"-">, Nested<Unary>> {};
struct Unary : sor<Negative, seq<Sign<"+">, Nested<Unary>>, Primary> {};
struct Product : seq<Sign<"*">, Unary> {};
struct Term : seq<Unary, star<Product>> {};
struct Sum : seq<Sign<"+">, Term> {};
struct Difference : seq<Sign<"-">, Term> {};
struct Additive : seq<Term, star<sor<Sum, Difference>>> {};
struct IsEqual : seq<Equals, Additive> {};
struct IsNullSafeEqual : seq<Sign<"<=>">, Additive> {};
struct IsNotEqual : seq<Sign<"<>", "!=">, Additive> {};
struct IsLessOrEqual : seq<Sign<"<=">, Additive> {};
struct IsLess : seq<Sign<"<">, Additive> {};
struct IsGreaterOrEqual : seq<Sign<">=">, Additive> {};
struct IsGreater : seq<Sign<">">, Additive> {};
struct IsLike : seq<Word<"LIKE">, Additive> {};
struct InOpen : seq<Word<"IN">, Open> {};
struct IsIn : seq<InOpen, list<Nested<Expression>, Comma>, Close> {};
struct IsNotLikeOrIn : seq<Word<"NOT">, sor<IsLike, IsIn>> {};
struct IsNull : seq<Word<"IS">, Word<"NULL">> {};
struct IsNotNull : seq<Word<"IS">, Word<"NOT">, Word<"NULL">> {};
struct Comparison
    : seq<Additive, star<sor<IsEqual, IsNullSafeEqual, IsNotEqual, IsLessOrEqual, IsLess, IsGreaterOrEqual, IsGreater,
                             IsLike, IsIn, IsNotLikeOrIn, IsNull, IsNotNull>>> {};
struct Negation;
struct Negated : seq<sor<Word<"NOT">, Sign<"!">>, Nested<Negation>> {};
struct Negation : sor<Negated, Comparison> {};
struct AndNext : seq<sor<Word<"AND">, Sign<"&&">>, Negation> {};
struct Conjunction : seq<Negation, star<AndNext>> {};
struct OrNext : seq<sor<Word<"OR">, Sign<"||">>, Conjunction> {};
struct Expression : seq<Conjunction, star<OrNext>> {};

// --- Clauses ---

struct Slave : Word<"SLAVE"> {};
struct Replica : Word<"REPLICA"> {};
struct SlaveOrReplica : sor<Slave, Replica> {};
struct SlavesOrReplicas : Word<"SLAVES", "REPLICAS"> {};
struct ConnectionName : StringToken {};
struct ChannelName : StringToken {};
struct AllChannels : Word<"CHANNELS"> {};
struct ForChannel
    : opt<Word<"FOR">, sor<seq<Word<"CHANNEL">, opt<Equals>, ChannelName>, seq<Word<"ALL">, AllChannels>>> {};
struct IoThread : Word<"IO_THREAD", "RELAY_THREAD"> {};
struct SqlThread : Word<"SQL_THREAD"> {};
struct Threads : opt<list<sor<IoThread, SqlThread>, Comma>> {};
struct UntilSourceFile : seq<Word<"MASTER_LOG_FILE", "SOURCE_LOG_FILE">, Equals, StringToken> {};
struct UntilSourcePosition : seq<Word<"MASTER_LOG_POS", "SOURCE_LOG_POS">, Equals, Integer> {};
struct UntilRelayFile : seq<Word<"RELAY_LOG_FILE">, Equals, StringToken> {};
struct UntilRelayPosition : seq<Word<"RELAY_LOG_POS">, Equals, Integer> {};
struct UntilBeforeGtids : seq<Word<"SQL_BEFORE_GTIDS">, Equals, StringToken> {};
struct UntilAfterGtids : seq<Word<"SQL_AFTER_GTIDS">, Equals, StringToken> {};
struct UntilMariadbPosition : seq<Word<"MASTER_GTID_POS">, Equals, StringToken> {};
struct UntilNoGaps : Word<"SQL_AFTER_MTS_GAPS"> {};
struct UntilTerm : sor<UntilSourceFile, UntilSourcePosition, UntilRelayFile, UntilRelayPosition, UntilBeforeGtids,
                       UntilAfterGtids, UntilMariadbPosition, UntilNoGaps> {};
struct Until : seq<Word<"UNTIL">, list<UntilTerm, Comma>> {};
struct ConnectionOptions : plus<seq<Word<"USER", "PASSWORD", "DEFAULT_AUTH", "PLUGIN_DIR">, Equals, StringToken>> {};
struct RowCount : seq<Word<"LIMIT">, Integer, opt<sor<Comma, Word<"OFFSET">>, Integer>> {};
struct Like : seq<Word<"LIKE">, StringToken> {};
struct Where : seq<Word<"WHERE">, Expression> {};
struct Filter : opt<sor<Like, Where>> {};
struct Scope : Word<"GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY"> {};
struct Full : Word<"FULL"> {};
struct All : Word<"ALL"> {};
struct Database : Name {};

// --- CHANGE MASTER TO ---

template <OptionKind Kind>
struct OptionName : OneToken<OptionName<Kind>> {
  static bool accepts(const Token& token) {
    if (token.kind != TokenKind::word) return false;
    const SourceOptionDefinition* definition = find_source_option(token.text);
    return definition != nullptr && definition->kind == Kind;
  }
};
struct OptionValue : sor<seq<sor<String, AnyWord>, opt<UserVariableName>>, Integer, Decimal,
                         seq<Open, star<sor<StringToken, Integer, AnyWord, Comma>>, Close>> {};
struct Option
    : sor<seq<OptionName<OptionKind::text>, Equals, String>, seq<OptionName<OptionKind::integer>, Equals, Integer>,
          seq<OptionName<OptionKind::seconds>, Equals, sor<Integer, Decimal>>,
          seq<OptionName<OptionKind::gtid>, Equals, Word<"NO", "SLAVE_POS", "REPLICA_POS", "CURRENT_POS">>,
          seq<OptionName<OptionKind::word>, Equals, sor<StringToken, AnyWord>>,
          seq<OptionName<OptionKind::anything>, Equals, OptionValue>> {};
struct ChangeSource : seq<Word<"CHANGE">,
                          sor<seq<Word<"MASTER">, opt<ConnectionName>, opt<Word<"TO">>>,
                              seq<Word<"REPLICATION">, Word<"SOURCE">, Word<"TO">>>,
                          list<Option, Comma>, ForChannel> {};

// --- START, STOP, RESET, SHOW ... STATUS ---

struct StartReplica
    : seq<Word<"START">, SlaveOrReplica, opt<ConnectionName>, Threads, opt<Until>, opt<ConnectionOptions>, ForChannel> {
};
struct StartAllReplicas : seq<Word<"START">, All, SlavesOrReplicas, Threads> {};
struct StopReplica : seq<Word<"STOP">, SlaveOrReplica, opt<ConnectionName>, Threads, ForChannel> {};
struct StopAllReplicas : seq<Word<"STOP">, All, SlavesOrReplicas, Threads> {};
struct ResetReplica : seq<Word<"RESET">, SlaveOrReplica, opt<ConnectionName>, opt<All>, ForChannel> {};
struct ShowReplicaStatus
    : seq<Word<"SHOW">, SlaveOrReplica, opt<ConnectionName>, Word<"STATUS">, opt<Word<"NONBLOCKING">>, ForChannel> {};
struct ShowAllReplicasStatus : seq<Word<"SHOW">, All, SlavesOrReplicas, Word<"STATUS">> {};

// --- SELECT, SET, SHOW and the rest ---

struct SelectExpression : Expression {};
struct Alias : sor<seq<Word<"AS">, sor<Name, StringToken>>, sor<Name, StringToken>> {};
struct Select : seq<Word<"SELECT">, list<seq<SelectExpression, opt<Alias>>, Comma>, opt<Word<"FROM">, Word<"DUAL">>,
                    opt<RowCount>> {};
struct SelectFromTables : seq<Word<"SELECT">, until<QuietFrom, Anything>, plus<Anything>> {};

struct DefaultValue : Word<"DEFAULT"> {};
struct WordValue : Word<"ON", "ALL", "BINARY", "ROW"> {};
struct SetValue : sor<DefaultValue, WordValue, Expression> {};
struct AssignedUserVariable : UserVariableName {};
struct AssignedSystemVariable : sor<PrefixedVariableName, list<Name, Dot>> {};
struct Assignment : seq<sor<AssignedUserVariable, seq<opt<Scope>, AssignedSystemVariable>>, Assign, SetValue> {};
struct CharacterSetName : sor<Name, StringToken, Word<"BINARY", "DEFAULT">> {};
struct CharacterSet
    : sor<seq<Word<"NAMES">, CharacterSetName, opt<Word<"COLLATE">, CharacterSetName>>,
          seq<Word<"CHARACTER">, Word<"SET">, CharacterSetName>, seq<Word<"CHARSET">, CharacterSetName>> {};
struct IsolationLevel : sor<seq<Word<"READ">, Word<"COMMITTED", "UNCOMMITTED">>, seq<Word<"REPEATABLE">, Word<"READ">>,
                            Word<"SERIALIZABLE">> {};
struct TransactionCharacteristic
    : sor<seq<Word<"ISOLATION">, Word<"LEVEL">, IsolationLevel>, seq<Word<"READ">, Word<"ONLY", "WRITE">>> {};
struct SetTransaction : seq<opt<Scope>, Word<"TRANSACTION">, list<TransactionCharacteristic, Comma>> {};
struct Set : seq<Word<"SET">, sor<SetTransaction, list<sor<CharacterSet, Assignment>, Comma>>> {};

struct ShowVariables : seq<Word<"SHOW">, opt<Scope>, Word<"VARIABLES">, Filter> {};
struct ShowStatus : seq<Word<"SHOW">, opt<Scope>, Word<"STATUS">, Filter> {};
struct CountAll : seq<Word<"COUNT">, Open, Sign<"*">, Close> {};
struct ShowWarnings : seq<Word<"SHOW">, opt<CountAll>, Word<"WARNINGS">, opt<RowCount>> {};
struct ShowErrors : seq<Word<"SHOW">, opt<CountAll>, Word<"ERRORS">, opt<RowCount>> {};
struct ShowDatabases : seq<Word<"SHOW">, Word<"DATABASES", "SCHEMAS">, Filter> {};
struct ShowTables : seq<Word<"SHOW">, opt<Full>, Word<"TABLES">, opt<Word<"FROM", "IN">, Database>, Filter> {};
struct ShowProcesslist : seq<Word<"SHOW">, opt<Full>, Word<"PROCESSLIST">> {};
struct Use : seq<Word<"USE">, Database> {};
struct QueryOnly : Word<"QUERY"> {};
struct Kill : seq<Word<"KILL">, opt<Word<"HARD", "SOFT">>, opt<sor<Word<"CONNECTION">, QueryOnly>>, Integer> {};
struct Shutdown : Word<"SHUTDOWN"> {};
struct DoExpression : Expression {};
struct Do : seq<Word<"DO">, list<DoExpression, Comma>> {};
struct Chain
    : seq<opt<Word<"WORK">>, opt<Word<"AND">, opt<Word<"NO">>, Word<"CHAIN">>, opt<opt<Word<"NO">>, Word<"RELEASE">>> {
};
struct Commit : seq<Word<"COMMIT">, Chain> {};
struct NoOperation : sor<seq<Word<"BEGIN">, opt<Word<"WORK">>>,
                         seq<Word<"START">, Word<"TRANSACTION">,
                             opt<list<sor<seq<Word<"WITH">, Word<"CONSISTENT">, Word<"SNAPSHOT">>,
                                          seq<Word<"READ">, Word<"ONLY", "WRITE">>>,
                                      Comma>>>,
                         Commit, seq<Word<"ROLLBACK">, Chain>, seq<Word<"UNLOCK">, Word<"TABLES", "TABLE">>> {};

/// Known to the servers, not here. What follows these words is not read.
struct UnsupportedName
    : sor<seq<Word<"SHOW">, sor<seq<SlaveOrReplica, Word<"HOSTS">>, SlavesOrReplicas,
                                Word<"BINARY", "BINLOG", "CHARACTER", "CHARSET", "COLLATION", "COLUMNS", "CREATE",
                                     "ENGINE", "ENGINES", "EVENTS", "FIELDS", "FUNCTION", "GRANTS", "INDEX", "INDEXES",
                                     "KEYS", "MASTER", "OPEN", "PLUGINS", "PRIVILEGES", "PROCEDURE", "PROFILE",
                                     "PROFILES", "RELAYLOG", "STORAGE", "TABLE", "TRIGGERS">,
                                seq<Full, Word<"COLUMNS", "FIELDS">>>>,
          seq<Word<"CHANGE">, Word<"REPLICATION">, Word<"FILTER">>,
          seq<Word<"RESET">, Word<"BINARY", "MASTER", "PERSIST", "QUERY">>,
          seq<Word<"SET">, Word<"PASSWORD", "ROLE", "STATEMENT", "RESOURCE">>,
          seq<Word<"START", "STOP">, Word<"GROUP_REPLICATION">>, seq<Word<"ROLLBACK">, Word<"TO">>,
          Word<"ALTER", "ANALYZE", "BACKUP", "BINLOG", "CACHE", "CALL", "CHECK", "CHECKSUM", "CLONE", "CREATE",
               "DEALLOCATE", "DELETE", "DESC", "DESCRIBE", "DROP", "EXECUTE", "EXPLAIN", "FLUSH", "GRANT", "HANDLER",
               "HELP", "INSERT", "INSTALL", "LOAD", "LOCK", "OPTIMIZE", "PREPARE", "PURGE", "RELEASE", "RENAME",
               "REPAIR", "REPLACE", "RESTART", "REVOKE", "SAVEPOINT", "TABLE", "TRUNCATE", "UNINSTALL", "UPDATE",
               "VALUES", "WITH", "XA">> {};
struct Unsupported : seq<UnsupportedName, star<Anything>> {};

template <typename Rule>
struct Whole : seq<Rule, opt<Sign<";">>, EndOfText> {};
struct Any : sor<Whole<ChangeSource>, Whole<StartReplica>, Whole<StartAllReplicas>, Whole<StopReplica>,
                 Whole<StopAllReplicas>, Whole<ResetReplica>, Whole<ShowReplicaStatus>, Whole<ShowAllReplicasStatus>,
                 Whole<Select>, Whole<SelectFromTables>, Whole<Unsupported>, Whole<Set>, Whole<ShowVariables>,
                 Whole<ShowStatus>, Whole<ShowWarnings>, Whole<ShowErrors>, Whole<ShowDatabases>, Whole<ShowTables>,
                 Whole<ShowProcesslist>, Whole<Use>, Whole<Kill>, Whole<Shutdown>, Whole<Do>, Whole<NoOperation>> {};

}  // namespace tributary::admin::rule
