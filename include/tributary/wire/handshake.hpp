#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tributary/util/bytes.hpp"

namespace tributary::wire {

/// Protocol::HandshakeV10, the first packet of a connection.
struct Greeting {
  std::string server_version;
  std::uint32_t connection_id = 0;
  Bytes salt;  ///< k_salt_size bytes
  std::uint32_t capabilities = 0;
  std::uint8_t collation = 45;  ///< utf8mb4_general_ci, known to every server and client
  std::uint16_t status = 0;
  std::string auth_plugin;
};

Bytes encode_greeting(const Greeting& greeting);

/// Protocol::HandshakeResponse41.
struct HandshakeResponse {
  std::uint32_t capabilities = 0;  ///< as the client sent them, not yet cut to what the server offers
  std::uint32_t max_packet = 0;
  std::uint8_t collation = 0;
  std::string user;
  Bytes auth_response;
  std::string database;     ///< '' when none was named
  std::string auth_plugin;  ///< '' when the client cannot name one
  std::vector<std::pair<std::string, std::string>> attributes;
};

/// @throws Error 1251 for a client without the 4.1 protocol or its passwords, 1043 for everything that does not
/// have the shape its own capability bits promise, TLS requests included.
HandshakeResponse parse_handshake_response(ByteView payload);

/// What follows the command byte of COM_CHANGE_USER; @p capabilities are the session's.
struct ChangeUserRequest {
  std::string user;
  Bytes auth_response;
  std::string database;
  std::string auth_plugin;
};

/// @throws Error 1835 when the bytes do not have that shape.
ChangeUserRequest parse_change_user(ByteView arguments, std::uint32_t capabilities);

/// Protocol::AuthSwitchRequest: asks the client to answer @p salt by @p plugin.
Bytes encode_auth_switch(std::string_view plugin, ByteView salt);

}  // namespace tributary::wire
