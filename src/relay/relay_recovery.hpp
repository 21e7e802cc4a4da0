#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tributary/binlog/format_description.hpp"
#include "tributary/relay/relay_log.hpp"
#include "tributary/util/file.hpp"

#include "relay_directory.hpp"

namespace tributary::relay {

/// Reads the FORMAT_DESCRIPTION event at offset 4 of a relay file. @p limit: nothing beyond is read.
/// @throws Error 1594 when the file does not begin with the magic and such an event.
binlog::FormatDescription read_format_description(const File& file, std::uint64_t limit);

/// What a check of a file's tail found.
struct TailScan {
  std::uint64_t boundary = 0;  ///< end of the last whole transaction
  bool has_content = false;    ///< a whole transaction or a hole lies between the start of the scan and the boundary
  std::string damage;          ///< why the scan ended; '' at the end of the file
};

/// Checks events (length, CRC32, transaction boundary) from @p from on, which is 4 or a boundary.
TailScan scan_tail(const File& file, std::uint64_t from);

/// Brings catalogue and directory into agreement: which relay files there are, from options.first_file_number on. A
/// newest file that is recorded but was never made comes out as a record without a file. Errors and losses are logged.
/// @throws Error 1594 when nothing tells which source file the newest relay file mirrors.
std::map<std::uint64_t, RelayFileRecord> reconcile(const RelayDirectory& directory, RelayCatalogue& catalogue,
                                                   const RelayLogOptions& options);

/// Decides where the newest file, which exists, ends: @return the end of its last whole transaction, or 4 when the
/// file counts for nothing yet (see RelayLog). Changes nothing. @p other_boot: RelayDirectory::is_of_another_boot().
std::uint64_t recovered_end(const RelayFileRecord& record, const File& file, bool other_boot,
                            const std::string& channel);

}  // namespace tributary::relay
