#include <stdexcept>

#include <gtest/gtest.h>

#include "tributary/target/target_server.hpp"

namespace tributary::target {
namespace {

std::string refusal(const std::string& url) {
  try {
    TargetOptions::parse(url);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(TargetOptionsTest, readsUserHostAndPort) {
  const TargetOptions options = TargetOptions::parse("mysql://tributary@db.example:3310");
  EXPECT_EQ(options.user, "tributary");
  EXPECT_EQ(options.host, "db.example");
  EXPECT_EQ(options.port, 3310);
  EXPECT_EQ(options.socket, "");
  EXPECT_EQ(options.password, "");
  EXPECT_EQ(options.address(), "db.example:3310");
}

TEST(TargetOptionsTest, thePortIsOptional) {
  EXPECT_EQ(TargetOptions::parse("mysql://u@h").port, 3306);
  EXPECT_EQ(TargetOptions::parse("mysql://u@h/").host, "h");
}

TEST(TargetOptionsTest, readsAnIpv6Address) {
  const TargetOptions options = TargetOptions::parse("mysql://u@[fe80::1]:65535");
  EXPECT_EQ(options.host, "fe80::1");
  EXPECT_EQ(options.port, 65535);
  EXPECT_EQ(options.address(), "[fe80::1]:65535");
  EXPECT_EQ(TargetOptions::parse("mysql://u@[::1]").host, "::1");
}

TEST(TargetOptionsTest, readsASocket) {
  const TargetOptions options = TargetOptions::parse("mysql://u@localhost?socket=/run/mysqld/mysqld.sock");
  EXPECT_EQ(options.socket, "/run/mysqld/mysqld.sock");
  EXPECT_EQ(options.address(), "/run/mysqld/mysqld.sock");
  EXPECT_EQ(TargetOptions::parse("mysql://u@localhost/?socket=/a%20b").socket, "/a b");
}

TEST(TargetOptionsTest, readsWhomToTrust) {
  const TargetOptions options = TargetOptions::parse("mysql://u@h:3310?ssl-ca=/ca%20s.pem&ssl-cert=/cert&ssl-key=/key");
  EXPECT_EQ(options.ssl_ca, "/ca s.pem");
  EXPECT_EQ(options.ssl_cert, "/cert");
  EXPECT_EQ(options.ssl_key, "/key");
  EXPECT_EQ(options.address(), "h:3310");
}

TEST(TargetOptionsTest, decodesPercent) {
  EXPECT_EQ(TargetOptions::parse("mysql://a%40b%3Ac%25@h").user, "a@b:c%");
  EXPECT_EQ(TargetOptions::parse("mysql://%c3%A9@h").user, "\xc3\xa9");
}

TEST(TargetOptionsTest, refusesAPasswordWithoutRepeatingIt) {
  for (const char* url : {"mysql://u:hunter2@h", "mysql://u:@h", "mysql://u@h?password=hunter2"}) {
    const std::string message = refusal(url);
    EXPECT_NE(message.find("password"), std::string::npos) << url << ": " << message;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  }
}

TEST(TargetOptionsTest, refusesABadUrlWithTheReason) {
  struct BadUrl {
    const char* url;
    const char* says;
  };
  constexpr BadUrl k_bad_urls[] = {
      {"", "does not begin with"},
      {"127.0.0.1:3306", "does not begin with"},
      {"http://u@h", "does not begin with"},
      {"mysql://h:3306", "user is missing"},
      {"mysql://@h", "user is missing"},
      {"mysql://u@", "host is missing"},
      {"mysql://u@:3306", "host is missing"},
      {"mysql://u@h:", "'' is not a port"},
      {"mysql://u@h:0", "'0' is not a port"},
      {"mysql://u@h:65536", "'65536' is not a port"},
      {"mysql://u@h:33o6", "'33o6' is not a port"},
      {"mysql://u@h:-1", "'-1' is not a port"},
      {"mysql://u@h:+1", "'+1' is not a port"},
      {"mysql://u@::1", "must stand in [ ]"},
      {"mysql://u@[::1", "no closing"},
      {"mysql://u@[]", "address is empty"},
      {"mysql://u@[::1]3306", "only ':PORT'"},
      {"mysql://u@h/shop", "names a database"},
      {"mysql://u@h#x", "'#'"},
      {"mysql://u%4@h", "hexadecimal"},
      {"mysql://u%zz@h", "hexadecimal"},
      {"mysql://u%00@h", "zero byte"},
      {"mysql://u@h?ssl=1", "unknown parameter 'ssl'"},
      {"mysql://u@h?ssl-verify=0", "unknown parameter 'ssl-verify'"},
      {"mysql://u@h?ssl-ca=ca.pem", "ssl-ca must be an absolute path"},
      {"mysql://u@h?ssl-cert=/c&ssl-key=/k", "need ssl-ca"},
      {"mysql://u@localhost?socket=/s&ssl-ca=/c", "no TLS"},
      {"mysql://u@h?=", "unknown parameter"},
      {"mysql://u@localhost?socket", "absolute path"},
      {"mysql://u@localhost?socket=mysqld.sock", "absolute path"},
      {"mysql://u@db.example?socket=/x", "write localhost"},
  };
  for (const BadUrl& bad : k_bad_urls) {
    const std::string message = refusal(bad.url);
    EXPECT_NE(message.find(bad.says), std::string::npos) << bad.url << ": " << message;
    EXPECT_NE(message.find("expected mysql://"), std::string::npos) << message;
  }
}

TEST(TargetOptionsTest, refusesASocketPathThatTheKernelCannotTake) {
  EXPECT_NE(refusal("mysql://u@localhost?socket=/" + std::string(107, 'x')).find("longer than 107"), std::string::npos);
  EXPECT_EQ(refusal("mysql://u@localhost?socket=/" + std::string(106, 'x')), "accepted");
}

}  // namespace
}  // namespace tributary::target
