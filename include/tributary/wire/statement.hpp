#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tributary::wire {

/// Column types of the protocol that a result set of ours uses (include/field_types.h).
enum class ColumnType : std::uint8_t { long_int = 3, double_precision = 5, null = 6, longlong = 8, var_string = 253 };

struct Column {
  std::string name;
  ColumnType type = ColumnType::var_string;
  std::uint32_t length = 0;  ///< in characters; 0: chosen by type
  bool unsigned_value = false;
};

/// A row's values in text form; NULL is nullopt.
using ResultRow = std::vector<std::optional<std::string>>;

struct ResultSet {
  std::vector<Column> columns;
  std::vector<ResultRow> rows;
};

struct OkResult {
  std::uint64_t affected_rows = 0;
  std::string info;
};

using StatementResult = std::variant<OkResult, ResultSet>;

/// One entry of SHOW WARNINGS.
struct Warning {
  std::string level;  ///< Note, Warning or Error
  std::uint16_t code = 0;
  std::string message;
};

struct SessionVariable {
  ColumnType type = ColumnType::var_string;
  std::optional<std::string> value;  ///< NULL is nullopt
};

/// What a session knows; one thread at a time.
struct SessionState {
  std::uint32_t connection_id = 0;
  std::string user;          ///< as authenticated
  std::string client_host;   ///< address, or "localhost" for the socket
  std::string account_host;  ///< host pattern of the account that matched
  std::string database;      ///< '' = none
  /// What SET changed in this session: system variables by lower-case name, user variables with '@' before theirs.
  /// Belongs to the statement handler; empty it to reset the session.
  std::map<std::string, SessionVariable> variables;
  std::vector<Warning> warnings;  ///< of the last statement; the session sends their count in OK and EOF packets
  /// What SHOW WARNINGS shows: the warnings of the last statement that did not itself ask for them. Belongs to the
  /// statement handler.
  std::vector<Warning> diagnostics;
};

/// Executes statements for sessions. Called from many sessions' threads at once, for one session at a time.
class StatementHandler {
 public:
  virtual ~StatementHandler() = default;
  /// Runs one statement (no trailing ';'). May block; must return soon after @p stop is requested (the client went
  /// away, was killed, or the daemon ends). @throws Error: becomes the ERR packet.
  virtual StatementResult execute(std::string_view sql, SessionState& session, std::stop_token stop) = 0;
};

}  // namespace tributary::wire
