#include "tributary/apply/statement_scan.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "client_charset.hpp"

namespace tributary::apply {
namespace {

using target::ObjectKind;
using target::ObjectName;

/// Names of tables may differ in case only where the server keeps them apart; ours are never told apart from such.
bool same_name(std::string_view lower, std::string_view name) {
  return std::equal(lower.begin(), lower.end(), name.begin(), name.end(), [](char wanted, char found) {
    return wanted == (found >= 'A' && found <= 'Z' ? static_cast<char>(found - 'A' + 'a') : found);
  });
}

/// One token of look-ahead over the tokenizer, and the notions that several statements share.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view default_database, const SqlDialect& dialect)
      : tokenizer_(text, dialect), client_collation_(dialect.client_collation), default_database_(default_database) {
    advance();
  }

  [[nodiscard]] const SqlToken& token() const { return token_; }
  [[nodiscard]] bool at_end() const { return token_.kind == TokenKind::end; }
  [[nodiscard]] bool is(std::string_view keyword) const { return token_.is(keyword); }
  [[nodiscard]] bool is_any(std::span<const std::string_view> keywords) const {
    return std::any_of(keywords.begin(), keywords.end(), [this](std::string_view word) { return is(word); });
  }
  void advance() {
    token_ = tokenizer_.next();
    names_current_user_ = names_current_user_ || is("CURRENT_USER") || is("CURRENT_ROLE");
  }
  /// What follows is no part of the statement itself, but of a program that it makes.
  void end() { token_ = {}; }
  /// What has been passed names CURRENT_USER or CURRENT_ROLE.
  [[nodiscard]] bool names_current_user() const { return names_current_user_; }
  /// A name was not legible: what the statement is about is not known.
  [[nodiscard]] bool misses_names() const { return misses_names_; }
  bool accept(std::string_view keyword) {
    if (!is(keyword)) return false;
    advance();
    return true;
  }
  bool accept(char character) {
    if (!token_.is(character)) return false;
    advance();
    return true;
  }
  /// IF EXISTS and IF NOT EXISTS.
  bool accept_condition() {
    if (!accept("IF")) return false;
    accept("NOT");
    accept("EXISTS");
    return true;
  }
  /// Skips to the next token that @p keyword names, outside of parentheses, and past it.
  bool skip_past(std::string_view keyword) {
    for (int depth = 0; !at_end(); advance()) {
      if (token_.is('(')) ++depth;
      if (token_.is(')')) --depth;
      if (depth == 0 && accept(keyword)) return true;
    }
    return false;
  }
  /// [database .] name; nothing when there is no identifier.
  bool object_name(ObjectKind kind, std::vector<ObjectName>& into) {
    accept('.');  // the old ODBC form ".table"
    if (!token_.is_identifier()) return false;
    ObjectName object{kind, default_database_, name()};
    advance();
    if (accept('.')) {
      if (!token_.is_identifier()) return false;
      object.database = std::move(object.name);
      object.name = name();
      advance();
    }
    into.push_back(std::move(object));
    return true;
  }
  bool object_list(ObjectKind kind, std::vector<ObjectName>& into) {
    do {
      if (!object_name(kind, into)) return false;
    } while (accept(','));
    return true;
  }
  /// CREATE and DROP DATABASE: the name stands in ObjectName::name alone.
  bool database_name(std::vector<ObjectName>& into) {
    if (!token_.is_identifier()) return false;
    into.push_back({ObjectKind::database, {}, name()});
    advance();
    return true;
  }
  /// 'user'@'host', user, CURRENT_USER: @return false for what is no literal account name.
  bool account_name(std::vector<ObjectName>& into) {
    if (!token_.is_identifier() && token_.kind != TokenKind::text) return false;
    ObjectName account{ObjectKind::user, "%", name()};
    advance();
    if (accept('@')) {
      if (!token_.is_identifier() && token_.kind != TokenKind::text) return false;
      account.database = name();
      advance();
    }
    into.push_back(std::move(account));
    return true;
  }

 private:
  /// Of the token, as servers store it.
  std::string name() {
    std::optional<std::string> name = to_utf8(token_.name(), client_collation_);
    misses_names_ = misses_names_ || !name;
    return name.value_or("");
  }

