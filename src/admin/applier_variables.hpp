#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/channel/applier_setting.hpp"

#include "applier_variable_names.hpp"
#include "execution.hpp"

namespace tributary::admin {

/// @throws Error 1238 in the session's scope, 3074 for an unknown channel.
Value get_applier_variable(const SystemVariable& variable, const Execution& execution);

/// The global ones, for SHOW VARIABLES.
std::map<std::string, std::string> list_applier_variables(const Execution& execution);

/// Those of one SET: checked one by one, and made when all of it has passed.
class ApplierAssignments {
 public:
  explicit ApplierAssignments(const Execution& execution) : execution_(execution) {}

  /// nullptr: DEFAULT. @throws Error 1229 outside of GLOBAL, 1231, 1232, 1858, 3017, 3074, 3085.
  void take(const SystemVariable& variable, const Value* value);
  void make() const;

 private:
  struct Assignment {
    std::optional<std::string> channel;
    const channel::ApplierSetting* setting = nullptr;  ///< null: the skip counter
    std::optional<std::string> value;
  };

  [[nodiscard]] std::string checked_number(const SystemVariable& variable, const Value& value, std::uint64_t least,
                                           std::uint64_t most) const;

  const Execution& execution_;
  std::vector<Assignment> assignments_;
};

}  // namespace tributary::admin
