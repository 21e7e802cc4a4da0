#pragma once

#include <cstdint>
#include <string>

#include "tributary/binlog/event.hpp"
#include "tributary/source/receiver.hpp"

#include "source_connection.hpp"

namespace tributary::source {

/// What a replica asks a new connection before the dump.
struct SourceProbe {
  SourceAnswers answers;
  bool mariadb = false;
  /// Of events that come before the first FORMAT_DESCRIPTION.
  binlog::ChecksumAlgorithm checksum = binlog::ChecksumAlgorithm::off;
  std::string gtid_mode;              ///< MySQL: "ON", "OFF", "ON_PERMISSIVE", "OFF_PERMISSIVE"; '' where there is none
  std::int64_t clock_difference = 0;  ///< our clock minus the source's, seconds

  [[nodiscard]] relay::SourceIdentity identity() const { return {answers.server_id, answers.server_uuid}; }
};

/// Asks for ids and version and sets what the dump depends on: heartbeat period, checksum, capability, our uuid; in
/// the dialect that MySQL 5.5 to 9 and MariaDB 5.5 to 12 all know (wire protocol: the IO thread of sql/rpl_replica.cc
/// and of MariaDB's sql/slave.cc, get_master_version_and_clock).
/// @throws ReceiveError; 1593 when the source is not one that can be followed.
/// @p may_ask: whether to ask for what a source need not tell (its time zone, its variables). It becomes false where
/// such a question cost the connection, and true again with the next call, which does without.
SourceProbe probe_source(SourceConnection& connection, const SourceOptions& options, bool& may_ask);

}  // namespace tributary::source
