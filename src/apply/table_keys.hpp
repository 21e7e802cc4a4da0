#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "tributary/target/target_server.hpp"

#include "table_engines.hpp"

namespace tributary::apply {

/// A column, or the beginning of one, in a key.
struct KeyPart {
  std::size_t column = 0;        ///< index in the table
  std::size_t prefix_bytes = 0;  ///< the key has so many bytes of the value, or characters of one byte at least; 0: all
  bool is_text = false;          ///< compared by a collation, which may take different bytes for equal
};

/// A unique key of a table, or the columns of one that refer to another table's.
struct KeyColumns {
  std::uint64_t identity = 0;  ///< hash of the names of the table and its columns: of the referenced one
  std::uint64_t table = 0;     ///< identity of the referenced table
  std::vector<KeyPart> parts;
};

/// The keys of a table in the target by which changes of its rows get in each other's way.
struct TableKeys {
  std::uint64_t identity = 0;         ///< hash of the table's name
  std::vector<KeyColumns> unique;     ///< the primary key too
  std::vector<KeyColumns> referring;  ///< foreign keys, with the identity of the key that they refer to
  /// A key tells each row from all others: a unique one whose columns are never NULL, with all of them.
  bool tells_rows = false;
};

/// Servers differ in whether the case of names counts: here it never does.
std::uint64_t table_identity(const TableName& table);
/// Of a database: what DATABASE parallelism tells apart.
std::uint64_t database_identity(std::string_view database);

/// Asks the target, at a moment when no definition is being changed. Of a table that does not exist: none.
/// @throws TargetError.
TableKeys query_table_keys(target::TargetConnection& connection, const TableName& table);

/// What is known of the keys of the target's tables. One thread.
class KnownTableKeys {
 public:
  using Query = std::function<TableKeys(const TableName&)>;
  explicit KnownTableKeys(Query query) : query_(std::move(query)) {}

  /// nullptr for a table of which too few changes were seen to ask for it: a source may have 100,000 tables. The
  /// pointer holds until the next call of it, or of forget().
  const TableKeys* of(const TableName& table);
  /// After a DDL that names @p objects; of others nothing is known when there are none.
  void forget(const std::vector<target::ObjectName>& objects);

 private:
  struct Known {
    std::uint32_t changes = 0;
    bool asked = false;
    TableKeys keys;
  };

  Query query_;
  std::map<TableName, Known> known_;
};

}  // namespace tributary::apply
