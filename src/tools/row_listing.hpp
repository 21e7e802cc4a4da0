#pragma once

#include <functional>
#include <string>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"

namespace tributary::tools {

/// Appends the rows of an event as "mariadb-binlog -vv" prints them (print_verbose, sql/log_event_client.cc):
/// statement, then "###   @1=5 /* INT meta=0 nullable=0 is_null=0 */" for each present column. Other than there:
///  - a number whose sign optional metadata tells is printed once ("255"), else both ways ("-1 (255)");
///  - FLOAT, DOUBLE and VECTOR with the fewest digits that give them back;
///  - the YEAR 0000 (there, 1900);
///  - SET of more than one byte with the last member first (there, byte for byte);
///  - strings with \' \\ and \x00 for what is not printable UTF-8;
///  - what optional metadata tells stands behind the comment: the column's name, the members of ENUM and SET.
/// @p after_row is called after each row, and may take what @p text holds. Throws Error 1610 when the rows are damaged;
/// what was before the damage is appended.
void append_rows(std::string& text, const binlog::RowsEvent& event, const binlog::TableMap& table,
                 const binlog::TableMetadata& metadata, const std::function<void()>& after_row);

/// `database`.`table`
std::string table_name_text(const binlog::TableMap& table);

/// "INT", "VARSTRING(80)": the type as in the comments.
std::string column_type_text(const binlog::TableColumn& column, const binlog::ColumnMetadata& told);

/// A string between quotes, as append_rows() shows one.
std::string quoted(ByteView bytes);

}  // namespace tributary::tools
