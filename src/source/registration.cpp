#include "registration.hpp"

#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/log.hpp"
#include "tributary/util/printable.hpp"
#include "tributary/util/time.hpp"
#include "tributary/util/zone_offsets.hpp"

#include "receive_error.hpp"

namespace tributary::source {
namespace {

using binlog::ChecksumAlgorithm;

/// A statement that failed for another reason than the connection ends receiving; @p attempt as in "tries to ...".
template <typename Operation>
auto asking(const char* attempt, Operation operation) {
  try {
    return operation();
  } catch (const ReceiveError& error) {
    if (error.remedy() == Remedy::give_up || is_connection_error(error.code())) throw;
    give_up(
        fmt::format("The replica I/O thread stops because a fatal error is encountered when it tries to {}: {} "
                    "(server_errno={})",
                    attempt, error.what(), error.code()));
  }
}

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// It is kept in lists and shown.
bool is_uuid(const std::string& text) {
  static constexpr std::size_t k_length = 36;
  return text.size() == k_length && text.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
}

std::int64_t ask_clock_difference(SourceConnection& connection) {
  const auto answer = connection.query_value("SELECT UNIX_TIMESTAMP()");
  const auto source_clock = parse_number<std::int64_t>(answer.value_or(""));
  return source_clock ? unix_seconds() - *source_clock : 0;
}

std::uint32_t ask_server_id(SourceConnection& connection, const SourceOptions& options) {
  const auto answer =
      asking("get the SERVER_ID of the source", [&] { return connection.query_value("SELECT @@GLOBAL.server_id"); });
  const auto id = parse_number<std::uint32_t>(answer.value_or(""));
  if (!id)
    give_up(
        fmt::format("the source's answer to SELECT @@GLOBAL.server_id is '{}'", printable(answer.value_or("NULL"))));
  if (*id == options.server_id) {
    give_up(
        "The replica I/O thread stops because source and replica have equal MySQL server ids; these ids must be "
        "different "
        "for replication to work (set another --server-id for this daemon).");
  }
  return *id;
}

std::string ask_server_uuid(SourceConnection& connection, const SourceOptions& options) {
  std::string uuid;
  try {
    uuid = connection.query_value("SELECT @@GLOBAL.server_uuid").value_or("");
  } catch (const ReceiveError& error) {
    // MySQL 5.5 has none.
    if (error.code() != receive_code::k_unknown_variable) throw;
  }
  if (!uuid.empty() && !is_uuid(uuid)) give_up(fmt::format("the source's server_uuid is '{}'", printable(uuid)));
  if (!uuid.empty() && uuid == options.server_uuid) {
    give_up(
        "The replica I/O thread stops because source and replica have equal MySQL server UUIDs; these UUIDs must be "
        "different for replication to work.");
  }
  return uuid;
}

std::string ask_gtid_mode(SourceConnection& connection) {
  try {
    return connection.query_value("SELECT @@GLOBAL.gtid_mode").value_or("");
  } catch (const ReceiveError& error) {
    // MySQL 5.5 has none.
    if (error.code() != receive_code::k_unknown_variable) throw;
  }
  return {};
}

/// '' where the source does not say, for which a warning tells: what is known of it from before holds.
template <typename Question>
std::string ask_if_possible(const char* what, const SourceOptions& options, Question question) {
  try {
    return question();
  } catch (const ReceiveError& error) {
    if (error.remedy() == Remedy::give_up || is_connection_error(error.code())) throw;
    log(LogLevel::warning, "channel '{}': the source does not tell its {}: {} ({})", options.channel, what,
        printable(error.what()), error.code());
    return {};
  }
}

std::string ask_time_zone(SourceConnection& connection) {
  return parse_zone_offsets(connection.query_value(zone_offsets_query()).value_or("")).value_or("");
}

std::string ask_variables(SourceConnection& connection) {
  static constexpr std::size_t k_longest_value = 1000;
  std::string lines;
  // A variable that a server does not have is left out of the answer.
  for (const auto& row : connection.query(
           "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('block_encryption_mode', 'default_regex_flags', "
           "'default_week_format', 'div_precision_increment', 'group_concat_max_len', 'max_allowed_packet', "
           "'max_recursive_iterations', 'old_mode')")) {
    const auto is_line = [](const std::string& text) {
      return text.size() <= k_longest_value && printable(text) == text;
    };
    if (row.size() == 2 && is_line(row[0]) && is_line(row[1])) lines += fmt::format("{}={}\n", row[0], row[1]);
    if (lines.size() > 10 * k_longest_value) break;
  }
  return lines;
}

void set_heartbeat(SourceConnection& connection, double period_s) {
  // In nanoseconds. Servers before 8.0.26 and MariaDB know the first name, later ones the second.
  const auto nanoseconds = static_cast<std::uint64_t>(std::llround(std::max(0.0, period_s) * 1e9));
  asking("set the heartbeat period on the source", [&] {
    connection.execute(fmt::format("SET @master_heartbeat_period = {0}, @source_heartbeat_period = {0}", nanoseconds));
  });
}

/// The events come with the checksums that the files have, so that the copy is the same to the byte.
std::string negotiate_checksum(SourceConnection& connection) {
  try {
    connection.execute(
        "SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum");
  } catch (const ReceiveError& error) {
    if (error.code() == receive_code::k_unknown_variable) return "NONE";  // MySQL 5.5: there are no checksums
    asking("set the binlog checksum on the source", [&]() -> void { throw ReceiveError(error); });
  }
  const auto answer = asking("get the binlog checksum of the source",
                             [&] { return connection.query_value("SELECT @master_binlog_checksum"); });
  const std::string name = answer.value_or("NONE");
  if (name == "CRC32" || name == "1") return "CRC32";
  if (name == "NONE" || name == "0") return "NONE";
  give_up(fmt::format("the source uses the binlog checksum '{}', which is not known", printable(name)));
}

void present_ourselves(SourceConnection& connection, const SourceOptions& options, bool mariadb) {
  if (!options.server_uuid.empty()) {
    // A source keeps one dump for each uuid: a connection that died unnoticed is ended by its successor.
    asking("set the replica's UUID on the source", [&] {
      connection.execute(fmt::format("SET @slave_uuid = '{0}', @replica_uuid = '{0}'", options.server_uuid));
    });
  }
  if (mariadb) {
    // 4: send GTID events and everything else as it stands in the file (MARIA_SLAVE_CAPABILITY_GTID, sql/log_event.h).
    asking("set the replica's capability on the source",
           [&] { connection.execute("SET @mariadb_slave_capability = 4"); });
  }
}

}  // namespace

SourceProbe probe_source(SourceConnection& connection, const SourceOptions& options, bool& may_ask) {
  SourceProbe probe;
  probe.mariadb = connection.is_mariadb();
  probe.answers.version = connection.server_version();
  probe.clock_difference = asking("get the clock of the source", [&] { return ask_clock_difference(connection); });
  probe.answers.server_id = ask_server_id(connection, options);
  if (!probe.mariadb) {
    probe.answers.server_uuid =
        asking("get the SERVER_UUID of the source", [&] { return ask_server_uuid(connection, options); });
    probe.gtid_mode = asking("get the GTID_MODE of the source", [&] { return ask_gtid_mode(connection); });
  }
  if (std::exchange(may_ask, false)) {
    probe.answers.time_zone = ask_if_possible("time zone", options, [&] { return ask_time_zone(connection); });
    probe.answers.variables = ask_if_possible("variables", options, [&] { return ask_variables(connection); });
  }
  may_ask = true;
  set_heartbeat(connection, options.heartbeat_period);
  probe.answers.checksum = negotiate_checksum(connection);
  probe.checksum = probe.answers.checksum == "CRC32" ? ChecksumAlgorithm::crc32 : ChecksumAlgorithm::off;
  present_ourselves(connection, options, probe.mariadb);
  return probe;
}

}  // namespace tributary::source
