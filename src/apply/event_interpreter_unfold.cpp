// Events that stand for others: compressed transactions, and XA transactions between XA PREPARE and XA COMMIT.

#include <utility>

#include <fmt/core.h>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/transaction_payload.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"

#include "event_interpreter.hpp"
#include "xa_statement.hpp"

namespace tributary::apply {
namespace {

using binlog::BoundaryState;
using binlog::EventType;

constexpr std::uint16_t k_unknown_xid = 1397;   // ER_XAER_NOTA
constexpr std::size_t k_longest_xid_part = 64;  // MAXGTRIDSIZE, MAXBQUALSIZE of the XA standard

/// Sets a flag for as long as it lives.
class Flag {
 public:
  explicit Flag(bool& flag) : flag_(flag) { flag_ = true; }
  ~Flag() { flag_ = false; }
  Flag(const Flag&) = delete;
  Flag& operator=(const Flag&) = delete;

 private:
  bool& flag_;
};

/// What cannot stand in a payload: it orders the file, or would begin another transaction.
bool belongs_outside(EventType type) {
  switch (type) {
    case EventType::format_description:
    case EventType::rotate:
    case EventType::stop:
    case EventType::gtid:
    case EventType::anonymous_gtid:
    case EventType::gtid_tagged:
    case EventType::mariadb_gtid:
    case EventType::previous_gtids:
    case EventType::transaction_payload:
      return true;
    default:
      return false;
  }
}

}  // namespace

EventPlace EventInterpreter::place_of(const relay::RelayEvent& event, const binlog::EventView& view) {
  EventPlace place{view.type(), event.start, event.end, {}};
  if (replays_ && event.start.file_number != transaction_.begin.file_number) {
    place.source_file = source_file(event.start.file_number);
  }
  return place;
}

void EventInterpreter::on_payload(const relay::RelayEvent& event, const binlog::EventView& view,
                                  const binlog::FormatDescription& description) {
  const auto damaged = [&](std::string_view why) {
    return Error(error_code::k_corrupt_event,
                 fmt::format("{} ({} event at {}, relay file {})", why, binlog::event_type_name(view.type()),
                             source_place(event.start), log_.path_of(event.start.file_number).filename().string()));
  };
  const binlog::FormatDescription inner_description = binlog::inside_payload(description);
  binlog::TransactionBoundary boundary;
  bool whole = false;
  const Flag in_payload(in_payload_);
  try {
    binlog::TransactionPayloadReader reader(view);
    while (const auto raw = reader.next()) {
      const binlog::EventView inner(*raw, binlog::ChecksumAlgorithm::off);
      if (whole || belongs_outside(inner.type())) {
        throw Error(error_code::k_corrupt_event,
                    fmt::format("a {} event cannot stand {} a compressed transaction",
                                binlog::event_type_name(inner.type()), whole ? "behind the end of" : "in"));
      }
      const BoundaryState state = boundary.feed(inner, inner_description);
      interpret({event.start, event.end, *raw}, inner, inner_description);
      whole = state == BoundaryState::ends || state == BoundaryState::single;
    }
  } catch (const Error& error) {
    if (error.code() != error_code::k_corrupt_event) throw;
    throw damaged(error.what());
  }
  if (!whole) throw damaged("a compressed transaction ends before its end");
}

void EventInterpreter::on_xa_prepare(const relay::RelayEvent& event, const binlog::EventView& view) {
  if (replays_) return;
  const auto prepare = binlog::XaPrepareEvent::decode(view);
  if (!std::exchange(prepares_, false)) {
    throw Error(error_code::k_corrupt_event, fmt::format("an XA transaction {} ends at {} that has not begun",
                                                         prepare.xid.to_sql(), source_place(event.start)));
  }
  if (prepare.xid.gtrid.size() > k_longest_xid_part || prepare.xid.bqual.size() > k_longest_xid_part) {
    throw Error(error_code::k_corrupt_event, fmt::format("the XA transaction {} at {} has a name that is too long",
                                                         prepare.xid.to_sql(), source_place(event.start)));
  }
  target::PreparedTransaction prepared{prepare.xid, transaction_.begin, event.end, transaction_.source_file,
                                       transaction_.gtid};
  if (prepare.one_phase) return replay(prepared);
  const std::string xid = prepare.xid.to_sql();
  // Its source knows no two of one name: it has lost the first in a crash.
  if (const auto former = prepared_.find(xid); former != prepared_.end()) {
    log(LogLevel::warning, "{}: XA PREPARE {} once more; the one from {}:{} is forgotten, as the source has",
        source_place(event.start), xid, former->second.source_file, former->second.begin.offset);
  }
  // Others may change what it has read as soon as it is prepared: only here does it do what it did in the source.
  if (prepares_by_statements_ && is_committed_later(prepared)) {
    replay(prepared);
    prepared.applied = true;
  }
  log(LogLevel::debug, "{}: XA PREPARE {}: {}", source_place(event.start), xid,
      prepared.applied ? "applied, as it is committed later" : "to be applied when it is committed");
  // The source sends it once. Where another one takes over after a loss of power, it must not be in the end that is
  // lost.
  if (!prepared.applied) log_.make_durable(prepared.end);
  handler_.on_prepared(prepared);
  prepared_.insert_or_assign(xid, std::move(prepared));
}

void EventInterpreter::on_xa_statement(const relay::RelayEvent& event, const binlog::EventView& view,
                                       const std::string& text, const SqlDialect& dialect) {
  if (replays_) return;  // XA START, XA END
  const auto statement = parse_xa_statement(text, dialect);
  if (!statement) refuse(view, event.start, fmt::format("the XA statement '{}' is not understood", text));
  switch (statement->verb) {
    case XaStatement::Verb::start:
      prepares_ = true;
      return;
    case XaStatement::Verb::end:
      return;
    case XaStatement::Verb::commit:
    case XaStatement::Verb::rollback:
      break;
  }
  const bool commits = statement->verb == XaStatement::Verb::commit;
  const std::string xid = statement->xid.to_sql();
  const auto found = prepared_.find(xid);
  if (found == prepared_.end()) {
    if (commits) {
      throw Error(
          k_unknown_xid, "XAE04",
          fmt::format("XAER_NOTA: Unknown XID: XA COMMIT {} at {}: it was prepared before the position at which "
                      "this channel began, so that its changes are not in the relay log. Begin at an "
                      "earlier position, with the data of then; or make its changes in the target by hand and go "
                      "on behind it with CHANGE MASTER TO MASTER_LOG_FILE='{}', MASTER_LOG_POS={}",
                      xid, source_place(event.start), source_file(event.start.file_number), event.end.offset));
    }
    log(LogLevel::warning, "{}: XA ROLLBACK {} of what was prepared before the position at which the channel began",
        source_place(event.start), xid);
    return;
  }
  if (commits && !found->second.applied) replay(found->second);
  handler_.on_prepared_ended(found->second.xid);
  prepared_.erase(found);
}

void EventInterpreter::note_prepared_statement(const binlog::EventView& view,
                                               const binlog::FormatDescription& description) {
  // MariaDB gives up the locks of what was only read at XA PREPARE (lock_release_on_prepare(), lock0lock.cc); MySQL,
  // but for READ COMMITTED, where it refuses statement format, does not.
  if (!from_mariadb_) return;
  if (view.type() == EventType::execute_load_query) prepares_by_statements_ = true;
  if (view.type() != EventType::query && view.type() != EventType::mariadb_query_compressed) return;
  if (scan(binlog::QueryEvent::decode(view, description)).kind == StatementKind::dml) prepares_by_statements_ = true;
}

bool EventInterpreter::is_committed_later(const target::PreparedTransaction& prepared) {
  const auto cursor = log_.open_cursor(prepared.end);
  for (;;) {
    const relay::RelayPosition published = log_.published_end();
    while (const auto event = cursor->next()) {
      const binlog::EventView view(event->raw, cursor->description().checksum);
      // Prepared once more: the source has lost this one in a crash.
      if (view.type() == EventType::mariadb_gtid) {
        const auto gtid = binlog::MariadbGtidEvent::decode(view);
        if (gtid.has(binlog::MariadbGtidEvent::k_prepared_xa) && gtid.xid == prepared.xid) return false;
      }
      if (view.type() != EventType::query && view.type() != EventType::mariadb_query_compressed) continue;
      const auto query = binlog::QueryEvent::decode(view, cursor->description());
      const auto statement = parse_xa_statement(query.query, dialect_of(query));
      if (!statement || !(statement->xid == prepared.xid)) continue;
      if (statement->verb == XaStatement::Verb::commit) return true;
      if (statement->verb == XaStatement::Verb::rollback) return false;
    }
    handler_.wait_for_more(log_, published,
                           fmt::format("Waiting for XA COMMIT or XA ROLLBACK of {}", prepared.xid.to_sql()));
  }
}

StatementScan EventInterpreter::scan(const binlog::QueryEvent& query) const {
  return scan_statement(query.query, query.database, source_dialect_of(query));
}

void EventInterpreter::replay(const target::PreparedTransaction& prepared) {
  const auto cursor = log_.open_cursor(prepared.begin);
  const bool from_mariadb = from_mariadb_;
  const std::uint32_t source_version = source_version_;
  {
    const Flag replays(replays_);
    for (;;) {
      const auto event = cursor->next();
      if (!event || event->end > prepared.end) {
        throw Error(
            error_code::k_read_relay_log,
            fmt::format("Relay log read failure: the XA transaction {} is not where it was prepared, from {}:{} "
                        "to {}, relay file {}",
                        prepared.xid.to_sql(), prepared.source_file, prepared.begin.offset, prepared.end.offset,
                        log_.path_of(prepared.begin.file_number).filename().string()));
      }
      note_source(cursor->description());
      const binlog::EventView view(event->raw, cursor->description().checksum);
      interpret(*event, view, cursor->description());
      if (event->end == prepared.end) break;
    }
  }
  from_mariadb_ = from_mariadb;
  source_version_ = source_version;
  pending_ = {};
  own_tables_.clear();
  load_files_.clear();
}

}  // namespace tributary::apply
