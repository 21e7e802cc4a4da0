#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tributary/target/target_server.hpp"

namespace tributary::apply {

/// What to set for time_zone=SYSTEM of a source's statement: the zone of the source's host, which no event tells. One
/// thread.
class SourceTimeZone {
 public:
  explicit SourceTimeZone(std::string channel) : channel_(std::move(channel)) {}

  /// @p offsets: of the source's SYSTEM as parse_zone_offsets() returns them; '' = not known: "SYSTEM" then, and a
  /// warning says so. @return "SYSTEM" where the target's host has the same zone, "+01:00", or the name of a zone of
  /// the target's tables. @throws TargetError 1298 where the target has no such zone.
  const std::string& in(target::TargetConnection& connection, const std::string& offsets);
  /// The connection is another one: perhaps the server is.
  void forget();

 private:
  std::string find(target::TargetConnection& connection, const std::string& offsets);

  const std::string channel_;
  std::string known_offsets_;             ///< for which zone_ was found
  std::string zone_;                      ///< '' = not found yet
  std::optional<std::string> of_target_;  ///< offsets of the target's SYSTEM
  bool warned_ = false;
};

}  // namespace tributary::apply
