#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tributary/apply/sql_tokenizer.hpp"

namespace tributary::apply {

/// @p statement, and where it is a SET PASSWORD of a source that logs the hash (MariaDB, MySQL before 8.0) the ALTER
/// USER that means the same to MySQL 8.0 and later, which would take the hash for the password. nullopt: what the
/// statement gives is neither a hash of mysql_native_password nor empty.
std::optional<std::string> with_password_as_hash(std::string_view statement, const SqlDialect& dialect);

}  // namespace tributary::apply
