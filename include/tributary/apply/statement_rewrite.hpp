#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tributary/apply/sql_tokenizer.hpp"

namespace tributary::apply {

/// @p statement, and where it is a CREATE TABLE with the option START TRANSACTION, without that: so MySQL from 8.0.21
/// on logs CREATE TABLE … SELECT, whose rows follow in the same transaction (sql/sql_table.cc). No MariaDB understands
/// it, and MySQL would refuse the checkpoint's statements before its COMMIT.
std::string without_start_transaction(std::string_view statement, const SqlDialect& dialect);

/// Where a statement names a collation.
struct CollationPlace {
  /// That the statement gives for the same column, table or database, or for all of the table's columns; '' where it
  /// gives none.
  std::string character_set;
  /// It is about a column, a table or a database, whose character set follows from it: where the statement names none
  /// it is the default of the table or of the database. Else an expression: a server refuses (1253) what does not fit
  /// it.
  bool defines = false;
};

/// That of the table that the CREATE TABLE @p definition makes; '' where it names none.
std::string character_set_of_table(std::string_view definition, const SqlDialect& dialect);

/// Finds what to write for the name of a collation; nullopt to leave it as it is.
using FindCollation = std::function<std::optional<std::string>(std::string_view name, const CollationPlace& place)>;

/// @p statement with other names behind COLLATE where @p find has one. Only a statement with a name that not all
/// servers know is looked through.
std::string with_collations(std::string_view statement, const SqlDialect& dialect, const FindCollation& find);

}  // namespace tributary::apply
