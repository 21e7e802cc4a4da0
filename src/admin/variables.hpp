#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tributary/admin/executor.hpp"
#include "tributary/admin/statement.hpp"

namespace tributary::admin {

/// The system variables: the daemon's own values, and over them what each session has set.
/// Only true values; of what sessions may set, only what has no effect here or is honoured. Thread safe: nothing
/// changes after construction but the sessions given.
class SystemVariables {
 public:
  SystemVariables(const AdminContext& context, const channel::ChannelDefaults& channels);

  /// @throws Error 1193 for an unknown name.
  [[nodiscard]] Value get(const SystemVariable& variable, const wire::SessionState& session) const;
  /// nullptr: DEFAULT. @throws Error 1193 (unknown), 1231, 1232 (bad value), 1238 (read only), 1298 (time zone).
  void set(const SystemVariable& variable, const Value* value, wire::SessionState& session) const;
  /// SET NAMES, SET CHARACTER SET. @throws Error 1115 (unknown character set), 1253 (collation of another one).
  void set_character_set(const SetCharacterSet& assignment, wire::SessionState& session) const;
  /// SHOW VARIABLES: name and value of each, by name.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> list(VariableScope scope,
                                                                      const wire::SessionState& session) const;

 private:
  enum class Kind { text, integer, boolean };
  struct Entry {
    Kind kind = Kind::text;
    std::optional<std::string> value;  ///< booleans: "1" or "0"; none: exists only in the sessions that set it
    bool settable = false;
  };

  void define(std::string name, Kind kind, std::optional<std::string> value, bool settable = false);
  [[nodiscard]] const Entry& find(const std::string& name) const;
  [[nodiscard]] static std::string checked(const std::string& name, const Entry& entry, const Value& value);

  const std::function<std::uint16_t()> port_;  ///< known only when the server listens
  std::map<std::string, Entry> entries_;
};

/// Seconds east of UTC that @p time_zone ("SYSTEM" or "+hh:mm") means at @p instant (seconds since the epoch);
/// nullopt when it is neither.
std::optional<std::int64_t> time_zone_offset(std::string_view time_zone, std::int64_t instant);

}  // namespace tributary::admin
