"""preserve_gtids: in a target of the source's vendor each transaction has the source's GTID, once, also when processes are killed."""

import re

import pytest

import servers
from compare import assert_equal
from daemon import binary, has_exit_points, make_target_account
from load import Load
from processes import wait_until

WITH_MYSQL = pytest.mark.servers("mysql-9.7")
PAIRS = [pytest.param(("mariadb-10.11", True), id="mariadb-10.11"), pytest.param(("mysql-9.7", False), id="mysql-9.7", marks=WITH_MYSQL),
         pytest.param(("mysql-9.7", True), id="mysql-9.7-with-binary-log", marks=WITH_MYSQL)]
OWN_DOMAIN = 9


class Gtids:
    """A source and a target, which writes a binary log where `log` says so; on MariaDB GTIDs are kept nowhere else."""

    def __init__(self, product: str, log: bool = False, source_options: list = (), target_product: str = None, target_options: list = None):
        self.mariadb = product.startswith("mariadb")
        options = ["--log-bin=binlog", "--log-bin-trust-function-creators=1"] if log else []
        if self.mariadb:
            options += [f"--gtid-domain-id={OWN_DOMAIN}", "--gtid-strict-mode=1"]
        self.source = servers.source("source", 1, list(source_options), product=product)
        self.target = servers.target("target", options=options if target_options is None else target_options, product=target_product or product)
        servers.start_all(self.source, self.target)
        self.source.make_replication_account()
        make_target_account(self.target)
        self.begin = self.source.position()
        self.before = self.gtids(self.source)

    def gtids(self, server) -> list:
        """Of the source's transactions, in the order of the binary log where there is one."""
        if not self.mariadb:
            uuid = self.source.value("SELECT @@server_uuid")
            found = [part for part in server.value("SELECT @@GLOBAL.gtid_executed").replace("\n", "").split(",") if part.startswith(uuid)]
            numbers = []
            for interval in (found[0].split(":")[1:] if found else []):
                first, _, last = interval.partition("-")
                numbers += range(int(first), int(last or first) + 1)
            return numbers
        found = []
        for log in server.query("SHOW BINARY LOGS"):
            with server.connect() as connection, connection.cursor() as cursor:
                connection.encoding = "iso8859-1"  # statements are shown in the character sets that they were written in
                cursor.execute(f"SHOW BINLOG EVENTS IN '{log[0]}'")
                for event in cursor.fetchall():
                    gtid = re.findall(r"GTID (\d+-\d+-\d+)", event[5]) if event[2] == "Gtid" else []
                    found += [] if not gtid or gtid[0].startswith(f"{OWN_DOMAIN}-") else gtid
        return found

    def replicate(self, daemon, start: bool = True):
        file, position = self.begin
        daemon.change_master("c", self.source, file=file, position=position, extra=", PRESERVE_GTIDS=1")
        if start:
            daemon.sql("START SLAVE FOR CHANNEL 'c'")

    def compare(self, daemon):
        daemon.wait_caught_up("c", self.source)
        assert_equal(self.source, self.target)
        assert self.gtids(self.target) == self.gtids(self.source)[len(self.before):]

    def destroy(self):
        self.source.destroy()
        self.target.destroy()


@pytest.fixture(params=PAIRS)
def pair(request):
    made = Gtids(*request.param)
    yield made
    made.destroy()


def test_each_kind_of_transaction(pair, make_daemon):
    daemon = make_daemon(pair.target)
    pair.replicate(daemon)
    pair.source.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20))", "INSERT INTO t VALUES (1, 'one'), (2, 'two')",
                    "UPDATE t SET a='zwei' WHERE id=2", "BEGIN", "INSERT INTO t VALUES (3, 'three')", "DELETE FROM t WHERE id=1", "COMMIT",
                    "CREATE TABLE copied AS SELECT * FROM t", "ALTER TABLE t ADD b INT", "RENAME TABLE t TO u", "CREATE VIEW v AS SELECT id FROM u",
                    "DROP TABLE IF EXISTS never_there", "CREATE TABLE IF NOT EXISTS u (x INT)", "INSERT INTO u VALUES (4, 'four', 4)", "TRUNCATE TABLE copied")
    pair.source.run("USE d", "XA START 'x'", "INSERT INTO u VALUES (5, 'five', 5)", "XA END 'x'", "XA PREPARE 'x'")
    pair.source.run("INSERT INTO d.u VALUES (6, 'six', 6)", "XA COMMIT 'x'", "USE d", "XA START 'y'", "INSERT INTO u VALUES (7, 'seven', 7)", "XA END 'y'",
                    "XA PREPARE 'y'")
    pair.source.run("XA ROLLBACK 'y'", "SET SESSION binlog_format=STATEMENT", "USE d", "UPDATE u SET b=b+1",
                    "CREATE TEMPORARY TABLE tmp (id INT)", "INSERT INTO tmp VALUES (8)", "INSERT INTO u (id) SELECT id FROM tmp", "DROP TEMPORARY TABLE tmp")
    if not pair.mariadb:
        uuid = pair.source.value("SELECT @@server_uuid")
        pair.source.run(f"SET GTID_NEXT='{uuid}:9000'", "BEGIN", "COMMIT", "SET GTID_NEXT='AUTOMATIC'")
    pair.compare(daemon)