  SqlTokenizer tokenizer_;
  std::uint16_t client_collation_;
  std::string default_database_;
  SqlToken token_;
  bool names_current_user_ = false;
  bool misses_names_ = false;
};

/// The kinds of objects that SHOW CREATE can show; others have no definition to compare.
struct KindWord {
  std::string_view word;
  ObjectKind kind;
};
constexpr std::array k_kind_words{
    KindWord{"TABLE", ObjectKind::table},         KindWord{"TABLES", ObjectKind::table},
    KindWord{"VIEW", ObjectKind::table},          KindWord{"SEQUENCE", ObjectKind::table},
    KindWord{"DATABASE", ObjectKind::database},   KindWord{"SCHEMA", ObjectKind::database},
    KindWord{"PROCEDURE", ObjectKind::procedure}, KindWord{"FUNCTION", ObjectKind::function},
    KindWord{"TRIGGER", ObjectKind::trigger},     KindWord{"EVENT", ObjectKind::event},
    KindWord{"USER", ObjectKind::user},           KindWord{"INDEX", ObjectKind::table},
};

struct DdlObject {
  bool known = false;
  bool index = false;
  ObjectKind kind = ObjectKind::table;
};

/// Skips from after the verb to after the word that says what kind of object it is about, over OR REPLACE, DEFINER = …,
/// ALGORITHM = …, UNIQUE and the like.
DdlObject find_object_kind(Scanner& scanner, StatementScan& scan) {
  static constexpr std::array<std::string_view, 7> k_not_comparable{"ROLE",    "SERVER",   "TABLESPACE", "LOGFILE",
                                                                    "PACKAGE", "RESOURCE", "INSTANCE"};
  DdlObject object;
  while (!scanner.at_end()) {
    if (scanner.is_any(k_not_comparable)) return object;
    if (scanner.accept("OR")) {
      scan.repeatable = scanner.accept("REPLACE");
      continue;
    }
    if (scanner.accept("TEMPORARY")) {
      scan.kind = StatementKind::temporary_table;
      continue;
    }
    if (scanner.accept("DEFINER")) {
      // DEFINER = user@host: the account's words must not be taken for the kind. SQL SECURITY DEFINER has no '='.
      std::vector<ObjectName> account;
      if (scanner.accept('=')) scanner.account_name(account);
      continue;
    }
    for (const KindWord& word : k_kind_words) {
      if (!scanner.is(word.word)) continue;
      object = {true, word.word == "INDEX", word.kind};
      scanner.advance();
      return object;
    }
    scanner.advance();
  }
  return object;
}

/// One object name of @p kind in the form in which this kind is written.
bool one_name(Scanner& scanner, ObjectKind kind, std::vector<ObjectName>& into) {
  switch (kind) {
    case ObjectKind::database:
      return scanner.database_name(into);
    case ObjectKind::user:
      return scanner.account_name(into);
    default:
      return scanner.object_name(kind, into);
  }
}

bool name_list(Scanner& scanner, ObjectKind kind, std::vector<ObjectName>& into) {
  do {
    if (!one_name(scanner, kind, into)) return false;
  } while (scanner.accept(','));
  return true;
}

void scan_create(Scanner& scanner, StatementScan& scan) {
  const DdlObject object = find_object_kind(scanner, scan);
  if (!object.known) {
    if (scanner.is("PACKAGE")) scanner.end();
    return;
  }
  scan.repeatable = scanner.accept_condition() || scan.repeatable;
  if (object.index) {
    // CREATE INDEX i [USING t] ON table (…)
    if (!scanner.skip_past("ON") || !scanner.object_name(ObjectKind::table, scan.objects)) return;
    scan.effect = DdlEffect::alter;
    return;
  }
  if (!one_name(scanner, object.kind, scan.objects)) return;
  // Of several accounts each is made by itself, and what stands between their names is free text. A function without
  // parameter list is a loadable one, which has no definition to show.
  if (object.kind == ObjectKind::user) return;
  if (object.kind == ObjectKind::function && !scanner.token().is('(')) return;
  scan.effect = DdlEffect::create;
}

/// Behind the first name of ALTER USER. Of several accounts each may be changed by itself.
bool is_one_account(Scanner& scanner) {
  if (scanner.names_current_user() || scanner.token().is('(')) return false;  // USER()
  for (int depth = 0; !scanner.at_end(); scanner.advance()) {
    if (scanner.token().is('(')) ++depth;
    if (scanner.token().is(')')) --depth;
    if (depth == 0 && scanner.token().is(',')) return false;
  }
  return true;
}

void scan_alter(Scanner& scanner, StatementScan& scan) {
  const DdlObject object = find_object_kind(scanner, scan);
  if (!object.known) return;
  scanner.accept_condition();  // only the object's existence: the change itself is not repeatable
  if (object.kind == ObjectKind::database &&
      (scanner.is("CHARACTER") || scanner.is("DEFAULT") || scanner.is("CHARSET") || scanner.is("COLLATE") ||
       scanner.is("COMMENT"))) {
    return;  // ALTER DATABASE without a name is about the default database
  }
  if (!one_name(scanner, object.kind, scan.objects)) return;
  if (object.kind == ObjectKind::user && !is_one_account(scanner)) return;
  scan.effect = DdlEffect::alter;
  if (object.kind != ObjectKind::table && object.kind != ObjectKind::event) return;
  // The clauses that touch a second object.
  while (!scanner.at_end()) {
    if (scanner.accept("RENAME")) {
      if (scanner.is("COLUMN") || scanner.is("INDEX") || scanner.is("KEY")) continue;
      if (!scanner.accept("TO")) scanner.accept("AS");
      scanner.accept('=');
      scanner.object_name(object.kind, scan.objects);
    } else if (scanner.accept("EXCHANGE")) {
      if (scanner.accept("PARTITION") && scanner.skip_past("TABLE")) {
        scan.exchanges_partition = scanner.object_name(ObjectKind::table, scan.objects);
      }
    } else if (scanner.accept("CONVERT")) {
      // CONVERT PARTITION p TO TABLE t, CONVERT TABLE t TO PARTITION p; CONVERT TO CHARACTER SET names no table.
      if (scanner.accept("TABLE") || (scanner.accept("PARTITION") && scanner.skip_past("TABLE"))) {
        scanner.object_name(ObjectKind::table, scan.objects);
      }
    } else {
      scanner.advance();
    }
  }
}

void scan_drop(Scanner& scanner, StatementScan& scan) {
  const DdlObject object = find_object_kind(scanner, scan);
  if (!object.known) return;
  scan.repeatable = scanner.accept_condition();
  if (object.index) {
    if (scanner.skip_past("ON") && scanner.object_name(ObjectKind::table, scan.objects)) scan.effect = DdlEffect::alter;
    return;
  }
  if (name_list(scanner, object.kind, scan.objects)) scan.effect = DdlEffect::drop;
}

void scan_rename(Scanner& scanner, StatementScan& scan) {
  if (!scanner.is("TABLE") && !scanner.is("TABLES") && !scanner.is("USER")) return;
  const ObjectKind kind = scanner.is("USER") ? ObjectKind::user : ObjectKind::table;
  scanner.advance();
  scanner.accept_condition();
  do {
    if (!one_name(scanner, kind, scan.objects)) return;
    // [WAIT n | NOWAIT] TO
    if (!scanner.skip_past("TO") || !one_name(scanner, kind, scan.objects)) return;
  } while (scanner.accept(','));
  scan.effect = DdlEffect::alter;
  scan.renames = true;
}

void scan_truncate(Scanner& scanner, StatementScan& scan) {
  scanner.accept("TABLE");
  scan.repeatable = true;
  if (scanner.object_name(ObjectKind::table, scan.objects)) scan.effect = DdlEffect::alter;
}

/// The table that a DML statement names first: INSERT [words] [INTO] t, UPDATE [words] t, DELETE [words] FROM t,
/// LOAD DATA [words] INTO TABLE t.
void scan_dml_table(Scanner& scanner, StatementScan& scan) {
  static constexpr std::array<std::string_view, 7> k_words{"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE",
                                                           "QUICK",        "INTO",    "FROM"};
  if (scanner.accept("LOAD")) {
    if (!scanner.skip_past("INTO")) return;
    scanner.accept("TABLE");
    scan.changes_one_table = scanner.object_name(ObjectKind::table, scan.objects);
    return;
  }
  const bool names_a_table =
      scanner.is("INSERT") || scanner.is("REPLACE") || scanner.is("UPDATE") || scanner.is("DELETE");
  if (!names_a_table) return;
  const bool inserts = scanner.is("INSERT") || scanner.is("REPLACE");
  const bool updates = scanner.is("UPDATE");
  scanner.advance();
  while (scanner.is_any(k_words)) scanner.advance();
  if (!scanner.object_name(ObjectKind::table, scan.objects)) return;
  scan.changes_one_table =
      inserts || (updates ? scanner.is("SET")
                          : scanner.at_end() || scanner.is("WHERE") || scanner.is("ORDER") || scanner.is("LIMIT"));
}

bool is_dml_verb(const Scanner& scanner) {
  static constexpr std::array<std::string_view, 10> k_verbs{"INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT",
                                                            "LOAD",   "CALL",   "DO",     "WITH",    "VALUES"};
  return scanner.is_any(k_verbs) || scanner.token().is('(');
}

StatementKind scan_rollback(Scanner& scanner) {
  scanner.advance();
  scanner.accept("WORK");
  return scanner.is("TO") ? StatementKind::savepoint : StatementKind::rollback;
}

/// SET STATEMENT a = 1, … FOR statement is that statement. SET PASSWORD, SET DEFAULT ROLE change accounts; another SET
/// works on the session.
bool skip_set_statement(Scanner& scanner, StatementScan& scan) {
  scanner.advance();
  if (scanner.accept("STATEMENT")) return scanner.skip_past("FOR");
  const bool account = scanner.is("PASSWORD") || scanner.is("DEFAULT") || scanner.is("ROLE");
  scan.kind = account ? StatementKind::ddl : StatementKind::dml;
  return false;
}

/// ANALYZE [FORMAT = JSON] <statement> runs the statement; ANALYZE TABLE is maintenance.
bool skip_analyze(Scanner& scanner) {
  scanner.advance();
  if (scanner.accept("FORMAT")) {
    scanner.accept('=');
    scanner.advance();
  }
  return is_dml_verb(scanner);
}

/// Goes past what stands before the statement that is run: SET STATEMENT … FOR and ANALYZE, also several of them.
/// False when there is no such statement: what there is has been scanned.
bool find_statement(Scanner& scanner, StatementScan& scan) {
  for (;;) {
    while (scanner.token().is(';')) scanner.advance();
    if (scanner.is("SET")) {
      if (!skip_set_statement(scanner, scan)) return false;
    } else if (scanner.is("ANALYZE")) {
      if (!skip_analyze(scanner)) return false;
    } else {
      return true;
    }
  }
}

void scan_from_verb(Scanner& scanner, StatementScan& scan) {
  if (!find_statement(scanner, scan)) return;
  if (scanner.at_end()) {
    scan.kind = StatementKind::empty;
  } else if (is_dml_verb(scanner)) {
    scan.kind = StatementKind::dml;
    scan_dml_table(scanner, scan);
  } else if (scanner.is("BEGIN")) {
    scan.kind = StatementKind::begin;
  } else if (scanner.accept("START")) {
    if (scanner.is("TRANSACTION")) scan.kind = StatementKind::begin;
  } else if (scanner.is("COMMIT")) {
    scan.kind = StatementKind::commit;
  } else if (scanner.is("ROLLBACK")) {
    scan.kind = scan_rollback(scanner);
  } else if (scanner.is("SAVEPOINT") || scanner.is("RELEASE")) {
    scan.kind = StatementKind::savepoint;
  } else if (scanner.is("XA")) {
    scan.kind = StatementKind::xa;
  } else if (scanner.accept("CREATE")) {
    scan_create(scanner, scan);
  } else if (scanner.accept("ALTER")) {
    scan_alter(scanner, scan);
  } else if (scanner.accept("DROP")) {
    scan_drop(scanner, scan);
  } else if (scanner.accept("RENAME")) {
    scan_rename(scanner, scan);
  } else if (scanner.accept("TRUNCATE")) {
    scan_truncate(scanner, scan);
  }
}

}  // namespace

