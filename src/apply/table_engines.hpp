#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tributary/target/fingerprint.hpp"
#include "tributary/target/target_server.hpp"

namespace tributary::apply {

/// Database and name.
using TableName = std::pair<std::string, std::string>;

/// Whether a DDL that names @p objects may have changed @p table: always when there are none, or others than tables.
bool may_change(const std::vector<target::ObjectName>& objects, const TableName& table);

/// Which tables have an engine without transactions in the target, whatever they have in the source: what a rolled back
/// batch did to them stays, and another try would do it again. Thread safe.
class TableEngines {
 public:
  struct Found {
    bool without_transactions = false;  ///< any of them
    bool learnt = false;                ///< one of these was not known before
  };
  /// Asks the target for those of @p tables that are not known.
  Found look_up(target::TargetConnection& connection, const std::vector<TableName>& tables);
  /// False for a table that is not known yet.
  [[nodiscard]] bool known_without_transactions(const TableName& table) const;
  /// Whether what a rollback of changes to @p tables leaves behind (warning 1196) are values of sequences, which row
  /// events give anew whole. False where another of them has no transactions, or is not known.
  [[nodiscard]] bool only_sequences_stay(const std::vector<TableName>& tables) const;
  /// After a DDL that names @p objects; of others nothing is known when there are none.
  void forget(const std::vector<target::ObjectName>& objects);

 private:
  enum class Engine { transactional, without_transactions, sequence };

  /// Under mutex_.
  [[nodiscard]] std::optional<Engine> find(const TableName& table) const;

  mutable std::mutex mutex_;  ///< guards what follows
  /// By name in lower case: what may be the same table, to a server that does not mind case.
  std::map<TableName, std::map<TableName, Engine>> engines_;
};

}  // namespace tributary::apply
