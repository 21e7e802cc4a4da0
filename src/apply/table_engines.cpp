#include "table_engines.hpp"

#include <fmt/core.h>

namespace tributary::apply {

bool TableEngines::look_up(target::TargetConnection& connection, const std::vector<TableName>& tables) {
  bool without = false;
  for (const TableName& table : tables) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = transactional_.find(table); known != transactional_.end()) {
        without = without || !known->second;
        continue;
      }
    }
    // A view, or a table that does not exist, is none of them: its statement tells more.
    const bool transactional =
        connection
            .query(fmt::format(
                "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = CONVERT({} USING utf8mb4) AND "
                "TABLE_NAME = CONVERT({} USING utf8mb4) AND ENGINE NOT IN (SELECT ENGINE FROM "
                "information_schema.ENGINES WHERE TRANSACTIONS = 'YES')",
                target::hex_literal(table.first), target::hex_literal(table.second)))
            .empty();
    without = without || !transactional;
    const std::lock_guard lock(mutex_);
    transactional_[table] = transactional;
  }
  return without;
}

bool TableEngines::known_without_transactions(const TableName& table) const {
  const std::lock_guard lock(mutex_);
  const auto known = transactional_.find(table);
  return known != transactional_.end() && !known->second;
}

void TableEngines::forget() {
  const std::lock_guard lock(mutex_);
  transactional_.clear();
}

}  // namespace tributary::apply
