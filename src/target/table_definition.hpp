#pragma once

#include <string>
#include <string_view>

#include "tributary/target/fingerprint.hpp"
#include "tributary/target/target_server.hpp"

namespace tributary::target {

/// Stands between a table's text and its ids in InnoDB.
inline constexpr std::string_view k_stored_as = "\nstored as\n";

/// SHOW CREATE TABLE (which also shows views and sequences) in its normal form and, if told, k_stored_as and the
/// table's ids in InnoDB where they may be read. @throws TargetError 1146 or 1049 when it does not exist.
std::string table_definition(TargetConnection& connection, const std::string& database, const std::string& table,
                             StoredAs stored_as);

/// @p definition without its table option AUTO_INCREMENT=n, which every insert changes. What stands in quotes or in
/// a comment stays as it is.
std::string without_auto_increment(std::string_view definition);

}  // namespace tributary::target
