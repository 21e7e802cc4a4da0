#pragma once

#include "tributary/relay/relay_log.hpp"
#include "tributary/util/file.hpp"

#include "chunk_reader.hpp"
#include "relay_log_implementation.hpp"

namespace tributary::relay {

/// The cursor of RelayLog::open_cursor(). Holds one file open and at most one chunk of it in memory.
class FileCursor final : public RelayCursor {
 public:
  FileCursor(const RelayLog::Implementation& log, RelayPosition from) : log_(log), position_(from) {}

  std::optional<RelayEvent> next() override;
  [[nodiscard]] RelayPosition position() const override { return position_; }
  [[nodiscard]] const binlog::FormatDescription& description() const override { return description_; }

 private:
  /// Finds out how far may be read, in this file or the next; false at the end of what is published.
  bool refresh();
  void open_file();
  [[noreturn]] void fail(const std::string& why) const;

  const RelayLog::Implementation& log_;
  RelayPosition position_;
  File file_;
  std::uint64_t limit_ = 0;  ///< of the open file
  ChunkReader reader_;
  binlog::FormatDescription description_;
};

}  // namespace tributary::relay
