"""The two row writers: what decides between them, and what plain SQL must do as BINLOG does it."""

import pytest

from daemon import TARGET_USER, Tributary
from pairs import Pair, parameter

PAIRS = [("mariadb-10.11", "mariadb-10.11"), ("mariadb-10.11", "mariadb-11.8"), ("mysql-9.7", "mysql-9.7")]


class Writers(Pair):
    """A pair whose daemon's account may not run BINLOG statements, or is told to write SQL."""

    def __init__(self, source: str, target: str, may_binlog: bool):
        super().__init__(source, target)
        self.may_binlog = may_binlog

    def start_daemon(self):
        super().start_daemon()
        self.daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
        if not self.may_binlog:
            self.target.run(f"REVOKE {'BINLOG REPLAY' if self.target.product.is_mariadb else 'BINLOG_ADMIN'} ON *.* FROM {TARGET_USER}")
        self.daemon.restart([f"--row-writer={'sql' if self.may_binlog else 'auto'}"])
        self.daemon.sql("START SLAVE FOR CHANNEL 'c'")
        return self

    def stopped_by(self, number: int) -> str:
        status = self.daemon.wait_stopped_by_error("c")
        assert int(status["Last_SQL_Errno"]) == number, status["Last_SQL_Error"]
        return status["Last_SQL_Error"]

    def go_on(self):
        self.daemon.sql("START SLAVE SQL_THREAD FOR CHANNEL 'c'")


@pytest.fixture(scope="module", params=[parameter(pair) for pair in PAIRS])
def unprivileged(request):
    made = Writers(*request.param, may_binlog=False)
    try:
        yield made.start()
    finally:
        made.destroy()


@pytest.fixture(scope="module", params=[parameter(pair) for pair in PAIRS])
def both(request):
    made = Writers(*request.param, may_binlog=True)
    try:
        yield made.start()
    finally:
        made.destroy()


def test_without_the_privilege(unprivileged):
    assert unprivileged.run("plain", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b BLOB)", "CREATE TABLE k (a INT, b TEXT)",
                            "INSERT INTO t VALUES (1, 'one', x'00ff'), (2, 'two', NULL), (3, '''\\\\', '')", "UPDATE t SET a='zwei' WHERE id=2",
                            "INSERT INTO k VALUES (1, 'a'), (1, 'a'), (NULL, 'A'), (NULL, NULL)", "DELETE FROM k WHERE a=1 LIMIT 1",
                            "UPDATE k SET b='n' WHERE a IS NULL", "DELETE FROM t WHERE id=1") > 0


def test_a_row_that_is_missing(unprivileged):
    unprivileged.run("missing", "CREATE TABLE t (id INT PRIMARY KEY, a INT)", "CREATE TABLE w (a INT, b INT)", "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)",
                     "INSERT INTO w VALUES (1, 1), (2, 2)")
    for lost, change, back in (("DELETE FROM t WHERE id=2", "UPDATE t SET a=5 WHERE id=2", "INSERT INTO t VALUES (2, 2)"),
                               ("DELETE FROM t WHERE id=3", "DELETE FROM t WHERE id=3", "INSERT INTO t VALUES (3, 3)"),
                               ("DELETE FROM w WHERE a=2", "UPDATE w SET b=7 WHERE a=2", "INSERT INTO w VALUES (2, 2)"),
                               ("DELETE FROM w WHERE a=1", "DELETE FROM w WHERE a=1", "INSERT INTO w VALUES (1, 1)")):
        unprivileged.target.run("USE missing", lost)
        unprivileged.source.run("USE missing", "BEGIN", "INSERT INTO t VALUES (9, 9)", change, "DELETE FROM t WHERE id=9", "COMMIT")
        message = unprivileged.stopped_by(1032)
        assert "missing." in message and "Can't find record in" in message and "row (" in message
        unprivileged.target.run("USE missing", back)
        unprivileged.go_on()
        unprivileged.compare("missing")


def test_a_row_that_is_there_already(unprivileged):
    unprivileged.run("twice", "CREATE TABLE t (id INT PRIMARY KEY, u INT UNIQUE)")
    unprivileged.target.run("INSERT INTO twice.t VALUES (5, 5)")
    unprivileged.source.run("INSERT INTO twice.t VALUES (5, 6)")
    assert "Duplicate entry '5' for key" in unprivileged.stopped_by(1062)
    unprivileged.target.run("DELETE FROM twice.t")
    unprivileged.go_on()
    unprivileged.compare("twice")


def test_an_update_to_what_is_there_already_is_no_missing_row(unprivileged):
    unprivileged.run("same", "CREATE TABLE t (id INT, a INT)", "INSERT INTO t VALUES (1, 1)", "ALTER TABLE t ADD PRIMARY KEY (id)",
                     "CREATE TABLE c (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (id))")
    unprivileged.target.run("UPDATE same.t SET a=2")
    unprivileged.source.run("UPDATE same.t SET a=2")
    unprivileged.compare("same")


