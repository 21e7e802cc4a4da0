#pragma once

#include <string>

#include <gtest/gtest.h>

#include "tributary/target/target_server.hpp"

#include "test_server.hpp"

namespace tributary::target {

/// A test that talks to a server of its own.
class LiveTarget : public ::testing::Test {
 protected:
  [[nodiscard]] TargetOptions options() const {
    TargetOptions options;
    options.host = server_.host();
    options.port = server_.port();
    options.user = "root";
    return options;
  }

  test::TestServer server_;
};

/// The number of the error that @p action throws; 0 when it throws none.
template <typename Action>
std::uint16_t error_of(Action action) {
  try {
    action();
  } catch (const TargetError& error) {
    return error.code();
  }
  return 0;
}

}  // namespace tributary::target
