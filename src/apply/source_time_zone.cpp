#include "source_time_zone.hpp"

#include <utility>

#include <fmt/core.h>

#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"
#include "tributary/util/time.hpp"
#include "tributary/util/zone_offsets.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint16_t k_table_access_denied = 1142;  // ER_TABLEACCESS_DENIED_ERROR
constexpr std::uint16_t k_unknown_time_zone = 1298;    // ER_UNKNOWN_TIME_ZONE

}  // namespace

void SourceTimeZone::forget() {
  zone_.clear();
  of_target_.reset();
}

const std::string& SourceTimeZone::in(target::TargetConnection& connection, const std::string& offsets) {
  if (zone_.empty() || offsets != known_offsets_) {
    zone_ = find(connection, offsets);
    known_offsets_ = offsets;
  }
  return zone_;
}

std::string SourceTimeZone::find(target::TargetConnection& connection, const std::string& offsets) {
  if (offsets.empty()) {
    if (!std::exchange(warned_, true)) {
      log(LogLevel::warning,
          "channel '{}': statements have time_zone=SYSTEM, and the zone of the source's host is not known (it is asked "
          "when the channel connects): they run in that of the target's host",
          channel_);
    }
    return "SYSTEM";
  }
  if (!of_target_) {
    const auto answer = connection.query(zone_offsets_query());
    of_target_ = parse_zone_offsets(answer.at(0).at(0).value_or("")).value_or("");
  }
  if (offsets == *of_target_) return "SYSTEM";
  const auto difference = first_zone_difference(offsets, *of_target_);
  if (difference && difference->since > unix_seconds()) {
    log(LogLevel::warning,
        "channel '{}': the hosts of source and target have the same zone until {} only: time_zone=SYSTEM of statements "
        "is that of the target's host (is the tzdata of one older?)",
        channel_, difference->month);
    return "SYSTEM";
  }
  if (const auto fixed = fixed_time_zone(offsets)) return *fixed;
  std::string failure = "its time zone tables hold none like it";
  try {
    const auto names = connection.query(time_zone_name_query(offsets));
    if (!names.empty()) {
      std::string name = names.front().at(0).value_or("");
      log(LogLevel::info, "channel '{}': time_zone=SYSTEM of the source's statements is '{}' in the target", channel_,
          name);
      return name;
    }
  } catch (const target::TargetError& error) {
    if (error.code() != k_table_access_denied) throw;
    failure = "the applier's account must not read its time zone tables (GRANT SELECT ON mysql.time_zone_name)";
  }
  throw target::NotRunError(
      k_unknown_time_zone, "HY000",
      fmt::format(
          "Unknown or incorrect time zone: 'SYSTEM' of the source: its host is in another zone than the target's "
          "host{}, and {}. Load the zones into the target (mariadb-tzinfo-to-sql or mysql_tzinfo_to_sql), or "
          "start its server with the zone of the source's host; where both have the same, the tzdata of one is older",
          difference ? fmt::format(" (first in {})", difference->month) : "", failure));
}

}  // namespace tributary::apply
