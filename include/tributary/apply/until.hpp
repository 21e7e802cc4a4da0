#pragma once

#include <cstdint>
#include <string>

namespace tributary::apply {

/// What START SLAVE UNTIL says: where the applier stops by itself.
struct Until {
  enum class Kind {
    source_position,  ///< before the first transaction that begins at file:position of the source, or behind it
    relay_position,   ///< the same of a relay file
    before_gtids,     ///< before the first transaction of the list
    after_gtids,      ///< when every transaction of the list is applied
    no_gaps           ///< SQL_AFTER_MTS_GAPS: at once, as there are never any
  };
  Kind kind = Kind::no_gaps;
  std::string file;
  std::uint64_t position = 0;
  std::string gtids;                 ///< a MySQL GTID set, or a list of MariaDB GTIDs with one of a domain
  bool names_mariadb_gtids = false;  ///< which of the two it is
};

}  // namespace tributary::apply
