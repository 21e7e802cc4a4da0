#include "load_data.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::apply {

using binlog::EventType;

namespace {

/// Of an EXECUTE_LOAD_QUERY: the first field that it has beyond QUERY's.
std::uint32_t file_id_of(const binlog::EventView& event) {
  static constexpr std::size_t k_query_post_header = 13;
  ByteReader reader(event.body());
  reader.skip(k_query_post_header);
  return reader.u32();
}

}  // namespace

LoadDataReader::LoadDataReader(const LoadDataFile& file) : file_(file), cursor_(file.log->open_cursor(file.begin)) {}

std::size_t LoadDataReader::read(std::span<char> into) {
  std::size_t count = 0;
  while (count < into.size() && (!block_.empty() || next_block())) {
    const std::size_t piece = std::min(into.size() - count, block_.size());
    std::memcpy(into.data() + count, block_.data(), piece);
    block_ = block_.subspan(piece);
    count += piece;
  }
  return count;
}

/// False at the end; else block_ holds the next block, perhaps an empty one.
bool LoadDataReader::next_block() {
  while (!ended_) {
    const auto event = cursor_->next();
    if (!event) break;
    const binlog::EventView view(event->raw, cursor_->description().checksum);
    if (view.type() == EventType::begin_load_query || view.type() == EventType::append_block) {
      const auto block = binlog::LoadBlockEvent::decode(view);
      if (block.file_id != file_.file_id) continue;
      block_ = block.block;
      return true;
    }
    ended_ = view.type() == EventType::execute_load_query && file_id_of(view) == file_.file_id;
  }
  if (ended_) return false;
  throw Error(error_code::k_corrupt_event,
              fmt::format("the blocks of file {} of a LOAD DATA end without its statement", file_.file_id));
}

}  // namespace tributary::apply
