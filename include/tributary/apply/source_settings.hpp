#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::apply {

/// What a source was asked about itself and no event tells. '' = not known.
struct SourceSettings {
  std::string time_zone;  ///< of its host, what time_zone=SYSTEM is there: parse_zone_offsets()
  std::string variables;  ///< its global variables that change results: lines of name=value, names in lower case

  /// '' where @ref variables does not tell.
  [[nodiscard]] std::string_view variable(std::string_view name) const;
};

/// The vendor and version of a server; version as 101119 for 10.11.19.
struct ServerKind {
  bool mariadb = true;
  std::uint32_t version = 0;
};

struct SessionSetting {
  std::string_view name;
  std::string literal;
};

/// Session variables which change the results of expressions, for the statements of a source: its global values, or
/// what its vendor begins with, and never the target's own.
std::vector<SessionSetting> result_settings(const SourceSettings& settings, ServerKind source, ServerKind target);

}  // namespace tributary::apply
