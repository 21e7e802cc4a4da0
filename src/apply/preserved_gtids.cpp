#include "preserved_gtids.hpp"

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint16_t k_gtids_not_supported = 1235;  // ER_NOT_SUPPORTED_YET
constexpr std::uint16_t k_no_binary_log = 1381;        // ER_NO_BINARY_LOGGING

[[noreturn]] void refuse_gtids(std::uint16_t code, const std::string& why) {
  throw Error(code, "42000", "preserve_gtids is on: " + why);
}

bool is_of_mariadb(const std::string& gtid) {
  return gtid.find(':') == std::string::npos;
}

}  // namespace

std::string own_gtid_statement(bool target_is_mariadb) {
  // MySQL lets nobody leave a GTID that he holds but by the end of a transaction.
  return target_is_mariadb ? "SET @@session.gtid_domain_id=@@global.gtid_domain_id,@@session.gtid_seq_no=0"
                           : "ROLLBACK;SET @@session.gtid_next='AUTOMATIC'";
}

PreservedGtids::PreservedGtids(target::TargetConnection& connection) : mariadb_(connection.is_mariadb()) {
  const auto answer =
      connection.query(mariadb_ ? "SELECT @@GLOBAL.log_bin, @@GLOBAL.gtid_binlog_pos, @@GLOBAL.gtid_domain_id"
                                : "SELECT @@GLOBAL.gtid_mode, @@GLOBAL.gtid_executed");
  const std::string first = answer.at(0).at(0).value_or("");
  const std::string second = answer.at(0).at(1).value_or("");
  if (mariadb_) {
    if (first != "1") refuse_gtids(k_no_binary_log, "the target keeps GTIDs in its binary log, and has none (log_bin)");
    last_of_domains_ = gtid::MariadbGtidPosition::parse(second);
    own_domain_ = static_cast<std::uint32_t>(std::stoul(answer.at(0).at(2).value()));
    return;
  }
  if (first != "ON" && first != "ON_PERMISSIVE") {
    refuse_gtids(k_gtids_not_supported, fmt::format("gtid_mode of the target is {} and must be ON", first));
  }
  executed_ = gtid::MysqlGtidSet::parse(second);
}

void PreservedGtids::must_fit(const std::string& gtid) const {
  if (gtid.empty()) {
    refuse_gtids(k_gtids_not_supported, "the source has given this transaction no GTID");
  }
  if (is_of_mariadb(gtid) != mariadb_) {
    refuse_gtids(k_gtids_not_supported,
                 fmt::format("{} is no GTID of {}, which the target is", gtid, mariadb_ ? "MariaDB" : "MySQL"));
  }
  if (mariadb_ && gtid::MariadbGtid::parse(gtid).domain_id == own_domain_) {
    refuse_gtids(k_gtids_not_supported,
                 fmt::format("the GTID {} is of the domain in which the target numbers what is written there, and the "
                             "numbers would meet: SET GLOBAL gtid_domain_id on the target to one that no source has",
                             gtid));
  }
}

bool PreservedGtids::executed(const std::string& gtid) const {
  if (is_of_mariadb(gtid) != mariadb_) return false;
  if (!mariadb_) return executed_.contains(gtid::MysqlGtid::parse(gtid));
  const auto parsed = gtid::MariadbGtid::parse(gtid);
  return last_of_domains_.find(parsed.domain_id) == parsed;
}

std::string PreservedGtids::take(const std::string& gtid) const {
  if (executed(gtid)) return {};
  if (mariadb_) {
    const auto parsed = gtid::MariadbGtid::parse(gtid);
    // Two: all values of a SET are checked before the first one is taken, the number against the domain.
    return fmt::format("SET @@session.gtid_domain_id={};SET @@session.gtid_seq_no={};", parsed.domain_id,
                       parsed.seq_no);
  }
  // What runs with a GTID that was executed meanwhile, MySQL passes over without a word, the checkpoint too.
  return fmt::format(
      "SET @@session.gtid_next='{}';SET @tributary_gtid=IF(@@session.gtid_owned='',UUID_TO_BIN('another session has "
      "executed {}'),NULL);",
      gtid, gtid);
}

std::optional<std::uint32_t> PreservedGtids::server_id(const std::string& gtid) const {
  if (!mariadb_) return std::nullopt;
  return gtid::MariadbGtid::parse(gtid).server_id;
}

bool PreservedGtids::give_back_unused(target::TargetConnection& connection, const std::string& gtid) const {
  if (mariadb_) {
    const auto left = connection.query("SELECT @@session.gtid_seq_no");
    connection.execute(give_back());
    return left.at(0).at(0) != "0";
  }
  // First: a SELECT would use a GTID that is still held.
  connection.execute(give_back());
  return connection.query(fmt::format("SELECT GTID_SUBSET('{}', @@GLOBAL.gtid_executed)", gtid)).at(0).at(0) != "1";
}

}  // namespace tributary::apply
