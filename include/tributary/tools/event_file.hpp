#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/util/file.hpp"

namespace tributary::tools {

/// Reads a binary log file or a relay file forward, one event at a time; also from a pipe. Memory: the largest event,
/// growing only with what was really read. One thread.
class EventFile {
 public:
  /// "-" is standard input. Throws std::system_error when it cannot be opened; Error 1594 when it is no binary log, or
  /// one that MySQL encrypted.
  explicit EventFile(const std::filesystem::path& path);

  /// The next event, borrowed until the next call; nullopt at the end of the file. A FORMAT_DESCRIPTION holds from
  /// itself on. Its checksum is not looked at. Throws Error 1594 or 1610 when the file is damaged, ends inside an
  /// event, or goes on encrypted (MariaDB); std::system_error when it cannot be read.
  std::optional<binlog::EventView> next();

  /// Where the event that next() returned, or at which it failed, begins; 64 bits, counted.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  /// Of the events so far; before the first one, that of a server without checksums.
  [[nodiscard]] const binlog::FormatDescription& description() const { return description_; }

 private:
  bool fill(std::size_t wanted);

  File file_;
  std::optional<std::uint64_t> size_;  ///< of a file, when opened: says early that an event's size is wrong
  Bytes buffer_;                       ///< [begin_, end_) is read and not used
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t next_offset_ = binlog::k_first_event_offset;
  bool described_ = false;
  bool encrypted_ = false;
  binlog::FormatDescription description_;
};

}  // namespace tributary::tools
