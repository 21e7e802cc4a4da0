"""What a MySQL target does in its own way: GTID modes, engines without transactions, foreign keys, what only MariaDB knows."""

import pytest

import servers
from compare import assert_equal
from daemon import TARGET_PASSWORD, TARGET_USER, Tributary, make_target_account

pytestmark = pytest.mark.servers("mysql-9.7")

# Of the target. The matrix has its defaults: GTIDs without a binary log.
MODES = {
    "logs": ["--log-bin=binlog", "--log-bin-trust-function-creators=1"],
    "logs without GTIDs": ["--log-bin=binlog", "--log-bin-trust-function-creators=1", "--gtid-mode=OFF",
                           "--enforce-gtid-consistency=OFF"],
    "on its way to GTIDs": ["--log-bin=binlog", "--gtid-mode=OFF_PERMISSIVE", "--enforce-gtid-consistency=WARN",
                            "--log-bin-trust-function-creators=1"],
}
SESSION = "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci"


class Running:
    """A MariaDB and a MySQL source with a channel each, into one MySQL target."""

    def __init__(self, options: list):
        general_ci = ["--collation-server=utf8mb4_general_ci"]
        self.mariadb = servers.source("mariadb", 1, general_ci)
        self.mysql = servers.source("mysql", 2, general_ci, product="mysql-9.7")
        self.target = servers.target("target", options=options, product="mysql-9.7")
        self.daemon = None

    def start(self):
        servers.start_all(self.mariadb, self.mysql, self.target)
        make_target_account(self.target)
        self.daemon = Tributary(self.target).start()
        for source in (self.mariadb, self.mysql):
            source.make_replication_account()
            file, position = source.position()
            self.daemon.replicate(source.name, source, file=file, position=position)
        return self

    def run(self, source, database: str, *statements: str) -> int:
        """Runs statements on a source in a database of its own, and compares that; a number of rows."""
        name = f"{database}_{source.name}"
        source.run(SESSION, f"CREATE DATABASE IF NOT EXISTS {name}", f"USE {name}", *statements)
        self.daemon.wait_caught_up(source.name, source)
        return assert_equal(source, self.target, databases=[name])

    def stops(self, source, *statements: str) -> tuple:
        """(number, message) of the error with which statements stop the source's channel."""
        source.run(SESSION, *statements)
        status = self.daemon.wait_stopped_by_error(source.name)
        return int(status["Last_SQL_Errno"]), status["Last_SQL_Error"]

    def go_on(self, source):
        """Goes on behind everything that the source has written: what stopped the channel is left out."""
        file, position = source.position()
        self.daemon.sql(f"STOP SLAVE FOR CHANNEL '{source.name}'")
        self.daemon.sql(f"CHANGE MASTER TO MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position} FOR CHANNEL '{source.name}'")
        self.daemon.sql(f"START SLAVE FOR CHANNEL '{source.name}'")

    def destroy(self):
        try:
            if self.daemon is not None:
                self.daemon.destroy()
        finally:
            for server in (self.mariadb, self.mysql, self.target):
                server.destroy()


@pytest.fixture(scope="module", params=MODES)
def running(request):
    made = Running(MODES[request.param])
    try:
        yield made.start()
    finally:
        made.destroy()


@pytest.fixture(params=["mariadb", "mysql"])
def source(running, request):
    return getattr(running, request.param)


def test_rows_statements_and_definitions_in_turn(running, source):
    """Each leaves the session in another state, and none may see the others'."""
    assert running.run(
        source, "turns", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, at TIMESTAMP(6) NULL, w VARCHAR(300))",
        *(statement for number in range(3) for statement in (
            "SET binlog_format=ROW", f"SET timestamp=17{number}0000000.5", "INSERT INTO t (at, w) VALUES (NOW(6), 'rows')",
            "SET binlog_format=STATEMENT", "INSERT INTO t (at, w) VALUES (NOW(6), CONNECTION_ID() > 0)",
            "SET timestamp=DEFAULT", "INSERT INTO t (at, w) VALUES (NOW(6), 'now')",
            f"ALTER TABLE t ADD COLUMN c{number} INT DEFAULT {number}", "SET foreign_key_checks=0, unique_checks=0",
            "UPDATE t SET w=CONCAT(w, 'x')", "SET foreign_key_checks=1, unique_checks=1"))) == 9


