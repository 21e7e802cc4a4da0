#pragma once

#include <cstddef>
#include <string_view>

namespace tributary::target {

/// One past the quote that closes the one at @p at. A doubled quote is two runs side by side; \ escapes, but in `.
std::size_t end_of_quoted(std::string_view text, std::size_t at);

/// The statements of a text, one after another.
class StatementReader {
 public:
  /// @p sql must outlive this.
  explicit StatementReader(std::string_view sql) : rest_(sql) {}

  /// As the function below; @p number must not be smaller than in the call before. All calls together read the text
  /// once.
  bool another_follows_binlog(std::size_t number);

 private:
  std::string_view rest_;
  std::string_view statement_;  ///< the last one read
  std::size_t number_ = 0;      ///< its number
};

/// True when the @p number -th statement of @p sql (from 1) is a BINLOG statement and another statement follows it.
/// After such a statement the server says that no result follows, and then sends the next statement's: replaying row
/// events calls THD::reset_for_next_command(), which clears SERVER_MORE_RESULTS_EXISTS (MariaDB 10.11,
/// sql/sql_parse.cc and sql/log_event_server.cc; MySQL 9.7 behaves the same).
bool another_follows_binlog(std::string_view sql, std::size_t number);

}  // namespace tributary::target
