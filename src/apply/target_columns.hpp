#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/target/target_server.hpp"

#include "table_engines.hpp"

namespace tributary::apply {

/// A column as the target's information_schema tells it; '' for what a type does not have.
struct TargetColumn {
  std::string data_type;    ///< "varchar"
  std::string column_type;  ///< "varchar(20)"
  std::string octets, precision, scale, fraction;
  std::string character_set;  ///< of text
  std::string generation;     ///< of a generated column; MariaDB's system versioning: "ROW START", "ROW END"
  std::string name{};
  std::string extra{};  ///< "auto_increment", "on update CURRENT_TIMESTAMP", ...
  bool nullable = true;
  bool has_default = false;  ///< another than NULL, or an expression's
};

/// A value of information_schema; '' where it is NULL.
std::string text_of(const target::Row& row, std::size_t i);

/// " WHERE ..." for a table of information_schema that names tables in these columns.
std::string where_table(const TableName& table, std::string_view database_column, std::string_view table_column);

/// The columns of a table in the target, in order; empty when it does not exist. Those that MariaDB's WITH SYSTEM
/// VERSIONING adds are at the end, as in row events. @throws TargetError.
std::vector<TargetColumn> query_target_columns(target::TargetConnection& connection, const TableName& table);

/// What is known of the columns of the target's tables. One thread.
class TargetColumns {
 public:
  /// @p query asks the target, at a moment when all that comes before in the source's log was done there.
  using Query = std::function<std::vector<TargetColumn>(const TableName&)>;
  explicit TargetColumns(Query query) : query_(std::move(query)) {}

  /// The reference holds until the next call of it, or of forget().
  const std::vector<TargetColumn>& of(const TableName& table);
  /// After a DDL that names @p objects; of others nothing is known when there are none.
  void forget(const std::vector<target::ObjectName>& objects);

 private:
  Query query_;
  std::map<TableName, std::vector<TargetColumn>> known_;
};

}  // namespace tributary::apply
