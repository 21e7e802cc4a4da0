#pragma once

#include <stop_token>
#include <string>

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

/// The GTIDs that the target has applied, as text: after a power cut that may be more than the relay log has. '' where
/// nothing is applied. @throws ReceiveError (remedy reconnect) when they cannot be had.
std::string ask_applied_gtid(const SourceOptions& options, const std::stop_token& stop);

}  // namespace tributary::source
