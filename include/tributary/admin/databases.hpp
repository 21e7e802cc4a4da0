#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tributary::admin {

/// The databases that exist here, ascending: information_schema, mysql, performance_schema, tributary.
std::span<const std::string_view> databases();

/// The name of one of them, for USE, COM_INIT_DB and the handshake. Case does not matter; the result is in lower case.
/// @throws Error 1049 (42000) for any other.
std::string database_named(std::string_view name);

}  // namespace tributary::admin