def test_a_time_stamp_without_a_default(running, source):
    """The source's rule for its columns counts, also for a temporary table inside of a transaction."""
    for value, database in (("OFF", "stamps_off"), ("ON", "stamps_on")):
        assert running.run(
            source, database, f"SET explicit_defaults_for_timestamp={value}", "SET sql_mode=''",
            "CREATE TABLE t (id INT PRIMARY KEY, a TIMESTAMP, b TIMESTAMP)", "SET timestamp=1700000000",
            "INSERT INTO t (id) VALUES (1)", "SET binlog_format=STATEMENT", "INSERT INTO t (id) VALUES (2)",
            "CREATE TEMPORARY TABLE w (id INT, a TIMESTAMP)", "INSERT INTO w (id) VALUES (3)",
            "INSERT INTO t SELECT id, a, a FROM w WHERE a IS NOT NULL", "DROP TEMPORARY TABLE w") >= 2


def test_tables_without_transactions(running, source):
    """MySQL with GTIDs refuses to change them behind tables with transactions, which the checkpoint is one of."""
    assert running.run(
        source, "engines", "CREATE TABLE m (id INT PRIMARY KEY, a VARCHAR(20)) ENGINE=MyISAM", "CREATE TABLE i (id INT PRIMARY KEY)",
        "INSERT INTO m VALUES (1,'a'), (2,'b')", "UPDATE m SET a='c' WHERE id=1", "INSERT INTO m VALUES (3,'d')", "DELETE FROM m WHERE id=2",
        "SET binlog_format=STATEMENT", "INSERT INTO m VALUES (4,'e')", "UPDATE m SET a=CONCAT(a,'f')", "SET binlog_format=ROW",
        "INSERT INTO i VALUES (1)", "INSERT INTO m VALUES (5,'g')", "INSERT INTO i VALUES (2)") == 6


def test_engines_mixed_in_a_transaction(running):
    """Only MariaDB writes such transactions: MySQL refuses them, or sees to it that they are written apart."""
    assert running.run(
        running.mariadb, "mixed", "CREATE TABLE m (id INT PRIMARY KEY) ENGINE=MyISAM", "CREATE TABLE i (id INT PRIMARY KEY)",
        "SET binlog_direct_non_transactional_updates=OFF",
        "BEGIN", "INSERT INTO i VALUES (1)", "INSERT INTO m VALUES (1)", "INSERT INTO i VALUES (2)", "INSERT INTO m VALUES (2)", "COMMIT",
        "BEGIN", "INSERT INTO i VALUES (3)", "INSERT INTO m VALUES (3)", "ROLLBACK",
        "BEGIN", "INSERT INTO m VALUES (4)", "INSERT INTO i VALUES (4)", "COMMIT") == 7


def test_engines_that_differ_from_the_source(running):
    source = running.mariadb
    running.run(source, "other_engine", "CREATE TABLE m (id INT PRIMARY KEY)", "CREATE TABLE i (id INT PRIMARY KEY)")
    running.target.run(f"ALTER TABLE other_engine_{source.name}.m ENGINE=MyISAM")
    source.run(f"USE other_engine_{source.name}", "BEGIN", "INSERT INTO i VALUES (1)", "INSERT INTO m VALUES (1)", "INSERT INTO i VALUES (2)", "COMMIT",
               "BEGIN", "INSERT INTO i VALUES (3), (4)", "UPDATE i, m SET i.id=i.id+10, m.id=m.id+10 WHERE i.id=m.id", "COMMIT")
    running.daemon.wait_caught_up(source.name, source)
    for table in ("i", "m"):
        select = f"SELECT id FROM other_engine_{source.name}.{table} ORDER BY id"
        assert source.query(select) == running.target.query(select)


