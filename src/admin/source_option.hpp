#pragma once

#include <string_view>

#include "tributary/admin/statement.hpp"

namespace tributary::admin {

/// What may stand after the '=' of an option of CHANGE MASTER.
enum class OptionKind { text, integer, seconds, gtid, word, anything };

struct SourceOptionDefinition {
  std::string_view name;  ///< in upper case; without MASTER_ or SOURCE_ where both exist
  SourceOption option = SourceOption::refused;
  OptionKind kind = OptionKind::anything;
  // What link_text and link_flag set.
  std::string state::SourceLinkRecord::*text = nullptr;
  bool state::SourceLinkRecord::*flag = nullptr;
  std::string_view why_refused = {};  ///< where it is not only that nobody has made it yet
};

/// The option that @p name names, in any case and with either prefix; nullptr when no server knows it.
const SourceOptionDefinition* find_source_option(std::string_view name);

}  // namespace tributary::admin
