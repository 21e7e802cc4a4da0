#include "start_choice.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/log.hpp"

#include "gtid_recovery.hpp"
#include "receive_error.hpp"
#include "start_by_gtid_set.hpp"

namespace tributary::source {
namespace {

bool is_by_gtid(const SourceOptions& options) {
  return options.gtid_mode == SourceOptions::GtidMode::mariadb_slave_pos ||
         options.gtid_mode == SourceOptions::GtidMode::mariadb_current_pos;
}

std::string name_of(const relay::SourceIdentity& server) {
  return server.server_uuid.empty() ? fmt::format("server_id {}", server.server_id)
                                    : fmt::format("server_id {}, uuid {}", server.server_id, server.server_uuid);
}

/// Domains that the source has in its binary log; others it ignores.
bool is_known(const std::string& binlog_state, std::uint32_t domain) {
  return ("," + binlog_state).find(fmt::format(",{}-", domain)) != std::string::npos;
}

std::string ask_binlog_state(SourceConnection& connection) {
  return connection.query_value("SELECT @@GLOBAL.gtid_binlog_state").value_or("");
}

/// A dump that begins after the stream's GTID position.
DumpStart start_by_gtid(const DumpStream& stream, SourceConnection& connection) {
  DumpStart start;
  start.by = DumpStart::By::gtid;
  start.gtid_state = stream.gtid_position();
  const std::string binlog_state = ask_binlog_state(connection);
  for (const auto& [domain, gtid] : start.gtid_state.domains()) {
    if (is_known(binlog_state, domain)) start.skipped_state.update(gtid);
  }
  return start;
}

/// The GTID position that belongs to a place in the source's binary log; nullopt when the source does not tell: it has
/// no such place, or is older than the function (10.0).
std::optional<gtid::MariadbGtidPosition> ask_gtid_position(SourceConnection& connection, const std::string& file,
                                                           std::uint64_t offset) {
  if (file.find_first_of("'\\") != std::string::npos) return std::nullopt;
  try {
    const auto answer = connection.query_value(fmt::format("SELECT binlog_gtid_pos('{}', {})", file, offset));
    if (answer) return gtid::MariadbGtidPosition::parse(*answer);
  } catch (const ReceiveError& error) {
    if (is_connection_error(error.code())) throw;
  }
  return std::nullopt;
}

/// What the target has applied is not to be received again, whatever the relay log has lost. Which of two GTIDs of a
/// domain comes later only the place in the relay log tells: of two servers that write it the numbers may descend.
void add_applied(const SourceOptions& options, const relay::RelayLog& log, DumpStream& stream,
                 const std::stop_token& stop) {
  const AppliedGtids applied = ask_applied_gtids(options, stop);
  if (applied.position <= log.published_end()) return;       // received, and so in the stream's position
  if (applied.gtids.find(':') != std::string::npos) return;  // MySQL's, of a former source
  gtid::MariadbGtidPosition position = stream.gtid_position();
  const auto in_target = gtid::MariadbGtidPosition::parse(applied.gtids);
  for (const auto& [domain, gtid] : in_target.domains()) position.update(gtid);
  stream.set_gtid_position(std::move(position));
}

DumpStart first_start(const SourceOptions& options, DumpStream& stream, SourceConnection& connection,
                      const SourceProbe& source) {
  // Coordinates that were given count where no GTID says how far we are.
  if (is_by_gtid(options) && (!options.start_gtid.empty() || options.start_file.empty())) {
    stream.set_gtid_position(gtid::MariadbGtidPosition::parse(options.start_gtid));
    return start_by_gtid(stream, connection);
  }
  DumpStart start;
  start.file = options.start_file;
  if (!start.file.empty()) start.position = std::max(options.start_position, binlog::k_first_event_offset);
  if (source.mariadb && start.position > binlog::k_first_event_offset) {
    const auto position = ask_gtid_position(connection, start.file, start.position);
    stream.set_gtid_position(position.value_or(gtid::MariadbGtidPosition()));
  }
  return start;
}

/// In GTID mode, at a source that has the id of the one whose binary log was received: whether it has, up to the
/// received end, just the groups that we have. It has not when it is a replacement with a binary log of its own (a
/// MariaDB server has no other identity than its server_id), after RESET MASTER, or when the last connection was lost
/// while the source still skipped groups that we have.
bool has_the_same_groups(const SourceOptions& options, relay::RelayLog& log, DumpStream& stream,
                         SourceConnection& connection) {
  const relay::ReceivePosition received = log.received_end();
  bool complete = true;
  if (stream.gtid_position().empty()) {
    const auto recovered = received_gtid_position(log, gtid::MariadbGtidPosition::parse(options.start_gtid));
    stream.set_gtid_position(recovered.position);
    complete = recovered.complete;
  }
  gtid::MariadbGtidPosition ours = stream.gtid_position();
  const auto theirs = ask_gtid_position(connection, received.source_file_name, received.offset);
  // Without any GTID there is nothing to compare, nor another way to go on.
  if (ours.empty() && !complete) {
    if (theirs) stream.set_gtid_position(*theirs);
    return true;
  }
  bool same = theirs.has_value();
  if (same) {
    const std::string binlog_state = ask_binlog_state(connection);
    for (const auto& [domain, gtid] : ours.domains()) {
      if (is_known(binlog_state, domain)) same = same && theirs->find(domain) == gtid;
    }
    for (const auto& [domain, gtid] : theirs->domains()) {
      if (ours.find(domain)) continue;
      if (complete) same = false;
      ours.update(gtid);
    }
  }
  if (same) {
    stream.set_gtid_position(std::move(ours));
    return true;
  }
  tributary::log(
      LogLevel::warning,
      "channel '{}', source {}:{}, file '{}', position {}: the source's GTID position there is {}, while what "
      "was received ends at '{}'; going on by GTID",
      options.channel, options.host, options.port, received.source_file_name, received.offset,
      theirs ? "'" + theirs->to_string() + "'" : "not known", stream.gtid_position().to_string());
  return false;
}

DumpStart start_at_other_server(const SourceOptions& options, relay::RelayLog& log, DumpStream& stream,
                                SourceConnection& connection, const SourceProbe& source, const std::stop_token& stop) {
  const relay::ReceivePosition received = log.received_end();
  if (!is_by_gtid(options)) {
    give_up(
        fmt::format("the source is {}, but what was received came from {} (up to file '{}', position {}); files and "
                    "positions of two servers do not compare. Use GTID, or set new coordinates with CHANGE REPLICATION "
                    "SOURCE TO",
                    name_of(source.identity()), name_of(received.source), received.source_file_name, received.offset));
  }
  if (stream.gtid_position().empty()) {
    stream.set_gtid_position(
        received_gtid_position(log, gtid::MariadbGtidPosition::parse(options.start_gtid)).position);
  }
  add_applied(options, log, stream, stop);
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
                         SourceConnection& connection, const SourceProbe& source, const std::stop_token& stop) {
  if (is_by_gtid(options) && !source.mariadb) {
    give_up(fmt::format("MASTER_USE_GTID needs a MariaDB source; the source is MySQL {}", source.answers.version));
  }
  StartChoice choice;
  if (options.gtid_mode == SourceOptions::GtidMode::mysql_auto_position) {
    stream.start_over();
    choice.start = choose_start_by_gtid_set(options, log, stream, source, stop);
    return choice;
  }
  const relay::ReceivePosition received = log.received_end();
  const bool any = !received.source_file_name.empty();
  const bool same = any && same_server(received.source, source.identity());
  const bool by_position = same && (!is_by_gtid(options) || has_the_same_groups(options, log, stream, connection));
  // A partial transaction in a file that does not count yet is not one that follows the received end.
  choice.inside_transaction =
      by_position && stream.inside_transaction() && log.files().back().file_number == log.published_end().file_number;
  if (!choice.inside_transaction) stream.start_over();
  if (!any) {
    choice.start = first_start(options, stream, connection, source);
  } else if (!same) {
    choice.start = start_at_other_server(options, log, stream, connection, source, stop);
  } else if (!by_position) {
    add_applied(options, log, stream, stop);
    choice.start = start_by_gtid(stream, connection);
  } else {
    choice.start.file = received.source_file_name;
    choice.start.position = choice.inside_transaction ? log.write_end() : received.offset;
    // Good to know; by file and position it is not needed.
    if (source.mariadb && stream.gtid_position().empty()) {
      const auto position = ask_gtid_position(connection, received.source_file_name, received.offset);
      stream.set_gtid_position(position.value_or(gtid::MariadbGtidPosition()));
    }
  }
  // COM_BINLOG_DUMP has no word for it.
  choice.start.read_from_start = choice.start.position > UINT32_MAX;
  return choice;
}

}  // namespace tributary::source
