#include "tributary/wire/handshake.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"
#include "tributary/wire/native_password.hpp"
#include "tributary/wire/protocol.hpp"

#include "bytes_of.hpp"

namespace tributary::wire {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::uint32_t k_base = capability::k_protocol_41 | capability::k_secure_connection;
constexpr std::uint32_t k_all = k_base | capability::k_connect_with_db | capability::k_plugin_auth |
                                capability::k_connect_attributes | capability::k_plugin_auth_lenenc;

const Bytes k_answer(20, 0xab);

Bytes response(std::uint32_t capabilities) {
  ByteWriter writer;
  writer.u32(capabilities);
  writer.u32(0x40000000);
  writer.u8(45);
  writer.fill(23);
  writer.null_terminated_text("rp");
  if ((capabilities & (capability::k_plugin_auth_lenenc | capability::k_secure_connection)) != 0) {
    writer.u8(20);
    writer.bytes(k_answer);
  } else {
    writer.null_terminated_text("old");
  }
  if ((capabilities & capability::k_connect_with_db) != 0) writer.null_terminated_text("mysql");
  if ((capabilities & capability::k_plugin_auth) != 0) writer.null_terminated_text("mysql_native_password");
  if ((capabilities & capability::k_connect_attributes) != 0) {
    ByteWriter attributes;
    attributes.lenenc_text("_os");
    attributes.lenenc_text("Linux");
    attributes.lenenc_text("program_name");
    attributes.lenenc_text(std::string(300, 'p'));
    writer.lenenc(attributes.size());
    writer.bytes(attributes.view());
  }
  return writer.take();
}

std::uint16_t error_of(ByteView payload) {
  try {
    parse_handshake_response(payload);
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

// wire-protocol.md 13: the greeting of MySQL 5.6.24.
TEST(Greeting, hasTheBytesOfARealServer) {
  Greeting greeting;
  greeting.server_version = "5.6.24-log";
  greeting.connection_id = 3;
  greeting.salt = bytes_of("W:]E#y]D|c]*WV-zD!vT");
  greeting.capabilities = 0x807ff7ff;
  greeting.collation = 8;
  greeting.status = server_status::k_autocommit;
  greeting.auth_plugin = k_native_password_plugin;
  EXPECT_EQ(to_hex(encode_greeting(greeting)), to_hex(bytes_of("\x0a"
                                                               "5.6.24-log\0"
                                                               "\x03\0\0\0"
                                                               "\x57\x3a\x5d\x45\x23\x79\x5d\x44\0"
                                                               "\xff\xf7\x08\x02\0\x7f\x80\x15"
                                                               "\0\0\0\0\0\0\0\0\0\0"
                                                               "\x7c\x63\x5d\x2a\x57\x56\x2d\x7a\x44\x21\x76\x54\0"
                                                               "mysql_native_password\0"sv)));
}

TEST(HandshakeResponse, readsEveryField) {
  const HandshakeResponse parsed = parse_handshake_response(response(k_all));
  EXPECT_EQ(parsed.capabilities, k_all);
  EXPECT_EQ(parsed.max_packet, 0x40000000U);
  EXPECT_EQ(parsed.collation, 45);
  EXPECT_EQ(parsed.user, "rp");
  EXPECT_EQ(parsed.auth_response, k_answer);
  EXPECT_EQ(parsed.database, "mysql");
  EXPECT_EQ(parsed.auth_plugin, "mysql_native_password");
  ASSERT_EQ(parsed.attributes.size(), 2U);
  EXPECT_EQ(parsed.attributes[0], (std::pair<std::string, std::string>("_os", "Linux")));
  EXPECT_EQ(parsed.attributes[1].second.size(), 300U);
}

TEST(HandshakeResponse, everyChoiceOfOptionalFieldsIsRead) {
  constexpr std::uint32_t k_optional[] = {capability::k_connect_with_db, capability::k_plugin_auth,
                                          capability::k_connect_attributes, capability::k_plugin_auth_lenenc,
                                          capability::k_secure_connection};
  for (unsigned choice = 0; choice < 32; ++choice) {
    std::uint32_t capabilities = capability::k_protocol_41;
    for (unsigned bit = 0; bit < 5; ++bit) {
      if ((choice >> bit & 1) != 0) capabilities |= k_optional[bit];
    }
    const HandshakeResponse parsed = parse_handshake_response(response(capabilities));
    EXPECT_EQ(parsed.user, "rp");
    EXPECT_EQ(parsed.database, (capabilities & capability::k_connect_with_db) != 0 ? "mysql" : "") << choice;
    EXPECT_EQ(parsed.auth_plugin.empty(), (capabilities & capability::k_plugin_auth) == 0) << choice;
    EXPECT_EQ(parsed.attributes.empty(), (capabilities & capability::k_connect_attributes) == 0) << choice;
  }
}

TEST(HandshakeResponse, everyTruncationIsABadHandshake) {
  const Bytes whole = response(k_all);
  for (std::size_t size = 2; size < whole.size(); ++size) {
    EXPECT_EQ(error_of(ByteView(whole).first(size)), error_code::k_bad_handshake) << size;
  }
  EXPECT_EQ(error_of({}), error_code::k_bad_handshake);
  EXPECT_EQ(error_of(ByteView(whole).first(1)), error_code::k_bad_handshake);
}

TEST(HandshakeResponse, everyChangedByteIsReadOrRefused) {
  const Bytes whole = response(k_all);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0, 1, 250, 251, 252, 253, 254, 255}) {
      Bytes changed = whole;
      changed[at] = static_cast<std::uint8_t>(value);
      const std::uint16_t code = error_of(changed);
      EXPECT_TRUE(code == 0 || code == error_code::k_bad_handshake || code == error_code::k_unsupported_auth_mode)
          << at << ": " << code;
    }
  }
}

