#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "tributary/util/bytes.hpp"

namespace tributary::wire {

/// A chunk of this many bytes means that the payload goes on in the next one; a shorter one, possibly empty, ends it.
inline constexpr std::size_t k_max_chunk = 0xffffff;
/// u3 length, u1 sequence number.
inline constexpr std::size_t k_packet_header = 4;

/// Turns a stream of bytes into whole payloads. Does no input itself; for one thread at a time.
/// Memory: at most what was fed and not taken, plus one payload of @p max_payload bytes.
class PacketReader {
 public:
  /// @param max_payload largest payload in bytes that next() accepts.
  explicit PacketReader(std::size_t max_payload) : max_payload_(max_payload) {}

  void set_max_payload(std::size_t bytes) { max_payload_ = bytes; }
  void feed(ByteView bytes);
  /// Bytes fed and not yet taken by next().
  [[nodiscard]] std::size_t buffered() const noexcept { return buffer_.size() - consumed_; }

  /// The next whole payload, or nullopt when more bytes are needed.
  /// @throws Error 1156 when a chunk has another sequence number than expected; Error 1153, as soon as a header
  /// announces it, when the payload would be larger than allowed. After an error the stream cannot be read on.
  std::optional<Bytes> next();

  /// The sequence number that the next chunk must have, also as seen by next() in a header that it refused: one more
  /// than the last chunk's. An answer to it begins with this number.
  [[nodiscard]] std::uint8_t expected_sequence() const noexcept { return expected_sequence_; }
  /// 0 before each command; what follows one's own packets during authentication.
  void expect_sequence(std::uint8_t sequence) { expected_sequence_ = sequence; }

 private:
  void check_header(std::size_t chunk_size, std::uint8_t sequence);

  std::size_t max_payload_;
  std::uint8_t expected_sequence_ = 0;
  Bytes buffer_;
  bool header_checked_ = false;  ///< the chunk at the front of buffer_ is not whole yet
  std::size_t consumed_ = 0;     ///< bytes at the front of buffer_ that have been taken
  Bytes payload_;                ///< chunks of the payload so far
};

/// Frames payloads for sending: splits them into chunks and numbers these. For one thread at a time.
class PacketWriter {
 public:
  explicit PacketWriter(std::uint8_t first_sequence = 0) : sequence_(first_sequence) {}

  void add(ByteView payload);
  /// The number that the next chunk will carry.
  [[nodiscard]] std::uint8_t sequence() const noexcept { return sequence_; }
  [[nodiscard]] ByteView view() const noexcept { return framed_.view(); }
  /// What has been framed so far; the numbering goes on.
  [[nodiscard]] Bytes take();

 private:
  ByteWriter framed_;
  std::uint8_t sequence_;
};

}  // namespace tributary::wire
