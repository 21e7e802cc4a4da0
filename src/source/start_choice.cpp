#include "start_choice.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "tributary/util/log.hpp"

#include "gtid_recovery.hpp"
#include "receive_error.hpp"

namespace tributary::source {
namespace {

bool is_by_gtid(const SourceOptions& options) {
  return options.gtid_mode == SourceOptions::GtidMode::mariadb_slave_pos ||
         options.gtid_mode == SourceOptions::GtidMode::mariadb_current_pos;
}

[[noreturn]] void give_up(const std::string& why) {
  throw ReceiveError(Remedy::give_up, error_code::k_replica_fatal, "Fatal error: " + why);
}

std::string name_of(const relay::SourceIdentity& server) {
  return server.server_uuid.empty() ? fmt::format("server_id {}", server.server_id)
                                    : fmt::format("server_id {}, uuid {}", server.server_id, server.server_uuid);
}

/// A dump that begins after the stream's GTID position.
DumpStart start_by_gtid(const DumpStream& stream, SourceConnection& connection) {
  DumpStart start;
  start.by = DumpStart::By::gtid;
  start.gtid_state = stream.gtid_position();
  // Every domain that the source has written has an entry there; others are ignored by it.
  const std::string known = "," + connection.query_value("SELECT @@GLOBAL.gtid_binlog_state").value_or("");
  for (const auto& [domain, gtid] : start.gtid_state.domains()) {
    if (known.find(fmt::format(",{}-", domain)) != std::string::npos) start.skipped_state.update(gtid);
  }
  return start;
}

/// Learns the GTID position that belongs to what was received from this source.
void ask_gtid_position(DumpStream& stream, SourceConnection& connection, const relay::ReceivePosition& received) {
  const std::string& file = received.source_file_name;
  if (!stream.gtid_position().empty() || file.find_first_of("'\\") != std::string::npos) return;
  try {
    const auto answer = connection.query_value(fmt::format("SELECT binlog_gtid_pos('{}', {})", file, received.offset));
    stream.set_gtid_position(gtid::MariadbGtidPosition::parse(answer.value_or("")));
  } catch (const ReceiveError& error) {
    // Good to know, not needed: a source before 10.0 does not know the function.
    if (is_client_error(error.code())) throw;
  }
}

DumpStart first_start(const SourceOptions& options, DumpStream& stream, SourceConnection& connection) {
  if (is_by_gtid(options)) {
    stream.set_gtid_position(gtid::MariadbGtidPosition::parse(options.start_gtid));
    return start_by_gtid(stream, connection);
  }
  DumpStart start;
  start.file = options.start_file;
  if (!start.file.empty()) start.position = std::max(options.start_position, binlog::k_first_event_offset);
  return start;
}

DumpStart start_at_other_server(const SourceOptions& options, relay::RelayLog& log, DumpStream& stream,
                                SourceConnection& connection, const SourceProbe& source) {
  const relay::ReceivePosition received = log.received_end();
  if (!is_by_gtid(options)) {
    give_up(
        fmt::format("the source is {}, but what was received came from {} (up to file '{}', position {}); files and "
                    "positions of two servers do not compare. Use GTID, or set new coordinates with CHANGE REPLICATION "
                    "SOURCE TO",
                    name_of(source.identity()), name_of(received.source), received.source_file_name, received.offset));
  }
  if (stream.gtid_position().empty()) {
    stream.set_gtid_position(received_gtid_position(log, gtid::MariadbGtidPosition::parse(options.start_gtid)));
  }
  if (stream.gtid_position().empty()) {
    give_up(
        "the source is another server than the one whose binary log was received, and that log holds no GTID to go on "
        "from; set new coordinates with CHANGE REPLICATION SOURCE TO");
  }
  tributary::log(LogLevel::warning,
                 "channel '{}', source {}:{}, file '{}', position {}: the source is another server "
                 "({} after {}); going on by GTID from '{}'",
                 options.channel, options.host, options.port, received.source_file_name, received.offset,
                 name_of(source.identity()), name_of(received.source), stream.gtid_position().to_string());
  return start_by_gtid(stream, connection);
}

}  // namespace

StartChoice choose_start(const SourceOptions& options, relay::RelayLog& log, DumpStream& stream,
                         SourceConnection& connection, const SourceProbe& source) {
  if (is_by_gtid(options) && !source.mariadb) {
    give_up(fmt::format("MASTER_USE_GTID needs a MariaDB source; the source is MySQL {}", source.answers.version));
  }
  StartChoice choice;
  const relay::ReceivePosition received = log.received_end();
  const bool same = !received.source_file_name.empty() && same_server(received.source, source.identity());
  // A partial transaction in a file that does not count yet is not one that follows the received end.
  choice.inside_transaction =
      same && stream.inside_transaction() && log.files().back().file_number == log.published_end().file_number;
  if (!choice.inside_transaction) stream.start_over();
  if (received.source_file_name.empty()) {
    choice.start = first_start(options, stream, connection);
  } else if (!same) {
    choice.start = start_at_other_server(options, log, stream, connection, source);
  } else {
    choice.start.file = received.source_file_name;
    choice.start.position = choice.inside_transaction ? log.write_end() : received.offset;
    if (source.mariadb) ask_gtid_position(stream, connection, received);
  }
  return choice;
}

}  // namespace tributary::source