StatementScan scan_statement(std::string_view statement, std::string_view default_database, const SqlDialect& dialect) {
  StatementScan scan;
  Scanner scanner(statement, default_database, dialect);
  scan_from_verb(scanner, scan);
  if (scanner.misses_names()) {
    scan.effect = DdlEffect::unknown;
    scan.objects.clear();
    scan.changes_one_table = false;
  }
  if (scan.kind != StatementKind::ddl) return scan;
  while (!scanner.at_end()) scanner.advance();
  scan.names_current_user = scanner.names_current_user();
  if (scan.effect == DdlEffect::unknown) scan.objects.clear();
  return scan;
}

bool is_own_table(std::string_view database, std::string_view table) {
  static constexpr std::array<std::string_view, 4> k_tables{"applier_checkpoint", "ddl_intent", "schema_version",
                                                            "xa_prepared"};
  return is_own_schema(database) &&
         std::any_of(k_tables.begin(), k_tables.end(), [table](std::string_view own) { return same_name(own, table); });
}

bool is_own_schema(std::string_view database) {
  return same_name("tributary", database);
}

bool names_own_table(std::string_view statement, std::string_view default_database, const SqlDialect& dialect) {
  SqlTokenizer tokenizer(statement, dialect);
  SqlToken token = tokenizer.next();
  while (token.kind != TokenKind::end) {
    // A name with what qualifies it, a column's too: each neighbour may be the database of the next.
    std::vector<std::string> parts{std::string(default_database)};
    while (token.is_identifier()) {
      parts.push_back(token.name());
      token = tokenizer.next();
      if (!token.is('.')) break;
      token = tokenizer.next();
    }
    // A qualified name is not in the default database; ".table" is the old ODBC form.
    for (std::size_t i = parts.size() > 2 ? 2 : 1; i < parts.size(); ++i) {
      if (is_own_table(parts[i - 1], parts[i])) return true;
    }
    if (parts.size() == 1) token = tokenizer.next();
  }
  return false;
}

std::size_t definer_place(std::string_view query, const SqlDialect& dialect) {
  SqlTokenizer tokenizer(query, dialect);
  if (!tokenizer.next().is("ALTER")) return std::string_view::npos;
  const SqlToken kind = tokenizer.next();
  return kind.is("EVENT") ? static_cast<std::size_t>(kind.raw.data() - query.data()) : std::string_view::npos;
}

}  // namespace tributary::apply
