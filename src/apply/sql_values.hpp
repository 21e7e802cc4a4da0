#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"

#include "target_columns.hpp"

namespace tributary::apply {

/// How values of a column are written in SQL.
struct SqlColumn {
  std::string name;          ///< quoted
  binlog::TableColumn type;  ///< of the row images
  bool is_unsigned = false;
  bool writable = true;    ///< not generated
  std::string introducer;  ///< of strings: "_utf8mb4", "_binary"
  /// Of BINARY(n), INET4, INET6: their bytes, of which row images leave out zeros at the end.
  std::size_t padded_to = 0;
  bool compares_by_bytes = true;  ///< of strings: not INET4, INET6
  bool updates_itself = false;    ///< ON UPDATE CURRENT_TIMESTAMP
  /// What the server stores, without sql_mode STRICT, where an INSERT leaves the column out that has no default; '' for
  /// others.
  std::string implicit_default;

  static SqlColumn of(const binlog::TableColumn& source, const TargetColumn& target);
  /// Of a column that the source's table does not have.
  static SqlColumn of(const TargetColumn& target);
};

/// Appends the value as a literal that the column takes for exactly it, in a session of enter_sql_rows().
/// @throws Error 1610 for a damaged value, 1366 for one that no literal stands for.
void append_sql_value(const binlog::Cell& cell, const SqlColumn& column, std::string& sql);

/// Appends a condition, on a column that a unique key has, "`id` = 5": by the column's own collation.
void append_sql_key_match(const binlog::Cell& cell, const SqlColumn& column, std::string& sql);
/// Whether it is an ENUM's empty value, which is none of its members: only a session without sql_mode STRICT takes it.
bool is_empty_member(const binlog::Cell& cell, const SqlColumn& column);

/// Appends a condition on any column that only the value meets, byte for byte, also NULL.
void append_sql_exact_match(const binlog::Cell& cell, const SqlColumn& column, std::string& sql);

/// Appends @p bytes as a literal between quotes, for a session whose client character set is utf8mb4 and whose sql_mode
/// lacks NO_BACKSLASH_ESCAPES. Without an introducer in front it is text.
void append_quoted(std::string_view bytes, std::string& sql);

}  // namespace tributary::apply
