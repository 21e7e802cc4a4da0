#include "chunk_reader.hpp"

#include <algorithm>

namespace tributary::relay {

ByteView ChunkReader::view(const File& file, std::uint64_t offset, std::size_t count, std::uint64_t limit) {
  if (offset < start_ || offset - start_ > length_ || length_ - (offset - start_) < count) {
    fill(file, offset, count, limit);
  }
  const auto begin = static_cast<std::size_t>(offset - start_);
  return {chunk_.get() + begin, std::min(count, length_ - begin)};
}

void ChunkReader::fill(const File& file, std::uint64_t offset, std::size_t count, std::uint64_t limit) {
  const std::size_t wanted = std::max(count, k_chunk);
  if (capacity_ != wanted) {
    length_ = 0;
    capacity_ = 0;
    chunk_.reset();
    chunk_ = std::make_unique_for_overwrite<std::uint8_t[]>(wanted);
    capacity_ = wanted;
  }
  const auto allowed = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, limit - offset));
  length_ = 0;
  start_ = offset;
  length_ = file.read_at(offset, {chunk_.get(), allowed});
}

}  // namespace tributary::relay
