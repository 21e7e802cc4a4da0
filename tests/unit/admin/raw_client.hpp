#pragma once

#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tributary/util/bytes.hpp"
#include "tributary/wire/native_password.hpp"
#include "tributary/wire/packet.hpp"
#include "tributary/wire/protocol.hpp"

namespace tributary::admin {

/// A client that sends any bytes, to see what the server does with them.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    // A hang is to be a failure, not a test run without end.
    const timeval timeout{60, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  ~RawClient() { hang_up(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void hang_up() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  /// False when the server has closed.
  bool send(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool send_packet(ByteView payload, std::uint8_t sequence) {
    wire::PacketWriter writer(sequence);
    writer.add(payload);
    return send(writer.view());
  }
  bool send_command(wire::Command command, std::string_view arguments = {}) {
    Bytes payload{static_cast<std::uint8_t>(command)};
    const ByteView bytes = as_bytes(arguments);
    payload.insert(payload.end(), bytes.begin(), bytes.end());
    replies_.expect_sequence(1);
    return send_packet(payload, 0);
  }

  /// The next packet; nullopt when the server has closed.
  std::optional<Bytes> receive() {
    while (true) {
      if (auto payload = replies_.next()) return payload;
      std::uint8_t buffer[4096];
      const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
      if (size < 0 && errno != ECONNRESET) throw std::runtime_error("the server is silent");
      if (size <= 0) return std::nullopt;
      replies_.feed(ByteView(buffer, static_cast<std::size_t>(size)));
    }
  }
  /// The number in the next packet if that is an error; 0 for any other, -1 when the server has closed.
  int receive_error() {
    const std::optional<Bytes> payload = receive();
    if (!payload) return -1;
    if (payload->size() < 3 || payload->front() != 0xff) return 0;
    return (*payload)[1] | (*payload)[2] << 8;
  }
  bool closed() { return !receive(); }

  /// Reads the greeting, whose salt it keeps.
  Bytes greeting() {
    const Bytes payload = receive().value();
    ByteReader reader(payload);
    reader.skip(1);
    reader.null_terminated_text();
    reader.skip(4);
    const ByteView first = reader.bytes(8);
    reader.skip(1 + 2 + 1 + 2 + 2 + 1 + 10);
    const ByteView second = reader.bytes(12);
    salt_.assign(first.begin(), first.end());
    salt_.insert(salt_.end(), second.begin(), second.end());
    return payload;
  }
  Bytes response(std::string_view user, std::string_view password, std::uint32_t more_capabilities = 0,
                 std::string_view plugin = wire::k_native_password_plugin) {
    using namespace wire::capability;
    ByteWriter writer;
    writer.u32(k_protocol_41 | k_secure_connection | k_plugin_auth | more_capabilities);
    writer.u32(1U << 24);
    writer.u8(45);
    writer.fill(23);
    writer.null_terminated_text(user);
    const Bytes answer = wire::native_password_answer(password, salt_);
    writer.u8(static_cast<std::uint8_t>(answer.size()));
    writer.bytes(answer);
    writer.null_terminated_text(plugin);
    return writer.take();
  }
  /// Logs in; the error's number, 0 for success, -1 when the server has closed.
  int log_in(std::string_view user = "root", std::string_view password = "secret",
             std::uint32_t more_capabilities = 0) {
    greeting();
    send_packet(response(user, password, more_capabilities), 1);
    replies_.expect_sequence(2);
    return receive_error();
  }
  [[nodiscard]] const Bytes& salt() const { return salt_; }
  wire::PacketReader& replies() { return replies_; }

 private:
  int socket_;
  wire::PacketReader replies_{std::size_t{64} << 20};
  Bytes salt_;
};

}  // namespace tributary::admin
