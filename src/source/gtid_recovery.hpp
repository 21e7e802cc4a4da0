#pragma once

#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/relay/relay_log.hpp"

namespace tributary::source {

/// The MariaDB GTID position of what @p log holds: the GTID lists at the starts of its files and the groups in them.
/// Reads whole files, back to the newest one that was received from its start without a hole; where there is none the
/// answer builds on @p start, the position from which the oldest file was asked for.
gtid::MariadbGtidPosition received_gtid_position(relay::RelayLog& log, const gtid::MariadbGtidPosition& start);

}  // namespace tributary::source
