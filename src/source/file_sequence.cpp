#include "file_sequence.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <fmt/core.h>

#include "tributary/binlog/control_events.hpp"
#include "tributary/util/file.hpp"

namespace tributary::source {

using binlog::EventHeader;

std::string name_after(const std::string& file) {
  const std::size_t dot = file.rfind('.');
  if (dot == std::string::npos) return {};
  std::uint64_t number = 0;
  const char* const end = file.data() + file.size();
  const auto [stopped, error] = std::from_chars(file.data() + dot + 1, end, number);
  if (error != std::errc{} || stopped != end) return {};
  return fmt::format("{}.{:06}", file.substr(0, dot), number + 1);
}

bool of_one_series(const std::string& file, const std::string& other) {
  return !name_after(file).empty() && !name_after(other).empty() &&
         file.substr(0, file.rfind('.')) == other.substr(0, other.rfind('.'));
}

std::string rotated_to(relay::RelayLog& log) {
  static constexpr std::size_t k_type_offset = 4;
  static constexpr std::size_t k_size_offset = 9;
  static constexpr std::size_t k_log_pos_offset = 13;
  static constexpr std::size_t k_shortest = EventHeader::k_length + 8 + 1;  // its position, and a name
  static constexpr std::size_t k_longest = k_shortest + 511 + binlog::k_checksum_length;
  const relay::RelayPosition end = log.published_end();
  if (end.offset < binlog::k_first_event_offset + k_shortest) return {};
  const auto cursor = log.open_cursor({end.file_number, binlog::k_first_event_offset});
  if (!cursor->next()) return {};
  const File file(log.path_of(end.file_number), File::Mode::read);
  Bytes tail(std::min<std::uint64_t>(end.offset - binlog::k_first_event_offset, k_longest));
  if (file.read_at(end.offset - tail.size(), tail) != tail.size()) return {};
  // The events before it need not be read: no other bytes tell their own length, end and checksum.
  for (std::size_t size = k_shortest; size <= tail.size(); ++size) {
    const ByteView raw = ByteView(tail).last(size);
    if (raw[k_type_offset] != static_cast<std::uint8_t>(binlog::EventType::rotate) ||
        load_little_endian(raw.data() + k_size_offset, 4) != size ||
        load_little_endian(raw.data() + k_log_pos_offset, 4) != (end.offset & UINT32_MAX)) {
      continue;
    }
    const binlog::EventView event(raw, cursor->description().checksum);
    if (event.checksum_matches()) return binlog::RotateEvent::decode(event).next_file;
  }
  return {};
}

}  // namespace tributary::source
