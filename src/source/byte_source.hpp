#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "tributary/util/bytes.hpp"

namespace tributary::source {

/// What a PacketStream reads: the bytes of the protocol, without TLS and compression around them. One thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Takes what has arrived, at most @p into.size() bytes, without waiting; nullopt: nothing has.
  /// @throws ReceiveError 2013 when the connection is closed, 2027 for bytes that make no sense.
  virtual std::optional<std::size_t> read(std::span<std::uint8_t> into) = 0;
  /// True when the bytes come in numbered frames; MariaDB does not number the packets in them in order then.
  [[nodiscard]] virtual bool has_numbered_frames() const { return false; }
};

/// A plain connection.
std::unique_ptr<ByteSource> make_socket_source(int socket);
/// A TLS connection; @p ssl is OpenSSL's SSL* of the client library, which must outlive this.
std::unique_ptr<ByteSource> make_tls_source(void* ssl, int socket);
/// The compressed protocol in @p inner (zlib): frames of 3 bytes length, 1 byte sequence, 3 bytes length before
/// compression (0: stored as it is), and so many bytes.
std::unique_ptr<ByteSource> make_decompressing_source(std::unique_ptr<ByteSource> inner);

}  // namespace tributary::source
