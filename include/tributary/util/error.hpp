#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tributary {

/// An error as MySQL reports it: a server error number, an SQLSTATE of five characters and a message.
/// Thrown where something fails, caught where a decision can be made: session, thread, statement.
/// Numbers are those of MySQL's share/messages_to_clients.txt or MariaDB's sql/share/errmsg-utf8.txt.
class Error : public std::runtime_error {
 public:
  Error(std::uint16_t code, std::string_view sqlstate, const std::string& message)
      : std::runtime_error(message), code_(code), sqlstate_(sqlstate) {}
  /// With the general SQLSTATE HY000.
  Error(std::uint16_t code, const std::string& message) : Error(code, "HY000", message) {}

  [[nodiscard]] std::uint16_t code() const noexcept { return code_; }
  [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }

 private:
  std::uint16_t code_;
  std::string sqlstate_;
};

/// Server error numbers that more than one layer needs. Layer-specific ones stay in their layer.
namespace error_code {
inline constexpr std::uint16_t k_unknown_database = 1049;        // ER_BAD_DB_ERROR
inline constexpr std::uint16_t k_bad_table = 1051;               // ER_BAD_TABLE_ERROR
inline constexpr std::uint16_t k_lock_wait_timeout = 1205;       // ER_LOCK_WAIT_TIMEOUT
inline constexpr std::uint16_t k_specific_access_denied = 1227;  // ER_SPECIFIC_ACCESS_DENIED_ERROR
inline constexpr std::uint16_t k_query_interrupted = 1317;       // ER_QUERY_INTERRUPTED
inline constexpr std::uint16_t k_unknown_error = 1105;           // ER_UNKNOWN_ERROR
inline constexpr std::uint16_t k_read_relay_log = 1594;          // ER_SLAVE_RELAY_LOG_READ_FAILURE
inline constexpr std::uint16_t k_write_relay_log = 1595;         // ER_SLAVE_RELAY_LOG_WRITE_FAILURE
inline constexpr std::uint16_t k_replica_fatal = 1593;           // ER_SLAVE_FATAL_ERROR
inline constexpr std::uint16_t k_source_fatal_reading = 1236;    // ER_MASTER_FATAL_ERROR_READING_BINLOG
inline constexpr std::uint16_t k_corrupt_event = 1610;           // ER_SLAVE_CORRUPT_EVENT
inline constexpr std::uint16_t k_network_checksum = 1743;        // ER_NETWORK_READ_EVENT_CHECKSUM_FAILURE
}  // namespace error_code

/// The text of errno @p number, thread safe.
std::string system_error_text(int number);

}  // namespace tributary
