#include "ddl_decision.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tributary/target/fingerprint.hpp"

namespace tributary::apply {
namespace {

using Lines = std::vector<target::FingerprintLine>;

bool is_absent(const target::FingerprintLine& line) {
  return line.definition == target::k_absent;
}

bool all_absent(const Lines& lines) {
  return std::all_of(lines.begin(), lines.end(), is_absent);
}

/// What has each name of a list of pairs (from, to).
using Owners = std::map<target::ObjectName, std::string_view>;

/// @p value_of gives what is told of an object; "" where there is none.
template <typename ValueOf>
Owners owners_of(const StatementScan& scan, const Lines& lines, ValueOf value_of) {
  Owners owners;
  for (std::size_t i = 0; i < scan.objects.size(); ++i) owners.emplace(scan.objects[i], value_of(lines[i]));
  return owners;
}

Owners after_renames(const StatementScan& scan, Owners owners) {
  for (std::size_t i = 0; i + 1 < scan.objects.size(); i += 2) {
    const std::string_view moved = std::exchange(owners[scan.objects[i]], {});
    std::string_view& to = owners[scan.objects[i + 1]];
    if (!moved.empty()) to = moved;
  }
  return owners;
}

std::string_view in_use(const target::FingerprintLine& line) {
  return is_absent(line) ? "" : "in use";
}

std::string_view ids(const target::FingerprintLine& line) {
  return line.stored_as;
}

/// Of a RENAME, when something has changed: by the names in use or, where it leaves the same ones, by the ids of the
/// tables, which go with them.
DdlDecision decide_renames(const StatementScan& scan, const Lines& before, const Lines& now, bool exchanges) {
  const auto value_of = exchanges ? ids : in_use;
  const Owners former = owners_of(scan, before, value_of);
  const Owners present = owners_of(scan, now, value_of);
  const Owners wanted = after_renames(scan, former);
  if (wanted == former) return DdlDecision::undecidable;  // the ids are not known
  if (present == wanted) return DdlDecision::done;
  // Neither: it was cut in the middle (MariaDB before 10.6, accounts), or others have changed them.
  return present == former ? DdlDecision::run : DdlDecision::undecidable;
}

/// EXCHANGE PARTITION changes the ids of both tables; those of one may be another's doing (OPTIMIZE, TRUNCATE).
DdlDecision decide_exchanged_partition(const Lines& before, const Lines& now) {
  const auto changed = [](const auto& line, const auto& other) { return line.stored_as != other.stored_as; };
  const bool all = std::equal(before.begin(), before.end(), now.begin(), now.end(), changed);
  return all ? DdlDecision::done : DdlDecision::undecidable;
}

/// Whether the statement, run twice, may leave everything as it was, and fail neither time.
bool may_undo_itself(const StatementScan& scan) {
  if (!scan.renames) return scan.exchanges_partition;
  const std::set<target::ObjectName> names(scan.objects.begin(), scan.objects.end());
  return names.size() < scan.objects.size();
}

DdlDecision decide_alter(const StatementScan& scan, const Lines& before, const Lines& now, bool same, bool exchanges,
                         bool complete) {
  // Tables that changed places look alike unless their ids are known.
  if (same) return complete || !exchanges ? DdlDecision::run : DdlDecision::undecidable;
  if (before.size() == now.size() && before.size() == scan.objects.size()) {
    if (scan.renames) return decide_renames(scan, before, now, exchanges);
    if (scan.exchanges_partition) return decide_exchanged_partition(before, now);
  }
  // Where only the tables' ids differ, somebody has rebuilt them (OPTIMIZE TABLE), or the statement has, and then doing
  // it again changes nothing.
  const auto same_text = [](const auto& line, const auto& other) { return line.definition == other.definition; };
  const bool rebuilt = std::equal(before.begin(), before.end(), now.begin(), now.end(), same_text);
  return rebuilt ? DdlDecision::run : DdlDecision::done;
}

}  // namespace

bool permutes_names(const StatementScan& scan, std::string_view fingerprint) {
  if (scan.objects.size() < 2) return false;
  const Lines lines = target::fingerprint_lines(fingerprint);
  if (lines.size() != scan.objects.size() || lines.size() % 2 != 0) return true;
  const Owners before = owners_of(scan, lines, in_use);
  if (std::none_of(lines.begin(), lines.end(), is_absent)) return true;
  return after_renames(scan, before) == before;
}

DdlDecision decide_ddl(const StatementScan& scan, std::string_view before, std::string_view now, bool complete) {
  if (scan.repeatable) return DdlDecision::run;
  if (before.empty() || now.empty()) {
    return may_undo_itself(scan) ? DdlDecision::undecidable : DdlDecision::run_tolerantly;
  }
  const Lines lines_before = target::fingerprint_lines(before);
  const Lines lines_now = target::fingerprint_lines(now);
  switch (scan.effect) {
    case DdlEffect::create:
      // Where the object was there before, the statement fails by itself, as it did or would have.
      return all_absent(lines_before) && !all_absent(lines_now) ? DdlDecision::done : DdlDecision::run;
    case DdlEffect::drop:
      // What has no definition that could be seen (a loadable function).
      if (all_absent(lines_before)) return DdlDecision::run_tolerantly;
      if (now == before) return DdlDecision::run;
      return all_absent(lines_now) ? DdlDecision::done : DdlDecision::run_rest;
    case DdlEffect::alter:
      return decide_alter(scan, lines_before, lines_now, now == before, permutes_names(scan, before), complete);
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
    case 1813:  // ER_TABLESPACE_EXISTS
    case 1962:  // ER_CANNOT_REVOKE_ROLE (MariaDB)
    case 1968:  // ER_PLUGIN_INSTALLED (MariaDB)
    case 3510:  // ER_TABLESPACE_MISSING_WITH_NAME (MySQL)
    case 3548:  // ER_SRS_NOT_FOUND (MySQL)
    case 3650:  // ER_RESOURCE_GROUP_EXISTS (MySQL)
    case 3651:  // ER_RESOURCE_GROUP_NOT_EXISTS (MySQL)
    case 4091:  // ER_UNKNOWN_SEQUENCES (MariaDB)
    case 4092:  // ER_UNKNOWN_VIEW (MariaDB)
      return true;
    default:
      return false;
  }
}

}  // namespace tributary::apply
