#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "tributary/binlog/statement_events.hpp"
#include "tributary/binlog/transaction_payload.hpp"
#include "tributary/relay/relay_log.hpp"

namespace tributary::apply {

/// The file of a LOAD DATA in statement format: where its blocks stand in the relay log.
struct LoadDataFile {
  relay::RelayLog* log = nullptr;
  relay::RelayPosition begin;  ///< of the event with the first block, or of the TRANSACTION_PAYLOAD that holds it
  std::uint32_t skip = 0;      ///< first blocks of other files before it in that payload
  std::uint32_t file_id = 0;
  /// What the source did with rows whose key was there already.
  binlog::LoadDuplicates duplicates = binlog::LoadDuplicates::error;
};

/// Reads such a file's content from its blocks. Memory: one block, and what a cursor and a payload need. One thread.
class LoadDataReader {
 public:
  /// file.log must outlive this.
  explicit LoadDataReader(const LoadDataFile& file);

  /// Fills @p into as far as the content goes; @return the number of bytes, 0 at the end.
  /// @throws Error 1594 when the relay log is damaged, 1610 when the blocks do not end with their statement.
  std::size_t read(std::span<char> into);

 private:
  bool next_block();
  bool take(const binlog::EventView& event);

  const LoadDataFile file_;
  std::unique_ptr<relay::RelayCursor> cursor_;
  Bytes payload_event_;  ///< that is being unpacked
  std::optional<binlog::TransactionPayloadReader> payload_;
  std::uint32_t to_skip_;
  bool begun_ = false;
  bool ended_ = false;
  ByteView block_;  ///< not given out yet
};

}  // namespace tributary::apply
