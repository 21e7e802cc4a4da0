#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tributary/target/target_server.hpp"

namespace tributary::apply {

/// Database and name.
using TableName = std::pair<std::string, std::string>;

/// Which tables have an engine without transactions in the target, whatever they have in the source: what a rolled back
/// batch did to them stays, and another try would do it again. Thread safe.
class TableEngines {
 public:
  /// Asks the target for those of @p tables that are not known. @return whether any has no transactions.
  bool look_up(target::TargetConnection& connection, const std::vector<TableName>& tables);
  /// False for a table that is not known yet.
  [[nodiscard]] bool known_without_transactions(const TableName& table) const;
  /// After a DDL.
  void forget();

 private:
  mutable std::mutex mutex_;  ///< guards what follows
  std::map<TableName, bool> transactional_;
};

}  // namespace tributary::apply
