#include "gtid_recovery.hpp"

#include <optional>
#include <vector>

#include "tributary/binlog/control_events.hpp"
#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/source/gtids_before.hpp"

namespace tributary::source {
namespace {

using binlog::EventType;

bool is_preamble(EventType type) {
  switch (type) {
    case EventType::format_description:
    case EventType::previous_gtids:
    case EventType::mariadb_gtid_list:
    case EventType::mariadb_binlog_checkpoint:
    case EventType::mariadb_start_encryption:
      return true;
    default:
      return false;
  }
}

/// The GTID list with which the file begins; nullopt: there is none, or something was skipped before the first group.
std::optional<gtid::MariadbGtidPosition> list_at_start(relay::RelayLog& log, std::uint64_t file_number) {
  const auto cursor = log.open_cursor({file_number, binlog::k_first_event_offset});
  std::uint64_t expected = binlog::k_first_event_offset;
  std::optional<gtid::MariadbGtidPosition> list;
  while (const auto event = cursor->next()) {
    if (event->start.file_number != file_number) break;
    if (event->start.offset != expected) return std::nullopt;
    const binlog::EventView view(event->raw, cursor->description().checksum);
    if (!is_preamble(view.type())) break;
    if (view.type() == EventType::mariadb_gtid_list) list = binlog::GtidListEvent::decode(view).position();
    expected = event->end.offset;
  }
  return list;
}

bool is_whole_from_start(relay::RelayLog& log, std::uint64_t file_number) {
  return list_at_start(log, file_number).has_value();
}

void merge(gtid::MariadbGtidPosition& position, const gtid::MariadbGtidPosition& other) {
  for (const auto& [domain, gtid] : other.domains()) {
    if (!position.covers(gtid)) position.update(gtid);
  }
}

}  // namespace

ReceivedGtidPosition received_gtid_position(relay::RelayLog& log, const gtid::MariadbGtidPosition& start) {
  ReceivedGtidPosition result;
  gtid::MariadbGtidPosition& position = result.position;
  std::uint64_t first = log.published_end().file_number;
  if (first == 0) return {start, !start.empty()};
  // Where the file's record tells what was received before it, its own groups are all that is missing.
  const auto newest = log.file(first);
  const bool recorded = newest && !newest->gtid_before.empty();
  if (recorded) position = gtid::MariadbGtidPosition::parse(newest->gtid_before);
  const std::uint64_t oldest = recorded ? first : log.begin().file_number;
  while (first > oldest && !is_whole_from_start(log, first)) --first;
  if (!recorded && !is_whole_from_start(log, first)) {
    position = start;
    result.complete = false;
  }

  const auto cursor = log.open_cursor({first, binlog::k_first_event_offset});
  binlog::TransactionBoundary boundary;
  std::optional<gtid::MariadbGtid> open;
  while (const auto raw = cursor->next()) {
    const binlog::EventView event(raw->raw, cursor->description().checksum);
    boundary.feed(event, cursor->description());
    if (event.type() == EventType::mariadb_gtid) open = binlog::MariadbGtidEvent::decode(event).gtid;
    // Only where nothing was skipped does the list say what was received.
    if (!recorded && event.type() == EventType::mariadb_gtid_list && is_whole_from_start(log, raw->start.file_number)) {
      merge(position, binlog::GtidListEvent::decode(event).position());
    }
    if (boundary.at_boundary() && open) {
      position.update(*open);
      open.reset();
    }
  }
  return result;
}

gtid::MysqlGtidSet recorded_before(const relay::RelayFileRecord& file) {
  // A MariaDB GTID has no colon.
  if (file.gtid_before.find(':') == std::string::npos) return {};
  return gtid::MysqlGtidSet::parse(file.gtid_before);
}

namespace {

/// The PREVIOUS_GTIDS of a file that was received from its start.
std::optional<gtid::MysqlGtidSet> previous_gtids_of(relay::RelayLog& log, std::uint64_t file_number) {
  const auto cursor = log.open_cursor({file_number, binlog::k_first_event_offset});
  std::uint64_t expected = binlog::k_first_event_offset;
  while (const auto event = cursor->next()) {
    if (event->start.file_number != file_number || event->start.offset != expected) break;
    const binlog::EventView view(event->raw, cursor->description().checksum);
    if (view.type() == EventType::previous_gtids) return binlog::decode_previous_gtids(view);
    if (!is_preamble(view.type())) break;
    expected = event->end.offset;
  }
  return std::nullopt;
}

/// What the file itself tells of what stood before it: its PREVIOUS_GTIDS and what former sources gave beside it, or
/// what was recorded for a start in mid-file.
std::optional<gtid::MysqlGtidSet> told_before(relay::RelayLog& log, std::uint64_t file_number) {
  const auto file = log.file(file_number);
  if (!file) return std::nullopt;
  gtid::MysqlGtidSet set = recorded_before(*file);
  const auto previous = previous_gtids_of(log, file_number);
  if (previous) {
    set.add(*previous);
  } else if (set.empty()) {
    return std::nullopt;
  } else {
    // Former versions recorded the file's own transactions as well.
    set = set.without(groups_in(log, file_number, file_number + 1));
  }
  return set;
}

/// What stood before the file: from the newest file up to it that tells, or else the oldest one after it.
std::optional<gtid::MysqlGtidSet> gtid_set_before(relay::RelayLog& log, std::uint64_t file_number) {
  for (std::uint64_t number = file_number; number >= log.begin().file_number && number != 0; --number) {
    auto set = told_before(log, number);
    if (!set) continue;
    if (number < file_number) set->add(groups_in(log, number, file_number));
    return set;
  }
  for (std::uint64_t number = file_number + 1; number <= log.published_end().file_number; ++number) {
    const auto set = told_before(log, number);
    if (set) return set->without(groups_in(log, file_number, number));
  }
  return std::nullopt;
}

}  // namespace

gtid::MysqlGtidSet groups_in(relay::RelayLog& log, std::uint64_t first, std::uint64_t end) {
  gtid::MysqlGtidSet set;
  const auto cursor = log.open_cursor({first, binlog::k_first_event_offset});
  binlog::TransactionBoundary boundary;
  std::optional<gtid::MysqlGtid> open;
  while (const auto raw = cursor->next()) {
    if (raw->start.file_number >= end) break;
    const binlog::EventView event(raw->raw, cursor->description().checksum);
    boundary.feed(event, cursor->description());
    if (event.type() == EventType::gtid || event.type() == EventType::gtid_tagged) {
      open = binlog::MysqlGtidEvent::decode(event).gtid;
    }
    if (boundary.at_boundary() && open) {
      set.add(*open);
      open.reset();
    }
  }
  return set;
}

std::optional<gtid::MysqlGtidSet> received_gtid_set(relay::RelayLog& log) {
  const std::uint64_t newest = log.published_end().file_number;
  auto set = gtid_set_before(log, newest);
  if (set) set->add(groups_in(log, newest, newest + 1));
  return set;
}

std::string gtids_before(relay::RelayLog& log, std::uint64_t file_number) {
  const auto file = log.file(file_number);
  if (!file) return {};
  const bool of_mysql = file->gtid_before.find(':') != std::string::npos;
  if (!file->gtid_before.empty() && !of_mysql) return file->gtid_before;
  if (!of_mysql) {
    if (const auto list = list_at_start(log, file_number)) return list->to_string();
  }
  const auto set = gtid_set_before(log, file_number);
  return set ? set->to_string() : std::string();
}

}  // namespace tributary::source
