#include <gtest/gtest.h>

#include "host_resolver.hpp"
#include "receive_error.hpp"

namespace tributary::source {
namespace {

constexpr std::chrono::seconds k_limit{60};

TEST(Resolver, takesAddressesAsTheyAre) {
  const StopSignal stop{std::stop_token()};
  EXPECT_EQ(resolve_host("127.0.0.1", stop, k_limit), std::vector<std::string>{"127.0.0.1"});
  EXPECT_EQ(resolve_host("::1", stop, k_limit), std::vector<std::string>{"::1"});
}

TEST(Resolver, findsNames) {
  const StopSignal stop{std::stop_token()};
  EXPECT_FALSE(resolve_host("localhost", stop, k_limit).empty());
}

TEST(Resolver, namesTheHostThatIsUnknown) {
  const StopSignal stop{std::stop_token()};
  try {
    resolve_host("no-such-host.invalid", stop, k_limit);
    FAIL() << "a host was found that cannot be";
  } catch (const ReceiveError& error) {
    EXPECT_EQ(error.code(), 2005);
    EXPECT_NE(std::string(error.what()).find("no-such-host.invalid"), std::string::npos);
  }
}

TEST(Resolver, aStopEndsTheWait) {
  std::stop_source source;
  source.request_stop();
  const StopSignal stop(source.get_token());
  const auto addresses = resolve_host("no-such-host.invalid", stop, k_limit);
  EXPECT_TRUE(addresses.empty());
}

}  // namespace
}  // namespace tributary::source
