#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tributary/apply/session_context.hpp"
#include "tributary/target/target_server.hpp"

#include "told_once.hpp"

namespace tributary::apply {

/// The collations of a target, and which of them stand for those of a source that it does not have. One thread.
class TargetCollations {
 public:
  /// @p told outlives this.
  explicit TargetCollations(ToldOnce& told) : told_(told) {}

  /// The collation that stands for the source's number @p source. @throws TargetError 1273 when there is none.
  const CollationName& of(target::TargetConnection& connection, std::uint32_t source);
  /// What to write instead of the name of a collation that the target does not have; nullopt where it has it, or
  /// nothing is like it. @p character_set: to which it belongs, where the statement says so; else @p find_default is
  /// asked for a name that does not tell it. @throws TargetError 1273 where that gives ''.
  std::optional<std::string> instead_of(target::TargetConnection& connection, std::string_view name,
                                        std::string_view character_set,
                                        const std::function<std::string()>& find_default);
  /// The connection is another one: perhaps the server is.
  void forget();

 private:
  void load(target::TargetConnection& connection);
  const CollationName* find(const std::string& name) const;
  const CollationName* find_like(std::string_view name, std::string_view character_set);

  ToldOnce& told_;
  std::map<std::uint32_t, CollationName> by_number_;  ///< of the target
  std::map<std::string, std::uint32_t> by_name_;      ///< likewise, in lower case
};

}  // namespace tributary::apply
