#pragma once

#include <vector>

#include "tributary/apply/sql_tokenizer.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/binlog/table_map.hpp"

#include "target_columns.hpp"

namespace tributary::apply {

/// How a column's values are stored differently in the target.
enum class ColumnConversion {
  none,
  json_to_text,     ///< MySQL's binary JSON; MariaDB's JSON is text
  text_to_json,     ///< the other way round
  inflate,          ///< MariaDB's attribute COMPRESSED, which MySQL does not have
  vector_to_bytes,  ///< MySQL's VECTOR has a blob's form and at most so many dimensions, MariaDB's VARBINARY's and
                    ///< exactly
  bytes_to_vector,  ///< the other way round
  modern_temporal,  ///< TIMESTAMP, TIME, DATETIME in the format from before MySQL 5.6
  row_end,          ///< of a current row of a system-versioned table: MariaDB's last TIMESTAMP was another before 11.5
  no_row_end,       ///< a TIMESTAMP(6) that is no ROW END, since the target's table has no system versioning
};

/// What is to be done with the rows of a table.
struct TableConversion {
  binlog::TableMap source;                    ///< with the digits of fractions that only the target knows
  std::vector<binlog::TableColumn> columns;   ///< as they are in the target
  std::vector<ColumnConversion> conversions;  ///< one for each column
  /// One for each column: the character set of text that a JSON document becomes, by the target's word.
  std::vector<std::string> character_sets;
  /// One for each column: how many a vector of MySQL's may have, by the target's word.
  std::vector<std::uint32_t> dimensions;

  [[nodiscard]] bool any() const;
};

/// The server that wrote the rows.
struct RowSource {
  bool mariadb = true;
  /// MariaDB before 11.5, whose TIMESTAMP ends in 2038, and with it the ROW END of every current row.
  bool timestamps_end_2038 = false;
  bool has_byte_vectors = false;  ///< MariaDB from 11.7 on, whose VECTOR is written as VARBINARY

  static RowSource of(const binlog::FormatDescription& description);
};

/// Whether a table with these columns (TableMapLayout::types, column_metadata) may need a conversion: quick.
bool may_need_conversion(ByteView types, ByteView metadata, const RowSource& source, const SqlDialect& target);

/// @p columns is asked where a type alone does not tell.
TableConversion plan_conversion(binlog::TableMap table, const RowSource& source, const SqlDialect& target,
                                TargetColumns& columns);

/// Appends column @p index's @p value, given without its length, as the target stores it, with its length. @throws
/// Error with the table and column in its message, of the number that the conversion gives.
void append_converted(const TableConversion& table, std::size_t index, ByteView value, Bytes& to);

}  // namespace tributary::apply
