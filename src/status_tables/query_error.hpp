#pragma once

#include <string>
#include <string_view>

#include <sqlite3.h>

#include "tributary/status_tables/query.hpp"

namespace tributary::status_tables {

/// Error 1146 for "database.table" or, without a database, a table of the query's; 1046 where that has none.
[[noreturn]] void throw_no_such_table(std::string_view table, const Query& query);
[[noreturn]] void throw_no_such_function(std::string_view function, const Query& query);
[[noreturn]] void throw_takes_too_much(const std::string& what);
/// What @p connection reports last, in the server's numbers and words.
[[noreturn]] void throw_error_of(sqlite3* connection, const Query& query);

}  // namespace tributary::status_tables
