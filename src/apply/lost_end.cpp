#include "lost_end.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "tributary/binlog/control_events.hpp"
#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"

namespace tributary::apply {
namespace {

/// True when @p file was asked for with everything that is @p applied. What else it was asked with stands in the files
/// before it, and so before the applied position.
bool begins_behind(relay::RelayLog& log, const relay::RelayFileRecord& file, const std::string& applied) {
  const auto is_mysql = [](const std::string& gtids) { return gtids.find(':') != std::string::npos; };
  if (applied.empty()) return false;
  if (!is_mysql(applied)) {
    if (is_mysql(file.gtid_before)) return false;
    // The numbers of a domain need not ascend; it was asked for with just this.
    const auto before = gtid::MariadbGtidPosition::parse(file.gtid_before);
    const auto in_target = gtid::MariadbGtidPosition::parse(applied);
    return std::all_of(in_target.domains().begin(), in_target.domains().end(),
                       [&](const auto& entry) { return before.find(entry.first) == entry.second; });
  }
  // What is recorded goes beyond the file's PREVIOUS_GTIDS.
  gtid::MysqlGtidSet before;
  if (is_mysql(file.gtid_before)) before = gtid::MysqlGtidSet::parse(file.gtid_before);
  const auto cursor = log.open_cursor({file.file_number, binlog::k_first_event_offset});
  while (const auto event = cursor->next()) {
    const binlog::EventView view(event->raw, cursor->description().checksum);
    if (view.type() == binlog::EventType::format_description) continue;
    if (view.type() == binlog::EventType::previous_gtids) before.add(binlog::decode_previous_gtids(view));
    break;
  }
  return before.contains(gtid::MysqlGtidSet::parse(applied));
}

}  // namespace

void pass_lost_end(AttemptStart& start, relay::RelayLog& relay_log, const std::string& channel) {
  const std::uint64_t number = start.from.file_number;
  const auto end = relay_log.closed_end(number);
  const auto file = relay_log.file(number);
  if (!end || !file || start.from.offset <= *end) return;
  const std::string what = fmt::format("{}:{} is applied, but relay file {} ends at {}: a loss of power took its end",
                                       start.source_file, start.from.offset, file->file_name, *end);
  const auto next = relay_log.file(number + 1);
  if (!next || !begins_behind(relay_log, *next, start.gtid_position)) {
    throw Error(error_code::k_read_relay_log,
                fmt::format("Relay log read failure: {}, and what was received since is not known to begin behind what "
                            "is applied. With GTID, RESET SLAVE and START SLAVE begin there; else give coordinates "
                            "with CHANGE MASTER",
                            what));
  }
  log(LogLevel::warning, "channel '{}': {}. Going on with {}, which was received from behind what is applied", channel,
      what, next->file_name);
  start.from = {number + 1, binlog::k_first_event_offset};
}

}  // namespace tributary::apply
