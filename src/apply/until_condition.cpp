#include "until_condition.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "tributary/binlog/control_events.hpp"
#include "tributary/relay/source_position.hpp"
#include "tributary/util/error.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint64_t k_no_limit = UINT64_MAX;

bool intersects(const gtid::MysqlGtidSet& a, const gtid::MysqlGtidSet& b) {
  return !(a.without(b) == a);
}

}  // namespace

UntilCondition::UntilCondition(const Until& until, const relay::RelayLog& log) : until_(until), log_(log) {
  if (until.kind != Until::Kind::before_gtids && until.kind != Until::Kind::after_gtids) return;
  if (until.names_mariadb_gtids) {
    mariadb_ = gtid::MariadbGtidPosition::parse(until.gtids);
    mariadb_pending_ = mariadb_.domains();
  } else {
    mysql_ = gtid::MysqlGtidSet::parse(until.gtids);
  }
}

bool UntilCondition::by_position() const {
  return until_.kind == Until::Kind::source_position || until_.kind == Until::Kind::relay_position;
}

bool UntilCondition::ends_at_start(const relay::RelayPosition& place, const std::string& gtids) {
  if (until_.kind == Until::Kind::no_gaps) return true;
  if (by_position()) return is_passed(place);
  const bool before = until_.kind == Until::Kind::before_gtids;
  if (!until_.names_mariadb_gtids) {
    gtid::MysqlGtidSet applied;
    if (gtids.find(':') != std::string::npos) applied = gtid::MysqlGtidSet::parse(gtids);
    if (before) return intersects(mysql_, applied);
    mysql_ = mysql_.without(applied);
    return mysql_.empty();
  }
  gtid::MariadbGtidPosition applied;
  if (gtids.find(':') == std::string::npos) applied = gtid::MariadbGtidPosition::parse(gtids);
  std::erase_if(mariadb_pending_, [&](const auto& entry) { return applied.covers(entry.second); });
  return before ? mariadb_pending_.size() < mariadb_.domains().size() : mariadb_pending_.empty();
}

bool UntilCondition::ends_before(const relay::RelayEvent& event, const binlog::FormatDescription& description) {
  if (by_position()) return is_passed(event.start);
  const binlog::EventView view(event.raw, description.checksum);
  switch (view.type()) {
    case binlog::EventType::gtid:
    case binlog::EventType::gtid_tagged:
      return !until_.names_mariadb_gtids && begins(binlog::MysqlGtidEvent::decode(view).gtid);
    case binlog::EventType::mariadb_gtid:
      return until_.names_mariadb_gtids && begins(binlog::MariadbGtidEvent::decode(view).gtid);
    default:
      return false;
  }
}

bool UntilCondition::begins(const gtid::MysqlGtid& gtid) {
  if (!mysql_.contains(gtid)) return false;
  if (until_.kind == Until::Kind::before_gtids) return true;
  applying_mysql_ = gtid;
  return false;
}

/// The numbers of a domain ascend here as for MariadbGtidPosition::covers(): a later one means that the listed one will
/// not come any more.
bool UntilCondition::begins(const gtid::MariadbGtid& gtid) {
  const auto listed = mariadb_.find(gtid.domain_id);
  if (!listed || gtid.seq_no < listed->seq_no) return false;
  if (until_.kind == Until::Kind::before_gtids) return true;
  if (gtid.seq_no == listed->seq_no) {
    applying_domain_ = gtid.domain_id;
    return false;
  }
  mariadb_pending_.erase(gtid.domain_id);
  if (mariadb_pending_.empty()) return true;
  throw Error(error_code::k_replica_fatal,
              fmt::format("Fatal error: START SLAVE UNTIL cannot stop at {}: the transaction {} lies behind it, and {} "
                          "comes later in the source's log. What is before that transaction is applied; UNTIL takes a "
                          "position that the source had at one moment",
                          until_.gtids, gtid.to_string(), mariadb_pending_.begin()->second.to_string()));
}

bool UntilCondition::ends_behind(const relay::RelayPosition& end) {
  if (by_position()) return is_passed(end);
  if (applying_mysql_) {
    gtid::MysqlGtidSet applied;
    applied.add(*applying_mysql_);
    mysql_ = mysql_.without(applied);
    applying_mysql_.reset();
    return mysql_.empty();
  }
  if (applying_domain_) {
    mariadb_pending_.erase(*applying_domain_);
    applying_domain_.reset();
    return mariadb_pending_.empty();
  }
  return false;
}

bool UntilCondition::is_passed(const relay::RelayPosition& place) {
  if (place.file_number != limit_file_number_) {
    limit_ = until_.kind == Until::Kind::source_position ? limit_in_source_file(place.file_number)
                                                         : limit_in_relay_file(place.file_number);
    // What is not received yet may be anything.
    limit_file_number_ = log_.file(place.file_number) ? place.file_number : 0;
  }
  return place.offset >= limit_;
}

std::uint64_t UntilCondition::limit_in_relay_file(std::uint64_t file_number) const {
  const std::string name = log_.path_of(file_number).filename().string();
  const auto order = relay::compare_source_positions(name, 0, until_.file, 0);
  if (!order) return k_no_limit;  // START has refused other names
  return *order < 0 ? k_no_limit : *order > 0 ? 0 : until_.position;
}

std::uint64_t UntilCondition::limit_in_source_file(std::uint64_t file_number) const {
  const auto files = log_.files();
  const auto here = std::find_if(files.begin(), files.end(),
                                 [&](const relay::RelayFileRecord& file) { return file.file_number == file_number; });
  if (here == files.end()) return k_no_limit;
  // Names of another server, from before a fail-over, say nothing about the present one's.
  const auto is_other = [&](const relay::RelayFileRecord& file) { return !(file.source == here->source); };
  if (std::any_of(here, files.end(), is_other)) return k_no_limit;
  const auto order_of = [&](const relay::RelayFileRecord& file) {
    return relay::compare_source_positions(file.source_file_name, 0, until_.file, 0);
  };
  if (const auto order = order_of(*here)) return *order < 0 ? k_no_limit : *order > 0 ? 0 : until_.position;
  // The source has given its log another name since, or before.
  const auto is_of_log = [&](const relay::RelayFileRecord& file) { return !is_other(file) && order_of(file); };
  if (std::any_of(here, files.end(), is_of_log)) return k_no_limit;
  if (std::any_of(files.begin(), here, is_of_log)) return 0;
  throw Error(error_code::k_replica_fatal,
              fmt::format("Fatal error: START SLAVE UNTIL names the log file '{}', but the source's log has files like "
                          "'{}'",
                          until_.file, here->source_file_name));
}

}  // namespace tributary::apply
