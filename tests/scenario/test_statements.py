"""Statements travel as text: they must run in the session in which they were written, whatever the target's defaults are."""

import subprocess

import pytest

from compare import assert_equal


@pytest.fixture
def replicate(pair, make_daemon):
    """Returns a function that runs statements on the source in one session, waits and compares."""
    source, target = pair
    daemon = make_daemon(target)
    daemon.replicate("c", source)
    source.run("CREATE DATABASE z", "CREATE TABLE z.t (id INT AUTO_INCREMENT PRIMARY KEY, a TEXT, b TEXT, c BLOB)")

    def run(*statements, definitions: bool = True):
        source.run("SET SESSION binlog_format=STATEMENT", "USE z", *statements)
        daemon.wait_caught_up("c", source)
        assert assert_equal(source, target, ["z"], definitions=definitions) > 0

    run.daemon, run.source, run.target = daemon, source, target
    return run


@pytest.mark.smoke
@pytest.mark.parametrize("mode", ["STATEMENT", "MIXED"])
def test_context_of_a_statement(replicate, mode):
    replicate(
        f"SET SESSION binlog_format={mode}",
        "INSERT INTO t (a, b, c) VALUES (NOW(), NOW(6), UNIX_TIMESTAMP(NOW(6)))",
        "INSERT INTO t (a, b, c) VALUES (CURDATE(), CURTIME(3), UTC_TIMESTAMP(6))",
        "INSERT INTO t (a, b, c) VALUES (RAND(), RAND(), FLOOR(RAND()*1000000))",
        "INSERT INTO t (a) VALUES (LAST_INSERT_ID())", "INSERT INTO t (a, b) SELECT LAST_INSERT_ID(), LAST_INSERT_ID()",
        "SET @i=-5, @u=18446744073709551615, @d=12.340, @f=1.5e-7, @s='it''s \\\\ a \\n string', @b=x'00FF27', @n=NULL",
        "INSERT INTO t (a, b, c) VALUES (@i, @u, @d), (@f, @s, @b), (@n, CHARSET(@s), CHARSET(@b))",
        "SET @l = _latin1 x'E4F6FC', @`odd name` = _utf8mb4'ü'",
        "INSERT INTO t (a, b, c) VALUES (@l, CHARSET(@l), @`odd name`)",
        "UPDATE t SET a=CONCAT(a, @i), b=@undefined WHERE id=1",
        "INSERT INTO t (a, b) VALUES (CONNECTION_ID() > 0, DATABASE())",
        "SET timestamp=1700000000.123456", "INSERT INTO t (a, b) VALUES (NOW(6), SYSDATE() IS NULL)",
        "SET timestamp=DEFAULT", "INSERT INTO t (a) VALUES (NOW() > '2024-01-01')")


@pytest.mark.parametrize("zone", ["+00:00", "+05:45", "-11:00", "SYSTEM"])
def test_time_zones(replicate, zone):
    replicate("CREATE TABLE ts (id INT AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP(6) NULL, text VARCHAR(40))",
              f"SET time_zone='{zone}'",
              "INSERT INTO ts (at, text) VALUES (NOW(6), NOW(6)), ('2024-07-01 12:00:00.5', @@session.time_zone)",
              "UPDATE ts SET text=at", "INSERT INTO ts (text) SELECT FROM_UNIXTIME(1700000000)",
              "CREATE TABLE made AS SELECT at, CAST(at AS CHAR(40)) AS text FROM ts")


@pytest.mark.parametrize("mode", ["''", "'ANSI_QUOTES'", "'PIPES_AS_CONCAT'", "'NO_BACKSLASH_ESCAPES'", "'ORACLE'",
                                  "'NO_AUTO_VALUE_ON_ZERO'", "'STRICT_ALL_TABLES,NO_UNSIGNED_SUBTRACTION'",
                                  "'PAD_CHAR_TO_FULL_LENGTH'", "'HIGH_NOT_PRECEDENCE,REAL_AS_FLOAT,IGNORE_SPACE'"])
def test_sql_modes(replicate, mode):
    quote = "'" if "ANSI" in mode or "ORACLE" in mode else '"'
    replicate("CREATE TABLE m (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(40), n INT)", f"SET sql_mode={mode}",
              f"INSERT IGNORE INTO m (a) VALUES ({quote}text{quote}), ('x' || 'y'), ('back\\slash'), (NOT 1 BETWEEN -5 AND 5)",
              "INSERT IGNORE INTO m (id, a, n) VALUES (0, 'zero', 9999999999)",
              "CREATE TABLE m2 (r REAL, c CHAR(5) DEFAULT 'a')", "INSERT INTO m2 (r) VALUES (0.1)")