ROWS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) SELECT i, REPEAT('x', 1500) FROM n"


def test_engines_that_differ_in_large_transactions(running):
    """Larger than the pieces in which a transaction goes to its worker."""
    source = running.mariadb
    database = f"large_mixed_{source.name}"
    running.run(source, "large_mixed", *(f"CREATE TABLE {table} (id INT PRIMARY KEY, a VARCHAR(2000))" for table in ("i", "m", "k")),
                "CREATE TABLE both_sides (id INT PRIMARY KEY, a VARCHAR(2000)) ENGINE=MyISAM")
    running.target.run(*(f"ALTER TABLE {database}.{table} ENGINE=MyISAM" for table in ("m", "k")))
    source.run(f"USE {database}", "SET binlog_direct_non_transactional_updates=OFF",
               "BEGIN", f"INSERT INTO i {ROWS}", "INSERT INTO m VALUES (1, 'a')", "UPDATE i SET a='y' WHERE id <= 200", "INSERT INTO k VALUES (1, 'a')", "COMMIT",
               "BEGIN", f"INSERT INTO m SELECT i.id + 1000, i.a FROM i", "INSERT INTO i VALUES (5000, 'z')", "COMMIT",
               "BEGIN", "DELETE FROM i WHERE id > 100", f"INSERT INTO both_sides {ROWS}", "INSERT INTO i VALUES (500, 'z')", "COMMIT",
               f"INSERT INTO k SELECT id + 1000, a FROM both_sides")
    running.daemon.wait_caught_up(source.name, source)
    for table in ("i", "m", "k", "both_sides"):
        select = f"SELECT id, a FROM {database}.{table} ORDER BY id"
        assert source.query(select) == running.target.query(select), table


@pytest.mark.parametrize("running", ["logs"], indirect=True)
@pytest.mark.parametrize("rows, said", [("(5)", "on table {}.i"), ("(6), (5)", "on table {}.i"), ("(6)", "or one before it in the transaction")],
                         ids=["one row", "two rows", "two events"])
def test_a_failure_beside_rows_that_ran_ahead(running, rows, said):
    source = running.mariadb
    name = f"ran_ahead{len(rows)}{len(said)}"
    database = f"{name}_{source.name}"
    running.run(source, name, "CREATE TABLE m (id INT PRIMARY KEY)", "CREATE TABLE i (id INT PRIMARY KEY)", "INSERT INTO i VALUES (1)")
    running.target.run(f"ALTER TABLE {database}.m ENGINE=MyISAM", f"INSERT INTO {database}.i VALUES (5)")
    more = ["INSERT INTO i VALUES (5)"] if rows == "(6)" else []
    try:
        code, message = running.stops(source, f"USE {database}", "INSERT INTO m VALUES (1)", "BEGIN", f"INSERT INTO i VALUES {rows}", *more,
                                      "INSERT INTO m VALUES (2)", "COMMIT")
        assert code == 1062
        for words in ("Write_rows event", said.format(database), "end position", "Duplicate entry '5'", "tables without transactions in the target"):
            assert words in message
        assert running.target.query(f"SELECT id FROM {database}.m ORDER BY id") == [(1,), (2,)]
        assert running.target.query(f"SELECT id FROM {database}.i ORDER BY id") == [(1,), (5,)]
    finally:
        running.go_on(source)


