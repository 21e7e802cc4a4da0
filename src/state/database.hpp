#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "tributary/util/bytes.hpp"

namespace tributary::state {

/// A prepared statement: bind in the order of the placeholders, then step. Reset by Database::statement().
class Statement {
 public:
  Statement(sqlite3* connection, const std::filesystem::path& file, std::string_view sql);

  Statement& bind(std::string_view text);
  Statement& bind(const char* text) = delete;  // would be taken for a bool
  Statement& bind_blob(std::string_view bytes);
  Statement& bind(std::int64_t value);
  /// The same 64 bits: values over 2^63-1 are stored as negative numbers.
  Statement& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(std::uint32_t value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(std::uint16_t value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(bool value) { return bind(static_cast<std::int64_t>(value ? 1 : 0)); }
  Statement& bind(double value);

  /// True when there is a row. After the last row the statement is reset, so that it holds no lock.
  bool step();
  /// For a statement that returns no rows.
  void run();
  void reset() noexcept;

  // The columns of the current row, from left to right, each read once.
  std::string text();
  std::int64_t integer();
  std::uint64_t u64() { return static_cast<std::uint64_t>(integer()); }
  double real();
  bool boolean() { return integer() != 0; }
  /// @throws Error 1105 when the value does not fit: the file was changed by other hands.
  std::uint32_t u32();
  std::uint16_t u16();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  void check(int result);
  std::uint64_t bounded(std::uint64_t limit);

  sqlite3* connection_;
  const std::filesystem::path& file_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_parameter_ = 1;
  int next_column_ = 0;
};

/// One connection to a SQLite file. Not thread safe. Errors are Error 1105 that name the file and SQLite's reason.
class Database {
 public:
  /// Opens or makes the file, mode 0600.
  explicit Database(const std::filesystem::path& file);

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  /// A statement that is kept prepared; @p sql must be a literal. Valid until the next call with the same text.
  Statement& statement(const char* sql);
  /// Runs statements that return nothing of interest.
  void execute(const std::string& sql);
  std::int64_t pragma(const std::string& name);
  std::string pragma_text(const std::string& name);

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
  };

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> connection_;
  std::map<std::string_view, Statement> statements_;
};

/// Rolls back unless commit() was called.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace tributary::state
