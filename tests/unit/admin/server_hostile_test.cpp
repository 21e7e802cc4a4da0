/// Bytes that no client of good will sends.
#include <random>
#include <thread>

#include "raw_client.hpp"
#include "server_fixture.hpp"

namespace tributary::admin {
namespace {

using std::string_view_literals::operator""sv;
using wire::Command;

TEST_F(ServerTest, unknownCommandsGetAnErrorAndTheSessionGoesOn) {
  start();
  for (int byte = 0; byte < 256; ++byte) {
    const auto command = static_cast<Command>(byte);
    if (command == Command::quit || command == Command::change_user) continue;
    for (const std::string_view arguments : {""sv, "\0"sv, "\xff\xff\xff\xff\xff\xff\xff\xff garbage"sv}) {
      RawClient client(port());
      ASSERT_EQ(client.log_in(), 0);
      ASSERT_TRUE(client.send_command(command, arguments));
      if (command != Command::stmt_close && command != Command::stmt_send_long_data) {
        EXPECT_TRUE(client.receive().has_value()) << byte;
      }
      ASSERT_TRUE(client.send_command(Command::ping));
      EXPECT_EQ(client.receive_error(), 0) << byte;
    }
  }
}

TEST_F(ServerTest, unknownCommandIsError1047) {
  start();
  RawClient client(port());
  ASSERT_EQ(client.log_in(), 0);
  for (const int byte : {0x00, 0x05, 0x0b, 0x12, 0x1e, 0x7f, 0xff}) {
    client.send_command(static_cast<Command>(byte), "x");
    EXPECT_EQ(client.receive_error(), 1047) << byte;
  }
  client.replies().expect_sequence(1);
  client.send_packet({}, 0);
  EXPECT_EQ(client.receive_error(), 1047);
  client.send_command(Command::process_kill, "ab");
  EXPECT_EQ(client.receive_error(), 1835);
  client.send_command(Command::stmt_execute, "\x07\0\0\0\0"sv);
  EXPECT_EQ(client.receive_error(), 1243);
  client.send_command(Command::set_option, "\x09\0"sv);
  EXPECT_EQ(client.receive_error(), 1047);
}

TEST_F(ServerTest, processKill) {
  start();
  RawClient client(port());
  ASSERT_EQ(client.log_in(), 0);
  RawClient victim(port());
  ASSERT_EQ(victim.log_in(), 0);
  client.send_command(Command::process_kill, "\xff\xff\xff\xff"sv);
  EXPECT_EQ(client.receive_error(), 1094);
  ByteWriter id;
  id.u32(registry_.sessions().back().id);
  client.send_command(Command::process_kill, as_text(id.view()));
  EXPECT_EQ(client.receive_error(), 0);
  EXPECT_TRUE(victim.closed());
}

TEST_F(ServerTest, aMalformedChangeUserEndsWithAnError) {
  start();
  RawClient client(port());
  ASSERT_EQ(client.log_in(), 0);
  client.send_command(Command::change_user, "no zero byte");
  EXPECT_EQ(client.receive_error(), 1835);
}

TEST_F(ServerTest, oversizedPacketsAreRefusedByTheirHeader) {
  options_.max_allowed_packet = 1000;
  start();
  RawClient client(port());
  ASSERT_EQ(client.log_in(), 0);
  client.replies().expect_sequence(1);
  client.send(as_bytes("\xe9\x03\0\0"sv));
  EXPECT_EQ(client.receive_error(), 1153);
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, anOversizedPacketThatIsSentWholeIsStillAnsweredByTheError) {
  options_.max_allowed_packet = std::size_t{1} << 20;
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  const unsigned error = client.query("ECHO " + std::string(std::size_t{4} << 20, 'x'));
  // 1153, unless the library finds the connection ended before it looks for an answer.
  EXPECT_TRUE(error == 1153 || error == 2006 || error == 2013) << error;
  await_sessions(0);
}

TEST_F(ServerTest, beforeLoginPacketsAreSmall) {
  start();
  RawClient client(port());
  client.greeting();
  client.send(as_bytes("\x01\x00\x01\x01"sv));
  client.replies().expect_sequence(2);
  EXPECT_EQ(client.receive_error(), 1153);
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, packetsOutOfOrderEndTheSession) {
  start();
  RawClient client(port());
  ASSERT_EQ(client.log_in(), 0);
  client.replies().expect_sequence(6);
  client.send_packet(as_bytes("\x0e"), 5);
  EXPECT_EQ(client.receive_error(), 1156);
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, everyTruncatedHandshakeResponseEndsWithAnError) {
  start();
  RawClient whole(port());
  whole.greeting();
  const std::size_t size = whole.response("root", "secret").size();
  for (std::size_t cut = 0; cut < size; cut += 3) {
    RawClient client(port());
    client.greeting();
    const Bytes response = client.response("root", "secret");
    client.send_packet(ByteView(response).first(cut), 1);
    client.replies().expect_sequence(2);
    const int error = client.receive_error();
    EXPECT_TRUE(error == 1043 || error == 1251) << cut << ": " << error;
    EXPECT_TRUE(client.closed());
  }
}

TEST_F(ServerTest, randomBytesAtAnyStageHarmNobody) {
  start();
  std::mt19937 random(42);
  for (int round = 0; round < 200; ++round) {
    RawClient client(port());
    const int stage = round % 3;
    if (stage > 0) client.greeting();
    if (stage > 1) {
      client.send_packet(client.response("root", "secret"), 1);
      client.replies().expect_sequence(2);
      ASSERT_EQ(client.receive_error(), 0);
    }
    Bytes noise(random() % 300);
    for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random());
    client.send(noise);
  }
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  EXPECT_EQ(client.value("ECHO fine"), "fine");
  await_sessions(1);
}

TEST_F(ServerTest, pipelinedCommandsAreAnsweredInOrder) {
  start();
  RawClient client(port());
  ASSERT_EQ(client.log_in(), 0);
  Bytes all;
  for (int i = 0; i < 50; ++i) {
    wire::PacketWriter writer;
    writer.add(as_bytes(i % 2 == 0 ? "\x03"
                                     "FAIL x"sv
                                   : "\x0e"sv));
    const Bytes framed = writer.take();
    all.insert(all.end(), framed.begin(), framed.end());
  }
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < 50; ++i) {
    client.replies().expect_sequence(1);
    EXPECT_EQ(client.receive_error(), i % 2 == 0 ? 1064 : 0) << i;
  }
}