def test_packages(replicate):
    """CURRENT_USER in a body is who runs it."""
    replicate("SET sql_mode=ORACLE", "CREATE PACKAGE k AS FUNCTION f RETURN VARCHAR(80); END",
              "CREATE PACKAGE BODY k AS FUNCTION f RETURN VARCHAR(80) AS BEGIN RETURN CURRENT_USER(); END; END",
              "INSERT INTO t (a) VALUES (LENGTH(k.f()) > 0)", "DROP PACKAGE BODY k", "INSERT INTO t (a) VALUES ('end')")


def test_auto_increment(replicate):
    replicate("SET auto_increment_increment=10, auto_increment_offset=4", "INSERT INTO t (a) VALUES (1),(2),(3)",
              "SET insert_id=1000", "INSERT INTO t (a) VALUES ('thousand'),('and ten')",
              "SET auto_increment_increment=1, auto_increment_offset=1", "INSERT INTO t (a) VALUES ('next')",
              "INSERT INTO t (a) SELECT id FROM t ORDER BY id", "ALTER TABLE t AUTO_INCREMENT=5000",
              "INSERT INTO t (a) VALUES (LAST_INSERT_ID())", "REPLACE INTO t (id, a) VALUES (1, 'replaced')",
              "INSERT INTO t (id, a) VALUES (1, 'x') ON DUPLICATE KEY UPDATE b=LAST_INSERT_ID(id), c=VALUES(a)",
              "TRUNCATE TABLE t", "INSERT INTO t (a) VALUES ('first again')")


@pytest.mark.parametrize("charset, text", [
    ("latin1", "äöü ß"), ("utf8mb4", "日本語 😀"), ("utf8mb3", "Ελληνικά"), ("sjis", "表示 ソ 能"), ("gbk", "縗 中文 誠"),
    ("big5", "功 許 蓋"), ("cp1251", "Русский"), ("ujis", "日本"), ("koi8r", "Пример")])
