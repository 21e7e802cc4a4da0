#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tributary/util/bytes.hpp"

namespace tributary::binlog {

/// Event type codes of the v4 binlog: MySQL's libs/mysql/binlog/event/binlog_event.h, MariaDB's sql/log_event.h.
enum class EventType : std::uint8_t {
  unknown = 0,
  start_v3 = 1,
  query = 2,
  stop = 3,
  rotate = 4,
  intvar = 5,
  load = 6,
  slave = 7,
  create_file = 8,
  append_block = 9,
  exec_load = 10,
  delete_file = 11,
  new_load = 12,
  rand = 13,
  user_var = 14,
  format_description = 15,
  xid = 16,
  begin_load_query = 17,
  execute_load_query = 18,
  table_map = 19,
  pre_ga_write_rows = 20,
  pre_ga_update_rows = 21,
  pre_ga_delete_rows = 22,
  write_rows_v1 = 23,
  update_rows_v1 = 24,
  delete_rows_v1 = 25,
  incident = 26,
  heartbeat = 27,
  ignorable = 28,
  rows_query = 29,
  write_rows = 30,
  update_rows = 31,
  delete_rows = 32,
  gtid = 33,
  anonymous_gtid = 34,
  previous_gtids = 35,
  transaction_context = 36,
  view_change = 37,
  xa_prepare = 38,
  partial_update_rows = 39,
  transaction_payload = 40,
  heartbeat_v2 = 41,
  gtid_tagged = 42,
  mariadb_annotate_rows = 160,
  mariadb_binlog_checkpoint = 161,
  mariadb_gtid = 162,
  mariadb_gtid_list = 163,
  mariadb_start_encryption = 164,
  mariadb_query_compressed = 165,
  mariadb_write_rows_compressed_v1 = 166,
  mariadb_update_rows_compressed_v1 = 167,
  mariadb_delete_rows_compressed_v1 = 168,
  mariadb_write_rows_compressed = 169,
  mariadb_update_rows_compressed = 170,
  mariadb_delete_rows_compressed = 171,
  mariadb_partial_row_data = 172,
};

/// The server's own name of a type ("Write_rows_v1"), or "Unknown(200)".
std::string event_type_name(EventType type);

/// Header flags (sql/log_event.h).
namespace event_flag {
inline constexpr std::uint16_t k_binlog_in_use = 0x0001;
inline constexpr std::uint16_t k_thread_specific = 0x0004;
inline constexpr std::uint16_t k_suppress_use = 0x0008;
inline constexpr std::uint16_t k_artificial = 0x0020;
inline constexpr std::uint16_t k_relay_log = 0x0040;
inline constexpr std::uint16_t k_ignorable = 0x0080;
}  // namespace event_flag

enum class ChecksumAlgorithm : std::uint8_t { off = 0, crc32 = 1 };
inline constexpr std::size_t k_checksum_length = 4;

/// The four bytes with which every binlog file begins.
inline constexpr std::uint8_t k_file_magic[4] = {0xfe, 'b', 'i', 'n'};
inline constexpr std::uint64_t k_first_event_offset = 4;

/// The v4 common header, 19 bytes.
struct EventHeader {
  static constexpr std::size_t k_length = 19;

  std::uint32_t timestamp = 0;  ///< seconds since the epoch; 0 in events that the source makes up
  EventType type = EventType::unknown;
  std::uint32_t server_id = 0;   ///< of the originating server
  std::uint32_t event_size = 0;  ///< bytes: header, body and checksum
  std::uint32_t log_pos = 0;     ///< end of the event in its file, modulo 2^32; 0 where the server leaves it out
  std::uint16_t flags = 0;

  /// Decodes the first 19 bytes of @p raw. Throws Error 1610 when there are fewer, or when event_size is below 19.
  static EventHeader decode(ByteView raw);
  void encode(ByteWriter& out) const;

  [[nodiscard]] bool has_flag(std::uint16_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] bool is_artificial() const { return has_flag(event_flag::k_artificial); }
};

/// One whole event, borrowed: header, body and, where the file has checksums, the last four bytes.
class EventView {
 public:
  /// @p raw must be exactly one event (raw.size() == event_size, else Error 1610).
  EventView(ByteView raw, ChecksumAlgorithm checksum);

  [[nodiscard]] const EventHeader& header() const { return header_; }
  [[nodiscard]] EventType type() const { return header_.type; }
  [[nodiscard]] ByteView raw() const { return raw_; }
  /// What follows the 19-byte header, without the checksum.
  [[nodiscard]] ByteView body() const { return body_; }
  [[nodiscard]] ChecksumAlgorithm checksum() const { return checksum_; }
  /// Compares the stored CRC32 with the computed one; true where the file has no checksums.
  [[nodiscard]] bool checksum_matches() const;

 private:
  ByteView raw_;
  ByteView body_;
  EventHeader header_;
  ChecksumAlgorithm checksum_;
};

/// Writes header.event_size and, with crc32, the checksum over a finished event in @p event (header already
/// encoded, body appended, no checksum yet).
void finish_event(Bytes& event, ChecksumAlgorithm checksum);

}  // namespace tributary::binlog
