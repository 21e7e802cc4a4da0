#include "tributary/binlog/event.hpp"

#include <fmt/core.h>

#include "tributary/util/crc32.hpp"
#include "tributary/util/error.hpp"

namespace tributary::binlog {
namespace {

constexpr std::size_t k_event_size_offset = 9;
constexpr std::size_t k_flags_offset = 17;

inline std::uint32_t load_u32(const std::uint8_t* from) {
  return std::uint32_t{from[0]} | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16 |
         std::uint32_t{from[3]} << 24;
}

const char* known_type_name(EventType type) {
  switch (type) {
    case EventType::unknown:
      return "Unknown";
    case EventType::start_v3:
      return "Start_v3";
    case EventType::query:
      return "Query";
    case EventType::stop:
      return "Stop";
    case EventType::rotate:
      return "Rotate";
    case EventType::intvar:
      return "Intvar";
    case EventType::load:
      return "Load";
    case EventType::slave:
      return "Slave";
    case EventType::create_file:
      return "Create_file";
    case EventType::append_block:
      return "Append_block";
    case EventType::exec_load:
      return "Exec_load";
    case EventType::delete_file:
      return "Delete_file";
    case EventType::new_load:
      return "New_load";
    case EventType::rand:
      return "RAND";
    case EventType::user_var:
      return "User var";
    case EventType::format_description:
      return "Format_desc";
    case EventType::xid:
      return "Xid";
    case EventType::begin_load_query:
      return "Begin_load_query";
    case EventType::execute_load_query:
      return "Execute_load_query";
    case EventType::table_map:
      return "Table_map";
    case EventType::pre_ga_write_rows:
      return "Write_rows_event_old";
    case EventType::pre_ga_update_rows:
      return "Update_rows_event_old";
    case EventType::pre_ga_delete_rows:
      return "Delete_rows_event_old";
    case EventType::write_rows_v1:
      return "Write_rows_v1";
    case EventType::update_rows_v1:
      return "Update_rows_v1";
    case EventType::delete_rows_v1:
      return "Delete_rows_v1";
    case EventType::incident:
      return "Incident";
    case EventType::heartbeat:
      return "Heartbeat";
    case EventType::ignorable:
      return "Ignorable";
    case EventType::rows_query:
      return "Rows_query";
    case EventType::write_rows:
      return "Write_rows";
    case EventType::update_rows:
      return "Update_rows";
    case EventType::delete_rows:
      return "Delete_rows";
    case EventType::gtid:
      return "Gtid";
    case EventType::anonymous_gtid:
      return "Anonymous_Gtid";
    case EventType::previous_gtids:
      return "Previous_gtids";
    case EventType::transaction_context:
      return "Transaction_context";
    case EventType::view_change:
      return "View_change";
    case EventType::xa_prepare:
      return "XA_prepare";
    case EventType::partial_update_rows:
      return "Update_rows_partial";
    case EventType::transaction_payload:
      return "Transaction_payload";
    case EventType::heartbeat_v2:
      return "Heartbeat_v2";
    case EventType::gtid_tagged:
      return "Gtid_tagged";
    case EventType::mariadb_annotate_rows:
      return "Annotate_rows";
    case EventType::mariadb_binlog_checkpoint:
      return "Binlog_checkpoint";
    case EventType::mariadb_gtid:
      return "Gtid";
    case EventType::mariadb_gtid_list:
      return "Gtid_list";
    case EventType::mariadb_start_encryption:
      return "Start_encryption";
    case EventType::mariadb_query_compressed:
      return "Query_compressed";
    case EventType::mariadb_write_rows_compressed_v1:
      return "Write_rows_compressed_v1";
    case EventType::mariadb_update_rows_compressed_v1:
      return "Update_rows_compressed_v1";
    case EventType::mariadb_delete_rows_compressed_v1:
      return "Delete_rows_compressed_v1";
    case EventType::mariadb_write_rows_compressed:
      return "Write_rows_compressed";
    case EventType::mariadb_update_rows_compressed:
      return "Update_rows_compressed";
    case EventType::mariadb_delete_rows_compressed:
      return "Delete_rows_compressed";
    case EventType::mariadb_partial_row_data:
      return "Partial_row_data";
  }
  return nullptr;
}

}  // namespace

std::string event_type_name(EventType type) {
  if (const char* name = known_type_name(type)) return name;
  return fmt::format("Unknown({})", static_cast<unsigned>(type));
}

EventHeader EventHeader::decode(ByteView raw) {
  if (raw.size() < k_length) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("truncated event: {} bytes of the {} of a header", raw.size(), k_length));
  }
  // One check above, none per field: this runs for every event that is received.
  const std::uint8_t* at = raw.data();
  EventHeader header;
  header.timestamp = load_u32(at);
  header.type = static_cast<EventType>(at[4]);
  header.server_id = load_u32(at + 5);
  header.event_size = load_u32(at + k_event_size_offset);
  header.log_pos = load_u32(at + 13);
  header.flags = static_cast<std::uint16_t>(at[k_flags_offset] | at[k_flags_offset + 1] << 8);
  if (header.event_size < k_length) {
    throw Error(error_code::k_corrupt_event, fmt::format("event size {} is smaller than the header ({} event)",
                                                         header.event_size, event_type_name(header.type)));
  }
  return header;
}

