#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tributary/target/target_server.hpp"

#include "target_columns.hpp"

namespace tributary::apply {

/// A table as the target has it, as far as plain SQL on it needs to know.
struct TargetTable {
  std::string type;  ///< of information_schema.TABLES: "BASE TABLE", "SYSTEM VERSIONED", ...; '': there is none
  std::string engine;
  std::vector<TargetColumn> columns;
  /// The columns of the first unique key, in the server's order (the primary one is the first), that has no part that
  /// may be NULL, is a prefix or an expression; empty: there is none.
  std::vector<std::size_t> key;
  std::size_t unique_keys = 0;  ///< of all kinds, the primary one included
  bool has_hash_key = false;    ///< MariaDB: a unique one that is none of the engine's, of long values
  bool has_triggers = false;
  bool has_foreign_keys = false;  ///< of its own, or of others that refer to it
};

/// The tables that have a foreign key or are referred to by one, in lower case.
struct ForeignKeyTables {
  std::set<TableName> tables;
  bool has_other_names = false;  ///< any may be of one whose name is not of letters, digits and _
};

/// What is known of the target's tables. One thread.
class TargetTables {
 public:
  /// @p connection gives the connection to ask, at a moment when all that comes before in the source's log was done
  /// there.
  using Connect = std::function<target::TargetConnection&()>;
  explicit TargetTables(Connect connect) : connect_(std::move(connect)) {}

  /// The reference holds until forget(). @throws TargetError.
  const TargetTable& of(const TableName& table);
  /// After a DDL: of whatever tables, since a foreign key is also the table's to which it refers.
  void forget();

 private:
  Connect connect_;
  std::map<TableName, TargetTable> known_;
  std::optional<ForeignKeyTables> foreign_keys_;
};

}  // namespace tributary::apply
