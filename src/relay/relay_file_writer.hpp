#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tributary/binlog/event.hpp"
#include "tributary/util/bytes.hpp"
#include "tributary/util/file.hpp"

namespace tributary::relay {

/// Appends to one relay file through a buffer of fixed size. Every failure is a WriteError and leaves end() and what
/// is buffered as they were.
class RelayFileWriter {
 public:
  /// Opens @p path, which must exist, to go on at @p end; what the file holds beyond is cut off.
  RelayFileWriter(const std::filesystem::path& path, std::string channel, std::uint64_t end);

  /// What is larger than the buffer goes straight to the file.
  void append(ByteView bytes);
  /// Appends events that cover [end(), offset) over a sparse range.
  void cover_hole(std::uint64_t offset, binlog::ChecksumAlgorithm checksum, std::uint32_t server_id);
  /// Hands what is buffered to the operating system.
  void write_out();
  /// write_out(), then fdatasync.
  void sync();
  /// Asks the operating system to begin writing to the device what it was handed, so that a later sync() is short.
  void start_writeback();
  /// Throws away everything at and after @p offset (<= end()).
  void cut(std::uint64_t offset);
  /// write_out(), and removes whatever a failed write may have left behind end().
  void finish();

  [[nodiscard]] std::uint64_t end() const { return handed_over_ + buffered_; }
  /// Everything before this offset was handed to the operating system.
  [[nodiscard]] std::uint64_t handed_over() const { return handed_over_; }
  /// Bytes before end() that take no space on the device.
  [[nodiscard]] std::uint64_t sparse_bytes() const { return sparse_bytes_; }

 private:
  template <typename Operation>
  void guarded(const char* what, Operation operation);
  void hand_over(ByteView bytes);
  void append_sparse(std::uint64_t zeros);

  static constexpr std::size_t k_buffer = std::size_t{256} << 10;

  File file_;
  std::string channel_;
  std::unique_ptr<std::uint8_t[]> buffer_;  ///< made with the first append
  std::size_t buffered_ = 0;
  std::uint64_t handed_over_;
  std::uint64_t writeback_started_;
  std::uint64_t sparse_bytes_ = 0;
};

}  // namespace tributary::relay