def test_charsets_of_statements(replicate, charset, text):
    """The statement's bytes are in the client's charset; in some a backslash is the second byte of a character."""
    replicate.source.run(f"CREATE TABLE z.cs (id INT PRIMARY KEY, a VARCHAR(60) CHARACTER SET {charset}, "
                         "b VARCHAR(60) CHARACTER SET utf8mb4)")
    python_names = {"sjis": "shift_jis", "ujis": "euc_jp", "koi8r": "koi8_r", "utf8mb4": "utf-8", "utf8mb3": "utf-8",
                    "latin1": "cp1252"}
    script = (f"SET NAMES {charset}; SET SESSION binlog_format=STATEMENT; USE z;\n"
              f"INSERT INTO cs VALUES (1, '{text}', '{text}');\n"
              f"UPDATE cs SET b=CONCAT(b, '{text}') WHERE a='{text}';\n"
              f"CREATE TABLE `n_{charset}` (x INT COMMENT '{text}') CHARACTER SET {charset};\n"
              f"INSERT INTO cs VALUES (2, @@collation_connection, _utf8mb4'done');\n")
    data = script.encode(python_names.get(charset, charset))
    result = subprocess.run(["mariadb", "--no-defaults", "-uroot", f"--socket={replicate.source.socket}",
                             f"--default-character-set={charset}"], input=data, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    replicate("INSERT INTO t (a) VALUES ('end')")
    assert replicate.source.value("SELECT CHAR_LENGTH(a) FROM z.cs WHERE id=1") == len(text)


def test_collation_of_the_session(replicate):
    replicate("SET NAMES utf8mb4 COLLATE utf8mb4_bin", "CREATE TABLE made AS SELECT 'a' AS x, 'B' AS y",
              "SET collation_connection=latin1_swedish_ci", "CREATE TABLE made2 AS SELECT 'a' AS x",
              "SET character_set_server=cp1250", "CREATE DATABASE IF NOT EXISTS z2",
              "CREATE TABLE plain (x VARCHAR(10))", "DROP DATABASE z2",
              "INSERT INTO t (a) SELECT 'A' = 'a'")


def test_defaults_of_a_database(replicate):
    replicate("CREATE DATABASE zz CHARACTER SET cp1251", "CREATE TABLE zz.x (a VARCHAR(9))", "USE zz",
              "CREATE TABLE y (a VARCHAR(9))", "INSERT INTO y VALUES ('Ж')",
              "ALTER DATABASE zz CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", "CREATE TABLE w (a CHAR(4))",
              "INSERT INTO z.t (a) VALUES (DATABASE())")
    assert_equal(replicate.source, replicate.target, ["zz"])


def test_ddl(replicate):
    replicate(
        "CREATE TABLE one (id INT PRIMARY KEY, a VARCHAR(20)) ENGINE=InnoDB COMMENT='it''s'",
        "CREATE OR REPLACE TABLE one (id BIGINT PRIMARY KEY, a VARCHAR(20))",
        "CREATE TABLE two LIKE one", "INSERT INTO one VALUES (1,'a'),(2,'b')", "INSERT INTO two SELECT * FROM one",
        "ALTER TABLE one ADD COLUMN b INT NOT NULL DEFAULT 5 AFTER id, ADD INDEX (aa), RENAME COLUMN a TO aa",
        "ALTER TABLE one ADD COLUMN c INT, ALGORITHM=COPY", "ALTER TABLE one DROP COLUMN c, ALGORITHM=INSTANT",
        "RENAME TABLE one TO three, two TO one", "CREATE INDEX i ON three (b)", "DROP INDEX i ON three",
        "CREATE TABLE four SELECT * FROM three", "CREATE TABLE gone (a INT)", "DROP TABLE IF EXISTS gone, not_there",
        "CREATE TABLE IF NOT EXISTS one (a INT)", "CREATE TABLE part (id INT PRIMARY KEY) PARTITION BY RANGE (id) "
        "(PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "INSERT INTO part VALUES (5),(50)", "ALTER TABLE part TRUNCATE PARTITION p0",
        "ALTER TABLE part REORGANIZE PARTITION p1 INTO (PARTITION p1 VALUES LESS THAN (100), "
        "PARTITION p2 VALUES LESS THAN MAXVALUE)",
        "SET SESSION binlog_format=MIXED", "CREATE SEQUENCE seq START WITH 10 INCREMENT BY 5",
        "SELECT NEXTVAL(seq)", "INSERT INTO t (a) VALUES (NEXTVAL(seq))",
        "OPTIMIZE TABLE one", "ANALYZE TABLE one", "CREATE TABLE `odd ``name` (`sel``ect` INT)",
        "INSERT INTO `odd ``name` VALUES (1)")


def test_programs(replicate):
    """Views, routines, triggers and events, and what they do when they are called."""
    replicate(
        "CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(60))",
        "CREATE VIEW v AS SELECT id, a FROM t WHERE b IS NULL",
        "CREATE OR REPLACE SQL SECURITY INVOKER VIEW v2 AS SELECT COUNT(*) AS n FROM v",
        "CREATE PROCEDURE p(IN n INT, OUT o INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < n DO "
        "INSERT INTO t (a, b) VALUES (i, CONCAT('p', n, NOW(6))); SET i=i+1; END WHILE; SET o=i; END",
        "CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC RETURN x*2",
        "CREATE FUNCTION g(x INT) RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO audit (what) VALUES (x); RETURN x; END",
        "CREATE TRIGGER after_t AFTER INSERT ON t FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT('new ', NEW.id))",
        "CREATE TRIGGER before_t BEFORE UPDATE ON t FOR EACH ROW SET NEW.c=CONCAT('was ', OLD.a)",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DO DELETE FROM audit",
        "CALL p(3, @o)", "INSERT INTO t (a) VALUES (@o), (f(21))", "UPDATE t SET a=a+1 WHERE id < 3",
        "INSERT INTO t (a) VALUES (g(5))",
        "SET SESSION binlog_format=ROW", "INSERT INTO t (a) VALUES ('triggered in row format')", "UPDATE t SET b='row'",
        "CALL p(2, @o)", "SET SESSION binlog_format=MIXED", "INSERT INTO t (a, b) VALUES (UUID(), g(6))",
        "ALTER EVENT e COMMENT 'changed'", "DROP TRIGGER before_t", "ALTER PROCEDURE p COMMENT 'c'",
        "CREATE DEFINER='someone'@'elsewhere' FUNCTION h() RETURNS INT NO SQL RETURN 1", "DROP FUNCTION f", "DROP VIEW v2")


def test_accounts(replicate):
    """Needs the further privileges that docs/target.md names for it."""
    target = replicate.target
    target.run("GRANT CREATE USER ON *.* TO tributary", "GRANT SELECT, INSERT ON *.* TO tributary WITH GRANT OPTION")
    replicate.daemon.sql("STOP SLAVE")  # privileges count from the next connection on
    replicate.daemon.sql("START SLAVE")
    try:
        replicate("CREATE USER replicated@'10.0.0.%' IDENTIFIED BY 'xyz'",
                  "GRANT SELECT, INSERT ON z.* TO replicated@'10.0.0.%'", "CREATE ROLE reader",
                  "GRANT reader TO replicated@'10.0.0.%'", "INSERT INTO t (a) VALUES ('end')")
        grants = [server.query("SHOW GRANTS FOR replicated@'10.0.0.%'") for server in (replicate.source, target)]
        assert grants[0] == grants[1]
        replicate("DROP USER replicated@'10.0.0.%'", "DROP ROLE reader", "INSERT INTO t (a) VALUES ('gone')")
        assert not target.query("SELECT 1 FROM mysql.global_priv WHERE User IN ('replicated','reader')")
    finally:
        target.run("REVOKE CREATE USER, GRANT OPTION ON *.* FROM tributary")


def test_transactions_and_savepoints(replicate):
    replicate("BEGIN", "INSERT INTO t (a) VALUES (1)", "SAVEPOINT `s 1`", "INSERT INTO t (a) VALUES (2)",
              "ROLLBACK TO SAVEPOINT `s 1`", "INSERT INTO t (a) VALUES (3)", "RELEASE SAVEPOINT `s 1`", "COMMIT",
              "BEGIN", "INSERT INTO t (a) VALUES ('never')", "ROLLBACK",
              "BEGIN", "INSERT INTO t (a) VALUES (RAND())", "COMMIT")


def test_statement_and_row_format_in_one_transaction(replicate):
    replicate("SET SESSION binlog_format=MIXED", "CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(40))", "BEGIN",
              "INSERT INTO u VALUES (1,'statement')", "INSERT INTO u VALUES (2, UUID())",
              "UPDATE u SET v=CONCAT(v,'!') WHERE id=2", "INSERT INTO t (a) SELECT v FROM u WHERE id=2",
              "UPDATE t SET b=UUID()", "DELETE FROM u WHERE id=1", "COMMIT")


def test_tables_that_roll_nothing_back(replicate):
    replicate("CREATE TABLE my (id INT PRIMARY KEY, n INT) ENGINE=MyISAM", "INSERT INTO my VALUES (1,1),(2,2)",
              "CREATE TABLE ar (id INT PRIMARY KEY) ENGINE=Aria", "INSERT INTO ar VALUES (1)",
              "SET SESSION binlog_format=ROW", "INSERT INTO my VALUES (3,3)", "UPDATE my SET n=n+1", "DELETE FROM my WHERE id=2",
              "CREATE TABLE me (id INT) ENGINE=MEMORY", "INSERT INTO me VALUES (1)")


def test_temporary_tables(replicate):
    replicate("CREATE TEMPORARY TABLE tmp (a INT)", "INSERT INTO tmp VALUES (1),(2)",
              "INSERT INTO t (a) SELECT a FROM tmp", "DROP TEMPORARY TABLE tmp",
              "SET SESSION binlog_format=ROW", "CREATE TEMPORARY TABLE tmp2 AS SELECT 1 AS a",
              "INSERT INTO t (a) SELECT a FROM tmp2")


def test_checks_switched_off(replicate):
    replicate("CREATE TABLE parent (id INT PRIMARY KEY)",
              "CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id))",
              "SET foreign_key_checks=0", "INSERT INTO child VALUES (1, 99)", "DROP TABLE parent",
              "CREATE TABLE parent (id INT PRIMARY KEY)", "SET foreign_key_checks=1", "INSERT INTO parent VALUES (5)",
              "INSERT INTO child VALUES (2, 5)", "SET unique_checks=0", "INSERT INTO child VALUES (3, 5)",
              "SET SESSION binlog_format=ROW", "SET foreign_key_checks=0", "INSERT INTO child VALUES (4, 77)",
              "DELETE FROM parent", "SET foreign_key_checks=1", "UPDATE child SET p=NULL",
              "CREATE TABLE chk (n INT CHECK (n < 5))", "SET check_constraint_checks=0", "INSERT INTO chk VALUES (9)",
              "SET SESSION binlog_format=STATEMENT", "INSERT INTO chk VALUES (10)", "SET check_constraint_checks=1",
              "INSERT INTO chk VALUES (1)")


def test_statements_that_fail_on_the_source_in_part(replicate):
    """A statement that changed some rows of a non-transactional table is logged with its error."""
    replicate("CREATE TABLE my (id INT PRIMARY KEY) ENGINE=MyISAM", "INSERT INTO my VALUES (2)")
    with pytest.raises(Exception):
        replicate.source.run("SET SESSION binlog_format=STATEMENT", "INSERT INTO z.my VALUES (1),(2),(3)")
    replicate("INSERT INTO t (a) VALUES ('end')")


@pytest.mark.parametrize("mode", ["ROW", "MIXED"])
def test_load_data_as_rows(replicate, mode):
    file = _rows_file(replicate.source)
    replicate(f"SET SESSION binlog_format={mode}", "CREATE TABLE l (id INT PRIMARY KEY, a VARCHAR(60), b VARCHAR(9))",
              f"LOAD DATA INFILE '{file}' INTO TABLE l CHARACTER SET utf8mb4 (id, a, b)")
    assert replicate.target.value("SELECT COUNT(*) FROM z.l") == 30000


def _rows_file(source):
    file = source.directory / "rows.txt"
    file.write_text("".join(f"{number}\ttext {number} é\\tescaped\t\\N\n" for number in range(1, 30001)))
    file.chmod(0o644)
    return file


def test_load_data_as_a_statement(replicate):
    replicate("CREATE TABLE l (id INT PRIMARY KEY, a VARCHAR(60), b VARCHAR(9))", "INSERT INTO t (a) VALUES (1)",
              f"LOAD DATA INFILE '{_rows_file(replicate.source)}' INTO TABLE z.l CHARACTER SET utf8mb4 (id, a, b)")
    assert replicate.target.value("SELECT COUNT(*) FROM z.l") > 0


def test_one_phase_xa_transaction(replicate):
    replicate("SET SESSION binlog_format=ROW", "XA START 'one'", "INSERT INTO t (a) VALUES ('one phase')", "XA END 'one'",
              "XA COMMIT 'one' ONE PHASE", "INSERT INTO t (a) VALUES ('end')")


def test_limits_and_settings_of_the_target_do_not_count(replicate):
    """What a target sets for its users must not stop what a source has done."""
    target = replicate.target
    replicate.daemon.sql("STOP SLAVE")
    target.run("SET GLOBAL max_join_size=40", "SET GLOBAL completion_type='RELEASE'")
    try:
        replicate.daemon.sql("START SLAVE")
        replicate("CREATE TABLE n (id INT)", "INSERT INTO n VALUES (1),(2),(3),(4)",
                  "INSERT INTO t (a) SELECT x.id + y.id + z.id FROM n x, n y, n z",
                  "CREATE TABLE versioned (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING",
                  "INSERT INTO versioned VALUES (1, 1)", "UPDATE versioned SET a=2",
                  "SET system_versioning_alter_history=KEEP", "ALTER TABLE versioned ADD COLUMN b INT")
    finally:
        target.run("SET GLOBAL max_join_size=DEFAULT", "SET GLOBAL completion_type=DEFAULT")


@pytest.mark.parametrize("statement", ["INSERT INTO t (a) VALUES ('b1'),('b2')", "ALTER TABLE t ADD COLUMN more INT",
                                       "UPDATE t SET b='b' WHERE a='base'"])
def test_a_temporary_table_is_its_own_connections(replicate, statement):
    """Another connection means the base table of the same name, in statements and rows."""
    source = replicate.source
    replicate("INSERT INTO t (a) VALUES ('base')")
    with source.connect(database="z") as owner, owner.cursor() as cursor:
        cursor.execute("SET SESSION binlog_format=MIXED")
        cursor.execute("CREATE TEMPORARY TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a TEXT, b TEXT, c BLOB)")
        cursor.execute("INSERT INTO t (a) VALUES ('mine')")
        replicate("SET SESSION binlog_format=MIXED", statement)
        replicate("SET SESSION binlog_format=ROW", "INSERT INTO t (a) VALUES ('row')")
        cursor.execute("INSERT INTO t (a) VALUES ('still mine')")
        source.run("CREATE TABLE z.copy AS SELECT a FROM z.t")
        cursor.execute("SET SESSION binlog_format=STATEMENT")
        cursor.execute("CREATE TABLE z.from_mine AS SELECT id, a FROM t")
    replicate("INSERT INTO t (a) VALUES ('end')")


def test_events_run_on_the_source_alone(replicate):
    source, target = replicate.source, replicate.target
    target.run("SET GLOBAL event_scheduler=ON")
    try:
        replicate("CREATE EVENT plain ON SCHEDULE EVERY 1 SECOND DO INSERT INTO z.t (a) VALUES ('plain')",
                  "CREATE EVENT enabled ON SCHEDULE EVERY 1 SECOND ENABLE COMMENT 'c' DO INSERT INTO z.t (a) VALUES ('b')",
                  "CREATE EVENT disabled ON SCHEDULE EVERY 1 SECOND DISABLE DO INSERT INTO z.t (a) VALUES ('disabled')",
                  "CREATE EVENT later ON SCHEDULE EVERY 1 SECOND DISABLE DO INSERT INTO z.t (a) VALUES ('later')",
                  "ALTER EVENT later ENABLE", "ALTER EVENT plain RENAME TO z.renamed COMMENT 'c'",
                  "INSERT INTO t (a) VALUES ('end')")
        states = target.query("SELECT event_name, status FROM information_schema.events WHERE event_schema='z' ORDER BY 1")
        assert list(states) == [("disabled", "DISABLED"), ("enabled", "SLAVESIDE_DISABLED"),
                                ("later", "SLAVESIDE_DISABLED"), ("renamed", "SLAVESIDE_DISABLED")]
        assert source.value("SELECT COUNT(*) FROM information_schema.events WHERE status='ENABLED'") == 3
    finally:
        target.run("SET GLOBAL event_scheduler=OFF")


def test_sessions_without_default_database(replicate):
    """Also where other sessions' statements stand around theirs, in one batch."""
    source, daemon = replicate.source, replicate.daemon
    with source.connect() as without, without.cursor() as cursor:
        cursor.execute("SET SESSION binlog_format=STATEMENT")
        for backlog in (False, True):
            if backlog:
                daemon.sql("STOP SLAVE")
            for _ in range(3):
                source.run("SET SESSION binlog_format=STATEMENT", "USE z", "INSERT INTO t (a, b) VALUES (1, DATABASE())")
                cursor.execute("INSERT INTO z.t (a, b) VALUES (2, DATABASE())")
                cursor.execute("BEGIN")
                cursor.execute("INSERT INTO z.t (a, b) VALUES (3, DATABASE())")
                cursor.execute("INSERT INTO z.t (a, b) VALUES (4, DATABASE())")
                cursor.execute("COMMIT")
                source.run("SET SESSION binlog_format=ROW", "INSERT INTO z.t (a) VALUES ('row')")
                cursor.execute("CREATE TABLE IF NOT EXISTS z.made AS SELECT DATABASE() AS d")
            if backlog:
                daemon.sql("START SLAVE")
            replicate("INSERT INTO t (a, b) VALUES ('end', DATABASE())")
    assert replicate.target.value("SELECT COUNT(*) FROM z.t WHERE a IN (2, 3, 4) AND b IS NULL") == 18


def test_default_database_that_was_dropped(replicate):
    """By another session: the one that is still in it goes on with full names."""
    source, daemon = replicate.source, replicate.daemon
    source.run("CREATE DATABASE gone")
    with source.connect(database="gone") as inside, inside.cursor() as cursor:
        cursor.execute("SET SESSION binlog_format=STATEMENT")
        cursor.execute("INSERT INTO z.t (a, b) VALUES ('before', DATABASE())")
        source.run("DROP DATABASE gone")
        cursor.execute("CREATE TABLE z.keep (id INT PRIMARY KEY)")
        replicate("INSERT INTO t (a) VALUES (1)")
        for backlog in (False, True):
            if backlog:
                daemon.sql("STOP SLAVE")
            for number in range(3):
                source.run("SET SESSION binlog_format=STATEMENT", "USE z", "INSERT INTO t (a) VALUES ('between')")
                cursor.execute(f"INSERT INTO z.keep VALUES ({2 * number + int(backlog)})")
            if backlog:
                daemon.sql("START SLAVE")
            replicate("INSERT INTO t (a) VALUES (2)")
        source.run("CREATE DATABASE gone", "CREATE TABLE gone.back (a INT)")
        cursor.execute("INSERT INTO back VALUES (1)")
        cursor.execute("INSERT INTO z.t (a, b) VALUES ('back', DATABASE())")
    replicate("INSERT INTO t (a) VALUES ('end')")
    assert_equal(source, replicate.target, ["gone"])


def test_a_database_that_only_the_target_has_lost(replicate):
    """A statement in it stops, though it names its table without database, and touches no table elsewhere."""
    source, target = replicate.source, replicate.target
    source.run("CREATE DATABASE lost", "CREATE TABLE lost.t (id INT AUTO_INCREMENT PRIMARY KEY, a TEXT)")
    replicate("INSERT INTO t (a) VALUES (1)")
    target.run("DROP DATABASE lost")
    source.run("SET SESSION binlog_format=STATEMENT", "USE z", "INSERT INTO t (a) VALUES (2)", "USE lost",
               "INSERT INTO t (a) VALUES ('lost')")
    status = replicate.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) in (1046, 1049), status["Last_SQL_Error"]
    assert "INSERT INTO t (a) VALUES ('lost')" in status["Last_SQL_Error"]
    assert target.value("SELECT COUNT(*) FROM z.t") == 2


