#include "dump_stream.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/core.h>

#include "tributary/binlog/control_events.hpp"
#include "tributary/util/crc32.hpp"
#include "tributary/util/log.hpp"
#include "tributary/util/printable.hpp"

#include "file_sequence.hpp"
#include "receive_error.hpp"

namespace tributary::source {
namespace {

using binlog::EventHeader;
using binlog::EventType;
using binlog::EventView;

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Of a file of which a source leaves groups out.
constexpr std::uint64_t k_largest_skipped_file = std::uint64_t{16} << 30;

/// A name that may be shown in a log line and kept in a list of names.
bool is_file_name(std::string_view name) {
  static constexpr std::size_t k_longest = 511;  // FN_REFLEN - 1
  return !name.empty() && name.size() <= k_longest && name.find('/') == std::string_view::npos &&
         printable(name) == name;
}

/// A FORMAT_DESCRIPTION as it stands in a file that its server has closed. That of a dump which begins in mid-file has
/// log_pos 0 (sql/rpl_binlog_sender.cc), the file's own has its end; `created` stays 0, since what the file says there
/// is not sent. The in-use flag is the source's own business; it should not be sent.
Bytes as_stored(const EventView& format) {
  static constexpr std::size_t k_log_pos_offset = 13;
  static constexpr std::size_t k_flags_offset = 17;
  Bytes event(format.raw().begin(), format.raw().end());
  const EventHeader& header = format.header();
  if (header.log_pos != 0 && !header.has_flag(binlog::event_flag::k_binlog_in_use)) return event;
  store_little_endian(event.data() + k_log_pos_offset, binlog::k_first_event_offset + event.size(), 4);
  store_little_endian(event.data() + k_flags_offset, header.flags & ~binlog::event_flag::k_binlog_in_use, 2);
  if (format.checksum() != binlog::ChecksumAlgorithm::off) {
    const std::size_t covered = event.size() - binlog::k_checksum_length;
    store_little_endian(event.data() + covered, crc32(ByteView(event).first(covered)), binlog::k_checksum_length);
  }
  return event;
}

}  // namespace

DumpStream::DumpStream(relay::RelayLog& log, std::string where) : log_(log), where_(std::move(where)) {}

void DumpStream::begin(const SourceProbe& probe, const DumpStart& start) {
  state_ = State::awaiting_rotate;
  identity_ = probe.identity();
  checksum_ = probe.checksum;
  skipped_.clear();
  by_gtid_ = start.by == DumpStart::By::gtid;
  if (by_gtid_) skipped_ = start.skipped_state.domains();
  by_gtid_set_ = start.by == DumpStart::By::gtid_set;
  requires_gtids_ = start.requires_gtids;
  learned_.reset();
  if (start.learns_gtids) learned_.emplace();
  const bool in_mid_file = start.by == DumpStart::By::file && !start.file.empty();
  wanted_ = in_mid_file ? start.position : binlog::k_first_event_offset;
  asked_ = start.read_from_start ? binlog::k_first_event_offset : wanted_;
  may_skip_ = skip_allowance();
  may_begin_later_ = by_gtid_;
  begins_behind_hole_ = false;
  unsettled_gtids_.clear();
  continued_file_.clear();
  closed_file_.clear();
  const relay::ReceivePosition received = log_.received_end();
  if (by_gtid_ || received.source_file_name.empty() || !same_server(received.source, identity_)) {
    return;
  }
  if (log_.files().back().file_number == log_.published_end().file_number) {
    continued_file_ = received.source_file_name;
    continued_end_ = log_.write_end();
  } else {
    // The file after it was begun, and does not count yet.
    closed_file_ = received.source_file_name;
    closed_end_ = received.offset;
  }
}

void DumpStream::start_over() {
  boundary_.reset();
  open_gtid_.reset();
  open_mysql_gtid_.reset();
  unsettled_gtids_.clear();
  rotated_to_.clear();
  log_.discard_partial_transaction();
}

void DumpStream::fail(const std::string& what) const {
  throw ReceiveError(Remedy::give_up, error_code::k_corrupt_event,
                     fmt::format("Event stream of the source, file '{}', position {}: {}", file_, offset_, what));
}

DumpStream::Kind DumpStream::kind_of(const EventHeader& header) const {
  switch (header.type) {
    case EventType::rotate:
      return header.is_artificial() || (header.timestamp == 0 && header.log_pos == 0) ? Kind::file_start : Kind::stored;
    case EventType::format_description:
      return Kind::format;
    case EventType::heartbeat:
    case EventType::heartbeat_v2:
      return Kind::heartbeat;
    case EventType::mariadb_start_encryption:
      // It stands behind the file's description. A source whose binary log is encrypted sends it with the description
      // again where the dump begins in mid-file.
      return header.is_artificial() || header.log_pos == 0 || start_ != binlog::k_first_event_offset ? Kind::made_up
                                                                                                     : Kind::stored;
    default:
      return header.is_artificial() ? Kind::made_up : Kind::stored;
  }
}

/// All transitions there are. A made-up ROTATE may come at any time; what it names must begin with its description.
bool DumpStream::is_legal(State state, Kind kind) {
  switch (state) {
    case State::awaiting_rotate:
      return kind == Kind::file_start;
    case State::awaiting_format:
      return kind == Kind::file_start || kind == Kind::format || kind == Kind::heartbeat;
    case State::at_end:
    case State::seeking:
    case State::settled:
    case State::replaying:
    case State::storing:
      return kind != Kind::format;
  }
  return false;
}

void DumpStream::verify(ByteView raw) const {
  if (checksum_ == binlog::ChecksumAlgorithm::off) return;
  if (raw.size() >= EventHeader::k_length + binlog::k_checksum_length) {
    const ByteView covered = raw.first(raw.size() - binlog::k_checksum_length);
    const std::uint64_t stored = load_little_endian(raw.data() + covered.size(), binlog::k_checksum_length);
    if (crc32(covered) == stored) return;
    // The in-use flag of a description is not covered.
    if (state_ == State::awaiting_format && EventView(raw, checksum_).checksum_matches()) return;
  }
  // ER_NETWORK_READ_EVENT_CHECKSUM_FAILURE. What is damaged on the way arrives whole the next time.
  throw ReceiveError(
      Remedy::reconnect, error_code::k_network_checksum,
      fmt::format("Replication event checksum verification failed while reading from network: event of {} bytes, file "
                  "'{}', position {}",
                  raw.size(), file_, offset_));
}

void DumpStream::on_event(ByteView raw) {
  const EventHeader header = EventHeader::decode(raw);
  // Before anything that the header says is believed. A description tells its own algorithm.
  if (header.type != EventType::format_description || state_ != State::awaiting_format) verify(raw);
  const Kind kind = kind_of(header);
  if (!is_legal(state_, kind)) {
    fail(fmt::format("a {} event comes where none may be", binlog::event_type_name(header.type)));
  }
  try {
    take(kind, raw);
  } catch (const relay::WriteError&) {
    // Whether the transaction counts is the relay log's word.
    forget_gtid_set();
    throw;
  }
}

void DumpStream::take(Kind kind, ByteView raw) {
  switch (kind) {
    case Kind::file_start:
      on_file_start(EventView(raw, checksum_));
      return;
    case Kind::format:
      description_ = binlog::FormatDescription::decode(raw);
      checksum_ = description_.checksum;
      verify(raw);
      on_format(EventView(raw, checksum_));
      return;
    case Kind::heartbeat:
      on_heartbeat(EventView(raw, checksum_));
      return;
    case Kind::made_up:
      on_made_up(EventView(raw, checksum_));
      return;
    case Kind::stored:
      on_stored(EventView(raw, checksum_));
      return;
  }
}

void DumpStream::on_file_start(const EventView& event) {
  const auto rotate = binlog::RotateEvent::decode(event);
  if (!is_file_name(rotate.next_file)) fail("the source names its next file by what is not a file name");
  // MariaDB from 11.4 finds the place in an index of GTIDs (sql/sql_repl.cc, gtid_index_lookup).
  const bool later =
      std::exchange(may_begin_later_, false) && rotate.position > asked_ && rotate.position <= k_largest_skipped_file;
  if (rotate.position != asked_ && !later) {
    fail(fmt::format("the source begins file '{}' at position {} where {} was asked for", rotate.next_file,
                     rotate.position, asked_));
  }
  end_replay();
  if (state_ != State::awaiting_rotate) must_be_next_file(rotate.next_file);
  file_ = rotate.next_file;
  start_ = rotate.position;
  offset_ = rotate.position;
  state_ = State::awaiting_format;
}

void DumpStream::must_be_next_file(const std::string& next) const {
  // By GTID set a source goes on in the next file that has what we lack; the file's PREVIOUS_GTIDS tells.
  if (by_gtid_set_ || (state_ == State::awaiting_format && next == file_)) return;
  std::string wanted = rotated_to_;
  // By file the dump may have begun behind it. By GTID what is published may be another server's.
  if (wanted.empty() && !by_gtid_) wanted = rotated_to(log_);
  // A source that was stopped or killed leaves no ROTATE.
  if (wanted.empty() && of_one_series(file_, next)) wanted = name_after(file_);
  if (wanted.empty() || wanted == next) return;
  throw ReceiveError(
      Remedy::give_up, error_code::k_source_fatal_reading,
      fmt::format("the source goes on in file '{}' after file '{}', where '{}' comes next: what stands in between was "
                  "lost, or taken out of its list of binary log files. Load its data anew where they differ, and give "
                  "new coordinates with CHANGE REPLICATION SOURCE TO",
                  next, file_, wanted));
}

void DumpStream::on_format(const EventView& event) {
  asked_ = binlog::k_first_event_offset;  // of the files that follow
  if (by_gtid_set_) return on_format_by_gtid_set(event);
  if (file_ == closed_file_ && start_ == closed_end_) {
    wanted_ = binlog::k_first_event_offset;
    unused_format_.assign(event.raw().begin(), event.raw().end());
    state_ = State::at_end;
    return;
  }
  if (file_ != continued_file_) {
    start_file(event);
    return;
  }
  must_be_same_file(event);
  wanted_ = binlog::k_first_event_offset;
  // The relay file has its description already. From the start of the file it is an event like others.
  offset_ = start_ == binlog::k_first_event_offset ? start_ + event.raw().size() : start_;
  continued_end_ = log_.write_end();
  if (offset_ > continued_end_) {
    fail(fmt::format("the source begins at {} where {} was asked for", offset_, continued_end_));
  }
  state_ = offset_ == continued_end_ ? State::storing : State::replaying;
}

std::optional<std::uint32_t> DumpStream::kept_creation_time() const {
  // The description's header tells when the file was made, also where it is sent again for a dump in mid-file.
  const auto cursor = log_.open_cursor({log_.files().back().file_number, binlog::k_first_event_offset});
  const auto kept = cursor->next();
  if (!kept) return std::nullopt;
  return EventHeader::decode(kept->raw).timestamp;
}

void DumpStream::must_be_same_file(const EventView& format) const {
  const auto kept = kept_creation_time();
  if (!kept || *kept == format.header().timestamp) return;
  throw ReceiveError(
      Remedy::give_up, error_code::k_source_fatal_reading,
      fmt::format(
          "the source's file '{}' is not the one that was received up to position {}: this one was made at {}, "
          "that one at {} (seconds since 1970). Was the source reset, or put back? Load its data anew where they "
          "differ, and give new coordinates with CHANGE REPLICATION SOURCE TO",
          file_, continued_end_, format.header().timestamp, *kept));
}

void DumpStream::start_file(const EventView& format) {
  if (!unsettled_gtids_.empty()) {
    // A transaction that the source gave up at the end of its file.
    if (!boundary_.at_boundary()) log_.cut(unsettled_end_);
    mark_settled();
  }
  boundary_.reset();
  open_gtid_.reset();
  open_mysql_gtid_.reset();
  rotated_to_.clear();
  log_.begin_file(file_, identity_, description_.is_mariadb() ? gtid_position_.to_string() : gtids_before_file());
  continued_file_ = file_;
  log_.append(as_stored(format));
  offset_ = binlog::k_first_event_offset + format.raw().size();
  ++figures_.events;
  figures_.bytes += format.raw().size();
  log(LogLevel::info, "{}: receiving file '{}' from position {}", where_, file_, start_);
  may_skip_ = skip_allowance();
  const std::uint64_t wanted = std::exchange(wanted_, binlog::k_first_event_offset);
  if (!skipped_.empty()) {
    if (start_ > offset_) {
      log_.cover_hole(start_, checksum_, format.header().server_id);
      offset_ = start_;
    }
    state_ = State::seeking;
    return;
  }
  if (by_gtid_set_) {
    // The file counts with its first event, which tells the GTIDs before it.
    state_ = State::storing;
    return;
  }
  if (wanted > start_) {
    continued_end_ = wanted;
    begins_behind_hole_ = true;
    state_ = State::replaying;
    return;
  }
  if (start_ > offset_) {
    log_.cover_hole(start_, checksum_, format.header().server_id);
    offset_ = start_;
  } else if (start_ != binlog::k_first_event_offset && start_ != offset_) {
    fail(fmt::format("the source begins at {}, inside its Format_desc event", start_));
  }
  log_.mark_boundary(true);
  state_ = State::storing;
}

std::uint64_t DumpStream::skip_allowance() const {
  // By file and position a source sends everything. One that looks for the groups that were asked for has a reason to
  // leave much out, no more than a file of its own has. A hole takes some space as well, and one that a source makes up
  // costs it nothing.
  static constexpr std::uint64_t k_some_events = std::uint64_t{16} << 20;
  if (!by_gtid_ && !by_gtid_set_) return 0;
  return skipped_.empty() && !by_gtid_set_ ? k_some_events : k_largest_skipped_file;
}

void DumpStream::on_heartbeat(const EventView& event) {
  ++figures_.heartbeats;
  figures_.last_heartbeat_at_us = now_us();
  if (by_gtid_set_) return on_heartbeat_by_gtid_set(event);
  end_replay();
  // Sent when the source has come to the end of what it has: what it knows of our state was skipped.
  skipped_.clear();
  settle();
  if (as_text(event.body()) == file_) count_up_to(event.header());
}

void DumpStream::on_made_up(const EventView& event) {
  // MariaDB tells so that it has skipped the last group that we have of one domain: the list is of all groups before
  // this place (sql/sql_repl.cc, send_fake_gtid_list). Groups of other domains may go on to be skipped.
  if (event.type() != EventType::mariadb_gtid_list) return;
  for (const gtid::MariadbGtid& gtid : binlog::GtidListEvent::decode(event).gtids) pass(gtid);
  settle();
  count_up_to(event.header());
}

void DumpStream::on_stored(const EventView& event) {
  const EventHeader& header = event.header();
  // The file goes on after all: what comes is kept in a relay file of its own, behind a hole.
  if (state_ == State::at_end) start_file(EventView(unused_format_, checksum_));
  // Header positions are 32 bits wide, and MariaDB from 11.4 leaves them out inside a transaction.
  if (header.log_pos != 0) {
    const std::uint32_t ahead = header.log_pos - header.event_size - static_cast<std::uint32_t>(offset_);
    if (ahead != 0) jump(header, ahead);
  }
  if (state_ == State::replaying) {
    if (!by_gtid_set_) return replay(event);
    if (!reach_by_gtid_set(event)) return;
  }
  if (state_ == State::seeking && event.type() == EventType::mariadb_gtid) {
    // A domain that is sent is not skipped any more.
    skipped_.erase(binlog::MariadbGtidEvent::decode(event).gtid.domain_id);
    settle();
  }
  if (state_ == State::settled && boundary_.at_boundary()) {
    mark_settled();
    state_ = State::storing;
  }
  store(event);
}

void DumpStream::jump(const EventHeader& header, std::uint32_t ahead) {
  const bool looking_for_start = state_ == State::seeking || state_ == State::settled || by_gtid_set_;
  const bool backwards = ahead > UINT32_MAX / 2;
  if (!boundary_.at_boundary() || (backwards && !looking_for_start)) {
    fail(fmt::format("a {} event of {} bytes says that it ends at {} (modulo 2^32), by count it ends at {}",
                     binlog::event_type_name(header.type), header.event_size, header.log_pos,
                     offset_ + header.event_size));
  }
  if (ahead > may_skip_) {
    fail(fmt::format("the source leaves out {} bytes, {}", ahead,
                     may_skip_ == 0 ? "although it is not asked by GTID" : "more than there can be"));
  }
  may_skip_ -= ahead;
  const std::uint64_t target = offset_ + ahead;
  if (state_ != State::replaying) {
    log_.cover_hole(target, checksum_, header.server_id);
    log(looking_for_start ? LogLevel::info : LogLevel::warning,
        "{}: the source skipped {} bytes of file '{}' from position {}", where_, ahead, file_, offset_);
  }
  offset_ = target;
}

void DumpStream::replay(const EventView& event) {
  learn_gtids(event);
  offset_ += event.raw().size();
  if (offset_ > continued_end_) {
    fail(fmt::format("an event ends here, beyond {}, where receiving is to go on and which is not the end of an event",
                     continued_end_));
  }
  if (offset_ != continued_end_) return;
  state_ = State::storing;
  end_learning();
  if (!std::exchange(begins_behind_hole_, false)) return;
  log_.cover_hole(offset_, checksum_, event.header().server_id);
  log_.mark_boundary(true);
}

void DumpStream::end_replay() const {
  if (state_ != State::replaying || by_gtid_set_) return;
  // The words with which a source refuses a place that it can be told of.
  throw ReceiveError(Remedy::give_up, error_code::k_source_fatal_reading,
                     "Client requested source to start replication from position > file size");
}

void DumpStream::store(const EventView& event) {
  const binlog::BoundaryState state = boundary_.feed(event, description_);
  if (requires_gtids_) must_have_gtid(event, state);
  remember_mysql_gtid(event);
  log_.append(event.raw());
  rotated_to_.clear();
  if (event.type() == EventType::rotate) rotated_to_ = binlog::RotateEvent::decode(event).next_file;
  offset_ += event.raw().size();
  ++figures_.events;
  figures_.bytes += event.raw().size();
  remember_gtid(event);
  if (!boundary_.at_boundary()) return;
  // While the source still seeks, going on by file and position would bring what it skips.
  if (state_ != State::storing) {
    if (open_gtid_) unsettled_gtids_.push_back(*open_gtid_);
    unsettled_end_ = offset_;
  } else {
    if (open_gtid_) advance(*open_gtid_);
    log_.mark_boundary(false);
    if (open_mysql_gtid_ && gtid_set_) {
      gtid_set_->add(*open_mysql_gtid_);
      ++gtid_set_changes_;
    }
  }
  open_gtid_.reset();
  open_mysql_gtid_.reset();
}

void DumpStream::remember_gtid(const EventView& event) {
  if (event.type() == EventType::mariadb_gtid) {
    open_gtid_ = binlog::MariadbGtidEvent::decode(event).gtid;
  } else if (event.type() == EventType::mariadb_gtid_list) {
    on_gtid_list(event);
  }
}

}  // namespace tributary::source
