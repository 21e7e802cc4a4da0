#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace tributary::apply {

/// Errors that are passed over: slave_skip_errors.
class SkippedErrors {
 public:
  /// "OFF" or "", "ALL", or numbers and "ddl_exist_errors" with ',' or blanks between them, in any case. nullopt for
  /// anything else.
  static std::optional<SkippedErrors> parse(std::string_view text);

  /// As the servers show it: "OFF", "ALL", "1032,1062".
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool any() const { return all_ || !codes_.empty(); }
  [[nodiscard]] bool contains(std::uint16_t code) const { return all_ || codes_.contains(code); }

 private:
  bool all_ = false;
  std::set<std::uint16_t> codes_;
};

}  // namespace tributary::apply
