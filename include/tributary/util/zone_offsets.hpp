#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tributary {

/// What time_zone=SYSTEM means to a server: the offsets from UTC that its host's zone has at the beginning of each
/// month from 1971 to 2037, asked in SQL, so that the zones of two hosts can be compared whatever their names are. As
/// text: "3600" for a zone that always has the same, in seconds east of UTC; else "3600 3:7200 9:3600 ...", each change
/// with the number of its month, 0 being January of 1971.

/// A SELECT of one text, which MySQL and MariaDB of all versions answer; any time_zone of the session.
std::string zone_offsets_query();
/// The offsets that the answer tells; nullopt where it is none.
std::optional<std::string> parse_zone_offsets(std::string_view answer);
/// Where two zones are not the same: the first month, as its first second since the epoch and as "2023-04"; nullopt:
/// they are, or one is none.
struct ZoneDifference {
  std::int64_t since = 0;
  std::string month;
};
std::optional<ZoneDifference> first_zone_difference(std::string_view a, std::string_view b);
/// "+01:00" for a zone that always has the same offset, if that is one of whole minutes.
std::optional<std::string> fixed_time_zone(std::string_view offsets);
/// A SELECT of the name of a zone with these offsets, of those that a server has in its time zone tables; no row: none.
/// @p offsets as parse_zone_offsets() returned them, else '' is returned.
std::string time_zone_name_query(std::string_view offsets);

}  // namespace tributary
