#pragma once

#include <optional>
#include <string>

#include "tributary/binlog/table_map.hpp"
#include "tributary/util/bytes.hpp"

namespace tributary::binlog {

/// The text of a date or time value ("2024-02-29 12:34:56.789", TIMESTAMP in UTC with "+00:00" behind), without
/// quotes; nullopt when @p bytes has the wrong size, or for MariaDB's old formats with a fraction.
std::optional<std::string> temporal_to_text(ByteView bytes, const TableColumn& column);

}  // namespace tributary::binlog