def test_foreign_keys(running, source):
    """MySQL 9.7 writes the rows that its foreign keys change; other servers leave that to the replica's."""
    assert running.run(
        source, "fk", "CREATE TABLE p (id INT PRIMARY KEY, a INT)",
        "CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE)",
        "CREATE TABLE n (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL)",
        "CREATE TABLE g (id INT PRIMARY KEY, c INT, FOREIGN KEY (c) REFERENCES c (id) ON DELETE CASCADE)",
        "INSERT INTO p VALUES (1,0), (2,0), (3,0), (4,0)", "INSERT INTO c VALUES (1,1), (2,2), (3,3), (4,4)",
        "INSERT INTO n VALUES (1,1), (3,3)", "INSERT INTO g VALUES (1,1), (2,2), (3,3), (4,4)",
        "DELETE FROM p WHERE id=1", "DELETE FROM n WHERE p=3", "UPDATE p SET id=20 WHERE id=2", "SET binlog_format=STATEMENT",
        "DELETE FROM p WHERE id=3", "UPDATE p SET id=40 WHERE id=4", "SET binlog_format=ROW", "SET foreign_key_checks=0",
        "INSERT INTO c VALUES (99,99)", "SET foreign_key_checks=1", "SET unique_checks=0", "INSERT INTO p VALUES (50,0)") == 9


def test_foreign_keys_to_columns_without_a_unique_key(running):
    """MySQL has refused them since 8.4, but not for what a source has."""
    assert running.run(
        running.mariadb, "fk_key", "CREATE TABLE p (id INT PRIMARY KEY, a INT, KEY (a))",
        "CREATE TABLE c (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES p (a))", "INSERT INTO p VALUES (1,7)",
        "INSERT INTO c VALUES (1,7)") == 2


def test_keyless_tables_stay_keyless(running, source):
    """A target that insists on keys, or makes them, does not for what a source has."""
    running.run(source, "keyless", "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1), (1), (NULL)", "DELETE FROM t WHERE a=1 LIMIT 1")
    database = f"keyless_{source.name}"
    assert running.target.query(f"SELECT column_name FROM information_schema.columns WHERE table_schema='{database}'") == [("a",)]


def test_a_generated_key(running):
    """The source's own invisible key is in the definition that it logs, and in its rows."""
    assert running.run(running.mysql, "generated", "SET sql_generate_invisible_primary_key=1", "CREATE TABLE t (a INT)",
                       "INSERT INTO t VALUES (7), (8)", "UPDATE t SET a=9 WHERE a=7", "DELETE FROM t WHERE a=8") == 1


