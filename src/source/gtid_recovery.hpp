#pragma once

#include <cstdint>
#include <optional>

#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/relay/relay_log.hpp"

namespace tributary::source {

struct ReceivedGtidPosition {
  gtid::MariadbGtidPosition position;
  /// False: domains may be missing that have no group in the log, since the place where it begins is not known.
  bool complete = true;
};

/// The MariaDB GTID position of what @p log holds: the GTID lists at the starts of its files and the groups in them.
/// Reads the newest file, on top of the position that is recorded for its start. Where none is recorded it reads whole
/// files, back to the newest one that was received from its start without a hole; where there is none the answer
/// builds on @p start, the position from which the oldest file was asked for, or one after it.
ReceivedGtidPosition received_gtid_position(relay::RelayLog& log, const gtid::MariadbGtidPosition& start);

/// The MySQL GTIDs that were recorded as received before a relay file; empty where none, or MariaDB's, are.
gtid::MysqlGtidSet recorded_before(const relay::RelayFileRecord& file);

/// The MySQL GTIDs of the whole transactions in relay files @p first up to, not with, @p end; reads all of these.
gtid::MysqlGtidSet groups_in(relay::RelayLog& log, std::uint64_t first, std::uint64_t end);

/// The MySQL GTIDs of what @p log holds and of what stood before it. From the newest file whose start tells what was
/// before (its PREVIOUS_GTIDS, or what was recorded with it) all events are read. nullopt: no file tells.
std::optional<gtid::MysqlGtidSet> received_gtid_set(relay::RelayLog& log);

}  // namespace tributary::source