TEST_F(ServerTest, classicEofWhenTheClientKnowsNoOther) {
  start();
  for (const std::uint32_t capabilities : {0U, wire::capability::k_deprecate_eof}) {
    RawClient client(port());
    ASSERT_EQ(client.log_in("root", "secret", capabilities), 0);
    client.send_command(Command::query, "ECHO x");
    std::vector<Bytes> packets;
    const std::size_t expected = capabilities == 0 ? 5 : 4;
    packets.reserve(expected);
    while (packets.size() < expected) packets.push_back(client.receive().value());
    EXPECT_EQ(packets[0], Bytes{1});
    EXPECT_EQ(packets.back().front(), 0xfe);
    EXPECT_EQ(packets.back().size(), capabilities == 0 ? 5U : 7U);
    client.send_command(Command::ping);
    EXPECT_EQ(client.receive_error(), 0);
  }
}

TEST_F(ServerTest, aClientThatGoesAwayStopsItsStatement) {
  start();
  {
    RawClient client(port());
    ASSERT_EQ(client.log_in(), 0);
    client.send_command(Command::query, "WAIT");
    handler_.await_waiting(1);
    client.hang_up();
  }
  handler_.await_stopped(1);
  await_sessions(0);
}

TEST_F(ServerTest, aClientThatGoesAwayWithCommandsWaitingStopsItsStatement) {
  start();
  RawClient client(port());
  ASSERT_EQ(client.log_in(), 0);
  client.send_command(Command::query, "WAIT");
  handler_.await_waiting(1);
  client.send_command(Command::query, "ECHO never");
  client.hang_up();
  handler_.await_stopped(1);
  await_sessions(0);
  EXPECT_EQ(handler_.executed, 1);
}

TEST_F(ServerTest, aClientThatNeverReadsIsGivenUp) {
  options_.net_write_timeout = std::chrono::milliseconds(100);
  start();
  RawClient client(port());
  ASSERT_EQ(client.log_in(), 0);
  ASSERT_TRUE(client.send_command(Command::query, "BIG 50000000"));
  await_sessions(0);
}

TEST_F(ServerTest, stopIsNotHeldUpByClientsThatNeverReadOrSend) {
  start();
  RawClient half_open(port());
  half_open.greeting();
  RawClient reader(port());
  ASSERT_EQ(reader.log_in(), 0);
  ASSERT_TRUE(reader.send_command(Command::query, "BIG 50000000"));
  while (handler_.executed == 0) std::this_thread::yield();
  server_->stop();
  EXPECT_TRUE(registry_.sessions().empty());
}

}  // namespace
}  // namespace tributary::admin
