#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tributary/apply/sql_tokenizer.hpp"
#include "tributary/target/fingerprint.hpp"

namespace tributary::apply {

/// What a statement of the binary log is to the applier.
enum class StatementKind {
  empty,  ///< nothing but comments
  begin,
  commit,
  rollback,
  savepoint,        ///< SAVEPOINT, ROLLBACK TO, RELEASE SAVEPOINT: runs inside its transaction
  xa,               ///< XA START, END, PREPARE, COMMIT, ROLLBACK
  dml,              ///< changes rows inside a transaction
  temporary_table,  ///< CREATE, ALTER or DROP of temporary tables: runs in the session and commits nothing
  ddl               ///< everything else: it commits by itself and cannot be rolled back
};

/// What a DDL does to the objects that it names.
enum class DdlEffect {
  create,  ///< absent before, there after
  drop,    ///< there before, absent after, one object after the other
  alter,   ///< changed, or renamed, all objects at once
  unknown  ///< accounts, plugins, maintenance, what the scan does not know: the definitions tell nothing
};

/// What is known of a statement without parsing all of it.
struct StatementScan {
  StatementKind kind = StatementKind::ddl;
  DdlEffect effect = DdlEffect::unknown;
  /// Running it twice is the same as running it once: IF EXISTS, IF NOT EXISTS, OR REPLACE.
  bool repeatable = false;
  /// The objects whose definitions tell whether a DDL ran; empty when they cannot tell. For DML the table that an
  /// INSERT, REPLACE, UPDATE or DELETE names first, where it names one plainly.
  std::vector<target::ObjectName> objects;
  /// RENAME TABLE or RENAME USER: the objects are pairs of a name and its new one.
  bool renames = false;
  bool exchanges_partition = false;
  /// A DML statement that changes nothing but the one table in objects: INSERT, REPLACE, and UPDATE and DELETE of one.
  bool changes_one_table = false;
  /// The statement uses CURRENT_USER where an account is expected: it depends on who ran it. In the body of a package
  /// it is who runs that.
  bool names_current_user = false;
};

/// Scans @p statement, whose unqualified names belong to @p default_database. Never fails: a statement that it does
/// not understand is a DDL of unknown effect, which is the careful choice.
StatementScan scan_statement(std::string_view statement, std::string_view default_database, const SqlDialect& dialect);

/// Tributary keeps its checkpoints in these tables of the schema `tributary` of its target. They are that target's own:
/// an upstream's are not applied, and this target's are not changed by what a source does.
bool is_own_schema(std::string_view database);
bool is_own_table(std::string_view database, std::string_view table);

/// True when @p statement names such a table anywhere.
bool names_own_table(std::string_view statement, std::string_view default_database, const SqlDialect& dialect);

/// Where "DEFINER=… " belongs in an ALTER EVENT that names no definer: before the word EVENT. The server makes the one
/// who runs such a statement the new definer (sql/events.cc), which must be the source's user and not the applier's.
/// npos for any other statement.
std::size_t definer_place(std::string_view query, const SqlDialect& dialect);

}  // namespace tributary::apply
