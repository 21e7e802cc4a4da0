#include "stop_signal.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tributary::source {

StopSignal::StopSignal(std::stop_token token)
    : token_(std::move(token)), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "cannot make an eventfd");
  callback_.emplace(token_, Notify{this});
}

StopSignal::~StopSignal() {
  callback_.reset();
  ::close(event_);
}

void StopSignal::on_request() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, which is as good.
  static_cast<void>(!::write(event_, &one, sizeof one));
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

void StopSignal::watch_socket(int socket) {
  const std::lock_guard lock(mutex_);
  socket_ = socket;
  if (socket_ >= 0 && requested()) ::shutdown(socket_, SHUT_RDWR);
}

bool StopSignal::sleep_for(std::chrono::milliseconds duration) const {
  const auto until = std::chrono::steady_clock::now() + duration;
  while (!requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return true;
    pollfd waiting{event_, POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, INT_MAX)));
  }
  return false;
}

}  // namespace tributary::source
