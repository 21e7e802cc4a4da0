"""The window between a definition's commit and its checkpoint's: whatever is interrupted there, each statement runs once."""

import time

import pytest

import servers
from compare import assert_equal
from daemon import TARGET_USER, has_exit_points, make_target_account
from processes import wait_until
from products import DEFAULT

PRODUCTS = [pytest.param(DEFAULT, id=DEFAULT), pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"), id="mysql-9.7")]
MARIADB = "mariadb"
MYSQL = "mysql"

_RANGES = "PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))"
_ROWS = ["CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY i (a))", "INSERT INTO t VALUES (1, 1), (2, 2)"]
_PARTED = [f"CREATE TABLE t (id INT PRIMARY KEY, a INT) {_RANGES}", "INSERT INTO t VALUES (1, 1), (12, 2)"]
_OTHER = ["CREATE TABLE u (id INT PRIMARY KEY, a INT)", "INSERT INTO u VALUES (15, 3)"]
_ACCOUNT = ["CREATE USER u@h IDENTIFIED BY 'first'"]

# What goes before, the statement, and the only vendor that has it.
STATEMENTS = [
    ([], "CREATE TABLE t (id INT PRIMARY KEY)", None),
    (_ROWS, "CREATE TABLE u LIKE t", None),
    ([], "CREATE DATABASE e", None),
    (["CREATE DATABASE e", "CREATE TABLE e.t (id INT)"], "DROP DATABASE e", None),
    ([], "ALTER DATABASE d CHARACTER SET latin1", None),
    (_ROWS, "CREATE INDEX j ON t (a, id)", None),
    (_ROWS, "DROP INDEX i ON t", None),
    (_ROWS, "ALTER TABLE t ADD b INT DEFAULT 7 FIRST, DROP KEY i", None),
    (_ROWS, "ALTER TABLE t ADD KEY (a)", None),  # would get another name, and be made again
    (_ROWS, "ALTER TABLE t ENGINE=InnoDB", None),
    (_ROWS, "ALTER TABLE t DROP a, ADD a INT DEFAULT 3", None),
    (_ROWS, "ALTER TABLE t RENAME COLUMN a TO x, RENAME INDEX i TO j", None),
    (_ROWS, "ALTER TABLE t RENAME TO u, ADD b INT", None),
    (_ROWS, "RENAME TABLE t TO u", None),
    ([*_ROWS, "CREATE DATABASE e"], "RENAME TABLE t TO e.t", None),
    ([*_ROWS, *_OTHER], "RENAME TABLE t TO x, u TO t, x TO u", None),
    ([*_ROWS, "CREATE TABLE u LIKE t"], "RENAME TABLE t TO x, u TO t, x TO u", None),  # they look alike
    ([*_ROWS, *_OTHER], "RENAME TABLE t TO old, u TO t", None),
    ([*_ROWS, *_OTHER], "DROP TABLE t, u", None),
    ([*_ROWS, *_OTHER, "CREATE VIEW v AS SELECT 1", "CREATE VIEW w AS SELECT 2"], "DROP VIEW v, w", None),
    (_ROWS, "DROP TABLE t", None),
    (_PARTED, "ALTER TABLE t ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))", None),
    (_PARTED, "ALTER TABLE t DROP PARTITION p1", None),
    (_PARTED, "ALTER TABLE t TRUNCATE PARTITION p1", None),
    (_PARTED, "ALTER TABLE t REORGANIZE PARTITION p1 INTO (PARTITION q1 VALUES LESS THAN (13), PARTITION q2 VALUES LESS THAN (20))", None),
    (_PARTED, "ALTER TABLE t REBUILD PARTITION p0", None),
    (_PARTED, "ALTER TABLE t REMOVE PARTITIONING", None),
    (_ROWS, f"ALTER TABLE t {_RANGES}", None),
    ([*_PARTED, *_OTHER], "ALTER TABLE t EXCHANGE PARTITION p1 WITH TABLE u", None),
    ([*_PARTED], "ALTER TABLE t CONVERT PARTITION p1 TO TABLE u", MARIADB),
    ([*_PARTED], "ALTER TABLE t ADD c INT, ALGORITHM=COPY", None),
    (_ROWS, "CREATE TABLE u AS SELECT * FROM t", None),
    (_ROWS, "CREATE VIEW v AS SELECT a FROM t", None),
    ([*_ROWS, "CREATE VIEW v AS SELECT a FROM t"], "ALTER VIEW v AS SELECT id FROM t", None),
    ([*_ROWS, "CREATE VIEW v AS SELECT a FROM t"], "DROP VIEW v", None),
    (_ROWS, "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.a=1", None),
    ([*_ROWS, "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.a=1"], "DROP TRIGGER r", None),
    ([], "CREATE PROCEDURE p() SELECT 1", None),
    (["CREATE PROCEDURE p() SELECT 1"], "ALTER PROCEDURE p COMMENT 'x'", None),
    (["CREATE PROCEDURE p() SELECT 1"], "DROP PROCEDURE p", None),
    ([], "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1", None),
    (["CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1"], "DROP FUNCTION f", None),
    ([], "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1", None),
    (["CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1"], "ALTER EVENT e RENAME TO f", None),
    (["CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1"], "DROP EVENT e", None),
    ([], "CREATE SEQUENCE s START 5", MARIADB),
    (["CREATE SEQUENCE s START 5"], "ALTER SEQUENCE s RESTART 9 INCREMENT 3", MARIADB),
    (["CREATE SEQUENCE s START 5", "CREATE SEQUENCE z"], "DROP SEQUENCE s, z", MARIADB),
    ([], "CREATE USER u@h IDENTIFIED BY 'first', v@h", None),
    (_ACCOUNT, "ALTER USER u@h IDENTIFIED BY 'second'", None),
    (_ACCOUNT, "ALTER USER u@h IDENTIFIED BY 'second' RETAIN CURRENT PASSWORD", MYSQL),
    (_ACCOUNT, "SET PASSWORD FOR u@h = 'third'", MYSQL),
    (_ACCOUNT, "RENAME USER u@h TO v@h", None),
    (_ACCOUNT, "GRANT SELECT ON d.* TO u@h WITH GRANT OPTION", None),
    ([*_ACCOUNT, "GRANT SELECT ON d.* TO u@h"], "REVOKE SELECT ON d.* FROM u@h", None),
    ([*_ACCOUNT, "CREATE ROLE r", "GRANT r TO u@h"], "REVOKE r FROM u@h", None),
    ([*_ACCOUNT, "CREATE USER v@h"], "DROP USER u@h, v@h", None),
    ([], "CREATE ROLE r", None),
    (["CREATE ROLE r"], "DROP ROLE r", None),
    (_ROWS, "ANALYZE TABLE t", None),
    ([], "CREATE TABLESPACE ts ADD DATAFILE 'ts.ibd'", MYSQL),
    (["CREATE TABLESPACE tt ADD DATAFILE 'tt.ibd'"], "DROP TABLESPACE tt", MYSQL),
]


needs_exit_points = pytest.mark.skipif(not has_exit_points(), reason="built without exit points; the debug preset has them")


def accounts(server) -> list:
    of_users = []
    for user, host in server.query("SELECT user, host FROM mysql.user WHERE user IN ('u', 'v', 'r') ORDER BY 1, 2"):
        account = f"'{user}'@'{host}'" if host else user
        of_users += server.query(f"SHOW GRANTS FOR {account}")
    return [*of_users, *server.query("SELECT user, host, plugin, HEX(authentication_string) FROM mysql.user WHERE user IN ('u', 'v', 'r') ORDER BY 1, 2")]


def clean(source):
    for (name,) in source.query("SHOW DATABASES"):
        if name in ("d", "e"):
            source.run(f"DROP DATABASE `{name}`")
    for user, host in source.query("SELECT user, host FROM mysql.user WHERE user IN ('u', 'v', 'r')"):
        source.run(f"DROP USER '{user}'@'{host}'" if host else f"DROP ROLE {user}")
    source.run("CREATE DATABASE d")


class Window:
    """A source and a target of one product, and a daemon with the channel `c`."""

    def __init__(self, product: str, make_daemon):
        self.source = servers.source("source", 1, product=product)
        self.target = servers.target("target", product=product)
        servers.start_all(self.source, self.target)
        self.source.make_replication_account()
        make_target_account(self.target)
        self.target.run(f"GRANT ALL ON *.* TO {TARGET_USER} WITH GRANT OPTION")  # it repeats the source's GRANT
        self.daemon = make_daemon(self.target)
        self.daemon.replicate("c", self.source)

    def destroy(self):
        for server in (self.source, self.target):
            server.destroy()

    def applied(self):
        self.daemon.wait_caught_up("c", self.source)

    def end_at(self, point: str, statement: str, connect: dict):
        """Runs the statement while the daemon ends at the point."""
        daemon = self.daemon
        assert daemon.terminate() == 0
        daemon.environment["TRIBUTARY_CRASH_POINT"] = f"{point}:1"
        daemon.start()
        with self.source.connect(**connect) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
        wait_until(lambda: not daemon.child.running(), f"the daemon ends at {point} of {statement}")
        del daemon.environment["TRIBUTARY_CRASH_POINT"]


@pytest.fixture(params=PRODUCTS)
def window(request, make_daemon):
    made = Window(request.param, make_daemon)
    yield made
    made.destroy()


@needs_exit_points
@pytest.mark.parametrize("point", ["apply.after_intent", "apply.after_ddl"])
def test_every_kind_of_statement(window, point):
    vendor = MARIADB if window.source.product.is_mariadb else MYSQL
    for before, statement, only in STATEMENTS:
        if only not in (None, vendor):
            continue
        clean(window.source)
        window.source.run(*before, database="d")
        window.applied()
        window.end_at(point, statement, {"database": "d"})
        window.daemon.start()
        try:
            window.applied()
        except Exception as error:
            raise AssertionError(f"{statement}: {error}") from error
        assert_equal(window.source, window.target)
        assert accounts(window.source) == accounts(window.target), statement
        assert window.target.query("SELECT * FROM tributary.ddl_intent") in ((), []), statement
    if vendor == MYSQL:
        assert window.source.value("SELECT COUNT(*) FROM information_schema.INNODB_TABLESPACES WHERE NAME IN ('ts', 'tt')") == \
            window.target.value("SELECT COUNT(*) FROM information_schema.INNODB_TABLESPACES WHERE NAME IN ('ts', 'tt')")


@needs_exit_points
@pytest.mark.parametrize("point", ["apply.after_intent", "apply.after_ddl"])
def test_names_in_the_clients_character_set(window, point):
    """A client's names in latin1 are those of the tables: an exchange is not undone, and what rows need of a table is asked for again."""
    in_latin1 = {"database": "d", "charset": "latin1"}
    window.source.run("CREATE DATABASE d", "CREATE TABLE d.`ä` (id INT PRIMARY KEY, a INT)", "CREATE TABLE d.`ö` (id INT PRIMARY KEY, a INT)",
                      "INSERT INTO d.`ä` VALUES (1, 1)", "INSERT INTO d.`ö` VALUES (2, 2)")
    window.applied()
    # MySQL does not tell the ids of tables with such names, and stops behind an exchange of two.
    exchange = ["RENAME TABLE ä TO ü, ö TO ä, ü TO ö"] if window.source.product.is_mariadb else []
    for statement in (*exchange, "ALTER TABLE ä ADD KEY (a)", "ALTER TABLE ä ADD b INT FIRST",
                      "ALTER TABLE ö DROP a"):
        window.end_at(point, statement, in_latin1)
        window.daemon.start()
        window.applied()
        assert_equal(window.source, window.target)
        window.source.run("INSERT INTO d.`ä` (id) VALUES (FLOOR(RAND() * 1000000) + 10)", "DELETE FROM d.`ö` LIMIT 1", "INSERT INTO d.`ö` (id) VALUES (5)")
        window.applied()
        assert_equal(window.source, window.target)


@needs_exit_points
def test_what_cannot_be_decided_stops(window):
    """Accounts that change places show nothing of it, once they look alike."""
    window.source.run("CREATE DATABASE d", "CREATE USER u@h IDENTIFIED BY 'one'", "CREATE USER v@h IDENTIFIED BY 'two'")
    window.applied()
    window.end_at("apply.after_ddl", "RENAME USER u@h TO x@h, v@h TO u@h, x@h TO v@h", {})
    window.daemon.start()
    status = window.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1593 and "cannot be decided" in status["Last_SQL_Error"], status["Last_SQL_Error"]
    # As it says: into the state before the statement.
    window.target.run("RENAME USER u@h TO x@h, v@h TO u@h, x@h TO v@h", "DELETE FROM tributary.ddl_intent")
    window.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    window.applied()
    assert accounts(window.source) == accounts(window.target)


def blocked_alter(window):
    """The applier's ALTER waits in the target for a transaction of somebody else; returns that one's connection."""
    window.source.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, a INT)", "INSERT INTO d.t VALUES (1, 1)")
    window.applied()
    blocker = window.target.connect()
    with blocker.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM d.t")
    window.source.run("ALTER TABLE d.t ADD KEY (a)", "INSERT INTO d.t VALUES (2, 2)", "ALTER TABLE d.t ADD KEY (a, id)")
    wait_until(lambda: at_work(window), "the ALTER is at work in the target")
    return blocker


