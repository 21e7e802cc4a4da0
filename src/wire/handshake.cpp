#include "tributary/wire/handshake.hpp"

#include <fmt/core.h>

#include "tributary/util/error.hpp"
#include "tributary/wire/native_password.hpp"
#include "tributary/wire/protocol.hpp"

namespace tributary::wire {
namespace {

constexpr std::uint8_t k_protocol_version = 10;
constexpr std::size_t k_first_salt_part = 8;
/// Fixed part of a response: capabilities, packet size, collation, filler. A TLS request is just that.
constexpr std::size_t k_response_head = 32;

std::vector<std::pair<std::string, std::string>> read_attributes(ByteReader& reader) {
  std::vector<std::pair<std::string, std::string>> attributes;
  ByteReader list(as_bytes(reader.lenenc_text()));
  while (!list.at_end()) {
    std::string key(list.lenenc_text());
    std::string value(list.lenenc_text());
    attributes.emplace_back(std::move(key), std::move(value));
  }
  return attributes;
}

Bytes read_auth_response(ByteReader& reader, std::uint32_t capabilities) {
  std::string_view response;
  if ((capabilities & capability::k_plugin_auth_lenenc) != 0) {
    response = reader.lenenc_text();
  } else if ((capabilities & capability::k_secure_connection) != 0) {
    response = reader.text(reader.u8());
  } else {
    response = reader.null_terminated_text();
  }
  const ByteView bytes = as_bytes(response);
  return {bytes.begin(), bytes.end()};
}

HandshakeResponse read_response(ByteReader& reader) {
  HandshakeResponse response;
  response.capabilities = reader.u32();
  response.max_packet = reader.u32();
  response.collation = reader.u8();
  reader.skip(23);
  response.user = reader.null_terminated_text();
  response.auth_response = read_auth_response(reader, response.capabilities);
  if ((response.capabilities & capability::k_connect_with_db) != 0) response.database = reader.null_terminated_text();
  if ((response.capabilities & capability::k_plugin_auth) != 0) response.auth_plugin = reader.null_terminated_text();
  if ((response.capabilities & capability::k_connect_attributes) != 0) response.attributes = read_attributes(reader);
  return response;
}

Error bad_handshake(std::string_view detail) {
  return {error_code::k_bad_handshake, "08S01", fmt::format("Bad handshake: {}", detail)};
}

}  // namespace

Bytes encode_greeting(const Greeting& greeting) {
  ByteWriter writer;
  const ByteView salt(greeting.salt);
  writer.u8(k_protocol_version);
  writer.null_terminated_text(greeting.server_version);
  writer.u32(greeting.connection_id);
  writer.bytes(salt.first(k_first_salt_part));
  writer.u8(0);
  writer.u16(static_cast<std::uint16_t>(greeting.capabilities));
  writer.u8(greeting.collation);
  writer.u16(greeting.status);
  writer.u16(static_cast<std::uint16_t>(greeting.capabilities >> 16));
  writer.u8(static_cast<std::uint8_t>(salt.size() + 1));
  writer.fill(10);
  writer.bytes(salt.subspan(k_first_salt_part));
  writer.u8(0);
  writer.null_terminated_text(greeting.auth_plugin);
  return writer.take();
}

HandshakeResponse parse_handshake_response(ByteView payload) {
  if (payload.size() < k_response_head) {
    // A client of before 4.1 sends u2 capabilities first; bit 9 is in both forms at the same place.
    const bool protocol_41 = payload.size() >= 2 && (ByteReader(payload).u16() & capability::k_protocol_41) != 0;
    if (protocol_41 || payload.size() < 2) throw bad_handshake("the answer to the greeting is too short");
  }
  const std::uint32_t capabilities = payload.size() < k_response_head ? 0 : ByteReader(payload).u32();
  if ((capabilities & capability::k_protocol_41) == 0) {
    throw Error(error_code::k_unsupported_auth_mode, "08004",
                "Client does not support authentication protocol requested by server; consider upgrading MySQL client");
  }
  if ((capabilities & capability::k_ssl) != 0 && payload.size() == k_response_head) {
    throw bad_handshake("the client asked for TLS, which was not offered");
  }
  ByteReader reader(payload);
  try {
    return read_response(reader);
  } catch (const Error& error) {
    throw bad_handshake(error.what());
  }
}

ChangeUserRequest parse_change_user(ByteView arguments, std::uint32_t capabilities) {
  ChangeUserRequest request;
  ByteReader reader(arguments);
  try {
    request.user = reader.null_terminated_text();
    // Unlike in the first handshake the length is one byte here also with PLUGIN_AUTH_LENENC.
    request.auth_response = read_auth_response(reader, capabilities & ~capability::k_plugin_auth_lenenc);
    request.database = reader.null_terminated_text();
    if (reader.at_end()) return request;
    reader.skip(2);  // collation
    if ((capabilities & capability::k_plugin_auth) != 0) request.auth_plugin = reader.null_terminated_text();
    if ((capabilities & capability::k_connect_attributes) != 0 && !reader.at_end()) read_attributes(reader);
  } catch (const Error& error) {
    throw Error(error_code::k_malformed_packet, fmt::format("Malformed communication packet: {}", error.what()));
  }
  return request;
}

Bytes encode_auth_switch(std::string_view plugin, ByteView salt) {
  ByteWriter writer;
  writer.u8(0xfe);
  writer.null_terminated_text(plugin);
  writer.bytes(salt);
  writer.u8(0);
  return writer.take();
}

}  // namespace tributary::wire
