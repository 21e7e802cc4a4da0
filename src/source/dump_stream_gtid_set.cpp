#include <fmt/core.h>

#include "tributary/binlog/control_events.hpp"
#include "tributary/util/log.hpp"

#include "dump_stream.hpp"
#include "gtid_recovery.hpp"
#include "receive_error.hpp"

/// MySQL's GTIDs: what a DumpStream does with a dump by GTID set (COM_BINLOG_DUMP_GTID), and how it knows which
/// transactions it has. The source begins with the newest file before which it has nothing that we lack, and leaves
/// out the transactions that we have (sql/rpl_binlog_sender.cc); no event tells so.
namespace tributary::source {

using binlog::EventType;
using binlog::EventView;

namespace {

bool is_mysql_gtid(EventType type) {
  return type == EventType::gtid || type == EventType::gtid_tagged;
}

bool ends_file(EventType type) {
  return type == EventType::rotate || type == EventType::stop;
}

}  // namespace

void DumpStream::set_gtid_set(gtid::MysqlGtidSet set) {
  if (gtid_set_ == set) return;
  gtid_set_ = std::move(set);
  ++gtid_set_changes_;
}

void DumpStream::forget_gtid_set() {
  if (!gtid_set_) return;
  gtid_set_.reset();
  ++gtid_set_changes_;
}

void DumpStream::on_format_by_gtid_set(const EventView& format) {
  // What is sent of a file of which we have a part is what we lack of it, all of it.
  if (file_ == continued_file_ && kept_creation_time() == format.header().timestamp) {
    appendable_ = true;
    continued_end_ = log_.write_end();
  } else if (file_ == closed_file_) {
    appendable_ = false;
    continued_end_ = closed_end_;
  } else {
    start_file(format);
    return;
  }
  unused_format_.assign(format.raw().begin(), format.raw().end());
  offset_ = binlog::k_first_event_offset + format.raw().size();
  may_skip_ = skip_allowance();
  state_ = State::replaying;
}

bool DumpStream::reach_by_gtid_set(const EventView& event) {
  const bool stored_already = offset_ < continued_end_;
  if ((stored_already && !is_mysql_gtid(event.type())) || (!appendable_ && ends_file(event.type()))) {
    offset_ += event.raw().size();
    return false;
  }
  state_ = State::storing;
  if (appendable_ && offset_ == continued_end_) return true;
  const std::uint64_t target = offset_;
  if (!appendable_ || stored_already) {
    // A transaction that we lack stands where the relay file has a hole already: it gets a relay file of its own.
    start_file(EventView(unused_format_, checksum_));
    if (gtid_set_) log_.record_gtid_before(gtid_set_->to_string());
  } else {
    offset_ = continued_end_;
  }
  skip_to(target, event.header().server_id);
  return true;
}

void DumpStream::skip_to(std::uint64_t target, std::uint32_t server_id) {
  if (target == offset_) return;
  log_.cover_hole(target, checksum_, server_id);
  log(LogLevel::info, "{}: the source left out {} bytes of file '{}' from position {}, transactions that we have",
      where_, target - offset_, file_, offset_);
  offset_ = target;
}

void DumpStream::on_heartbeat_by_gtid_set(const EventView& event) {
  // After transactions that it leaves out a source tells where it is; by 64 bits in a HEARTBEAT of version 2 alone.
  if (event.type() != EventType::heartbeat_v2 || !boundary_.at_boundary()) return;
  if (state_ != State::storing && state_ != State::replaying) return;
  const auto heartbeat = binlog::HeartbeatEvent::decode(event);
  if (heartbeat.file != file_ || heartbeat.position <= offset_) return;
  if (heartbeat.position - offset_ > may_skip_) {
    fail(fmt::format("the source leaves out {} bytes, more than there can be", heartbeat.position - offset_));
  }
  may_skip_ -= heartbeat.position - offset_;
  if (state_ == State::replaying) {
    offset_ = heartbeat.position;
  } else {
    skip_to(heartbeat.position, identity_.server_id);
    log_.mark_boundary(false);
  }
}

std::string DumpStream::gtids_before_file() const {
  // What former sources gave and this one's PREVIOUS_GTIDS may not tell goes from file to file. In mid-file there is no
  // PREVIOUS_GTIDS to complete it.
  const auto files = log_.files();
  if (files.empty() || start_ != binlog::k_first_event_offset || wanted_ != binlog::k_first_event_offset) return {};
  return recorded_before(files.back()).to_string();
}

void DumpStream::remember_mysql_gtid(const EventView& event) {
  const bool previous = event.type() == EventType::previous_gtids;
  if (!previous && !is_mysql_gtid(event.type())) return;
  gtid::MysqlGtidSet before;
  try {
    if (previous) {
      before = binlog::decode_previous_gtids(event);
    } else {
      open_mysql_gtid_ = binlog::MysqlGtidEvent::decode(event).gtid;
    }
  } catch (const Error& error) {
    // By file and position it is stored like any other event.
    if (requires_gtids_) throw;
    log(LogLevel::warning, "{}, file '{}', position {}: {}; which GTIDs were received is not known", where_, file_,
        offset_, error.what());
    forget_gtid_set();
    return;
  }
  if (previous) return on_previous_gtids(std::move(before));
  if (by_gtid_set_ && gtid_set_ && gtid_set_->contains(*open_mysql_gtid_)) {
    fail(fmt::format("the source sends transaction {} again, which was received", open_mysql_gtid_->to_string()));
  }
}

void DumpStream::on_previous_gtids(gtid::MysqlGtidSet before) {
  // Everything before this file, and we have come past it.
  if (gtid_set_) {
    if (const auto lacking = before.without(*gtid_set_); !lacking.empty()) on_lacking(lacking);
    log_.record_gtid_before(gtid_set_->without(before).to_string());
    before.add(*gtid_set_);
  } else {
    before.add(recorded_before(log_.files().back()));
  }
  set_gtid_set(std::move(before));
}

void DumpStream::on_lacking(const gtid::MysqlGtidSet& lacking) const {
  // A file was lost or taken out of the source's list, or its GTID_PURGED was set. A source that is asked by GTID set
  // begins with a file before which it has nothing that we lack, and sends what we lack of each.
  if (requires_gtids_) {
    throw ReceiveError(
        Remedy::give_up, error_code::k_source_fatal_reading,
        fmt::format("the source's file '{}' begins after transactions that were not received and that the source has "
                    "not sent: they are not in its binary log any more. Go on at a server that has them, or load their "
                    "data and add them to what is received by CHANGE REPLICATION SOURCE TO GTID_PURGED. The missing "
                    "transactions are '{:.4000}'",
                    file_, lacking.to_string()));
  }
  log(LogLevel::warning,
      "{}: file '{}' of the source begins after transactions that were not received: '{:.4000}'. By file and position "
      "they count as received",
      where_, file_, lacking.to_string());
}

void DumpStream::learn_gtids(const EventView& event) {
  if (!learned_) return;
  if (event.type() == EventType::previous_gtids) learned_->add(binlog::decode_previous_gtids(event));
  if (is_mysql_gtid(event.type())) learned_->add(binlog::MysqlGtidEvent::decode(event).gtid);
}

void DumpStream::end_learning() {
  if (!learned_) return;
  learned_->add(recorded_before(log_.files().back()));
  set_gtid_set(std::move(*learned_));
  learned_.reset();
  // The relay file's own transactions, which were read once more, are not before it: a loss of power may take them, and
  // the applier may not have come to them.
  log_.flush();
  const std::uint64_t newest = log_.files().back().file_number;
  log_.record_gtid_before(gtid_set_->without(groups_in(log_, newest, newest + 1)).to_string());
}

void DumpStream::must_have_gtid(const EventView& event, binlog::BoundaryState state) const {
  if (state != binlog::BoundaryState::begins && state != binlog::BoundaryState::single) return;
  if (is_mysql_gtid(event.type()) || event.type() == EventType::incident) return;
  // ER_CANT_REPLICATE_ANONYMOUS_WITH_AUTO_POSITION, share/messages_to_clients.txt.
  throw ReceiveError(
      Remedy::give_up, error_code::k_replica_fatal,
      fmt::format("Cannot replicate anonymous transaction when AUTO_POSITION = 1, at file {}, position {}.", file_,
                  offset_));
}

}  // namespace tributary::source