def test_under_load_with_kills(pair, make_daemon, seed):
    load = Load(pair.source, "db", seed, ddl=True).prepare()
    daemon = make_daemon(pair.target)
    pair.replicate(daemon)
    load.start()
    for _ in range(4):
        daemon.kill9()
        daemon.start()
        pair.target.kill()
        pair.target.start()
        pair.source.kill()
        pair.source.start()
    load.stop()
    pair.compare(daemon)


def test_a_definition_that_is_passed_over(pair, make_daemon):
    """It has its GTID too, whether the target left nothing of it or a part."""
    daemon = make_daemon(pair.target)
    pair.replicate(daemon)
    pair.source.run("CREATE DATABASE d", *(f"CREATE TABLE d.t{i} (id INT PRIMARY KEY)" for i in range(5)))
    daemon.wait_caught_up("c", pair.source)
    daemon.sql("STOP SLAVE")
    daemon.sql("SET GLOBAL `c`.slave_skip_errors='1050,1051'")
    daemon.sql("START SLAVE")
    pair.target.run("SET sql_log_bin=0", "DROP TABLE d.t0", "DROP TABLE d.t2", "CREATE TABLE d.u (id INT PRIMARY KEY)")
    pair.source.run("DROP TABLE d.t0", "INSERT INTO d.t1 VALUES (1)", "CREATE TABLE d.u (id INT PRIMARY KEY)", "INSERT INTO d.u VALUES (1)", "DROP TABLE d.t2, d.t3",
                    "INSERT INTO d.t4 VALUES (1)")
    daemon.wait_caught_up("c", pair.source)
    if not pair.mariadb:  # it drops none of several where one is missing
        pair.target.run("SET sql_log_bin=0", "DROP TABLE d.t3")
    pair.compare(daemon)


POINTS = ["apply.before_commit", "apply.after_commit", "apply.after_intent", "apply.after_ddl"]


@pytest.mark.parametrize("time_reached", [1, 4])
@pytest.mark.parametrize("point", POINTS)
def test_every_exit_point(pair, make_daemon, point, time_reached):
    if not has_exit_points():
        pytest.skip(f"{binary()} is built without exit points; the debug preset has them")
    daemon = make_daemon(pair.target)
    pair.replicate(daemon, start=False)
    pair.source.run("CREATE DATABASE d", "USE d", *(statement for i in range(6) for statement in (
        f"CREATE TABLE t{i} (id INT PRIMARY KEY)", f"INSERT INTO t{i} VALUES (1), (2)", f"CREATE TABLE c{i} AS SELECT * FROM t{i}",
        f"ALTER TABLE t{i} ADD a INT", f"UPDATE t{i} SET a=id", f"CREATE OR REPLACE VIEW v AS SELECT {i}", f"DROP TABLE c{i}")))
    assert daemon.terminate() == 0
    daemon.environment["TRIBUTARY_CRASH_POINT"] = f"{point}:{time_reached}"
    daemon.child.environment = daemon.environment
    daemon.start()
    daemon.sql("START SLAVE")
    wait_until(lambda: not daemon.child.running(), f"{point} is reached {time_reached} times")
    del daemon.environment["TRIBUTARY_CRASH_POINT"]
    daemon.start()
    daemon.sql("START SLAVE")
    pair.compare(daemon)


def refused(pair, daemon, *statements: str) -> str:
    pair.replicate(daemon)
    pair.source.run(*statements)
    status = daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) in (1235, 1381), status["Last_SQL_Error"]
    return status["Last_SQL_Error"]


def test_a_table_without_transactions_is_refused(pair, make_daemon):
    message = refused(pair, make_daemon(pair.target), "CREATE DATABASE d", "CREATE TABLE d.m (a INT) ENGINE=MyISAM", "INSERT INTO d.m VALUES (1)")
    assert "a table that it changes has no transactions in the target" in message
    assert pair.target.value("SELECT COUNT(*) FROM d.m") == 0


OTHERS = [pytest.param("mariadb-10.11", "mariadb-10.11", ["--log-bin=binlog"], "SET GLOBAL gtid_domain_id", id="same-domain"),
          pytest.param("mariadb-10.11", "mariadb-10.11", [], "log_bin", id="no-binary-log"),
          pytest.param("mariadb-10.11", "mysql-9.7", [], "is no GTID of MySQL", id="mariadb-to-mysql", marks=WITH_MYSQL),
          pytest.param("mysql-9.7", "mariadb-10.11", ["--log-bin=binlog", "--gtid-domain-id=9"], "is no GTID of MariaDB", id="mysql-to-mariadb", marks=WITH_MYSQL),
          pytest.param("mysql-9.7", "mysql-9.7", ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"], "gtid_mode of the target is OFF", id="gtids-off",
                       marks=WITH_MYSQL)]


@pytest.mark.parametrize("source, target, options, words", OTHERS)
def test_a_target_that_cannot_keep_them_is_refused(make_daemon, source, target, options, words):
    pair = Gtids(source, target_product=target, target_options=options)
    try:
        daemon = make_daemon(pair.target)
        assert words in refused(pair, daemon, "CREATE DATABASE d")
        assert pair.target.query("SHOW DATABASES LIKE 'd'") in ((), [])
    finally:
        pair.destroy()


@WITH_MYSQL
def test_a_transaction_without_gtid_is_refused(make_daemon):
    pair = Gtids("mysql-9.7", source_options=["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"])
    try:
        assert "has given this transaction no GTID" in refused(pair, make_daemon(pair.target), "CREATE DATABASE d")
    finally:
        pair.destroy()
