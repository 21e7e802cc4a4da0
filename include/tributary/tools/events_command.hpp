#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <string_view>
#include <vector>

namespace tributary::tools {

struct EventsOptions {
  std::vector<std::filesystem::path> files = {};  ///< "-" is standard input
  bool verbose = false;
  bool verify = false;               ///< check, and print only what was found
  std::uint64_t start_position = 0;  ///< the first event printed begins here; 0: at the file's begin
  std::uint64_t stop_position = std::numeric_limits<std::uint64_t>::max();  ///< no event is printed that begins here
};

/// tributary events: lists the events of binary log files and relay files, or verifies them. What is wrong goes to
/// @p complain, each line with file and position. True when nothing was.
///
/// Verified are, up to the first damage of a file: the structure of each event, its CRC32, that its position is what
/// its header says (but in a relay log of a server, where headers tell the source's), and that transactions are whole.
bool list_events(const EventsOptions& options, const std::function<void(std::string_view)>& print,
                 const std::function<void(std::string_view)>& complain);

}  // namespace tributary::tools
