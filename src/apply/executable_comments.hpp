#pragma once

#include <string>

#include "tributary/apply/sql_tokenizer.hpp"

namespace tributary::apply {

/// @p statement, which @p source has executed, so that @p target executes the same: content of executable comments that
/// ran in the source and would not here becomes plain text, which the target executes or refuses; what did not run
/// there becomes a plain comment. Only blanks are written, in place: all else keeps its position. What MySQL and
/// MariaDB put into such comments to say no more than how a table is stored (ENCRYPTION='N', SRID, COMPRESSED, an index
/// that is INVISIBLE, …) stays a comment where the target would not run it.
std::string with_comments_of_source(std::string statement, const SqlDialect& source, const SqlDialect& target);

}  // namespace tributary::apply
