#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>

namespace tributary::admin {

/// Listens on TCP. @p bind_address: a literal address, a host name, or "*" for every address of both families.
/// @throws Error 1105 saying what could not be listened on and what to do.
asio::ip::tcp::acceptor listen_on_tcp(asio::io_context& io, const std::string& bind_address, std::uint16_t port);

/// A listening unix socket; its file is removed when the object goes, if it is still the one it made.
class UnixListener {
 public:
  /// Replaces a socket file that nobody answers on; anything else at @p path is left alone.
  /// @throws Error 1105 saying what could not be listened on and what to do.
  UnixListener(asio::io_context& io, std::filesystem::path path, unsigned mode);
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  asio::local::stream_protocol::acceptor& acceptor() { return acceptor_; }

 private:
  void remove_stale_file();

  std::filesystem::path path_;
  asio::local::stream_protocol::acceptor acceptor_;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

}  // namespace tributary::admin
