#include "tributary/target/fingerprint.hpp"

#include <functional>

#include "live_target.hpp"

namespace tributary::target {
namespace {

class FingerprintTest : public LiveTarget {
 protected:
  FingerprintTest() { connection_.execute("CREATE DATABASE d"); }

  std::string of(ObjectKind kind, const std::string& database, const std::string& name) {
    return object_fingerprint(connection_, {kind, database, name});
  }
  std::string table(const std::string& name) { return of(ObjectKind::table, "d", name); }
  /// Whether @p statements change the fingerprint of d.t.
  bool changes(const std::string& statements) {
    const std::string before = table("t");
    server_.run(statements);
    return table("t") != before;
  }

  TargetConnection connection_{options()};
};

TEST_F(FingerprintTest, isStableWhereTheDefinitionIs) {
  server_.run("CREATE TABLE d.t (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(10) COMMENT ' AUTO_INCREMENT=1')");
  const std::string before = table("t");
  EXPECT_EQ(before.size(), 129U);
  EXPECT_FALSE(changes("INSERT INTO d.t (b) VALUES ('x'), ('y')"));
  EXPECT_FALSE(changes("ALTER TABLE d.t AUTO_INCREMENT = 1000"));
  EXPECT_FALSE(changes("ANALYZE TABLE d.t"));
  for (const char* session :
       {"SET sql_mode = 'ANSI,NO_TABLE_OPTIONS,NO_FIELD_OPTIONS,NO_KEY_OPTIONS'", "SET sql_quote_show_create = 0",
        "SET NAMES latin1", "SET time_zone = '+05:00'", "SET character_set_results = NULL"}) {
    connection_.execute(session);
    EXPECT_EQ(table("t"), before) << session;
  }
  EXPECT_EQ(connection_.query("SELECT @@sql_quote_show_create, @@time_zone, @@character_set_results IS NULL")[0],
            (Row{"0", "+05:00", "1"}))
      << "the session's settings must be as before";
  EXPECT_NE(connection_.query("SELECT @@sql_mode")[0][0]->find("NO_TABLE_OPTIONS"), std::string::npos);
  server_.stop();
  server_.start();
  TargetConnection again(options());
  EXPECT_EQ(object_fingerprint(again, {ObjectKind::table, "d", "t"}), before);
}

TEST_F(FingerprintTest, differsAfterEachDdl) {
  server_.run("CREATE TABLE d.t (a INT PRIMARY KEY)");
  EXPECT_TRUE(changes("ALTER TABLE d.t ADD b INT"));
  EXPECT_TRUE(changes("ALTER TABLE d.t ADD INDEX (b)"));
  EXPECT_TRUE(changes("ALTER TABLE d.t COMMENT = 'c'"));
  EXPECT_TRUE(changes("TRUNCATE TABLE d.t"));
  EXPECT_TRUE(changes("ALTER TABLE d.t FORCE"));
  EXPECT_TRUE(changes("DROP TABLE d.t; CREATE TABLE d.t (a INT PRIMARY KEY)"));
  EXPECT_TRUE(changes("DROP TABLE d.t"));
  EXPECT_EQ(table("t"), k_absent);
}

TEST_F(FingerprintTest, tellsTablesThatChangedNames) {
  server_.run("CREATE TABLE d.t (a INT PRIMARY KEY); CREATE TABLE d.u (a INT PRIMARY KEY)");
  EXPECT_TRUE(changes("RENAME TABLE d.t TO d.tmp, d.u TO d.t, d.tmp TO d.u"));
}

TEST_F(FingerprintTest, seesPartitions) {
  server_.run(
      "CREATE TABLE d.t (a INT PRIMARY KEY) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10),"
      " PARTITION p1 VALUES LESS THAN (20))");
  EXPECT_TRUE(changes("ALTER TABLE d.t TRUNCATE PARTITION p0"));
  EXPECT_TRUE(changes("ALTER TABLE d.t DROP PARTITION p0"));
  EXPECT_FALSE(changes("CREATE TABLE d.tt (a INT PRIMARY KEY)"));
}

TEST_F(FingerprintTest, findsTablesWithStrangeNames) {
  const std::string name = "x-1 #P#é`\\'";
  server_.run("CREATE DATABASE `d-é`; CREATE TABLE `d-é`.`x-1 #P#é``\\'` (a INT PRIMARY KEY)");
  const std::string before = of(ObjectKind::table, "d-é", name);
  EXPECT_NE(before, k_absent);
  const std::string definition = object_definition(connection_, {ObjectKind::table, "d-é", name});
  EXPECT_TRUE(tells_an_id(definition)) << definition;
  server_.run("TRUNCATE TABLE `d-é`.`x-1 #P#é``\\'`");
  EXPECT_NE(of(ObjectKind::table, "d-é", name), before);
}

TEST_F(FingerprintTest, othersThanInnodbHaveDefinitionsToo) {
  server_.run("CREATE TABLE d.t (a INT PRIMARY KEY) ENGINE=MyISAM");
  EXPECT_NE(table("t"), k_absent);
  EXPECT_TRUE(changes("ALTER TABLE d.t ADD b INT"));
}

TEST_F(FingerprintTest, coversViewsSequencesRoutinesTriggersEventsDatabasesAndUsers) {
  server_.run("CREATE TABLE d.base (a INT PRIMARY KEY)");
  struct Case {
    ObjectName object;
    const char* create;
    const char* change;
    const char* drop;
  };
  const Case cases[] = {
      {{ObjectKind::table, "d", "v"}, "CREATE VIEW d.v AS SELECT 1", "ALTER VIEW d.v AS SELECT 2", "DROP VIEW d.v"},
      {{ObjectKind::table, "d", "s"}, "CREATE SEQUENCE d.s", "ALTER TABLE d.s COMMENT = 'c'", "DROP SEQUENCE d.s"},
      {{ObjectKind::procedure, "d", "p"},
       "CREATE PROCEDURE d.p() SELECT 1",
       "ALTER PROCEDURE d.p COMMENT 'c'",
       "DROP PROCEDURE d.p"},
      {{ObjectKind::function, "d", "f"},
       "CREATE FUNCTION d.f() RETURNS INT DETERMINISTIC RETURN 1",
       "ALTER FUNCTION d.f SQL SECURITY INVOKER",
       "DROP FUNCTION d.f"},
      {{ObjectKind::trigger, "d", "g"},
       "CREATE TRIGGER d.g BEFORE INSERT ON d.base FOR EACH ROW SET @a = 1",
       "CREATE OR REPLACE TRIGGER d.g BEFORE INSERT ON d.base FOR EACH ROW SET @a = 2",
       "DROP TRIGGER d.g"},
      {{ObjectKind::event, "d", "e"},
       "CREATE EVENT d.e ON SCHEDULE EVERY 1 YEAR DO SET @a = 1",
       "ALTER EVENT d.e DISABLE",
       "DROP EVENT d.e"},
      {{ObjectKind::database, "", "d-2"},
       "CREATE DATABASE `d-2`",
       "ALTER DATABASE `d-2` CHARACTER SET latin2",
       "DROP DATABASE `d-2`"},
      {{ObjectKind::user, "%", "it's \\ me"},
       "CREATE USER 'it\\'s \\\\ me'@'%'",
       "GRANT SELECT ON d.* TO 'it\\'s \\\\ me'@'%'",
       "DROP USER 'it\\'s \\\\ me'@'%'"},
      {{ObjectKind::user, "", "clerk"}, "CREATE ROLE clerk", "GRANT SELECT ON d.* TO clerk", "DROP ROLE clerk"},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(object_fingerprint(connection_, item.object), k_absent) << item.create;
    server_.run(item.create);
    const std::string made = object_fingerprint(connection_, item.object);
    EXPECT_EQ(made.size(), item.object.kind == ObjectKind::table ? 129U : 64U) << item.create;
    EXPECT_EQ(object_fingerprint(connection_, item.object), made) << item.create;
    server_.run(item.change);
    EXPECT_NE(object_fingerprint(connection_, item.object), made) << item.change;
    server_.run(item.drop);
    EXPECT_EQ(object_fingerprint(connection_, item.object), k_absent) << item.drop;
  }
}

TEST_F(FingerprintTest, listsObjectsInReadableLines) {
  server_.run("CREATE TABLE d.t (a INT PRIMARY KEY)");
  const ObjectName objects[] = {{ObjectKind::table, "d", "t"}, {ObjectKind::table, "nowhere", "t"}};
  EXPECT_EQ(fingerprint_objects(connection_, objects),
            "table `d`.`t` " + table("t") + "\ntable `nowhere`.`t` absent\n");
}

std::vector<std::string> definitions(const std::string& fingerprints) {
  std::vector<std::string> told;
  for (const FingerprintLine& line : fingerprint_lines(fingerprints)) told.emplace_back(line.definition);
  return told;
}

std::vector<bool> ids(const std::string& fingerprints) {
  std::vector<bool> told;
  for (const FingerprintLine& line : fingerprint_lines(fingerprints)) told.push_back(!line.stored_as.empty());
  return told;
}

TEST_F(FingerprintTest, idsGoWithATableThatIsRenamed) {
  server_.run("CREATE TABLE d.t (a INT PRIMARY KEY) PARTITION BY KEY () PARTITIONS 2; CREATE TABLE d.u (a INT)");
  const std::vector<ObjectName> objects{{ObjectKind::table, "d", "t"}, {ObjectKind::table, "d", "u"}};
  const std::string before = fingerprint_objects(connection_, objects);
  server_.run("RENAME TABLE d.t TO d.x, d.u TO d.t, d.x TO d.u");
  const std::string after = fingerprint_objects(connection_, objects);
  const auto stored_as = [](const std::string& of, std::size_t line) {
    return std::string(fingerprint_lines(of).at(line).stored_as);
  };
  EXPECT_EQ(stored_as(after, 0), stored_as(before, 1));
  EXPECT_EQ(stored_as(after, 1), stored_as(before, 0));
  EXPECT_NE(stored_as(after, 0), stored_as(after, 1));
}

TEST_F(FingerprintTest, namesAreFoundInWhateverCase) {
  const std::string fingerprints = "table `d`.`a b` 00ff\nuser 'u'@'%' absent\n";
  const auto names = [&](const ObjectName& object) { return names_one_of(fingerprints, std::span(&object, 1)); };
  EXPECT_TRUE(names({ObjectKind::table, "D", "a B"}));
  EXPECT_TRUE(names({ObjectKind::user, "%", "u"}));
  EXPECT_FALSE(names({ObjectKind::table, "d", "a"}));
  EXPECT_FALSE(names({ObjectKind::function, "d", "a b"}));
}

TEST_F(FingerprintTest, idsAreLeftOutWhereNobodyAsksForThem) {
  server_.run("CREATE TABLE d.t (a INT PRIMARY KEY)");
  const std::vector<ObjectName> objects{{ObjectKind::table, "d", "t"}, {ObjectKind::table, "d", "u"}};
  const std::string told = fingerprint_objects(connection_, objects);
  const std::string left_out = fingerprint_objects(connection_, objects, StoredAs::left_out);
  EXPECT_EQ(ids(told), std::vector<bool>({true, false}));
  EXPECT_EQ(ids(left_out), std::vector<bool>({false, false}));
  EXPECT_EQ(definitions(told), definitions(left_out));
  server_.run("OPTIMIZE TABLE d.t");
  EXPECT_EQ(fingerprint_objects(connection_, objects, StoredAs::left_out), left_out);
}

TEST_F(FingerprintTest, reportsWhatItCannotRead) {
  server_.run("CREATE TABLE d.t (a INT PRIMARY KEY); CREATE USER plain@'%'");
  TargetOptions plain = options();
  plain.user = "plain";
  TargetConnection connection(plain);
  EXPECT_EQ(error_of([&connection] { object_fingerprint(connection, {ObjectKind::table, "d", "t"}); }), 1142);
}

TEST_F(FingerprintTest, tellsARebuildFromAChange) {
  server_.run("CREATE TABLE d.t (a INT PRIMARY KEY)");
  const std::vector<ObjectName> objects{{ObjectKind::table, "d", "t"}, {ObjectKind::table, "d", "u"}};
  const std::string before = fingerprint_objects(connection_, objects);
  server_.run("OPTIMIZE TABLE d.t");
  const std::string rebuilt = fingerprint_objects(connection_, objects);
  EXPECT_NE(rebuilt, before);
  EXPECT_EQ(definitions(rebuilt), definitions(before));
  server_.run("ALTER TABLE d.t ADD b INT");
  EXPECT_NE(definitions(fingerprint_objects(connection_, objects)), definitions(before));
}

}  // namespace
}  // namespace tributary::target