void EventHeader::encode(ByteWriter& out) const {
  out.u32(timestamp);
  out.u8(static_cast<std::uint8_t>(type));
  out.u32(server_id);
  out.u32(event_size);
  out.u32(log_pos);
  out.u16(flags);
}

EventView::EventView(ByteView raw, ChecksumAlgorithm checksum)
    : raw_(raw), header_(EventHeader::decode(raw)), checksum_(checksum) {
  const std::size_t tail = checksum == ChecksumAlgorithm::off ? 0 : k_checksum_length;
  if (raw.size() != header_.event_size || raw.size() < EventHeader::k_length + tail) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("{} event of {} bytes says that it has {}", event_type_name(header_.type), raw.size(),
                            header_.event_size));
  }
  body_ = raw.subspan(EventHeader::k_length, raw.size() - EventHeader::k_length - tail);
}

bool EventView::checksum_matches() const {
  if (checksum_ == ChecksumAlgorithm::off) return true;
  const ByteView covered = raw_.first(raw_.size() - k_checksum_length);
  const std::uint64_t stored = load_little_endian(raw_.data() + covered.size(), k_checksum_length);
  if (type() == EventType::format_description && header_.has_flag(event_flag::k_binlog_in_use)) {
    // The flag is set and cleared in place while the checksum stays (MYSQL_BIN_LOG::close, sql/binlog.cc).
    const std::uint8_t flags_low = raw_[k_flags_offset] & static_cast<std::uint8_t>(~event_flag::k_binlog_in_use);
    const std::uint32_t before = crc32(covered.first(k_flags_offset));
    return crc32(covered.subspan(k_flags_offset + 1), crc32(ByteView(&flags_low, 1), before)) == stored;
  }
  return crc32(covered) == stored;
}

void finish_event(Bytes& event, ChecksumAlgorithm checksum) {
  const std::size_t size = event.size() + (checksum == ChecksumAlgorithm::off ? 0 : k_checksum_length);
  if (event.size() < EventHeader::k_length || size > UINT32_MAX) {
    throw Error(error_code::k_corrupt_event, fmt::format("an event cannot have {} bytes", size));
  }
  store_little_endian(event.data() + k_event_size_offset, size, 4);
  if (checksum == ChecksumAlgorithm::off) return;
  const std::uint32_t crc = crc32(event);
  event.resize(size);
  store_little_endian(event.data() + size - k_checksum_length, crc, k_checksum_length);
}

}  // namespace tributary::binlog
