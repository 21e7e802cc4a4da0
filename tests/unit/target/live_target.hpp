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

/// Whether a table's object_definition() has at least one id of InnoDB's.
inline bool tells_an_id(const std::string& definition) {
  const std::size_t line = definition.find("\nstored as\n");
  const std::size_t id = definition.find_last_of(' ');
  return line != std::string::npos && id != std::string::npos && id > line &&
         definition.find_first_not_of("0123456789", id + 1) == definition.size() - 1;
}

}  // namespace tributary::target
