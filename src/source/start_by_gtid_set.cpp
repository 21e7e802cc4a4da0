#include "start_by_gtid_set.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "tributary/util/log.hpp"

#include "gtid_recovery.hpp"
#include "receive_error.hpp"

namespace tributary::source {
namespace {

void must_have_gtids(const SourceProbe& source) {
  if (source.mariadb) {
    give_up(
        fmt::format("MASTER_AUTO_POSITION needs a MySQL source; the source is MariaDB {}. Its GTIDs are followed "
                    "with MASTER_USE_GTID",
                    source.answers.version));
  }
  if (source.gtid_mode != "ON") {
    // sql/rpl_replica.cc, get_master_version_and_clock
    give_up(
        fmt::format("The replication receiver thread cannot start in AUTO_POSITION mode: the source has GTID_MODE = "
                    "{} instead of ON.",
                    source.gtid_mode.empty() ? "OFF" : source.gtid_mode));
  }
}

gtid::MysqlGtidSet parse_set(const std::string& text) {
  // A position of MariaDB's, from a time when the channel followed such a source, has no colon.
  if (!text.empty() && text.find(':') == std::string::npos) {
    give_up(
        fmt::format("what was applied is known as MariaDB's GTID position '{:.500}', which says nothing of MySQL's "
                    "GTIDs; set coordinates, or GTID_PURGED, with CHANGE REPLICATION SOURCE TO",
                    text));
  }
  return gtid::MysqlGtidSet::parse(text);
}

gtid::MysqlGtidSet ask_applied(const SourceOptions& options, const std::stop_token& stop) {
  return parse_set(ask_applied_gtids(options, stop).gtids);
}

DumpStart by_set(gtid::MysqlGtidSet set, DumpStream& stream) {
  DumpStart start;
  start.by = DumpStart::By::gtid_set;
  start.requires_gtids = true;
  start.gtid_set = set;
  stream.set_gtid_set(std::move(set));
  return start;
}

/// By file and position, learning from the source's file which GTIDs stand before.
DumpStart by_file(const std::string& file, std::uint64_t position) {
  DumpStart start;
  start.file = file;
  start.position = std::max(position, binlog::k_first_event_offset);
  start.requires_gtids = true;
  start.learns_gtids = start.read_from_start = start.position > binlog::k_first_event_offset;
  return start;
}

}  // namespace

AppliedGtids ask_applied_gtids(const SourceOptions& options, const std::stop_token& stop) {
  if (!options.applied_gtids) return {};
  try {
    return options.applied_gtids(stop);
  } catch (const Error& error) {
    throw ReceiveError(Remedy::reconnect, error.code(),
                       fmt::format("the GTIDs that are applied, which must not be received again from another server, "
                                   "cannot be had from the target: {}",
                                   error.what()));
  }
}

DumpStart choose_start_by_gtid_set(const SourceOptions& options, relay::RelayLog& log, DumpStream& stream,
                                   const SourceProbe& source, const std::stop_token& stop) {
  must_have_gtids(source);
  const relay::ReceivePosition received = log.received_end();
  if (received.source_file_name.empty()) {
    // Coordinates that were given count where no GTID says how far we are.
    if (options.start_gtid.empty() && !options.start_file.empty()) {
      return by_file(options.start_file, options.start_position);
    }
    gtid::MysqlGtidSet set = parse_set(options.start_gtid);
    set.add(ask_applied(options, stop));
    return by_set(std::move(set), stream);
  }
  std::optional<gtid::MysqlGtidSet> known = stream.gtid_set();
  if (!known) known = received_gtid_set(log);
  const bool same = same_server(received.source, source.identity());
  if (!known && same) return by_file(received.source_file_name, received.offset);
  if (!known) {
    give_up(
        fmt::format("the source is another server than the one whose binary log was received up to file '{}', position "
                    "{}, and that log was begun by file and position, so that the GTIDs before it are not known; set "
                    "coordinates, or GTID_PURGED, with CHANGE REPLICATION SOURCE TO",
                    received.source_file_name, received.offset));
  }
  if (!same) {
    known->add(ask_applied(options, stop));
    tributary::log(LogLevel::warning,
                   "channel '{}', source {}:{}, file '{}', position {}: the source is another server (server_id {}, "
                   "uuid {}, after server_id {}, uuid {}); going on by GTID",
                   options.channel, options.host, options.port, received.source_file_name, received.offset,
                   source.answers.server_id, source.answers.server_uuid, received.source.server_id,
                   received.source.server_uuid);
  }
  return by_set(std::move(*known), stream);
}

}  // namespace tributary::source
