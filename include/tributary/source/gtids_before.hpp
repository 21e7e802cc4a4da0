#pragma once

#include <cstdint>
#include <string>

#include "tributary/relay/relay_log.hpp"

namespace tributary::source {

/// The GTIDs of everything that stood before relay file @p file_number, received or not: a MySQL GTID set or a MariaDB
/// GTID position, as text. Where the file itself does not tell it follows from the next one that does. '' where nothing
/// stood before, or that is not known: begun in mid-file, and nothing was learned since. Any thread.
/// @throws Error 1594 where the log is damaged.
std::string gtids_before(relay::RelayLog& log, std::uint64_t file_number);

}  // namespace tributary::source