@pytest.mark.parametrize("mode", ["STATEMENT", "ROW"])
def test_schema_tributary_of_a_source(replicate, mode):
    """Tables of an upstream Tributary are passed over, an application's in the same schema are not."""
    source, target = replicate.source, replicate.target
    replicate("INSERT INTO t (a) VALUES ('begin')")
    target_rows = target.query("SELECT DISTINCT channel_uuid, channel FROM tributary.applier_checkpoint")
    replicate("CREATE DATABASE tributary", "CREATE TABLE tributary.schema_version (version INT PRIMARY KEY)",
              "CREATE TABLE tributary.applier_checkpoint (worker INT PRIMARY KEY, n INT)",
              "CREATE TABLE tributary.app (id INT PRIMARY KEY)", f"SET SESSION binlog_format={mode}",
              "INSERT INTO tributary.schema_version VALUES (99)", "INSERT INTO tributary.app VALUES (1),(2)",
              "INSERT INTO tributary.applier_checkpoint VALUES (0, 1)", "DELETE FROM tributary.applier_checkpoint",
              "UPDATE tributary.app JOIN z.t SET app.id=9 WHERE app.id=2", "INSERT INTO t (a) VALUES ('end')")
    assert target.query("SELECT id FROM tributary.app") == source.query("SELECT id FROM tributary.app")
    assert target.query("SELECT DISTINCT channel_uuid, channel FROM tributary.applier_checkpoint") == target_rows
    assert target.value("SELECT MAX(version) FROM tributary.schema_version") < 99
    assert "passed over" in replicate.daemon.log_text()


@pytest.mark.parametrize("statement", [
    "UPDATE tributary.applier_checkpoint, z.t SET t.a=9", "UPDATE z.t, tributary.applier_checkpoint SET t.a=9",
    "INSERT INTO z.t (a) SELECT n FROM tributary.applier_checkpoint", "DROP TABLE z.other, tributary.applier_checkpoint",
    "DROP DATABASE tributary"])
def test_statements_that_would_touch_the_targets_own_tables(replicate, statement):
    source, target = replicate.source, replicate.target
    replicate("CREATE DATABASE tributary", "CREATE TABLE tributary.applier_checkpoint (worker INT PRIMARY KEY, n INT)",
              "CREATE TABLE other (a INT)", "INSERT INTO t (a) VALUES (1)",
              "INSERT INTO tributary.applier_checkpoint VALUES (1, 1)", "INSERT INTO t (a) VALUES ('end')")
    source.run("SET SESSION binlog_format=STATEMENT", statement)
    status = replicate.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1593 and "Tributary's own" in status["Last_SQL_Error"]
    assert target.value("SELECT COUNT(*) FROM tributary.applier_checkpoint") > 0
    assert target.value("SELECT COUNT(*) FROM z.t WHERE a=9") == 0
