#pragma once

#include <stop_token>

#include "tributary/relay/relay_log.hpp"
#include "tributary/source/receiver.hpp"

#include "dump_stream.hpp"
#include "registration.hpp"

namespace tributary::source {

/// choose_start() for MASTER_AUTO_POSITION. There is no partial transaction any more, here or in the relay log.
/// @throws ReceiveError: 1593 when this source or this relay log cannot be gone on with by MySQL's GTIDs; the target's
/// number (remedy reconnect) when it is needed and cannot be asked.
DumpStart choose_start_by_gtid_set(const SourceOptions& options, relay::RelayLog& log, DumpStream& stream,
                                   const SourceProbe& source, const std::stop_token& stop);

/// What the target has applied: after a power cut that may be more than the relay log has.
/// @throws ReceiveError (remedy reconnect) when it cannot be had.
AppliedGtids ask_applied_gtids(const SourceOptions& options, const std::stop_token& stop);

}  // namespace tributary::source
