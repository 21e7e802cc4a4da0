#pragma once

#include <map>
#include <optional>
#include <string>

#include "tributary/apply/until.hpp"
#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/relay/relay_log.hpp"

namespace tributary::apply {

/// Thrown when everything that UNTIL lets pass is applied.
struct UntilReached {};

/// Tells one attempt of an applier where START SLAVE UNTIL has it stop: at the end of a transaction, always. One
/// thread.
///
/// As in MySQL (sql/rpl_replica_until_options.cc) a position in the middle of a transaction stops behind it. Here a
/// position that is the end of what is there stops at once; the servers wait for the next event to compare with.
class UntilCondition {
 public:
  /// @throws Error 1772, 1941 for a list of GTIDs that cannot be read.
  UntilCondition(const Until& until, const relay::RelayLog& log);

  /// @p place is where the attempt begins; @p gtids are those applied, with all that stood before. Call it first.
  bool ends_at_start(const relay::RelayPosition& place, const std::string& gtids);
  /// @p event stands between transactions: whether applying ends in front of it. @throws Error 1593 where it would have
  /// to go on in one domain and to stop in another.
  bool ends_before(const relay::RelayEvent& event, const binlog::FormatDescription& description);
  /// An event ends at @p end and leaves no transaction open.
  bool ends_behind(const relay::RelayPosition& end);

 private:
  [[nodiscard]] bool is_passed(const relay::RelayPosition& place);
  [[nodiscard]] std::uint64_t limit_in_source_file(std::uint64_t file_number) const;
  [[nodiscard]] std::uint64_t limit_in_relay_file(std::uint64_t file_number) const;
  [[nodiscard]] bool by_position() const;
  bool begins(const gtid::MysqlGtid& gtid);
  bool begins(const gtid::MariadbGtid& gtid);

  const Until until_;
  const relay::RelayLog& log_;
  std::uint64_t limit_file_number_ = 0;  ///< that limit_ is for
  std::uint64_t limit_ = UINT64_MAX;     ///< offset in that file from which on nothing is applied

  gtid::MysqlGtidSet mysql_;  ///< of after_gtids: those that are still to come
  gtid::MariadbGtidPosition mariadb_;
  std::map<std::uint32_t, gtid::MariadbGtid> mariadb_pending_;  ///< by domain: still to come
  std::optional<gtid::MysqlGtid> applying_mysql_;               ///< one of the list
  std::optional<std::uint32_t> applying_domain_;                ///< the transaction is the last of this domain
};

}  // namespace tributary::apply
