#include <utility>

#include <fmt/core.h>

#include "tributary/binlog/control_events.hpp"

#include "dump_stream.hpp"
#include "receive_error.hpp"

/// MariaDB's GTIDs: what a DumpStream does with a dump that begins by GTID. The source begins with a file's start, or
/// where the groups are that we lack, and leaves out what we have, domain by domain. Nothing counts before it has come
/// past all of that.
namespace tributary::source {

using binlog::EventHeader;
using binlog::EventView;

void DumpStream::set_gtid_position(gtid::MariadbGtidPosition position) {
  gtid_position_ = std::move(position);
  ++gtid_position_changes_;
}

void DumpStream::advance(const gtid::MariadbGtid& gtid) {
  gtid_position_.update(gtid);
  ++gtid_position_changes_;
  must_be_few_domains(gtid_position_);
}

void DumpStream::must_be_few_domains(const gtid::MariadbGtidPosition& position) const {
  // A domain stands for a stream of its own (a master of several): servers have some. The position is copied, recorded
  // and shown as a whole.
  static constexpr std::size_t k_most_domains = 10'000;
  if (position.domains().size() > k_most_domains) {
    fail(fmt::format("the source's GTIDs are of more than {} domains", k_most_domains));
  }
}

void DumpStream::pass(const gtid::MariadbGtid& gtid) {
  const auto skipped = skipped_.find(gtid.domain_id);
  if (skipped == skipped_.end()) return;
  // A file's list has a domain's last GTID of each server.
  if (skipped->second.server_id == gtid.server_id && skipped->second.seq_no <= gtid.seq_no) skipped_.erase(skipped);
}

void DumpStream::settle() {
  if (state_ == State::seeking && skipped_.empty()) state_ = State::settled;
}

void DumpStream::count_up_to(const EventHeader& told) {
  if (state_ != State::settled || !boundary_.at_boundary()) return;
  const std::uint32_t ahead = told.log_pos - static_cast<std::uint32_t>(offset_);
  if (ahead != 0) {
    // Else the next event that is stored tells; backwards, or so far that 32 bits do not tell, is no way to go.
    if (ahead < EventHeader::k_length + binlog::k_checksum_length || ahead > UINT32_MAX / 2 || ahead > may_skip_)
      return;
    jump(told, ahead);
  }
  mark_settled();
  state_ = State::storing;
}

void DumpStream::mark_settled() {
  gtid::MariadbGtidPosition position = gtid_position_;
  for (const gtid::MariadbGtid& gtid : unsettled_gtids_) position.update(gtid);
  must_be_few_domains(position);
  log_.mark_boundary(true);
  set_gtid_position(std::move(position));
  unsettled_gtids_.clear();
}

void DumpStream::on_gtid_list(const EventView& event) {
  // At the start of a file: all that the source had written before.
  const auto list = binlog::GtidListEvent::decode(event);
  gtid::MariadbGtidPosition listed;
  for (const gtid::MariadbGtid& gtid : list.gtids) {
    listed.update(gtid);
    must_be_few_domains(listed);
  }
  if (state_ == State::seeking) {
    // Nothing is skipped of a domain of which the file begins with what we have; then no made-up list follows.
    for (const gtid::MariadbGtid& gtid : list.gtids) pass(gtid);
    settle();
    return;
  }
  for (const auto& [domain, gtid] : listed.domains()) {
    if (gtid_position_.covers(gtid)) continue;
    if (const auto known = gtid_position_.find(domain); by_gtid_ && known) {
      throw ReceiveError(
          Remedy::give_up, error_code::k_source_fatal_reading,
          fmt::format("the source's file '{}' begins after {}, but of that domain nothing behind {} was received: what "
                      "stands in between is not in the source's binary log any more. Go on at a server that has it, or "
                      "load the data anew and set the GTID position",
                      file_, gtid.to_string(), known->to_string()));
    }
    advance(gtid);
  }
}

}  // namespace tributary::source
