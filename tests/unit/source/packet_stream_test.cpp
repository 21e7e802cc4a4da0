#include "packet_stream.hpp"

#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "receive_error.hpp"

namespace tributary::source {
namespace {

class PacketStreamTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  void TearDown() override {
    for (const int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }
  void send(ByteView bytes) const {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t count = ::send(ends_[1], bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      ASSERT_GT(count, 0);
      done += static_cast<std::size_t>(count);
    }
  }
  void close_sender() { ::close(std::exchange(ends_[1], -1)); }
  static Bytes packet(std::uint8_t sequence, ByteView payload) {
    ByteWriter out;
    out.u24(static_cast<std::uint32_t>(payload.size()));
    out.u8(sequence);
    out.bytes(payload);
    return out.take();
  }
  static Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t at = 0; at < size; ++at) bytes[at] = static_cast<std::uint8_t>(at * 2654435761U >> 24);
    return bytes;
  }
  /// The next payload, waiting for it.
  static Bytes next(PacketStream& stream) {
    for (;;) {
      if (const auto payload = stream.next()) return {payload->begin(), payload->end()};
      if (!stream.read_arrived() && !stream.wait()) return {};
    }
  }

  int ends_[2] = {-1, -1};
  std::stop_source stop_source_;
  StopSignal stop_{stop_source_.get_token()};
};

TEST_F(PacketStreamTest, handsOutPacketsOfAllSizesHoweverTheyArrive) {
  PacketStream stream(make_socket_source(ends_[0]), ends_[0], stop_, 60);
  const std::vector<std::size_t> sizes{0,        1,        100,      262139,         262140,   262141, 300000,
                                       16777214, 16777215, 16777216, 2 * 16777215UL, 40000000, 5};
  std::jthread sender([&] {
    std::uint8_t sequence = 1;
    for (const std::size_t size : sizes) {
      const Bytes payload = pattern(size);
      ByteView rest = payload;
      for (;;) {
        const ByteView part = rest.first(std::min<std::size_t>(rest.size(), 0xffffff));
        const Bytes bytes = packet(sequence++, part);
        // In two pieces, cut inside the header.
        send(ByteView(bytes).first(2));
        send(ByteView(bytes).subspan(2));
        rest = rest.subspan(part.size());
        if (part.size() < 0xffffff) break;
      }
    }
  });
  for (const std::size_t size : sizes) ASSERT_EQ(next(stream), pattern(size)) << size;
}

TEST_F(PacketStreamTest, handsOutManyPacketsOfOneRead) {
  PacketStream stream(make_socket_source(ends_[0]), ends_[0], stop_, 60);
  Bytes all;
  for (unsigned number = 1; number <= 600; ++number) {
    const Bytes bytes = packet(static_cast<std::uint8_t>(number), pattern(number % 50));
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  send(all);
  for (unsigned number = 1; number <= 600; ++number) ASSERT_EQ(next(stream), pattern(number % 50));
  EXPECT_FALSE(stream.read_arrived());
}

TEST_F(PacketStreamTest, refusesPacketsOutOfOrder) {
  PacketStream stream(make_socket_source(ends_[0]), ends_[0], stop_, 60);
  send(packet(2, pattern(3)));
  ASSERT_TRUE(stream.read_arrived());
  EXPECT_THROW(stream.next(), ReceiveError);
}

TEST_F(PacketStreamTest, tellsThatTheConnectionIsClosed) {
  PacketStream stream(make_socket_source(ends_[0]), ends_[0], stop_, 60);
  send(ByteView(packet(1, pattern(300))).first(100));
  close_sender();
  ASSERT_TRUE(stream.read_arrived());
  EXPECT_EQ(stream.next(), std::nullopt);
  try {
    stream.read_arrived();
    FAIL() << "the end was not noticed";
  } catch (const ReceiveError& error) {
    EXPECT_EQ(error.code(), 2013);
    EXPECT_EQ(error.remedy(), Remedy::reconnect);
  }
}

TEST_F(PacketStreamTest, givesUpOnASilentSource) {
  const PacketStream stream(make_socket_source(ends_[0]), ends_[0], stop_, 1);
  EXPECT_THROW(static_cast<void>(stream.wait()), ReceiveError);
}

TEST_F(PacketStreamTest, aStopEndsTheWait) {
  const PacketStream stream(make_socket_source(ends_[0]), ends_[0], stop_, 3600);
  std::jthread stopper([this] { stop_source_.request_stop(); });
  EXPECT_FALSE(stream.wait());
}

TEST_F(PacketStreamTest, aStopShutsTheWatchedSocket) {
  stop_.watch_socket(ends_[0]);
  stop_source_.request_stop();
  std::uint8_t byte = 0;
  EXPECT_EQ(::recv(ends_[0], &byte, 1, 0), 0);
  EXPECT_FALSE(stop_.sleep_for(std::chrono::hours(1)));
  stop_.watch_socket(-1);
}

TEST_F(PacketStreamTest, aSocketWatchedAfterTheStopIsShutAtOnce) {
  stop_source_.request_stop();
  stop_.watch_socket(ends_[0]);
  std::uint8_t byte = 0;
  EXPECT_EQ(::recv(ends_[0], &byte, 1, 0), 0);
}

}  // namespace
}  // namespace tributary::source
