#pragma once

#include <cstdint>
#include <string_view>

namespace tributary::wire {

/// Capability bits of the connection phase (include/mysql_com.h). Neither side uses what the other did not set.
namespace capability {
inline constexpr std::uint32_t k_long_password = 1U << 0;  ///< CLIENT_MYSQL: set by servers of MySQL's kind
inline constexpr std::uint32_t k_long_flag = 1U << 2;
inline constexpr std::uint32_t k_connect_with_db = 1U << 3;
inline constexpr std::uint32_t k_protocol_41 = 1U << 9;
inline constexpr std::uint32_t k_interactive = 1U << 10;
inline constexpr std::uint32_t k_ssl = 1U << 11;
inline constexpr std::uint32_t k_transactions = 1U << 13;
inline constexpr std::uint32_t k_secure_connection = 1U << 15;
inline constexpr std::uint32_t k_multi_statements = 1U << 16;
inline constexpr std::uint32_t k_multi_results = 1U << 17;
inline constexpr std::uint32_t k_plugin_auth = 1U << 19;
inline constexpr std::uint32_t k_connect_attributes = 1U << 20;
inline constexpr std::uint32_t k_plugin_auth_lenenc = 1U << 21;
inline constexpr std::uint32_t k_session_track = 1U << 23;
inline constexpr std::uint32_t k_deprecate_eof = 1U << 24;
inline constexpr std::uint32_t k_query_attributes = 1U << 27;
}  // namespace capability

/// Status bits of OK and EOF packets.
namespace server_status {
inline constexpr std::uint16_t k_autocommit = 0x0002;
inline constexpr std::uint16_t k_more_results = 0x0008;
}  // namespace server_status

/// First byte of a command packet (enum_server_command).
enum class Command : std::uint8_t {
  sleep = 0x00,
  quit = 0x01,
  init_db = 0x02,
  query = 0x03,
  field_list = 0x04,
  shutdown = 0x08,
  statistics = 0x09,
  process_info = 0x0a,
  process_kill = 0x0c,
  debug = 0x0d,
  ping = 0x0e,
  change_user = 0x11,
  binlog_dump = 0x12,
  register_replica = 0x15,
  stmt_prepare = 0x16,
  stmt_execute = 0x17,
  stmt_send_long_data = 0x18,
  stmt_close = 0x19,
  stmt_reset = 0x1a,
  set_option = 0x1b,
  stmt_fetch = 0x1c,
  binlog_dump_gtid = 0x1e,
  reset_connection = 0x1f,
};

/// The command's name as SHOW PROCESSLIST shows it; "Error" for a byte that is none.
std::string_view command_name(Command command);

/// Error numbers that this layer and the servers built on it give to clients.
namespace error_code {
inline constexpr std::uint16_t k_too_many_connections = 1040;   // ER_CON_COUNT_ERROR
inline constexpr std::uint16_t k_bad_handshake = 1043;          // ER_HANDSHAKE_ERROR
inline constexpr std::uint16_t k_access_denied = 1045;          // ER_ACCESS_DENIED_ERROR
inline constexpr std::uint16_t k_unknown_command = 1047;        // ER_UNKNOWN_COM_ERROR
inline constexpr std::uint16_t k_shutdown = 1053;               // ER_SERVER_SHUTDOWN
inline constexpr std::uint16_t k_empty_query = 1065;            // ER_EMPTY_QUERY
inline constexpr std::uint16_t k_unknown_thread = 1094;         // ER_NO_SUCH_THREAD
inline constexpr std::uint16_t k_packet_too_large = 1153;       // ER_NET_PACKET_TOO_LARGE
inline constexpr std::uint16_t k_packets_out_of_order = 1156;   // ER_NET_PACKETS_OUT_OF_ORDER
inline constexpr std::uint16_t k_unknown_statement = 1243;      // ER_UNKNOWN_STMT_HANDLER
inline constexpr std::uint16_t k_unsupported_auth_mode = 1251;  // ER_NOT_SUPPORTED_AUTH_MODE
inline constexpr std::uint16_t k_unsupported_prepare = 1295;    // ER_UNSUPPORTED_PS
inline constexpr std::uint16_t k_malformed_packet = 1835;       // ER_MALFORMED_PACKET
}  // namespace error_code

}  // namespace tributary::wire
