#include "tributary/binlog/control_events.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "decode_support.hpp"

namespace tributary::binlog {
namespace {

std::string copy_text(ByteReader& reader, std::size_t count) {
  return std::string(reader.text(count));
}

}  // namespace

RotateEvent RotateEvent::decode(const EventView& event) {
  require_type(event, {EventType::rotate});
  ByteReader reader(event.body());
  RotateEvent rotate;
  rotate.position = reader.u64();
  rotate.next_file = as_text(reader.rest());
  if (rotate.next_file.empty()) throw_damaged(event.type(), "it names no file");
  return rotate;
}

GtidListEvent GtidListEvent::decode(const EventView& event) {
  static constexpr std::uint32_t k_count_mask = (1U << 28) - 1;
  static constexpr std::uint32_t k_until_reached = 1U << 28;
  static constexpr std::uint32_t k_ignore_gtids = 1U << 29;
  static constexpr std::size_t k_entry_length = 16;

  require_type(event, {EventType::mariadb_gtid_list});
  ByteReader reader(event.body());
  const std::uint32_t word = reader.u32();
  const std::size_t count = word & k_count_mask;
  if (count > reader.remaining() / k_entry_length)
    throw_damaged(event.type(), "it is shorter than its number of GTIDs");
  GtidListEvent list;
  list.until_reached = (word & k_until_reached) != 0;
  list.ignore_gtids = (word & k_ignore_gtids) != 0;
  list.gtids.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    gtid::MariadbGtid gtid;
    gtid.domain_id = reader.u32();
    gtid.server_id = reader.u32();
    gtid.seq_no = reader.u64();
    list.gtids.push_back(gtid);
  }
  return list;
}

gtid::MariadbGtidPosition GtidListEvent::position() const {
  gtid::MariadbGtidPosition position;
  for (const gtid::MariadbGtid& gtid : gtids) position.update(gtid);
  return position;
}

std::string XaId::to_sql() const {
  return fmt::format("X'{}',X'{}',{}", to_hex(as_bytes(gtrid)), to_hex(as_bytes(bqual)), format_id);
}

std::uint64_t decode_xid(const EventView& event) {
  require_type(event, {EventType::xid});
  return ByteReader(event.body()).u64();
}

XaPrepareEvent XaPrepareEvent::decode(const EventView& event) {
  require_type(event, {EventType::xa_prepare});
  ByteReader reader(event.body());
  XaPrepareEvent prepare;
  prepare.one_phase = reader.u8() != 0;
  prepare.xid.format_id = static_cast<std::int32_t>(reader.u32());
  const std::size_t gtrid_length = reader.u32();
  const std::size_t bqual_length = reader.u32();
  prepare.xid.gtrid = copy_text(reader, gtrid_length);
  prepare.xid.bqual = copy_text(reader, bqual_length);
  return prepare;
}

IncidentEvent IncidentEvent::decode(const EventView& event) {
  require_type(event, {EventType::incident});
  ByteReader reader(event.body());
  IncidentEvent incident;
  incident.incident = reader.u16();
  incident.message = copy_text(reader, reader.u8());
  return incident;
}

HeartbeatEvent HeartbeatEvent::decode(const EventView& event) {
  require_type(event, {EventType::heartbeat, EventType::heartbeat_v2});
  ByteReader reader(event.body());
  HeartbeatEvent heartbeat;
  if (event.type() == EventType::heartbeat) {
    heartbeat.position = event.header().log_pos;
    // MariaDB, past 4 GiB: HB_SUB_HEADER_LEN (sql/sql_repl.cc).
    if (heartbeat.position == 0) heartbeat.position = reader.u64();
    heartbeat.file = as_text(reader.rest());
    return heartbeat;
  }
  enum Field : std::uint64_t { k_end_mark = 0, k_file_name = 1, k_position = 2 };
  while (!reader.at_end()) {
    const std::uint64_t field = reader.lenenc();
    if (field == k_end_mark) break;
    const std::string_view value = reader.lenenc_text();
    if (field == k_file_name) heartbeat.file = value;
    if (field == k_position) heartbeat.position = ByteReader(as_bytes(value)).lenenc();
  }
  return heartbeat;
}

StartEncryptionEvent StartEncryptionEvent::decode(const EventView& event) {
  require_type(event, {EventType::mariadb_start_encryption});
  ByteReader reader(event.body());
  StartEncryptionEvent start;
  start.scheme = reader.u8();
  start.key_version = reader.u32();
  const ByteView nonce = reader.bytes(start.nonce.size());
  std::copy(nonce.begin(), nonce.end(), start.nonce.begin());
  return start;
}

}  // namespace tributary::binlog