def at_work(window):
    return [row[0] for row in window.target.query("SHOW PROCESSLIST") if row[7] and "ALTER TABLE" in str(row[7]) and row[1] != "root"]


def test_the_daemon_is_killed_while_the_statement_is_at_work(window):
    blocker = blocked_alter(window)
    for _ in range(3):
        window.daemon.kill9()
        window.daemon.start()
    time.sleep(0.3)  # it waits for the session of the first one, which is still at work
    assert len(at_work(window)) == 1
    blocker.close()
    window.applied()
    assert_equal(window.source, window.target)


def test_the_target_is_killed_while_the_statement_is_at_work(window):
    blocked_alter(window)
    window.target.kill()
    window.target.start()
    window.applied()
    assert_equal(window.source, window.target)


def test_the_session_is_killed_while_the_statement_is_at_work(window):
    blocker = blocked_alter(window)
    for session in at_work(window):
        window.target.run(f"KILL {session}")
    wait_until(lambda: at_work(window), "the ALTER is at work again")
    blocker.close()
    window.applied()
    assert_equal(window.source, window.target)


@needs_exit_points
def test_another_channels_statement_on_the_same_table_waits(window, make_daemon):
    """What one channel changes does not tell whether another's statement ran: that one is settled first."""
    other = servers.source("other", 2, product=window.source.product.name).start()
    try:
        other.make_replication_account()
        create = ["CREATE DATABASE IF NOT EXISTS d", "CREATE TABLE IF NOT EXISTS d.t (id INT PRIMARY KEY, a INT)"]
        window.source.run(*create)
        window.applied()
        second = make_daemon(window.target)
        second.change_master("second", other)
        other.run(*create)
        second.sql("START SLAVE FOR CHANNEL 'second'")
        second.wait_caught_up("second", other)
        window.end_at("apply.after_intent", "ALTER TABLE d.t ADD KEY k (a)", {})
        other.run("ALTER TABLE D.T ADD b INT" if window.target.value("SELECT @@lower_case_table_names") else "ALTER TABLE d.t ADD b INT")
        wait_until(lambda: "a statement of channel 'c' on the same objects" in second.status("second")["Last_SQL_Error"], "the second channel tells why it waits")
        assert int(second.status("second")["Last_SQL_Errno"]) == 1205
        window.daemon.start()
        window.applied()
        second.wait_caught_up("second", other)
        definition = window.target.query("SHOW CREATE TABLE d.t")[0][1]
        assert "KEY `k`" in definition and "`b` int" in definition, definition
        # Both at work at once: the second waits for the first's checkpoint, and none of them stops.
        blocker = window.target.connect()
        with blocker.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM d.t")
        window.source.run("ALTER TABLE d.t ADD KEY l (a)")
        wait_until(lambda: at_work(window), "the first ALTER is at work in the target")
        other.run("ALTER TABLE d.t ADD c INT")
        second.wait_received("second", other)
        time.sleep(0.5)
        assert len(at_work(window)) == 1
        blocker.close()
        window.applied()
        second.wait_caught_up("second", other)
        definition = window.target.query("SHOW CREATE TABLE d.t")[0][1]
        assert "KEY `l`" in definition and "`c` int" in definition, definition
    finally:
        other.destroy()
