#include "packet_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include <fmt/core.h>
#include <poll.h>

#include "receive_error.hpp"

namespace tributary::source {

PacketStream::PacketStream(std::unique_ptr<ByteSource> bytes, int socket, const StopSignal& stop,
                           std::uint32_t net_timeout)
    : bytes_(std::move(bytes)),
      socket_(socket),
      stop_(stop),
      net_timeout_(net_timeout),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(k_buffer)) {}

std::optional<ByteView> PacketStream::next() {
  if (collected_handed_out_) {
    collected_ = Bytes();
    collected_handed_out_ = false;
  }
  for (;;) {
    if (collecting_ && missing_ > 0) {
      collect();
      if (missing_ > 0) return std::nullopt;
    }
    if (collecting_ && !goes_on_) {
      collecting_ = false;
      collected_handed_out_ = true;
      return ByteView(collected_);
    }
    if (available() < k_packet_header) return std::nullopt;
    const std::uint8_t* const header = buffer_.get() + begin_;
    const auto length = static_cast<std::size_t>(load_little_endian(header, 3));
    const bool large = collecting_ || length == k_longest_packet || length + k_packet_header > k_buffer;
    if (!large && available() < length + k_packet_header) return std::nullopt;
    if (header[3] != sequence_ && !bytes_->has_numbered_frames()) {
      throw ReceiveError(Remedy::reconnect, receive_code::k_malformed_packet,
                         fmt::format("Packets out of order: number {} where {} was expected", header[3], sequence_));
    }
    ++sequence_;
    begin_ += k_packet_header;
    if (!large) {
      const ByteView payload(buffer_.get() + begin_, length);
      begin_ += length;
      return payload;
    }
    if (length > k_largest_payload - collected_.size()) {
      throw ReceiveError(Remedy::give_up, receive_code::k_packet_too_large,
                         "Log entry on source is longer than 1 GiB, the largest that the protocol allows");
    }
    collecting_ = true;
    missing_ = length;
    goes_on_ = length == k_longest_packet;
    if (collected_.capacity() < collected_.size() + length) {
      collected_.reserve(std::max(collected_.size() + length, goes_on_ ? collected_.capacity() * 2 : 0));
    }
  }
}

void PacketStream::collect() {
  const std::size_t count = std::min(missing_, available());
  const std::uint8_t* const from = buffer_.get() + begin_;
  collected_.insert(collected_.end(), from, from + count);
  begin_ += count;
  missing_ -= count;
}

bool PacketStream::read_arrived() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, available());
    end_ -= begin_;
    begin_ = 0;
  }
  const auto count = bytes_->read(std::span(buffer_.get() + end_, k_buffer - end_));
  if (!count) return false;
  end_ += *count;
  return true;
}

bool PacketStream::wait() const {
  static constexpr int k_milliseconds = 1000;
  const auto timeout = static_cast<int>(std::min<std::uint32_t>(net_timeout_, 86400)) * k_milliseconds;
  pollfd waiting[2] = {{socket_, POLLIN, 0}, {stop_.descriptor(), POLLIN, 0}};
  int ready = 0;
  do {
    ready = ::poll(waiting, 2, timeout);
  } while (ready < 0 && errno == EINTR && !stop_.requested());
  if (stop_.requested()) return false;
  if (ready == 0) {
    throw ReceiveError(Remedy::reconnect, receive_code::k_server_lost,
                       fmt::format("Lost connection to source (nothing heard for {} seconds)", net_timeout_));
  }
  return true;
}

}  // namespace tributary::source
