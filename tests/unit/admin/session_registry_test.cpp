#include "tributary/admin/session_registry.hpp"

#include <optional>

#include <gtest/gtest.h>

namespace tributary::admin {
namespace {

TEST(SessionRegistry, listsWhatSessionsSayOfThemselves) {
  SessionRegistry registry;
  RegisteredSession first(registry, "localhost", [](KillKind) {});
  RegisteredSession second(registry, "192.0.2.1:4000", [](KillKind) {});
  second.logged_in("u", "mysql");
  second.begin("Query", "SHOW x");
  std::vector<SessionInfo> sessions = registry.sessions();
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0].id, first.id());
  EXPECT_EQ(sessions[0].user, "unauthenticated user");
  EXPECT_EQ(sessions[0].command, "Connect");
  EXPECT_EQ(sessions[1].user, "u");
  EXPECT_EQ(sessions[1].database, "mysql");
  EXPECT_EQ(sessions[1].host, "192.0.2.1:4000");
  EXPECT_EQ(sessions[1].info, "SHOW x");
  second.end();
  second.use_database("tributary");
  sessions = registry.sessions();
  EXPECT_EQ(sessions[1].command, "Sleep");
  EXPECT_EQ(sessions[1].info, "");
  EXPECT_EQ(sessions[1].database, "tributary");
}

TEST(SessionRegistry, passesKillsOn) {
  SessionRegistry registry;
  std::optional<KillKind> asked;
  std::optional<RegisteredSession> session;
  session.emplace(registry, "h", [&](KillKind kind) { asked = kind; });
  const std::uint32_t id = session->id();
  EXPECT_TRUE(registry.kill(id, KillKind::query));
  EXPECT_EQ(asked, KillKind::query);
  EXPECT_FALSE(registry.kill(id + 1, KillKind::query));
  session.reset();
  EXPECT_FALSE(registry.kill(id, KillKind::connection));
  EXPECT_TRUE(registry.sessions().empty());
}

}  // namespace
}  // namespace tributary::admin
