#include "tributary/binlog/control_events.hpp"
#include "tributary/gtid/serialization.hpp"

#include "decode_support.hpp"

namespace tributary::binlog {

MariadbGtidEvent MariadbGtidEvent::decode(const EventView& event) {
  require_type(event, {EventType::mariadb_gtid});
  ByteReader reader(event.body());
  MariadbGtidEvent result;
  result.gtid.server_id = event.header().server_id;
  result.gtid.seq_no = reader.u64();
  result.gtid.domain_id = reader.u32();
  result.flags2 = reader.u8();
  if (result.has(k_group_commit_id)) result.commit_id = reader.u64();
  if (result.has(k_prepared_xa | k_completed_xa)) {
    XaId xid;
    xid.format_id = static_cast<std::int32_t>(reader.u32());
    const std::size_t gtrid_length = reader.u8();
    const std::size_t bqual_length = reader.u8();
    xid.gtrid = reader.text(gtrid_length);
    xid.bqual = reader.text(bqual_length);
    result.xid = std::move(xid);
  }
  // A short event is padded with zeros, which read as "no extra flags".
  if (!reader.at_end()) result.flags_extra = reader.u8();
  if (result.has_extra(k_multi_engine)) result.extra_engines = reader.u8();
  if (result.has_extra(k_commit_alter | k_rollback_alter)) result.start_alter_seq_no = reader.u64();
  if (result.has_extra(k_extra_thread_id)) result.thread_id = reader.u32();
  return result;
}

namespace {

std::int64_t checked_gno(EventType type, std::int64_t gno, bool anonymous) {
  if (anonymous ? gno != 0 : (gno < 1 || gno >= gtid::k_gno_end))
    throw_damaged(type, "its transaction number is out of range");
  return gno;
}

/// Every field after the transaction number exists only if bytes remain (Gtid_event::Gtid_event,
/// libs/mysql/binlog/event/control_events.cpp).
MysqlGtidEvent decode_untagged(const EventView& event) {
  static constexpr std::uint8_t k_logical_clock = 2;
  static constexpr std::size_t k_timestamp_width = 7;
  static constexpr std::uint64_t k_original_timestamp_follows = std::uint64_t{1} << 55;
  static constexpr std::uint32_t k_original_version_follows = std::uint32_t{1} << 31;

  ByteReader reader(event.body());
  MysqlGtidEvent result;
  result.anonymous = event.type() == EventType::anonymous_gtid;
  result.flags = reader.u8();
  result.gtid.source.uuid = gtid::Uuid::read(reader);
  result.gtid.gno = checked_gno(event.type(), static_cast<std::int64_t>(reader.u64()), result.anonymous);
  // Another type than 2 was written before 5.7.5 and is followed by something else.
  if (reader.at_end() || reader.u8() != k_logical_clock) return result;
  result.last_committed = static_cast<std::int64_t>(reader.u64());
  result.sequence_number = static_cast<std::int64_t>(reader.u64());
  if (reader.at_end()) return result;
  const std::uint64_t immediate = reader.little_endian(k_timestamp_width);
  result.immediate_commit_timestamp = immediate & ~k_original_timestamp_follows;
  result.original_commit_timestamp = (immediate & k_original_timestamp_follows) != 0
                                         ? reader.little_endian(k_timestamp_width)
                                         : result.immediate_commit_timestamp;
  if (reader.at_end()) return result;
  result.transaction_length = reader.lenenc();
  if (reader.at_end()) return result;
  const std::uint32_t version = reader.u32();
  result.immediate_server_version = version & ~k_original_version_follows;
  result.original_server_version =
      (version & k_original_version_follows) != 0 ? reader.u32() : result.immediate_server_version;
  if (!reader.at_end()) result.commit_group_ticket = reader.u64();
  return result;
}

/// Fields of Gtid_event::define_fields (libs/mysql/binlog/event/control_events.h), in this order.
enum TaggedField : std::uint64_t {
  k_flags,
  k_uuid,
  k_gno,
  k_tag,
  k_last_committed,
  k_sequence_number,
  k_immediate_commit_timestamp,
  k_original_commit_timestamp,
  k_transaction_length,
  k_immediate_server_version,
  k_original_server_version,
  k_commit_group_ticket,
  k_field_count
};

void read_tagged_field(ByteReader& reader, TaggedField field, EventType type, MysqlGtidEvent& result) {
  using gtid::read_varlen_signed;
  using gtid::read_varlen_unsigned;
  switch (field) {
    case k_flags:
      result.flags = static_cast<std::uint8_t>(read_varlen_unsigned(reader));
      return;
    case k_uuid:
      for (std::uint8_t& byte : result.gtid.source.uuid.bytes)
        byte = static_cast<std::uint8_t>(read_varlen_unsigned(reader));
      return;
    case k_gno:
      result.gtid.gno = checked_gno(type, read_varlen_signed(reader), false);
      return;
    case k_tag: {
      const std::uint64_t length = read_varlen_unsigned(reader);
      if (length > gtid::k_tag_max_length) throw_damaged(type, "its tag is longer than 32 characters");
      const std::string_view tag = reader.text(static_cast<std::size_t>(length));
      result.gtid.source.tag = gtid::normalized_tag(tag);
      if (result.gtid.source.tag != tag) throw_damaged(type, "its tag holds other characters than a-z, 0-9 and _");
      return;
    }
    case k_last_committed:
      result.last_committed = read_varlen_signed(reader);
      return;
    case k_sequence_number:
      result.sequence_number = read_varlen_signed(reader);
      return;
    case k_immediate_commit_timestamp:
      result.immediate_commit_timestamp = read_varlen_unsigned(reader);
      return;
    case k_original_commit_timestamp:
      result.original_commit_timestamp = read_varlen_unsigned(reader);
      return;
    case k_transaction_length:
      result.transaction_length = read_varlen_unsigned(reader);
      return;
    case k_immediate_server_version:
      result.immediate_server_version = static_cast<std::uint32_t>(read_varlen_unsigned(reader));
      return;
    case k_original_server_version:
      result.original_server_version = static_cast<std::uint32_t>(read_varlen_unsigned(reader));
      return;
    case k_commit_group_ticket:
      result.commit_group_ticket = read_varlen_unsigned(reader);
      return;
    case k_field_count:
      return;
  }
}

/// One message of MySQL's serialization library (libs/mysql/serialization/readme.md).
MysqlGtidEvent decode_tagged(const EventView& event) {
  static constexpr std::uint64_t k_serialization_version = 1;

  ByteReader reader(event.body());
  if (gtid::read_varlen_unsigned(reader) != k_serialization_version) {
    throw_damaged(event.type(), "its serialization version is not 1");
  }
  const std::uint64_t size = gtid::read_varlen_unsigned(reader);
  if (size > event.body().size() || size < reader.position()) throw_damaged(event.type(), "its message size is wrong");
  if (gtid::read_varlen_unsigned(reader) > k_field_count) {
    throw_damaged(event.type(), "it was written by a newer server with fields that must not be ignored");
  }
  if (size < reader.position()) throw_damaged(event.type(), "its message size is wrong");

  MysqlGtidEvent result;
  ByteReader message(event.body().subspan(reader.position(), static_cast<std::size_t>(size) - reader.position()));
  for (std::uint64_t lowest = 0; !message.at_end();) {
    const std::uint64_t field = gtid::read_varlen_unsigned(message);
    if (field < lowest) throw_damaged(event.type(), "its fields are not in order");
    if (field >= k_field_count) break;  // newer fields, which may be ignored
    lowest = field + 1;
    read_tagged_field(message, static_cast<TaggedField>(field), event.type(), result);
  }
  if (result.gtid.gno == 0) throw_damaged(event.type(), "it has no transaction number");
  if (!result.original_commit_timestamp) result.original_commit_timestamp = result.immediate_commit_timestamp;
  if (!result.original_server_version) result.original_server_version = result.immediate_server_version;
  return result;
}

}  // namespace

MysqlGtidEvent MysqlGtidEvent::decode(const EventView& event) {
  require_type(event, {EventType::gtid, EventType::anonymous_gtid, EventType::gtid_tagged});
  return event.type() == EventType::gtid_tagged ? decode_tagged(event) : decode_untagged(event);
}

gtid::MysqlGtidSet decode_previous_gtids(const EventView& event) {
  require_type(event, {EventType::previous_gtids});
  return gtid::MysqlGtidSet::decode(event.body());
}

}  // namespace tributary::binlog
