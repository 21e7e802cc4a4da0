#include "tributary/status_tables/query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <sqlite3.h>

#include "tributary/util/error.hpp"

#include "guard.hpp"
#include "query_error.hpp"

namespace tributary::status_tables {
namespace {

struct CloseConnection {
  void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

constexpr std::string_view k_integer_declaration = "BIGINT UNSIGNED";
constexpr std::string_view k_text_declaration = "VARCHAR(";

/// Of our own statements, which must not fail.
void require(sqlite3* connection, bool succeeded) {
  if (!succeeded)
    throw Error(error_code::k_unknown_error, fmt::format("status tables: {}", sqlite3_errmsg(connection)));
}

void execute(sqlite3* connection, const std::string& sql) {
  require(connection, sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
}

Connection open_connection() {
  sqlite3* opened = nullptr;
  const int result =
      sqlite3_open_v2(":memory:", &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, nullptr);
  Connection connection(opened);
  if (opened == nullptr) throw_takes_too_much("no query can be run");
  require(opened, result == SQLITE_OK);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  // Sorting must not go to files. Names as written: a client asks for the column that it has named.
  execute(opened, "PRAGMA temp_store=MEMORY; PRAGMA short_column_names=OFF; PRAGMA full_column_names=OFF");
  return connection;
}

std::string declaration(const Column& column) {
  switch (column.type) {
    case ColumnType::unsigned_integer:
      return std::string(k_integer_declaration);
    case ColumnType::name:
      return fmt::format("{}{})", k_text_declaration, column.length);
    case ColumnType::text:
      break;
  }
  return fmt::format("{}{}) COLLATE NOCASE", k_text_declaration, column.length);
}

void bind(sqlite3_stmt* statement, int index, const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    sqlite3_bind_int64(statement, index, *integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    sqlite3_bind_double(statement, index, *real);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
  } else {
    sqlite3_bind_null(statement, index);
  }
}

void make_table(sqlite3* connection, const Table& table, const Channels& channels) {
  std::string columns;
  std::string placeholders;
  for (const Column& column : table.columns) {
    const char* separator = columns.empty() ? "" : ", ";
    columns += fmt::format("{}{} {}", separator, column.name, declaration(column));
    placeholders += fmt::format("{}?", separator);
  }
  execute(connection, fmt::format("CREATE TABLE {}.{} ({})", table.database, table.name, columns));
  const std::vector<Row> rows = table.rows(channels);
  const std::string insert = fmt::format("INSERT INTO {}.{} VALUES ({})", table.database, table.name, placeholders);
  sqlite3_stmt* raw = nullptr;
  require(connection, sqlite3_prepare_v2(connection, insert.c_str(), -1, &raw, nullptr) == SQLITE_OK);
  const Prepared statement(raw);
  for (const Row& row : rows) {
    int index = 0;
    for (const Cell& cell : row) bind(raw, ++index, cell);
    require(connection, sqlite3_step(raw) == SQLITE_DONE);
    sqlite3_reset(raw);
  }
}

/// The tables that the query names. The query's own database comes first, since SQLite looks for names in that order.
void make_tables(sqlite3* connection, const Query& query, std::span<const Table> tables, const Channels& channels) {
  std::vector<const Table*> named;
  for (const Table& table : tables) {
    if (query.names.contains(std::string(table.name))) named.push_back(&table);
  }
  std::stable_partition(named.begin(), named.end(),
                        [&](const Table* table) { return table->database == query.database; });
  std::set<std::string_view> attached;
  for (const Table* table : named) {
    if (attached.insert(table->database).second) {
      execute(connection, fmt::format("ATTACH ':memory:' AS {}", table->database));
    }
  }
  execute(connection, "BEGIN");
  for (const Table* table : named) make_table(connection, *table, channels);
  execute(connection, "COMMIT");
}

/// What SQLite's function calls get to see.
struct Registered {
  const Function* function;
  Guard* guard;
};

Cell cell_of(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return {};
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_value_int64(value)};
    case SQLITE_FLOAT:
      return sqlite3_value_double(value);
    default: {
      const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
      const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
      return bytes == nullptr ? std::string() : std::string(bytes, size);
    }
  }
}

void set_result(sqlite3_context* context, const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    sqlite3_result_int64(context, *integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    sqlite3_result_double(context, *real);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    sqlite3_result_text64(context, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  } else {
    sqlite3_result_null(context);
  }
}

void call_function(sqlite3_context* context, int count, sqlite3_value** values) {
  const auto& registered = *static_cast<const Registered*>(sqlite3_user_data(context));
  try {
    std::vector<Cell> arguments;
    arguments.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) arguments.push_back(cell_of(values[i]));
    set_result(context, registered.function->call(arguments));
  } catch (...) {
    sqlite3_result_error(context, registered.guard->thrown(std::current_exception()), -1);
  }
}

/// Type and length of a column that is a table's; nullopt for an expression.
std::optional<wire::Column> declared_column(sqlite3_stmt* statement, int index) {
  const char* declared = sqlite3_column_decltype(statement, index);
  if (declared == nullptr) return std::nullopt;
  const std::string_view text = declared;
  if (text == k_integer_declaration) return wire::Column{{}, wire::ColumnType::longlong, 20, true};
  wire::Column column{{}, wire::ColumnType::var_string, 0, false};
  if (text.starts_with(k_text_declaration)) {
    std::from_chars(text.data() + k_text_declaration.size(), text.data() + text.size(), column.length);
  }
  return column;
}

/// Builds the result set row by row; of expressions the type follows from the values.
class ResultBuilder {
 public:
  ResultBuilder(sqlite3_stmt* statement, std::size_t limit) : statement_(statement), limit_(limit) {
    const int count = sqlite3_column_count(statement);
    for (int i = 0; i < count; ++i) {
      auto column = declared_column(statement, i);
      expressions_.push_back(column ? std::nullopt : std::optional(Values{}));
      result_.columns.push_back(column.value_or(wire::Column{}));
      const char* name = sqlite3_column_name(statement, i);
      result_.columns.back().name = name == nullptr ? "" : name;
    }
  }

