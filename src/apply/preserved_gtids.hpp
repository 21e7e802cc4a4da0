#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/target/target_server.hpp"

namespace tributary::apply {

/// Ends whatever GTID a session without a target transaction was given: what it writes next gets one of the target's
/// own. Without ';' at its end.
std::string own_gtid_statement(bool target_is_mariadb);

/// Gives target transactions the GTIDs of the source's. Made for each attempt; thread safe.
class PreservedGtids {
 public:
  /// Asks the target. @throws Error 1235, 1381 where it keeps no GTIDs.
  explicit PreservedGtids(target::TargetConnection& connection);

  /// @throws Error 1235 for a transaction of the source without GTID, or with one that the target cannot keep.
  void must_fit(const std::string& gtid) const;
  /// The target had it when the attempt began. All that MySQL is given with it once more it passes over without a
  /// word. MariaDB tells only the last one of each domain; no other can come again.
  [[nodiscard]] bool executed(const std::string& gtid) const;
  /// Statements, each with ';', after which a session's next transaction or DDL has @p gtid; nothing where the target
  /// has executed it.
  [[nodiscard]] std::string take(const std::string& gtid) const;
  /// MariaDB: the server id of @p gtid, which a session must have when it commits.
  [[nodiscard]] std::optional<std::uint32_t> server_id(const std::string& gtid) const;
  [[nodiscard]] std::string give_back() const { return own_gtid_statement(mariadb_); }
  /// Behind a DDL that was to take it, also one that failed, with give_back(): whether it has none, since it has left
  /// nothing in the binary log.
  [[nodiscard]] bool give_back_unused(target::TargetConnection& connection, const std::string& gtid) const;

 private:
  const bool mariadb_;
  std::uint32_t own_domain_ = 0;               ///< MariaDB: of what the target gives itself
  gtid::MysqlGtidSet executed_;                ///< MySQL
  gtid::MariadbGtidPosition last_of_domains_;  ///< MariaDB
};

}  // namespace tributary::apply
