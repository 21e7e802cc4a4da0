#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "tributary/status_tables/catalogue.hpp"
#include "tributary/wire/statement.hpp"

namespace tributary::status_tables {

/// A function that a SELECT may call, or replaces SQLite's own of that name and number of arguments.
struct Function {
  std::string name;                                              ///< in lower case
  int arguments = -1;                                            ///< -1: any number
  std::function<Cell(const std::vector<Cell>& arguments)> call;  ///< may throw Error
};

struct Query {
  std::string sql;              ///< one SELECT in SQLite's words, without ';' at its end, and without WITH
  std::string database;         ///< where tables without a database are looked for; '' = none
  std::set<std::string> names;  ///< identifiers of the text in lower case, and "a.b" for two with a '.' between them
  std::vector<Function> functions;
};

/// What one query may take; the defaults leave room for anything that status tables are good for.
struct Limits {
  std::chrono::milliseconds time{10'000};
  std::int64_t sqlite_memory = std::int64_t{128} << 20;  ///< bytes that SQLite has in this process, for all queries
  std::size_t result = std::size_t{32} << 20;            ///< bytes
};

/// The text is no SELECT, or names a column that is not there: the caller, who knows what was written, says so.
class TextError : public std::runtime_error {
 public:
  enum class Kind : std::uint8_t { syntax, unknown_column, ambiguous_column };
  TextError(Kind kind, std::size_t offset, const std::string& name)
      : std::runtime_error(name), kind_(kind), offset_(offset) {}
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::size_t offset() const { return offset_; }  ///< in Query::sql

 private:
  Kind kind_;
  std::size_t offset_;
};

/// Runs a SELECT over @p tables in a database in memory that lives for this call: it reads the rows of the tables that
/// are named and can reach nothing else, neither files nor settings nor SQLite's own tables. A column of the result
/// has its alias as name, else its expression as it stands in Query::sql; of `*` the table's names. Thread safe.
/// @throws TextError; Error 1046 and 1146 (no such table), 1305 and 1582 (functions), 1317 when @p stop is requested,
/// 3024 and 1041 beyond @p limits, and others with the server's numbers.
wire::ResultSet run(const Query& query, std::span<const Table> tables, const Channels& channels,
                    const std::stop_token& stop, const Limits& limits = {});

}  // namespace tributary::status_tables