def test_what_plain_sql_does_not_do_justice_to_stops_the_channel(unprivileged):
    unprivileged.run("triggers", "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE log (id INT)")
    unprivileged.target.run("CREATE TRIGGER triggers.tr AFTER INSERT ON triggers.t FOR EACH ROW INSERT INTO triggers.log VALUES (new.id)")
    unprivileged.daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    unprivileged.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    unprivileged.source.run("INSERT INTO triggers.t VALUES (1)")
    message = unprivileged.stopped_by(1235)
    assert "triggers.t" in message and "BINLOG" in message and "has triggers" in message
    unprivileged.target.run("DROP TRIGGER triggers.tr")
    unprivileged.go_on()
    unprivileged.compare("triggers")


def test_keys_change_hands_within_a_batch(both):
    """Values of unique keys go from row to row, rows come and go: all in transactions that share a target transaction."""
    both.daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
    both.source.run("CREATE DATABASE hands", "USE hands", "CREATE TABLE t (id INT PRIMARY KEY, u INT, s VARCHAR(5), UNIQUE (u), UNIQUE (s))",
                    "CREATE TABLE two (a INT, b VARCHAR(5), c INT, PRIMARY KEY (a, b))",
                    "INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')", "INSERT INTO two VALUES (1, 'x', 1), (1, 'X2', 2), (2, 'x', 3)")
    both.source.run("USE hands", "UPDATE t SET u=10 WHERE id=1", "UPDATE t SET u=1 WHERE id=2", "UPDATE t SET u=2 WHERE id=1", "DELETE FROM t WHERE id=3",
                    "INSERT INTO t VALUES (4, 3, 'C')", "UPDATE t SET id=3 WHERE id=4", "UPDATE t SET id=id+10 ORDER BY id DESC", "INSERT INTO t VALUES (2, 9, 'd')",
                    "DELETE FROM t WHERE id=2", "INSERT INTO t VALUES (2, 8, 'e')", "UPDATE two SET b='y' WHERE a=2", "UPDATE two SET a=2 WHERE b='X2'",
                    "DELETE FROM two WHERE c=1", "INSERT INTO two VALUES (1, 'x', 9)")
    both.go_on()
    both.compare("hands")


def test_foreign_keys_keep_the_order(both):
    both.run("family", "CREATE TABLE p (id INT PRIMARY KEY, a INT)",
             "CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE)",
             "CREATE TABLE own (id INT PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES own (id))",
             "INSERT INTO p VALUES (1, 1), (2, 2), (3, 3)", "INSERT INTO c VALUES (1, 1), (2, 1), (3, 2)", "INSERT INTO own VALUES (1, NULL), (2, 1), (3, 2)")
    both.source.run("USE family", "UPDATE p SET a=5 WHERE id=1", "UPDATE p SET id=7 WHERE id=2", "BEGIN", "DELETE FROM p WHERE id=1", "INSERT INTO p VALUES (1, 9)",
                    "INSERT INTO c VALUES (1, 1)", "COMMIT", "DELETE FROM own WHERE id=3", "DELETE FROM own WHERE id=2", "INSERT INTO own VALUES (2, 1), (4, 2)",
                    "SET foreign_key_checks=0", "INSERT INTO c VALUES (20, 99)", "SET foreign_key_checks=1", "UPDATE c SET p=7 WHERE id=20")
    both.compare("family")


def test_both_writers_in_one_transaction(both):
    """A table whose trigger in the target must not run has BINLOG, others plain SQL."""
    both.run("mixed", "CREATE TABLE t (id INT PRIMARY KEY, a INT)", "CREATE TABLE b (id INT PRIMARY KEY, a INT)", "CREATE TABLE log (id INT)")
    both.target.run("CREATE TRIGGER mixed.tr AFTER INSERT ON mixed.b FOR EACH ROW INSERT INTO mixed.log VALUES (new.id)")
    both.daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    both.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    both.source.run("USE mixed", "BEGIN", "INSERT INTO t VALUES (1, 1), (2, 2)", "INSERT INTO b VALUES (1, 1)", "UPDATE t SET a=3 WHERE id=1",
                    "INSERT INTO b VALUES (2, 2)", "DELETE FROM t WHERE id=2", "COMMIT", "UPDATE t, b SET t.a=8, b.a=8 WHERE t.id=1 AND b.id=1")
    both.daemon.wait_caught_up("c", both.source)
    assert both.target.query("SELECT * FROM mixed.log") == []
    assert both.target.query("SELECT * FROM mixed.t") == [(1, 8)]
    assert both.target.query("SELECT * FROM mixed.b ORDER BY id") == [(1, 8), (2, 2)]


def test_a_mode_that_does_not_exist():
    daemon = Tributary(options=["--row-writer=fast"])
    try:
        daemon.start(wait=False)
        daemon.child.process.wait(60)
        assert "--row-writer must be auto, binlog or sql, not 'fast'" in daemon.log_text()
    finally:
        daemon.child.kill()
        daemon.destroy()
