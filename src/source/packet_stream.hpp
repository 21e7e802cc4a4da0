#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "tributary/util/bytes.hpp"

#include "byte_source.hpp"
#include "stop_signal.hpp"

namespace tributary::source {

/// Reads the packets of a running dump: many packets per system call, handed out without a copy. Nothing may be waiting
/// in the client library.
class PacketStream {
 public:
  /// The largest event that a server sends (max_allowed_packet), and its packet's first byte.
  static constexpr std::size_t k_largest_payload = (std::size_t{1} << 30) + 1;

  /// @p bytes come through @p socket.
  PacketStream(std::unique_ptr<ByteSource> bytes, int socket, const StopSignal& stop, std::uint32_t net_timeout);

  /// The payload of the next packet that is wholly in memory, valid until the next call of any method; nullopt: more
  /// must be read first. @throws ReceiveError for packets out of order or too large.
  std::optional<ByteView> next();
  /// Reads what has arrived, without waiting; false when nothing has.
  /// @throws ReceiveError 2013 when the connection is closed.
  bool read_arrived();
  /// Waits until something arrives; false when a stop was requested.
  /// @throws ReceiveError 2013 after net_timeout seconds.
  bool wait() const;

 private:
  /// Takes over what is in the buffer of a packet that is too large for it.
  void collect();
  [[nodiscard]] std::size_t available() const { return end_ - begin_; }

  static constexpr std::size_t k_buffer = std::size_t{256} << 10;
  static constexpr std::size_t k_packet_header = 4;
  static constexpr std::size_t k_longest_packet = 0xffffff;  ///< its payload goes on in the next packet

  std::unique_ptr<ByteSource> bytes_;
  int socket_;
  const StopSignal& stop_;
  std::uint32_t net_timeout_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t begin_ = 0;  ///< of what was not handed out yet
  std::size_t end_ = 0;
  std::uint8_t sequence_ = 1;

  // A payload that does not fit the buffer is put together here; the memory goes with the next packet.
  Bytes collected_;
  bool collecting_ = false;
  bool collected_handed_out_ = false;
  std::size_t missing_ = 0;  ///< bytes of the packet being collected
  bool goes_on_ = false;     ///< another packet of the same payload follows it
};

}  // namespace tributary::source
