#include <charconv>

#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/relay/source_position.hpp"
#include "tributary/util/error.hpp"

#include "channel_implementation.hpp"

namespace tributary::channel {
namespace {

[[noreturn]] void throw_bad_until() {
  throw Error(1277, "Incorrect parameter or combination of parameters for START REPLICA UNTIL");
}

/// Whether @p name is what a relay file of @p log is called, also one to come.
bool names_relay_file(const std::string& name, const relay::RelayLog& log) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return false;
  std::uint64_t number = 0;
  std::from_chars(name.data() + dot + 1, name.data() + name.size(), number);
  return number > 0 && log.path_of(number).filename().string() == name;
}

}  // namespace

void Channel::Implementation::check_until(const apply::Until& condition) const {
  using Kind = apply::Until::Kind;
  const std::string mode = copy_of_record().gtid_mode;
  switch (condition.kind) {
    case Kind::source_position:
      if (!relay::is_binlog_file_name(condition.file)) throw_bad_until();
      return;
    case Kind::relay_position:
      if (!names_relay_file(condition.file, *log)) throw_bad_until();
      return;
    case Kind::before_gtids:
    case Kind::after_gtids:
      break;
    case Kind::no_gaps:
      return;
  }
  // What has no ':' is no set for a channel that follows its source by those.
  if (!condition.names_mariadb_gtids || mode == "auto_position") {
    const auto set = gtid::MysqlGtidSet::parse(condition.gtids);
    if (set.empty()) throw_bad_until();
    // A MariaDB source never has one of these: the applier would not stop.
    if (mode == "slave_pos" || mode == "current_pos") {
      throw Error(1941, "Could not parse GTID list: the channel follows its source by MariaDB's GTID");
    }
    return;
  }
  const auto list = gtid::MariadbGtidPosition::parse(condition.gtids);
  if (list.empty()) throw_bad_until();
  // ER_UNTIL_REQUIRES_USING_GTID, share/errmsg-utf8.txt of MariaDB.
  if (mode != "slave_pos" && mode != "current_pos") {
    throw Error(1949, "START SLAVE UNTIL master_gtid_pos requires that slave is using GTID");
  }
}

}  // namespace tributary::channel
