#include "tributary/status_tables/catalogue.hpp"

#include <array>

#include "tables.hpp"

namespace tributary::status_tables {

std::span<const Table> tables() {
  static const std::array all{k_applier_tables};
  return all;
}

}  // namespace tributary::status_tables
