#pragma once

#include <stop_token>

#include "tributary/relay/relay_log.hpp"
#include "tributary/source/receiver.hpp"

#include "dump_stream.hpp"
#include "registration.hpp"
#include "source_connection.hpp"

namespace tributary::source {

struct StartChoice {
  DumpStart start;
  bool inside_transaction = false;  ///< goes on with a transaction that was received in part
};

/// Decides from where this source is asked to send, as Receiver's comment says. Discards a partial transaction that
/// cannot be gone on with, and sees to it that @p stream knows the GTID position that belongs to the place.
/// @throws ReceiveError, 1593 when there is no place that both know; relay::WriteError.
StartChoice choose_start(const SourceOptions& options, relay::RelayLog& log, DumpStream& stream,
                         SourceConnection& connection, const SourceProbe& source, const std::stop_token& stop);

}  // namespace tributary::source
