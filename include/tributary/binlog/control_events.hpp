#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"

namespace tributary::binlog {

// Decoders of the events that order the stream. Each takes an event of its own type (another is Error 1610) and throws
// Error 1610 when the body is too short or contradicts itself. What is decoded is copied and outlives the event.

/// The next file of the source. Also made up by the source at the start of a stream (artificial).
struct RotateEvent {
  std::uint64_t position = 0;  ///< in the next file, bytes
  std::string next_file;       ///< no path

  static RotateEvent decode(const EventView& event);
};

/// MariaDB: the state before the first group of a file. A domain may occur once for each server; the last entry of a
/// domain is its most recent.
struct GtidListEvent {
  bool until_reached = false;  ///< FLAG_UNTIL_REACHED
  bool ignore_gtids = false;   ///< FLAG_IGN_GTIDS
  std::vector<gtid::MariadbGtid> gtids;

  static GtidListEvent decode(const EventView& event);
  /// The last GTID of each domain.
  [[nodiscard]] gtid::MariadbGtidPosition position() const;
};

/// The name of an XA transaction.
struct XaId {
  std::int32_t format_id = 0;  ///< -1: none
  std::string gtrid;           ///< bytes
  std::string bqual;           ///< bytes

  /// As in statements: X'6162',X'',1
  [[nodiscard]] std::string to_sql() const;
  bool operator==(const XaId&) const = default;
};

/// MariaDB's GTID_EVENT: begins a group.
struct MariadbGtidEvent {
  // flags2 (Gtid_log_event, sql/log_event.h)
  static constexpr std::uint8_t k_standalone = 0x01;
  static constexpr std::uint8_t k_group_commit_id = 0x02;
  static constexpr std::uint8_t k_transactional = 0x04;
  static constexpr std::uint8_t k_allow_parallel = 0x08;
  static constexpr std::uint8_t k_waited = 0x10;
  static constexpr std::uint8_t k_ddl = 0x20;
  static constexpr std::uint8_t k_prepared_xa = 0x40;
  static constexpr std::uint8_t k_completed_xa = 0x80;
  // flags_extra
  static constexpr std::uint8_t k_multi_engine = 0x01;
  static constexpr std::uint8_t k_start_alter = 0x02;
  static constexpr std::uint8_t k_commit_alter = 0x04;
  static constexpr std::uint8_t k_rollback_alter = 0x08;
  static constexpr std::uint8_t k_extra_thread_id = 0x10;

  gtid::MariadbGtid gtid;
  std::uint8_t flags2 = 0;
  std::uint8_t flags_extra = 0;
  std::optional<std::uint64_t> commit_id;  ///< the same in groups that were committed together
  std::optional<XaId> xid;                 ///< of XA PREPARE and XA COMMIT/ROLLBACK
  std::optional<std::uint8_t> extra_engines;
  std::optional<std::uint64_t> start_alter_seq_no;  ///< of the START ALTER that this COMMIT/ROLLBACK ALTER ends
  std::optional<std::uint32_t> thread_id;

  static MariadbGtidEvent decode(const EventView& event);
  [[nodiscard]] bool has(std::uint8_t flag) const { return (flags2 & flag) != 0; }
  [[nodiscard]] bool has_extra(std::uint8_t flag) const { return (flags_extra & flag) != 0; }
};

/// MySQL's GTID, ANONYMOUS_GTID and GTID_TAGGED events: begin a group. Fields that the source's version does not
/// write are nullopt.
struct MysqlGtidEvent {
  static constexpr std::uint8_t k_may_have_statements = 0x01;

  bool anonymous = false;
  std::uint8_t flags = 0;
  gtid::MysqlGtid gtid;  ///< gno 0 when anonymous
  std::optional<std::int64_t> last_committed;
  std::optional<std::int64_t> sequence_number;
  std::optional<std::uint64_t> immediate_commit_timestamp;  ///< microseconds since the epoch
  std::optional<std::uint64_t> original_commit_timestamp;   ///< the same as immediate unless written
  std::optional<std::uint64_t> transaction_length;          ///< bytes of the group with this event and checksums
  std::optional<std::uint32_t> immediate_server_version;    ///< 80036 is 8.0.36
  std::optional<std::uint32_t> original_server_version;     ///< 999999: not known
  std::optional<std::uint64_t> commit_group_ticket;

  static MysqlGtidEvent decode(const EventView& event);
};

/// PREVIOUS_GTIDS: all GTIDs of the files before this one. Also throws Error 1773.
gtid::MysqlGtidSet decode_previous_gtids(const EventView& event);

/// XID: the number of the transaction that it commits.
std::uint64_t decode_xid(const EventView& event);

/// XA_PREPARE: ends a group; with one_phase it commits.
struct XaPrepareEvent {
  bool one_phase = false;
  XaId xid;

  static XaPrepareEvent decode(const EventView& event);
};

/// The source lost events: the target is no longer what the source is.
struct IncidentEvent {
  static constexpr std::uint16_t k_lost_events = 1;
  std::uint16_t incident = 0;
  std::string message;

  static IncidentEvent decode(const EventView& event);
};

/// HEARTBEAT, both versions: where the source's dump stands.
struct HeartbeatEvent {
  std::string file;
  std::uint64_t position = 0;

  static HeartbeatEvent decode(const EventView& event);
};

/// MariaDB: the file's later events are encrypted (never those of a dump).
struct StartEncryptionEvent {
  std::uint8_t scheme = 0;
  std::uint32_t key_version = 0;
  std::array<std::uint8_t, 12> nonce{};

  static StartEncryptionEvent decode(const EventView& event);
};

}  // namespace tributary::binlog
