#pragma once

#include <cstdint>
#include <memory>

#include "tributary/util/bytes.hpp"
#include "tributary/util/file.hpp"

namespace tributary::relay {

/// Reads a file forward in chunks and hands out views of it without a copy. Takes no memory before the first read;
/// grows for a view that is larger than a chunk and shrinks again with the next read.
class ChunkReader {
 public:
  static constexpr std::size_t k_chunk = std::size_t{128} << 10;

  /// [offset, offset + count) of @p file, valid until the next call. Nothing at or after @p limit is read, since it may
  /// still change. Shorter than @p count when the file ends early. offset + count must not exceed limit.
  ByteView view(const File& file, std::uint64_t offset, std::size_t count, std::uint64_t limit);
  /// Forgets what was read: the next view is of another file.
  void clear() { length_ = 0; }

 private:
  void fill(const File& file, std::uint64_t offset, std::size_t count, std::uint64_t limit);

  std::unique_ptr<std::uint8_t[]> chunk_;
  std::size_t capacity_ = 0;
  std::uint64_t start_ = 0;  ///< file offset of chunk_[0]
  std::size_t length_ = 0;   ///< bytes of the chunk that are valid
};

}  // namespace tributary::relay
