#include "byte_source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <new>

#include <fcntl.h>
#include <fmt/core.h>
#include <libdeflate.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "receive_error.hpp"

namespace tributary::source {
namespace {

[[noreturn]] void throw_lost(const std::string& why) {
  throw ReceiveError(Remedy::reconnect, receive_code::k_server_lost,
                     fmt::format("Lost connection to source ({})", why));
}

class SocketSource : public ByteSource {
 public:
  explicit SocketSource(int socket) : socket_(socket) {}

  std::optional<std::size_t> read(std::span<std::uint8_t> into) override {
    for (;;) {
      const ssize_t count = ::recv(socket_, into.data(), into.size(), MSG_DONTWAIT);
      if (count > 0) return static_cast<std::size_t>(count);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
      throw_lost(count == 0 ? "closed by the other side" : system_error_text(errno));
    }
  }

 private:
  int socket_;
};

class TlsSource : public ByteSource {
 public:
  TlsSource(SSL* ssl, int socket) : ssl_(ssl) {
    const int flags = ::fcntl(socket, F_GETFL);
    if (flags < 0 || ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0) throw_lost(system_error_text(errno));
  }

  std::optional<std::size_t> read(std::span<std::uint8_t> into) override {
    // One call gives a record at most, of 16 KiB.
    std::size_t filled = 0;
    while (filled < into.size()) {
      ERR_clear_error();
      const int wanted = static_cast<int>(std::min<std::size_t>(into.size() - filled, INT_MAX));
      const int count = SSL_read(ssl_, into.data() + filled, wanted);
      if (count > 0) {
        filled += static_cast<std::size_t>(count);
        continue;
      }
      const int system_error = errno;
      const int error = SSL_get_error(ssl_, count);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE || filled > 0) break;
      fail(error, system_error);
    }
    if (filled == 0) return std::nullopt;
    return filled;
  }

 private:
  [[noreturn]] static void fail(int error, int system_error) {
    if (error == SSL_ERROR_ZERO_RETURN) throw_lost("closed by the other side");
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    if (error == SSL_ERROR_SSL && reason != nullptr) throw_lost(fmt::format("TLS: {}", reason));
    throw_lost(system_error == 0 ? "closed by the other side" : system_error_text(system_error));
  }

  SSL* ssl_;
};

class DecompressingSource : public ByteSource {
 public:
  explicit DecompressingSource(std::unique_ptr<ByteSource> inner)
      : inner_(std::move(inner)), decompressor_(libdeflate_alloc_decompressor()) {
    if (!decompressor_) throw std::bad_alloc();
  }

  std::optional<std::size_t> read(std::span<std::uint8_t> into) override {
    while (begin_ == content_.size()) {
      if (!next_frame()) return std::nullopt;
    }
    const std::size_t count = std::min(into.size(), content_.size() - begin_);
    std::memcpy(into.data(), content_.data() + begin_, count);
    begin_ += count;
    return count;
  }
  [[nodiscard]] bool has_numbered_frames() const override { return true; }

 private:
  static constexpr std::size_t k_header = 7;
  /// No byte of a deflate stream can stand for more than so many.
  static constexpr std::size_t k_highest_ratio = 1032;

  /// Reads until @p count bytes of the frame are there; false when no more have arrived.
  bool fill(std::size_t count) {
    frame_.reserve(count);
    while (frame_.size() < count) {
      const std::size_t before = frame_.size();
      frame_.resize(count);
      std::optional<std::size_t> got;
      try {
        got = inner_->read(std::span(frame_).subspan(before));
      } catch (...) {
        frame_.resize(before);
        throw;
      }
      frame_.resize(before + got.value_or(0));
      if (!got) return false;
    }
    return true;
  }

  bool next_frame() {
    if (frame_.size() < k_header && !fill(k_header)) return false;
    const std::size_t length = load_little_endian(frame_.data(), 3);
    const std::size_t unpacked = load_little_endian(frame_.data() + 4, 3);
    if (!fill(k_header + length)) return false;
    if (frame_[3] != sequence_) {
      fail(fmt::format("compressed packets out of order: number {} where {} was expected", frame_[3], sequence_));
    }
    ++sequence_;
    begin_ = 0;
    if (unpacked == 0) {
      content_.assign(frame_.begin() + k_header, frame_.end());
    } else {
      if (unpacked > length * k_highest_ratio) {
        fail(fmt::format("{} compressed bytes cannot hold the {} that are announced", length, unpacked));
      }
      content_.resize(unpacked);
      if (libdeflate_zlib_decompress(decompressor_.get(), frame_.data() + k_header, length, content_.data(), unpacked,
                                     nullptr) != LIBDEFLATE_SUCCESS) {
        content_.clear();
        fail(fmt::format("{} compressed bytes do not unpack to the {} that are announced", length, unpacked));
      }
    }
    frame_.clear();
    return true;
  }

  [[noreturn]] static void fail(const std::string& what) {
    throw ReceiveError(Remedy::reconnect, receive_code::k_malformed_packet, "Malformed packet from source: " + what);
  }

  struct Free {
    void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
  };

  std::unique_ptr<ByteSource> inner_;
  std::unique_ptr<libdeflate_decompressor, Free> decompressor_;
  Bytes frame_;            ///< what has arrived of the next frame
  Bytes content_;          ///< of the last frame
  std::size_t begin_ = 0;  ///< of what was not handed out yet
  std::uint8_t sequence_ = 1;
};

}  // namespace

std::unique_ptr<ByteSource> make_socket_source(int socket) {
  return std::make_unique<SocketSource>(socket);
}

std::unique_ptr<ByteSource> make_tls_source(void* ssl, int socket) {
  return std::make_unique<TlsSource>(static_cast<SSL*>(ssl), socket);
}

std::unique_ptr<ByteSource> make_decompressing_source(std::unique_ptr<ByteSource> inner) {
  return std::make_unique<DecompressingSource>(std::move(inner));
}

}  // namespace tributary::source
