#include "tributary/admin/databases.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "tributary/util/error.hpp"
#include "tributary/wire/protocol.hpp"

#include "scanner.hpp"

namespace tributary::admin {
namespace {

constexpr std::array<std::string_view, 4> k_databases = {"information_schema", "mysql", "performance_schema",
                                                         "tributary"};

}  // namespace

std::span<const std::string_view> databases() {
  return k_databases;
}

std::string database_named(std::string_view name) {
  std::string lower = to_lower(name);
  if (std::find(k_databases.begin(), k_databases.end(), lower) == k_databases.end()) {
    throw Error(error_code::k_unknown_database, "42000", fmt::format("Unknown database '{}'", name));
  }
  return lower;
}

}  // namespace tributary::admin