def test_the_targets_own_log(running, source):
    """What is applied can be followed from the target: it is in its binary log, in its own name."""
    running.target.run("FLUSH BINARY LOGS")
    file, _ = running.target.position()
    running.run(source, "logged", "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    events = running.target.query(f"SHOW BINLOG EVENTS IN '{file}'")
    assert any(f"logged_{source.name}.t" in info for _, _, kind, _, _, info in events if kind == "Table_map"), events
    assert {server_id for _, _, _, server_id, _, _ in events} == {running.target.server_id}


# name: (statements of a MariaDB source, number of the error, words of its message)
ONLY_MARIADB = {
    "sequence": (["CREATE SEQUENCE {0}.s"], 1064, ["which does not know sequences"]),
    "system versioning": (["CREATE TABLE {0}.v (id INT) WITH SYSTEM VERSIONING"], 1064, ["does not know system-versioned tables"]),
    "type": (["CREATE TABLE {0}.u (id UUID PRIMARY KEY)"], 1064, ["does not know the type UUID"]),
    "address": (["CREATE TABLE {0}.a (id INET6)"], 1064, ["does not know the type INET6"]),
    "compressed column": (["CREATE TABLE {0}.k (a VARCHAR(100) COMPRESSED)"], 1064, ["does not know compressed columns"]),
    "replaced table": (["CREATE OR REPLACE TABLE {0}.r (id INT)"], 1064, ["does not know CREATE OR REPLACE TABLE"]),
    "reserved word": (["CREATE TABLE {0}.w (id INT, rank INT)"], 1064, ["where RANK is a reserved word"]),
    "long key": (["CREATE TABLE {0}.l (b TEXT, UNIQUE KEY (b))"], 1170, ["does not know keys over whole BLOB or TEXT columns"]),
    "password": (["CREATE USER {0} IDENTIFIED BY PASSWORD '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'"], 1064,
                 ["does not know IDENTIFIED BY PASSWORD"]),
    # Its hash is no password; the plugin for it went with MySQL 9.0.
    "hash": (["SET sql_log_bin=0", "CREATE USER {0}", "SET sql_log_bin=1", "SET PASSWORD FOR {0} = PASSWORD('x')"], 1524,
                        ["mysql_native_password"]),
    "engine": (["CREATE TABLE {0}.e (id INT) ENGINE=Aria"], 1286, ["does not know the engine Aria"]),
    "collation": (["CREATE TABLE {0}.c (c VARCHAR(5) COLLATE utf8mb4_general_nopad_ci)"], 1273, ["which does not know"]),
    "mode": (["SET sql_mode=ORACLE", "CREATE TABLE {0}.o (d DATE)"], 1231, ["'ORACLE'", "only MariaDB has"]),
    "package": (["SET sql_mode=ORACLE", "CREATE PACKAGE {0}.p AS FUNCTION f RETURN INT; END"], 1231, ["'ORACLE'"]),
}


@pytest.mark.parametrize("running", ["logs"], indirect=True)
@pytest.mark.parametrize("case", ONLY_MARIADB)
def test_what_only_mariadb_knows(running, case):
    statements, number, words = ONLY_MARIADB[case]
    database = "only_" + case.replace(" ", "_")
    source = running.mariadb
    running.run(source, database)
    name = f"{database}_{source.name}"
    before = source.position()
    code, message = running.stops(source, *(statement.format(name) for statement in statements))
    assert code == number, message
    for word in [*words, before[0]]:
        assert word in message, message
    status = running.daemon.status(source.name)
    assert (status["Relay_Master_Log_File"], int(status["Exec_Master_Log_Pos"])) == before
    running.go_on(source)
    running.run(source, "goes_on", "CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY AUTO_INCREMENT)", "INSERT INTO t VALUES (NULL)")


@pytest.mark.parametrize("running", ["logs"], indirect=True)
def test_collations_that_fit_several_character_sets(running):
    """Rows are bytes of the source's character set: the target's columns must have the same."""
    assert running.run(
        running.mariadb, "contextual", "CREATE TABLE a (id INT PRIMARY KEY, m VARCHAR(9) CHARACTER SET utf8mb3, b TEXT) COLLATE=uca1400_ai_ci",
        "CREATE TABLE b (id INT PRIMARY KEY, m VARCHAR(9) CHARACTER SET utf16, b TEXT COLLATE uca1400_ai_ci)",
        "CREATE TABLE c (id INT PRIMARY KEY, b TEXT COLLATE uca1400_ai_ci) CHARACTER SET utf16",
        "ALTER TABLE c ADD d VARCHAR(9) COLLATE uca1400_ai_ci, ADD e TEXT CHARACTER SET utf8mb3 COLLATE uca1400_ai_ci",
        "INSERT INTO a VALUES (1,'é','a😀')", "INSERT INTO b VALUES (1,'é','a😀')", "INSERT INTO c VALUES (1,'é','a😀','ü')",
        "ALTER DATABASE contextual_mariadb CHARACTER SET utf16", "CREATE TABLE d (id INT PRIMARY KEY, b VARCHAR(9) COLLATE uca1400_ai_ci)",
        "CREATE TABLE e (id INT PRIMARY KEY, b VARCHAR(9)) COLLATE=uca1400_ai_ci", "INSERT INTO d VALUES (1,'a😀')", "INSERT INTO e VALUES (1,'a😀')",
        "SET binlog_format=STATEMENT", "UPDATE a SET b=CONCAT(b, 'é') WHERE b='A😀' COLLATE uca1400_ai_ci",
        "ALTER DATABASE COLLATE uca1400_ai_ci", "CREATE TABLE f (id INT PRIMARY KEY, b VARCHAR(9))", "INSERT INTO f VALUES (1,'a😀')") == 6
    query = ("SELECT table_name, column_name, character_set_name FROM information_schema.columns WHERE table_schema='contextual_mariadb' "
             "ORDER BY table_name, column_name")
    assert running.target.query(query) == running.mariadb.query(query)


@pytest.mark.parametrize("running", ["logs"], indirect=True)
def test_a_collation_in_a_temporary_table(running):
    """It is of the temporary table's character set, also where another table has its name."""
    assert running.run(
        running.mariadb, "own_tables", "CREATE TABLE t (id INT PRIMARY KEY, a TEXT) CHARACTER SET utf16", "CREATE TABLE u (id INT PRIMARY KEY, a TEXT)",
        "SET binlog_format=STATEMENT", "CREATE TEMPORARY TABLE `größe` (id INT) CHARACTER SET utf8mb3", "CREATE TEMPORARY TABLE t (id INT) CHARACTER SET utf8mb3",
        "ALTER TABLE `größe` ADD b TEXT COLLATE uca1400_ai_ci", "ALTER TABLE t ADD b TEXT COLLATE uca1400_ai_ci",
        "ALTER TABLE u ADD b TEXT COLLATE uca1400_ai_ci", "INSERT INTO `größe` VALUES (1, 'é')", "INSERT INTO t VALUES (2, 'é')",
        "INSERT INTO u SELECT id, CHARSET(b), b FROM t", "INSERT INTO u SELECT id, CHARSET(b), b FROM `größe`",
        "DROP TEMPORARY TABLE t", "ALTER TABLE t ADD b TEXT COLLATE uca1400_ai_ci", "INSERT INTO t VALUES (3, 'a', 'a')", "DROP TEMPORARY TABLE `größe`") == 3


@pytest.mark.parametrize("running", ["logs"], indirect=True)
def test_rows_that_the_targets_check_forbids(running, source):
    """A source may have them from before the check, or have switched checks off."""
    running.run(source, "checked", "CREATE TABLE t (id INT PRIMARY KEY, n INT)", "INSERT INTO t VALUES (1,1)")
    table = f"checked_{source.name}.t"
    running.target.run(f"ALTER TABLE {table} ADD CONSTRAINT small CHECK (n < 10)")
    code, message = running.stops(source, f"INSERT INTO {table} VALUES (2,5), (3,77)")
    assert code == 3819 and table in message and "small" in message and "id=3, n=77" in message, message
    running.target.run(f"ALTER TABLE {table} DROP CONSTRAINT small")
    running.daemon.sql(f"START SLAVE FOR CHANNEL '{source.name}'")
    assert running.run(source, "checked") == 3


@pytest.mark.parametrize("running", ["logs"], indirect=True)
def test_large_statements(running):
    """MySQL 9.7 dies of a row event whose table map is not in the same BINLOG statement: each piece of a large one has its own."""
    source = running.mysql
    rows = ",".join(f"({number},REPEAT('x',60000))" for number in range(200))
    assert running.run(source, "cut", "CREATE TABLE t (id INT PRIMARY KEY, b MEDIUMTEXT)", "CREATE TABLE u LIKE t",
                       f"INSERT INTO t VALUES {rows}",
                       "INSERT INTO u SELECT id, REPEAT(b, 100) FROM t WHERE id < 8",
                       "UPDATE t, u SET t.b='short', u.b=CONCAT('y', u.b) WHERE t.id=u.id") == 208


@pytest.mark.servers("mysql-5.6")
def test_a_server_that_is_too_old(make_daemon):
    source, target = servers.source("source", 1), servers.target("target", product="mysql-5.6")
    try:
        servers.start_all(source, target)
        source.make_replication_account()
        password = TARGET_PASSWORD.replace("'", "''")
        target.run(f"GRANT ALL ON *.* TO {TARGET_USER}@'%' IDENTIFIED BY '{password}'")
        daemon = make_daemon(target)
        daemon.replicate("c", source)
        status = daemon.wait_stopped_by_error("c")
        assert int(status["Last_SQL_Errno"]) == 1593 and "MySQL is supported from 8.0.13 on" in status["Last_SQL_Error"], status
        assert target.query("SHOW DATABASES LIKE 'tributary'") == []
    finally:
        source.destroy()
        target.destroy()
