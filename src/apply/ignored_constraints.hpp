#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tributary/apply/sql_tokenizer.hpp"

namespace tributary::apply {

/// Constraints that a server of one vendor parses in a table's definition, and does not keep.
struct IgnoredConstraints {
  bool references = false;  ///< REFERENCES in a column's definition
  bool check = false;       ///< CHECK, of a column or of the table

  static IgnoredConstraints of_server(bool mariadb, std::uint32_t version);
};

/// @p statement, and where it is a CREATE TABLE or ALTER TABLE, without the constraints of the kinds @p ignored:
/// servers that keep them would make foreign keys and checks that the source does not have. Only blanks are written, in
/// place. What is left of an ALTER TABLE may be nothing but the table's name, which changes nothing.
std::string without_ignored_constraints(std::string_view statement, const SqlDialect& dialect,
                                        IgnoredConstraints ignored);

}  // namespace tributary::apply
