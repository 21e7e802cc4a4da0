#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tributary/apply/applier.hpp"

namespace tributary::channel {

/// A setting of appliers: it has a global value, which each channel may replace by its own. What is set counts from the
/// applier's next START, and is kept.
struct ApplierSetting {
  std::string_view name;  ///< of the system variable, in lower case; "slave_x" is "replica_x" too
  /// Of numbers, inclusive; most 0: one of the words.
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  std::string_view words = {};  ///< in upper case, with '|' between them
  bool of_servers = true;       ///< false: no server has it, and CHANGE MASTER takes it too
  bool is_error_list = false;   ///< apply::SkippedErrors instead of a word
  bool needs_stop = false;      ///< as in MySQL: not to be set while an applier runs for which it counts

  [[nodiscard]] bool is_number() const { return most > 0; }
  /// The form in which it is kept: a number in range, a word in upper case, a list of errors in order. @throws Error
  /// 1231.
  [[nodiscard]] std::string checked(std::string_view value) const;
};

std::span<const ApplierSetting> applier_settings();
/// @p name in any case, with slave_ or replica_; nullptr when there is none.
const ApplierSetting* find_applier_setting(std::string_view name);

/// Values by name.
using SettingValues = std::map<std::string, std::string>;

/// What has not been set: of the daemon's options, and of an applier's.
SettingValues default_settings(std::uint32_t parallel_workers, apply::RowWriterMode row_writer);
/// @p values has all settings.
void put_settings(const SettingValues& values, apply::ApplierOptions& options);

}  // namespace tributary::channel
