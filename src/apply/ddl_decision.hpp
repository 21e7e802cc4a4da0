#pragma once

#include <cstdint>
#include <string_view>

#include "tributary/apply/statement_scan.hpp"

namespace tributary::apply {

/// What to do with a DDL whose intent is found open.
enum class DdlDecision {
  run,             ///< it did not run
  run_rest,        ///< some of several objects are dropped: run it for the others
  run_tolerantly,  ///< nothing tells: run it, and take "already done" for done
  done,            ///< it ran
  undecidable      ///< it may have run, and running it twice would do harm
};

/// Decides from the fingerprints of the affected objects (target::fingerprint_objects) before the statement and now;
/// '' where they could not be taken. @p complete: they hold the ids of tables, so that equal means unchanged.
DdlDecision decide_ddl(const StatementScan& scan, std::string_view before, std::string_view now, bool complete);

/// Whether a RENAME or EXCHANGE PARTITION, run on objects as @p fingerprint has them, may leave the same names in use
/// as before: then unchanged definitions do not tell whether it ran.
bool permutes_names(const StatementScan& scan, std::string_view fingerprint);

/// True for the server's errors that say that an object is already there, or already gone.
bool means_already_done(std::uint16_t error_code);

}  // namespace tributary::apply
