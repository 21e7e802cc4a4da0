#include "guard.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "query_error.hpp"

namespace tributary::status_tables {
namespace {

/// SQLite's functions that mean in MySQL what they mean here, and take no more time and memory than their arguments.
/// Above all not: randomblob, zeroblob, printf, replace, load_extension, and those that read or write files.
constexpr std::array<std::string_view, 19> k_harmless_functions{
    "abs",    "avg",   "coalesce", "count", "group_concat", "ifnull",    "lower", "ltrim", "max",       "min",
    "nullif", "round", "rtrim",    "sum",   "substr",       "substring", "trim",  "upper", "row_number"};

/// Between two looks at the clock SQLite may make this many values, of 1 MiB each at the most.
constexpr int k_steps_between_checks = 50;
constexpr int k_longest_value = 1 << 20;

constexpr std::array<std::pair<int, int>, 10> k_sqlite_limits{{
    {SQLITE_LIMIT_LENGTH, k_longest_value},
    {SQLITE_LIMIT_SQL_LENGTH, 256 << 10},
    {SQLITE_LIMIT_COLUMN, 2000},
    {SQLITE_LIMIT_EXPR_DEPTH, 500},
    {SQLITE_LIMIT_COMPOUND_SELECT, 100},
    {SQLITE_LIMIT_VDBE_OP, 1'000'000},
    {SQLITE_LIMIT_FUNCTION_ARG, 100},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 1},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
}};

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 0x80 ? std::tolower(c) : c); });
  return result;
}

}  // namespace

Guard::Guard(const Query& query, std::span<const Table> tables, std::stop_token stop, const Limits& limits)
    : query_(query),
      tables_(tables),
      stop_(std::move(stop)),
      limits_(limits),
      deadline_(std::chrono::steady_clock::now() + limits.time) {}

void Guard::watch(sqlite3* connection) {
  for (const auto& [limit, value] : k_sqlite_limits) sqlite3_limit(connection, limit, value);
  sqlite3_set_authorizer(connection, on_action, this);
  sqlite3_progress_handler(connection, k_steps_between_checks, on_progress, this);
}

const char* Guard::thrown(std::exception_ptr exception) {
  thrown_ = std::move(exception);
  return "the function has failed";
}

void Guard::check() const {
  if (thrown_) std::rethrow_exception(thrown_);
  if (refused_table_) throw_no_such_table(*refused_table_, query_);
  if (refused_function_) throw_no_such_function(*refused_function_, query_);
  switch (exceeded_) {
    case Exceeded::stopped:
      throw Error(error_code::k_query_interrupted, "70100", "Query execution was interrupted");
    case Exceeded::time:
      throw Error(3024, "Query execution was interrupted, maximum statement execution time exceeded");
    case Exceeded::memory:
      throw_takes_too_much(fmt::format("queries on status tables may take {} bytes", limits_.sqlite_memory));
    case Exceeded::nothing:
      break;
  }
}

int Guard::on_progress(void* self) {
  auto& guard = *static_cast<Guard*>(self);
  if (guard.stop_.stop_requested()) {
    guard.exceeded_ = Exceeded::stopped;
  } else if (std::chrono::steady_clock::now() > guard.deadline_) {
    guard.exceeded_ = Exceeded::time;
  } else if (sqlite3_memory_used() > guard.limits_.sqlite_memory) {
    guard.exceeded_ = Exceeded::memory;
  }
  return guard.exceeded_ == Exceeded::nothing ? 0 : 1;
}

int Guard::on_action(void* self, int action, const char* first, const char* second, const char* database,
                     const char* /*trigger*/) {
  auto& guard = *static_cast<Guard*>(self);
  const auto view = [](const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); };
  switch (action) {
    case SQLITE_SELECT:
      return SQLITE_OK;
    case SQLITE_READ:
      return guard.may_read(view(first), view(database)) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_FUNCTION:
      return guard.may_call(view(second)) ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

bool Guard::may_read(std::string_view table, std::string_view database) {
  // SQLite looks for a table without a database in all of them; without one here, no column of it is used.
  const std::string wanted = lower_case(table);
  const std::string found_in = database.empty() ? query_.database : lower_case(database);
  const bool exists = std::any_of(tables_.begin(), tables_.end(), [&](const Table& known) {
    return known.name == wanted && known.database == found_in;
  });
  if (exists && (found_in == query_.database || query_.names.contains(found_in + "." + wanted))) return true;
  const bool own = found_in == "main" || found_in == "temp" || exists;
  refused_table_ = own || found_in.empty() ? wanted : found_in + "." + wanted;
  return false;
}

bool Guard::may_call(std::string_view function) {
  const std::string wanted = lower_case(function);
  const bool allowed =
      std::find(k_harmless_functions.begin(), k_harmless_functions.end(), wanted) != k_harmless_functions.end() ||
      std::any_of(query_.functions.begin(), query_.functions.end(),
                  [&](const Function& known) { return known.name == wanted; });
  if (!allowed) refused_function_ = std::string(function);
  return allowed;
}

}  // namespace tributary::status_tables
