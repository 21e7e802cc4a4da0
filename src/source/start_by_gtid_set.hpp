#pragma once

#include "tributary/relay/relay_log.hpp"
#include "tributary/source/receiver.hpp"

#include "dump_stream.hpp"
#include "registration.hpp"

namespace tributary::source {

/// choose_start() for MASTER_AUTO_POSITION. There is no partial transaction any more, here or in the relay log.
/// @throws ReceiveError: 1593 when this source or this relay log cannot be gone on with by MySQL's GTIDs; the target's
/// number (remedy reconnect) when it is needed and cannot be asked.
DumpStart choose_start_by_gtid_set(const SourceOptions& options, relay::RelayLog& log, DumpStream& stream,
                                   const SourceProbe& source);

}  // namespace tributary::source
