#pragma once

#include <string_view>

namespace tributary::admin {

/// Variables of appliers: a global value, and each channel's own in MariaDB's form `channel`.name. These are the
/// applier settings and sql_slave_skip_counter, in both spellings.
bool is_applier_variable(std::string_view name);
bool is_skip_counter(std::string_view name);

}  // namespace tributary::admin