TEST(HandshakeResponse, refusesHugeLengths) {
  ByteWriter writer;
  writer.u32(k_all);
  writer.fill(28);
  writer.null_terminated_text("u");
  writer.u8(254);
  writer.u64(0xffffffffffffffff);
  EXPECT_EQ(error_of(writer.view()), error_code::k_bad_handshake);
}

TEST(HandshakeResponse, refusesAClientOfBeforeFourPointOne) {
  EXPECT_EQ(error_of(bytes_of("\x05\x00\x00\x00\x01user\0"sv)), error_code::k_unsupported_auth_mode);
  EXPECT_EQ(error_of(Bytes(40, 0)), error_code::k_unsupported_auth_mode);
}

TEST(HandshakeResponse, refusesATlsRequestByName) {
  ByteWriter writer;
  writer.u32(k_all | capability::k_ssl);
  writer.fill(28);
  try {
    parse_handshake_response(writer.view());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), error_code::k_bad_handshake);
    EXPECT_NE(std::string(error.what()).find("TLS"), std::string::npos);
  }
}

TEST(ChangeUser, readsItsFieldsWithAOneByteLength) {
  ByteWriter writer;
  writer.null_terminated_text("new");
  writer.u8(20);
  writer.bytes(k_answer);
  writer.null_terminated_text("tributary");
  writer.u16(45);
  writer.null_terminated_text("mysql_native_password");
  writer.lenenc(0);
  const ChangeUserRequest request = parse_change_user(writer.view(), k_all);
  EXPECT_EQ(request.user, "new");
  EXPECT_EQ(request.auth_response, k_answer);
  EXPECT_EQ(request.database, "tributary");
  EXPECT_EQ(request.auth_plugin, "mysql_native_password");

  for (std::size_t size = 0; size < writer.size(); ++size) {
    try {
      parse_change_user(writer.view().first(size), k_all);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), error_code::k_malformed_packet) << size;
    }
  }
  EXPECT_THROW(parse_change_user(writer.view().first(10), k_all), Error);
}

TEST(AuthSwitch, namesPluginAndSalt) {
  EXPECT_EQ(encode_auth_switch("mysql_native_password", Bytes(20, 's')),
            bytes_of("\xfemysql_native_password\0ssssssssssssssssssss\0"sv));
}

}  // namespace
}  // namespace tributary::wire
