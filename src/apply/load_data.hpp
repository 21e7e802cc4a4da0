#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "tributary/binlog/statement_events.hpp"
#include "tributary/relay/relay_log.hpp"

namespace tributary::apply {

/// The file of a LOAD DATA in statement format: where its blocks stand in the relay log.
struct LoadDataFile {
  relay::RelayLog* log = nullptr;
  relay::RelayPosition begin;  ///< of the event with the first block
  std::uint32_t file_id = 0;
  /// What the source did with rows whose key was there already.
  binlog::LoadDuplicates duplicates = binlog::LoadDuplicates::error;
};

/// Reads such a file's content from its blocks. Memory: what a cursor needs. One thread.
class LoadDataReader {
 public:
  /// file.log must outlive this.
  explicit LoadDataReader(const LoadDataFile& file);

  /// Fills @p into as far as the content goes; @return the number of bytes, 0 at the end.
  /// @throws Error 1594 when the relay log is damaged, 1610 when the blocks do not end with their statement.
  std::size_t read(std::span<char> into);

 private:
  bool next_block();

  const LoadDataFile file_;
  std::unique_ptr<relay::RelayCursor> cursor_;
  bool ended_ = false;
  ByteView block_;  ///< not given out yet
};

}  // namespace tributary::apply
