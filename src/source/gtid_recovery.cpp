#include "gtid_recovery.hpp"

#include <optional>
#include <vector>

#include "tributary/binlog/control_events.hpp"
#include "tributary/binlog/transaction_boundary.hpp"

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

EventType type_of(ByteView raw) {
  return binlog::EventHeader::decode(raw).type;
}

/// True when the file begins with a GTID list and nothing was skipped before its first group.
bool is_whole_from_start(relay::RelayLog& log, std::uint64_t file_number) {
  const auto cursor = log.open_cursor({file_number, binlog::k_first_event_offset});
  std::uint64_t expected = binlog::k_first_event_offset;
  bool listed = false;
  while (const auto event = cursor->next()) {
    if (event->start.file_number != file_number) break;
    if (event->start.offset != expected) return false;
    const EventType type = type_of(event->raw);
    if (!is_preamble(type)) break;
    listed = listed || type == EventType::mariadb_gtid_list;
    expected = event->end.offset;
  }
  return listed;
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

}  // namespace

std::optional<gtid::MysqlGtidSet> received_gtid_set(relay::RelayLog& log) {
  gtid::MysqlGtidSet set;
  bool told = false;
  std::uint64_t first = log.published_end().file_number;
  for (; first >= log.begin().file_number && first != 0; --first) {
    const auto file = log.file(first);
    if (!file) return std::nullopt;
    const gtid::MysqlGtidSet recorded = recorded_before(*file);
    set.add(recorded);
    const auto previous = previous_gtids_of(log, first);
    if (previous) set.add(*previous);
    // Without PREVIOUS_GTIDS what is recorded is all there was, with it what former sources gave beside it.
    told = previous || !recorded.empty();
    if (told) break;
  }
  if (!told) return std::nullopt;

  const auto cursor = log.open_cursor({first, binlog::k_first_event_offset});
  binlog::TransactionBoundary boundary;
  std::optional<gtid::MysqlGtid> open;
  while (const auto raw = cursor->next()) {
    const binlog::EventView event(raw->raw, cursor->description().checksum);
    boundary.feed(event, cursor->description());
    if (event.type() == EventType::gtid || event.type() == EventType::gtid_tagged) {
      open = binlog::MysqlGtidEvent::decode(event).gtid;
    } else if (event.type() == EventType::previous_gtids) {
      set.add(binlog::decode_previous_gtids(event));
    }
    if (boundary.at_boundary() && open) {
      set.add(*open);
      open.reset();
    }
  }
  return set;
}

}  // namespace tributary::source
