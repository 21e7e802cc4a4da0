/// Who is let in, and what the others are told.
#include <thread>

#include <sys/stat.h>

#include "raw_client.hpp"
#include "server_fixture.hpp"

namespace tributary::admin {
namespace {

using std::string_view_literals::operator""sv;

std::string denial(std::uint16_t port, const char* user, const char* password) {
  Client client;
  if (client.connect_tcp(port, user, password)) return "let in";
  return std::to_string(client.error()) + " " + mysql_sqlstate(client.get()) + " " + client.error_text();
}

TEST_F(ServerTest, wrongPasswordAndUnknownUserAreToldTheSame) {
  start();
  EXPECT_EQ(denial(port(), "root", "wrong"),
            "1045 28000 Access denied for user 'root'@'127.0.0.1' (using password: YES)");
  EXPECT_EQ(denial(port(), "nobody", "wrong"),
            "1045 28000 Access denied for user 'nobody'@'127.0.0.1' (using password: YES)");
  EXPECT_EQ(denial(port(), "root", ""), "1045 28000 Access denied for user 'root'@'127.0.0.1' (using password: NO)");
  EXPECT_EQ(denial(port(), "nobody", ""),
            "1045 28000 Access denied for user 'nobody'@'127.0.0.1' (using password: NO)");
  EXPECT_EQ(denial(port(), "empty", "x"),
            "1045 28000 Access denied for user 'empty'@'127.0.0.1' (using password: YES)");
  EXPECT_EQ(denial(port(), "far", "secret"),
            "1045 28000 Access denied for user 'far'@'127.0.0.1' (using password: YES)");
  EXPECT_EQ(denial(port(), "empty", ""), "let in");
  EXPECT_EQ(denial(port(), "anyone", "open"), "let in");
  EXPECT_EQ(handler_.executed, 0);
}

TEST_F(ServerTest, aDelayedDenialDelaysNobodyElse) {
  options_.failed_login_delay = std::chrono::hours(1);
  options_.connect_timeout = std::chrono::hours(2);
  start();
  RawClient guesser(port());
  guesser.greeting();
  ASSERT_TRUE(guesser.send_packet(guesser.response("root", "wrong"), 1));
  Client client;
  ASSERT_TRUE(client.connect_tcp(port())) << client.error_text();
  EXPECT_EQ(client.value("ECHO x"), "x");
  server_->stop();
  EXPECT_TRUE(guesser.closed());
}

TEST_F(ServerTest, aClientWithAnotherPluginIsAskedToSwitch) {
  start();
  Client client;
  mysql_options(client.get(), MYSQL_DEFAULT_AUTH, "caching_sha2_password");
  ASSERT_TRUE(client.connect_tcp(port())) << client.error_text();
  EXPECT_EQ(client.value("ECHO x"), "x");

  RawClient raw(port());
  raw.greeting();
  raw.send_packet(raw.response("root", "secret", 0, "caching_sha2_password"), 1);
  raw.replies().expect_sequence(2);
  const Bytes request = raw.receive().value();
  ASSERT_EQ(as_text(request).substr(0, 23), "\xfemysql_native_password\0"sv);
  const ByteView salt = ByteView(request).subspan(23, 20);
  EXPECT_FALSE(std::equal(salt.begin(), salt.end(), raw.salt().begin()));
  raw.send_packet(wire::native_password_answer("secret", salt), 3);
  raw.replies().expect_sequence(4);
  EXPECT_EQ(raw.receive_error(), 0);
}

TEST_F(ServerTest, changeUser) {
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  const std::uint32_t id = client.id();
  ASSERT_EQ(mysql_change_user(client.get(), "anyone", "open", "mysql"), 0) << client.error_text();
  EXPECT_EQ(client.value("WHO"), "anyone@% from 127.0.0.1");
  EXPECT_EQ(client.value("DATABASE"), "mysql");
  ASSERT_EQ(registry_.sessions().size(), 1U);
  EXPECT_EQ(registry_.sessions().front().id, id);
  EXPECT_EQ(registry_.sessions().front().user, "anyone");
  EXPECT_NE(mysql_change_user(client.get(), "root", "wrong", nullptr), 0);
  EXPECT_EQ(client.error(), 1045U);
  await_sessions(0);
}

TEST_F(ServerTest, tooManyConnections) {
  options_.max_connections = 2;
  start();
  Client first, second, third;
  ASSERT_TRUE(first.connect_tcp(port()));
  ASSERT_TRUE(second.connect_tcp(port()));
  EXPECT_FALSE(third.connect_tcp(port()));
  EXPECT_EQ(third.error(), 1040U);
  EXPECT_EQ(third.error_text(), "Too many connections");
  // One more for the administrator on the machine.
  Client local, one_too_many;
  EXPECT_TRUE(local.connect_unix(socket())) << local.error_text();
  EXPECT_FALSE(one_too_many.connect_unix(socket()));
  EXPECT_EQ(one_too_many.error(), 1040U);
}

TEST_F(ServerTest, theLimitHoldsForThoseWhoLogInLate) {
  options_.max_connections = 1;
  start();
  RawClient late(port());
  late.greeting();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  late.send_packet(late.response("root", "secret"), 1);
  late.replies().expect_sequence(2);
  EXPECT_EQ(late.receive_error(), 1040);
  EXPECT_TRUE(late.closed());
}

TEST_F(ServerTest, halfOpenConnectionsAreFewAndKeepNobodyOut) {
  options_.max_half_open = 5;
  start();
  std::vector<std::unique_ptr<RawClient>> silent;
  silent.reserve(100);
  for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<RawClient>(port()));
  Client client;
  ASSERT_TRUE(client.connect_tcp(port())) << client.error_text();
  EXPECT_LE(registry_.sessions().size(), 6U);
  // The oldest had to go.
  silent.front()->greeting();
  EXPECT_TRUE(silent.front()->closed());
}

TEST_F(ServerTest, aLoginThatTakesTooLongIsClosed) {
  options_.connect_timeout = std::chrono::milliseconds(50);
  start();
  RawClient silent(port());
  silent.greeting();
  EXPECT_TRUE(silent.closed());
  await_sessions(0);
}

TEST_F(ServerTest, aSessionThatSendsNothingIsClosed) {
  options_.wait_timeout = std::chrono::milliseconds(50);
  start();
  RawClient idle(port());
  ASSERT_EQ(idle.log_in(), 0);
  EXPECT_TRUE(idle.closed());
  await_sessions(0);
}

TEST_F(ServerTest, aRunningStatementIsNotIdle) {
  options_.wait_timeout = std::chrono::milliseconds(50);
  start();
  Client client;
  ASSERT_TRUE(client.connect_tcp(port()));
  std::jthread waiting([&] { EXPECT_EQ(client.value("WAIT"), "waited"); });
  handler_.await_waiting(1);
  // Other sessions come and are closed for idleness meanwhile; this one stays.
  for (int i = 0; i < 2; ++i) {
    RawClient idle(port());
    ASSERT_EQ(idle.log_in(), 0);
    EXPECT_TRUE(idle.closed());
  }
  EXPECT_EQ(handler_.waiting(), 1);
  handler_.release();
}

TEST_F(ServerTest, socketFileIsPrivateAndAStaleOneIsReplaced) {
  start();
  struct stat status {};
  ASSERT_EQ(::stat(socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);

  // In use: refused, and left alone.
  AdminServer second(options_, handler_, accounts_, registry_);
  EXPECT_THROW(second.start(), Error);
  Client client;
  EXPECT_TRUE(client.connect_unix(socket()));

  // Left behind by a server that died: a second name for the file survives the removal at the end.
  const std::filesystem::path kept = directory_ / "kept.sock";
  std::filesystem::create_hard_link(options_.socket, kept);
  server_->stop();
  EXPECT_FALSE(std::filesystem::exists(options_.socket));
  std::filesystem::rename(kept, options_.socket);
  start();
  Client again;
  EXPECT_TRUE(again.connect_unix(socket())) << again.error_text();
}

TEST_F(ServerTest, whoConnectsBeforeItServesIsServedThen) {
  listen();
  Client client;
  bool connected = false;
  std::jthread waiting([&] { connected = client.connect_unix(socket()); });
  RawClient early(port());
  server_->start();
  waiting.join();
  EXPECT_TRUE(connected) << client.error_text();
  EXPECT_FALSE(early.greeting().empty());
}

TEST_F(ServerTest, whatCannotBeListenedOnIsNamed) {
  start();
  const auto failure = [&](AdminServerOptions options) -> std::string {
    AdminServer server(std::move(options), handler_, accounts_, registry_);
    try {
      server.start();
    } catch (const Error& error) {
      return error.what();
    }
    return "listening";
  };
  AdminServerOptions options = options_;
  options.socket.clear();
  options.port = port();
  EXPECT_NE(failure(options).find("127.0.0.1 port " + std::to_string(port())), std::string::npos) << failure(options);
  options.port = 0;
  options.bind_address = "192.0.2.77";
  EXPECT_NE(failure(options).find("192.0.2.77"), std::string::npos);
  options.bind_address = "127.0.0.1";
  options.socket = directory_ / std::string(120, 'x');
  EXPECT_NE(failure(options).find("shorter path"), std::string::npos);
  options.socket = directory_;
  EXPECT_NE(failure(options).find("no socket"), std::string::npos);
  options.socket = directory_ / "missing" / "s";
  EXPECT_NE(failure(options).find("is the directory there"), std::string::npos);
  options.socket.clear();
  for (const char* address : {"*", "localhost", "::1", "0.0.0.0"}) {
    options.bind_address = address;
    EXPECT_EQ(failure(options), "listening") << address;
  }
}

}  // namespace
}  // namespace tributary::admin
