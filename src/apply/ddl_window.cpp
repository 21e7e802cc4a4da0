#include "ddl_window.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "tributary/target/fingerprint.hpp"
#include "tributary/util/crash_point.hpp"
#include "tributary/util/crc32.hpp"
#include "tributary/util/log.hpp"

#include "failure_text.hpp"
#include "preserved_gtids.hpp"
#include "source_statement.hpp"

namespace tributary::apply {
namespace {

/// Tells a statement from another at the same place; not a defence against anybody.
std::string statement_hash(const SourceStatement& statement) {
  return fmt::format("crc32:{:08x} bytes:{}", crc32(as_bytes(statement.text)), statement.text.size());
}

/// The lines of a fingerprint end in the object's hash, or in k_absent.
bool all_absent(std::string_view fingerprint) {
  while (!fingerprint.empty()) {
    const std::size_t end = std::min(fingerprint.find('\n'), fingerprint.size());
    const std::string_view line = fingerprint.substr(0, end);
    if (!line.ends_with(target::k_absent) || line.size() == target::k_absent.size() ||
        line[line.size() - target::k_absent.size() - 1] != ' ') {
      return false;
    }
    fingerprint.remove_prefix(std::min(end + 1, fingerprint.size()));
  }
  return true;
}

/// Whether the pairs (from, to) of a RENAME, run on objects as @p fingerprint has them, leave the same names in use as
/// before: then unchanged definitions do not tell whether it ran. Of what is no list of pairs: true.
bool permutes_names(const StatementScan& scan, std::string_view fingerprint) {
  if (scan.objects.size() < 2) return false;
  std::map<target::ObjectName, bool> before;  // whether the name is in use
  for (const target::ObjectName& object : scan.objects) {
    const std::size_t end = std::min(fingerprint.find('\n'), fingerprint.size());
    if (end == 0) return true;
    before.emplace(object, !all_absent(fingerprint.substr(0, end)));
    fingerprint.remove_prefix(std::min(end + 1, fingerprint.size()));
  }
  if (!fingerprint.empty() || scan.objects.size() % 2 != 0) return true;
  std::map<target::ObjectName, bool> after = before;
  for (std::size_t i = 0; i < scan.objects.size(); i += 2) {
    const bool in_use = std::exchange(after[scan.objects[i]], false);
    after[scan.objects[i + 1]] = after[scan.objects[i + 1]] || in_use;
  }
  return after == before || std::all_of(before.begin(), before.end(), [](const auto& name) { return name.second; });
}

}  // namespace

DdlDecision decide_ddl(const StatementScan& scan, std::string_view before, std::string_view now, bool complete) {
  if (scan.repeatable) return DdlDecision::run;
  if (before.empty() || now.empty()) return DdlDecision::run_tolerantly;
  switch (scan.effect) {
    case DdlEffect::create:
      // Where the object was there before, the statement fails by itself, as it did or would have.
      return all_absent(before) && !all_absent(now) ? DdlDecision::done : DdlDecision::run;
    case DdlEffect::drop:
      if (now == before) return DdlDecision::run;
      return all_absent(now) ? DdlDecision::done : DdlDecision::run_tolerantly;
    case DdlEffect::alter:
      if (now != before) {
        // Where only the tables' ids differ, somebody has rebuilt them (OPTIMIZE TABLE), or the statement has, and then
        // doing it again changes nothing.
        const bool rebuilt = target::without_stored_as(now) == target::without_stored_as(before);
        return rebuilt && !permutes_names(scan, before) ? DdlDecision::run : DdlDecision::done;
      }
      // Tables that changed places look alike unless their ids are known.
      return complete || !permutes_names(scan, before) ? DdlDecision::run : DdlDecision::undecidable;
    case DdlEffect::unknown:
      break;
  }
  return DdlDecision::run_tolerantly;
}

bool means_already_done(std::uint16_t error_code) {
  switch (error_code) {
    case 1007:  // ER_DB_CREATE_EXISTS
    case 1008:  // ER_DB_DROP_EXISTS
    case 1050:  // ER_TABLE_EXISTS_ERROR
    case 1051:  // ER_BAD_TABLE_ERROR
    case 1054:  // ER_BAD_FIELD_ERROR
    case 1060:  // ER_DUP_FIELDNAME
    case 1061:  // ER_DUP_KEYNAME
    case 1068:  // ER_MULTIPLE_PRI_KEY
    case 1091:  // ER_CANT_DROP_FIELD_OR_KEY
    case 1125:  // ER_UDF_EXISTS
    case 1128:  // ER_FUNCTION_NOT_DEFINED
    case 1133:  // ER_PASSWORD_NO_MATCH
    case 1141:  // ER_NONEXISTING_GRANT
    case 1146:  // ER_NO_SUCH_TABLE
    case 1147:  // ER_NONEXISTING_TABLE_GRANT
    case 1304:  // ER_SP_ALREADY_EXISTS
    case 1305:  // ER_SP_DOES_NOT_EXIST
    case 1347:  // ER_WRONG_OBJECT
    case 1359:  // ER_TRG_ALREADY_EXISTS
    case 1360:  // ER_TRG_DOES_NOT_EXIST
    case 1396:  // ER_CANNOT_USER
    case 1476:  // ER_FOREIGN_SERVER_EXISTS
    case 1477:  // ER_FOREIGN_SERVER_DOESNT_EXIST
    case 1507:  // ER_DROP_PARTITION_NON_EXISTENT
    case 1517:  // ER_SAME_NAME_PARTITION
    case 1537:  // ER_EVENT_ALREADY_EXISTS
    case 1539:  // ER_EVENT_DOES_NOT_EXIST
    case 1968:  // ER_PLUGIN_INSTALLED (MariaDB)
    case 4091:  // ER_UNKNOWN_SEQUENCES (MariaDB)
    case 4092:  // ER_UNKNOWN_VIEW (MariaDB)
      return true;
    default:
      return false;
  }
}

std::string DdlWindow::fingerprint(const SourceStatement& statement, const std::string* before) {
  if (statement.scan.effect == DdlEffect::unknown || statement.scan.objects.empty()) return {};
  try {
    if (const std::string enter = session_.context().enter_plain(); !enter.empty()) session_.execute(enter);
    const StatementScan& scan = statement.scan;
    // Ids of tables are needed where the names alone do not tell.
    std::string fingerprint;
    bool with_ids = before != nullptr && target::tells_stored_as(*before);
    if (!with_ids) {
      fingerprint = target::fingerprint_objects(session_.connection(), scan.objects, target::StoredAs::left_out);
      with_ids = before == nullptr && scan.effect == DdlEffect::alter && permutes_names(scan, fingerprint);
    }
    return with_ids ? target::fingerprint_objects(session_.connection(), scan.objects) : fingerprint;
  } catch (const target::TargetError& error) {
    // These tell nothing about the definitions.
    if (error.transient() || error.code() == error_code::k_query_interrupted) throw;
    // A view over a missing table, a definition that the account may not see.
    log(LogLevel::info, "definitions before '{}' cannot be read: {}", statement_excerpt(statement.text),
        message_without_password(statement.text, error.what()));
    return {};
  }
}

bool DdlWindow::fingerprints_are_complete(const SourceStatement& statement) {
  const auto is_complete = [this](const target::ObjectName& object) {
    const std::string definition = target::object_definition(session_.connection(), object);
    return definition == target::k_absent || (definition.find("ENGINE=InnoDB") != std::string::npos &&
                                              definition.find("innodb ids not readable") == std::string::npos);
  };
  const auto& objects = statement.scan.objects;
  return std::all_of(objects.begin(), objects.end(), is_complete);
}

DdlDecision DdlWindow::prepare(const SourceStatement& statement) {
  const std::string hash = statement_hash(statement);
  if (open_ && open_->statement == statement.place.start) {
    if (open_->statement_hash != hash) {
      throw Error(
          error_code::k_replica_fatal,
          fmt::format("Fatal error: tributary.ddl_intent in the target names another statement ({}) at the place "
                      "of this one ({}): '{}'. The relay log is not the one that was being applied",
                      open_->statement_hash, hash, statement_excerpt(statement.text)));
    }
    const std::string now = fingerprint(statement, &open_->fingerprint);
    const bool must_be_complete = now == open_->fingerprint && statement.scan.objects.size() > 1;
    const bool complete = !must_be_complete || fingerprints_are_complete(statement);
    return decide_ddl(statement.scan, open_->fingerprint, now, complete);
  }
  if (statement.scan.repeatable) return DdlDecision::run;
  const target::DdlIntent intent{statement.place.start, hash, fingerprint(statement, nullptr)};
  session_.execute(session_.context().enter_plain() + store_.intent_statement(intent));
  crash_point("apply.after_intent");
  return DdlDecision::run;
}

void DdlWindow::clear_intent() noexcept {
  try {
    session_.execute(session_.context().enter_plain() + store_.clear_intent_statement());
  } catch (const std::exception& error) {
    // The next attempt finds it, and with the definitions unchanged runs the statement again.
    log(LogLevel::warning, "the intent of a failed statement stays in tributary.ddl_intent: {}", error.what());
    session_.disconnect();
  }
}

void DdlWindow::run(const SourceStatement& statement, const std::string& take_gtid) {
  statement_failed_ = false;
  const DdlDecision decision = prepare(statement);
  switch (decision) {
    case DdlDecision::run:
    case DdlDecision::run_tolerantly:
      break;
    case DdlDecision::done:
      log(LogLevel::info, "the statement ran before the interruption, by the definitions of its objects: '{}'",
          statement_excerpt(statement.text));
      return;
    case DdlDecision::undecidable:
      throw Error(
          error_code::k_replica_fatal,
          fmt::format("Fatal error: whether '{}' ran before the interruption cannot be decided: the tables that "
                      "it exchanges look alike, and the ids of tables are not known (engine other than InnoDB, "
                      "or the account lacks the privilege PROCESS). Bring the tables into the state before the "
                      "statement, delete the channel's row from tributary.ddl_intent in the target, and start "
                      "the applier again",
                      statement_excerpt(statement.text)));
  }
  try {
    run_source_statement(session_, statement, take_gtid);
  } catch (const target::TargetError& error) {
    if (error.connection_lost()) throw;
    session_.context().forget();
    if (!take_gtid.empty()) session_.execute(own_gtid_statement(session_.connection().is_mariadb()));
    if (decision != DdlDecision::run_tolerantly || !means_already_done(error.code())) {
      clear_intent();
      statement_failed_ = true;
      throw;
    }
    log(LogLevel::warning, "error {} ({}) is taken to mean that the statement ran before the interruption: '{}'",
        error.code(), message_without_password(statement.text, error.what()), statement_excerpt(statement.text));
  }
  session_.context().forget_database();
  crash_point("apply.after_ddl");
}

}  // namespace tributary::apply
