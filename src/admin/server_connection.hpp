#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include <asio/awaitable.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/steady_timer.hpp>

#include "tributary/util/bytes.hpp"
#include "tributary/wire/packet.hpp"

namespace tributary::admin {

/// One client's socket: packets in and out, and the knowledge whether the client is still there. Two coroutines use
/// it: one runs read_ahead(), the other holds the conversation. Both run on the event loop's thread, as do all calls.
class ServerConnection {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  using Clock = std::chrono::steady_clock;

  /// @param scratch where bytes arrive before they are fed; one for all connections of the loop.
  ServerConnection(Socket socket, std::span<std::uint8_t> scratch, std::size_t max_payload);

  /// Reads until the client goes away or close(). Reading never stops while a payload is waited for; otherwise it stops
  /// when a few commands are waiting, so that a client which sends and never reads costs little.
  asio::awaitable<void> read_ahead();
  /// Called once, when the client has closed its side or its network failed.
  void on_client_gone(std::function<void()> callback) { client_gone_callback_ = std::move(callback); }
  [[nodiscard]] bool client_gone() const noexcept { return client_gone_; }

  /// The next payload. @throws Error 1153 or 1156 (wire::PacketReader), std::system_error when the client is gone.
  asio::awaitable<Bytes> read_payload(Clock::duration timeout);
  /// Sends all of @p framed. @throws std::system_error.
  /// @param timeout how long the client may take nothing.
  asio::awaitable<void> write(Bytes framed, Clock::duration timeout);
  /// Ends the sending side and waits until the client has done the same, so that it can read what was sent last.
  asio::awaitable<void> linger(Clock::duration timeout);
  /// Returns when wake() is called, when the client goes, at @p until, or before: the caller checks what it waits for.
  asio::awaitable<void> wait(Clock::time_point until = Clock::time_point::max());
  void wake();

  /// Closes at once; what waits on the socket ends.
  void close();

  /// Past this instant the login has taken too long; max(): logged in.
  void set_login_deadline(Clock::time_point deadline) { login_deadline_ = deadline; }
  /// A timeout has passed: close() is due. There is no timer per connection; the server looks now and then.
  [[nodiscard]] bool overdue(Clock::time_point now) const { return now >= deadline_ || now >= login_deadline_; }

  wire::PacketReader& packets() { return packets_; }

 private:
  [[nodiscard]] bool wants_bytes() const;
  void lose_client();

  Socket socket_;
  std::span<std::uint8_t> scratch_;
  wire::PacketReader packets_;
  asio::steady_timer wake_;
  asio::steady_timer room_;  ///< wakes read_ahead()
  std::function<void()> client_gone_callback_;
  Clock::time_point deadline_ = Clock::time_point::max();
  Clock::time_point login_deadline_ = Clock::time_point::max();
  bool payload_wanted_ = false;
  bool discarding_ = false;
  bool client_gone_ = false;
};

}  // namespace tributary::admin
