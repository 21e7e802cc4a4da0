#pragma once

#include <string>

#include "tributary/admin/statement.hpp"

namespace tributary::admin {

/// A statement on one line, for tests: its kind and what was read, defaults left out.
std::string print(const Statement& statement);

}  // namespace tributary::admin
