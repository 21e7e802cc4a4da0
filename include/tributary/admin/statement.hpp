#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tributary/channel/channel.hpp"

/// What the grammar turns a statement's text into: plain values, one struct per kind of statement.
namespace tributary::admin {

// --- Expressions (SELECT, SET, WHERE of SHOW) ---

/// A number with a fraction or an exponent, as it was written.
struct Decimal {
  std::string text;
};

/// A value of SQL; std::monostate is NULL.
using Value = std::variant<std::monostate, std::int64_t, std::uint64_t, double, Decimal, std::string>;

enum class VariableScope { unspecified, session, global };

/// @@[scope.][channel.]name; the name in lower case.
struct SystemVariable {
  VariableScope scope = VariableScope::unspecified;
  std::string name;
  std::optional<std::string> channel{};  ///< MariaDB's form for what each connection has for itself
};

/// @name; the name in lower case.
struct UserVariable {
  std::string name;
};

struct ColumnReference {
  std::string name;  ///< as written
};

struct Expression;

/// name(arguments); the name as written.
struct FunctionCall {
  std::string name;
  std::vector<Expression> arguments;
};

enum class Operator {
  logical_or,
  logical_and,
  logical_not,
  equal,
  null_safe_equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  like,
  in,  ///< first operand in the others
  is_null,
  is_not_null,
  add,
  subtract,
  multiply,
  negate
};

struct Operation {
  Operator operation = Operator::equal;
  std::vector<Expression> operands;
};

struct Expression {
  std::variant<Value, SystemVariable, UserVariable, ColumnReference, FunctionCall, Operation> node;
};

// --- Replication ---

/// The words a statement was written in; SHOW answers with column names of the same vocabulary.
enum class Vocabulary { slave, replica };

/// Which channels a statement names: FOR CHANNEL 'x', MariaDB's 'x' after the verb, FOR ALL CHANNELS, or nothing.
struct ChannelSelector {
  enum class Kind { unnamed, named, all };
  Kind kind = Kind::unnamed;
  std::string name;
};

/// The options of CHANGE MASTER that are honoured. Every other one that a MySQL or MariaDB server knows is `refused`.
enum class SourceOption {
  host,
  port,
  user,
  password,
  log_file,
  log_pos,
  auto_position,
  use_gtid,
  connect_retry,
  retry_count,
  delay,
  heartbeat_period,
  gtid_purged,     ///< a MySQL GTID set to begin with; named as the variable that mysqldump sets
  gtid_slave_pos,  ///< a MariaDB GTID position to begin with; named as the variable that mariadb-dump sets
  compression_algorithms,
  applier_setting,  ///< channel::ApplierSetting of this name
  tls_version,
  link_text,  ///< any other text of state::SourceLinkRecord
  link_flag,  ///< 0 or 1 of it
  refused
};

struct SourceOptionSetting {
  SourceOption option = SourceOption::refused;
  std::string written;  ///< the option's name in upper case, for messages
  /// Text, a whole number, or seconds (heartbeat_period only). use_gtid: its word in lower case.
  std::variant<std::string, std::uint64_t, double> value;
};

/// CHANGE MASTER TO, CHANGE REPLICATION SOURCE TO. A later setting of the same option wins.
struct ChangeSource {
  ChannelSelector channel;
  std::vector<SourceOptionSetting> options;
};

struct StartReplica {
  ChannelSelector channel;
  channel::ThreadSelection threads;
  bool all_slaves = false;     ///< MariaDB's START ALL SLAVES, which notes what it started
  std::string refused_clause;  ///< "USER", ...: recognised, not honoured; '' when there is none
  std::optional<apply::Until> until;
};

struct StopReplica {
  ChannelSelector channel;
  channel::ThreadSelection threads;
  bool all_slaves = false;
};

struct ResetReplica {
  ChannelSelector channel;
  bool all = false;  ///< RESET SLAVE ALL
};

struct ShowReplicaStatus {
  ChannelSelector channel;
  Vocabulary vocabulary = Vocabulary::slave;
  bool all_slaves = false;  ///< MariaDB's SHOW ALL SLAVES STATUS, with its own columns
};

// --- Sessions ---

struct SelectItem {
  Expression expression;
  std::string name;  ///< of the result's column: the alias, or the expression as written
};

struct RowLimit {
  std::uint64_t offset = 0;
  std::uint64_t count = UINT64_MAX;
};

struct Select {
  std::vector<SelectItem> items;
  RowLimit limit;
};

/// A SELECT from tables; it is read by who runs it.
struct SelectFromTables {
  std::string text;
};

struct SetVariable {
  std::variant<SystemVariable, UserVariable> variable;
  std::optional<Expression> value;  ///< nullopt: DEFAULT
};

/// SET NAMES and SET CHARACTER SET.
struct SetCharacterSet {
  std::string character_set;  ///< '' = DEFAULT
  std::string collation;      ///< '' = the character set's own
  bool names = true;          ///< SET NAMES: the connection's character set too
};

struct Set {
  std::vector<std::variant<SetVariable, SetCharacterSet>> assignments;
};

/// LIKE 'pattern' or WHERE condition of a SHOW statement.
struct ShowFilter {
  std::optional<std::string> like;
  std::optional<Expression> where;
};

struct ShowVariables {
  VariableScope scope = VariableScope::unspecified;
  ShowFilter filter;
};

struct ShowStatus {
  VariableScope scope = VariableScope::unspecified;
  ShowFilter filter;
};

struct ShowWarnings {
  bool errors_only = false;  ///< SHOW ERRORS
  bool count = false;        ///< SHOW COUNT(*) WARNINGS
  RowLimit limit;
};

struct ShowDatabases {
  ShowFilter filter;
};

struct ShowTables {
  std::string database;  ///< '' = the session's
  bool full = false;     ///< with the column Table_type
  ShowFilter filter;
};

struct ShowProcesslist {
  bool full = false;
};

struct Use {
  std::string database;
};

struct Kill {
  std::uint64_t id = 0;
  bool query_only = false;
};

struct Shutdown {};

/// DO: the expressions are evaluated for their effect.
struct Do {
  std::vector<SelectItem> items;
};

/// BEGIN, COMMIT, ROLLBACK, UNLOCK TABLES: nothing here has transactions or locks, so nothing is left to do, but for a
/// COMMIT after SET GTID_NEXT.
struct NoOperation {
  bool commits = false;
};

/// A statement that MySQL or MariaDB knows and this daemon does not.
struct UnsupportedStatement {
  std::string name;  ///< its leading words, for the message
};

using Statement = std::variant<NoOperation, ChangeSource, StartReplica, StopReplica, ResetReplica, ShowReplicaStatus,
                               Select, SelectFromTables, Set, ShowVariables, ShowStatus, ShowWarnings, ShowDatabases,
                               ShowTables, ShowProcesslist, Use, Kill, Shutdown, Do, UnsupportedStatement>;

}  // namespace tributary::admin