  void add_row() {
    wire::ResultRow row;
    for (std::size_t i = 0; i < expressions_.size(); ++i) {
      row.push_back(value(i));
      size_ += sizeof(row.back()) + (row.back() ? row.back()->size() : 0);
    }
    if (size_ > limit_) throw_takes_too_much(fmt::format("a result on status tables may take {} bytes", limit_));
    result_.rows.push_back(std::move(row));
  }

  wire::ResultSet take() {
    for (std::size_t i = 0; i < expressions_.size(); ++i) {
      if (!expressions_[i]) continue;
      const Values& values = *expressions_[i];
      wire::ColumnType& type = result_.columns[i].type;
      if (values.text) continue;
      if (values.real) type = wire::ColumnType::double_precision;
      if (values.integer && !values.real) type = wire::ColumnType::longlong;
    }
    return std::move(result_);
  }

 private:
  struct Values {
    bool integer = false;
    bool real = false;
    bool text = false;
  };

  std::optional<std::string> value(std::size_t i) {
    const int index = static_cast<int>(i);
    Values ignored;
    Values& values = expressions_[i] ? *expressions_[i] : ignored;
    switch (sqlite3_column_type(statement_, index)) {
      case SQLITE_NULL:
        return std::nullopt;
      case SQLITE_INTEGER:
        values.integer = true;
        return fmt::format("{}", sqlite3_column_int64(statement_, index));
      case SQLITE_FLOAT:
        values.real = true;
        return fmt::format("{}", sqlite3_column_double(statement_, index));
      default: {
        values.text = true;
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, index));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, index));
        return bytes == nullptr ? std::string() : std::string(bytes, size);
      }
    }
  }

  sqlite3_stmt* statement_;
  const std::size_t limit_;
  std::vector<std::optional<Values>> expressions_;  ///< for each column that is one
  wire::ResultSet result_;
  std::size_t size_ = 0;
};

}  // namespace

wire::ResultSet run(const Query& query, std::span<const Table> tables, const Channels& channels,
                    const std::stop_token& stop, const Limits& limits) {
  Guard guard(query, tables, stop, limits);
  std::vector<Registered> registered;
  registered.reserve(query.functions.size());
  const Connection connection = open_connection();
  make_tables(connection.get(), query, tables, channels);
  for (const Function& function : query.functions) {
    registered.push_back({&function, &guard});
    require(connection.get(),
            sqlite3_create_function_v2(connection.get(), function.name.c_str(), function.arguments, SQLITE_UTF8,
                                       &registered.back(), call_function, nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  guard.watch(connection.get());

  const auto fail = [&] {
    guard.check();
    throw_error_of(connection.get(), query);
  };
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int prepared =
      sqlite3_prepare_v2(connection.get(), query.sql.data(), static_cast<int>(query.sql.size()), &raw, &rest);
  const Prepared statement(raw);
  if (prepared != SQLITE_OK) fail();
  const auto read = static_cast<std::size_t>(rest - query.sql.data());
  if (raw == nullptr || read < query.sql.size() || sqlite3_stmt_readonly(raw) == 0) {
    throw TextError(TextError::Kind::syntax, read, "more than one SELECT");
  }
  ResultBuilder result(raw, limits.result);
  for (;;) {
    const int stepped = sqlite3_step(raw);
    if (stepped == SQLITE_DONE) break;
    if (stepped != SQLITE_ROW) fail();
    result.add_row();
  }
  return result.take();
}

}  // namespace tributary::status_tables
