#include "tributary/wire/packet.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/error.hpp"
#include "tributary/wire/protocol.hpp"

namespace tributary::wire {
namespace {

/// A buffer that grew beyond this for one large payload is given back, so that an idle session stays small.
constexpr std::size_t k_kept_capacity = 64 << 10;

}  // namespace

void PacketReader::feed(ByteView bytes) {
  if (consumed_ == buffer_.size()) {
    buffer_.clear();
    consumed_ = 0;
    if (buffer_.capacity() > k_kept_capacity) buffer_.shrink_to_fit();
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<Bytes> PacketReader::next() {
  while (buffered() >= k_packet_header) {
    ByteReader reader(ByteView(buffer_).subspan(consumed_));
    const std::size_t chunk_size = reader.u24();
    const std::uint8_t sequence = reader.u8();
    if (!header_checked_) check_header(chunk_size, sequence);
    header_checked_ = reader.remaining() < chunk_size;
    if (header_checked_) break;

    const ByteView chunk = reader.bytes(chunk_size);
    payload_.insert(payload_.end(), chunk.begin(), chunk.end());
    consumed_ += k_packet_header + chunk_size;
    if (chunk_size < k_max_chunk) return std::exchange(payload_, {});
  }
  // What is left is the start of a chunk: close the gap before it, so that the buffer stays as small as the chunk.
  if (consumed_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_));
    consumed_ = 0;
  }
  return std::nullopt;
}

void PacketReader::check_header(std::size_t chunk_size, std::uint8_t sequence) {
  // An error is answered with the number that the sender waits for, else it would not understand the answer.
  const std::uint8_t due = std::exchange(expected_sequence_, static_cast<std::uint8_t>(sequence + 1));
  if (sequence != due) {
    throw Error(error_code::k_packets_out_of_order, "08S01",
                fmt::format("Got packets out of order: number {} where {} was due", sequence, due));
  }
  // payload_ is never above the limit, so the difference cannot wrap.
  if (chunk_size > max_payload_ - std::min(payload_.size(), max_payload_)) {
    throw Error(error_code::k_packet_too_large, "08S01",
                fmt::format("Got a packet bigger than 'max_allowed_packet' bytes ({})", max_payload_));
  }
}

void PacketWriter::add(ByteView payload) {
  std::size_t chunk_size = 0;
  do {
    chunk_size = std::min(payload.size(), k_max_chunk);
    framed_.u24(static_cast<std::uint32_t>(chunk_size));
    framed_.u8(sequence_++);
    framed_.bytes(payload.first(chunk_size));
    payload = payload.subspan(chunk_size);
  } while (chunk_size == k_max_chunk);
}

Bytes PacketWriter::take() {
  return framed_.take();
}

}  // namespace tributary::wire
