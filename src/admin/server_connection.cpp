#include "server_connection.hpp"

#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

namespace tributary::admin {
namespace {

/// Bytes of commands that are kept while an earlier one runs.
constexpr std::size_t k_read_ahead = 64 << 10;

auto ignoring(std::error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

}  // namespace

ServerConnection::ServerConnection(Socket socket, std::span<std::uint8_t> scratch, std::size_t max_payload)
    : socket_(std::move(socket)),
      scratch_(scratch),
      packets_(max_payload),
      wake_(socket_.get_executor(), Clock::time_point::max()),
      room_(socket_.get_executor(), Clock::time_point::max()) {}

asio::awaitable<void> ServerConnection::read_ahead() {
  std::error_code error;
  socket_.non_blocking(true, error);
  while (!error && socket_.is_open()) {
    if (!wants_bytes()) {
      std::error_code woken;
      co_await room_.async_wait(ignoring(woken));
      continue;
    }
    co_await socket_.async_wait(asio::socket_base::wait_read, ignoring(error));
    if (error) break;
    const std::size_t size = socket_.read_some(asio::buffer(scratch_.data(), scratch_.size()), error);
    if (error == asio::error::would_block || error == asio::error::interrupted) {
      error.clear();
    } else if (!error && !discarding_) {
      packets_.feed(scratch_.first(size));
      wake();
    }
  }
  lose_client();
}

bool ServerConnection::wants_bytes() const {
  return payload_wanted_ || discarding_ || packets_.buffered() < k_read_ahead;
}

void ServerConnection::lose_client() {
  client_gone_ = true;
  wake();
  if (const auto callback = std::exchange(client_gone_callback_, nullptr)) callback();
}

asio::awaitable<Bytes> ServerConnection::read_payload(Clock::duration timeout) {
  deadline_ = Clock::now() + timeout;
  payload_wanted_ = true;
  room_.cancel();
  while (true) {
    std::optional<Bytes> payload = packets_.next();
    if (payload) {
      payload_wanted_ = false;
      deadline_ = Clock::time_point::max();
      co_return std::move(*payload);
    }
    if (client_gone_) throw std::system_error(asio::error::make_error_code(asio::error::eof));
    co_await wait();
  }
}

asio::awaitable<void> ServerConnection::write(Bytes framed, Clock::duration timeout) {
  std::size_t sent = 0;
  while (sent < framed.size()) {
    deadline_ = Clock::now() + timeout;
    std::error_code error;
    sent +=
        co_await socket_.async_write_some(asio::buffer(framed.data() + sent, framed.size() - sent), ignoring(error));
    if (error) throw std::system_error(error);
  }
  deadline_ = Clock::time_point::max();
}

asio::awaitable<void> ServerConnection::linger(Clock::duration timeout) {
  std::error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  deadline_ = Clock::now() + timeout;
  discarding_ = true;
  room_.cancel();
  while (!client_gone_ && !error) co_await wait();
}

asio::awaitable<void> ServerConnection::wait(Clock::time_point until) {
  std::error_code woken;
  wake_.expires_at(until);
  co_await wake_.async_wait(ignoring(woken));
}

void ServerConnection::wake() {
  wake_.cancel();
}

void ServerConnection::close() {
  std::error_code error;
  socket_.close(error);
  room_.cancel();
  wake();
}

}  // namespace tributary::admin
