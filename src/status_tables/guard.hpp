#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "tributary/status_tables/query.hpp"

namespace tributary::status_tables {

/// Stands between a SELECT that anybody wrote and SQLite: what it may read and call, and how much it may take. The
/// connection must not outlive it.
class Guard {
 public:
  Guard(const Query& query, std::span<const Table> tables, std::stop_token stop, const Limits& limits);

  /// From here on @p connection obeys.
  void watch(sqlite3* connection);
  /// A function has thrown; kept for check(). @return the text for SQLite.
  const char* thrown(std::exception_ptr exception);
  /// @throws Error for what the guard has refused, when SQLite reports a failure.
  void check() const;

 private:
  static int on_progress(void* self);
  static int on_action(void* self, int action, const char* first, const char* second, const char* database,
                       const char* trigger);
  [[nodiscard]] bool may_read(std::string_view table, std::string_view database);
  [[nodiscard]] bool may_call(std::string_view function);

  enum class Exceeded : std::uint8_t { nothing, stopped, time, memory };

  const Query& query_;
  const std::span<const Table> tables_;
  const std::stop_token stop_;
  const Limits limits_;
  const std::chrono::steady_clock::time_point deadline_;
  Exceeded exceeded_ = Exceeded::nothing;
  std::optional<std::string> refused_table_;
  std::optional<std::string> refused_function_;
  std::exception_ptr thrown_;
};

}  // namespace tributary::status_tables
