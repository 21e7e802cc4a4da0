"""XA transactions: nothing of one is applied before it is committed, then all of it, once, whatever happened in between."""

import contextlib

import pymysql
import pytest

from daemon import has_exit_points
from one_channel import OneChannel, Session
from processes import wait_until

# MySQL before 5.7 keeps a prepared transaction out of the binary log until it is committed.
LOGS_PREPARE = ["mariadb-10.11", "mariadb-11.8", "mysql-9.7"]
ALL = ["mysql-5.6", *LOGS_PREPARE]


def _parameters(products: list) -> list:
    return [pytest.param(product, marks=[] if product == "mariadb-10.11" else [pytest.mark.servers(product)]) for product in products]


@pytest.fixture(scope="module", params=_parameters(ALL))
def any_source(request):
    channel = OneChannel(request.param, daemon_options=["--relay-log-purge"])
    try:
        yield channel.start()
    finally:
        channel.destroy()


@pytest.fixture(scope="module", params=_parameters(LOGS_PREPARE))
def channel(request):
    made = OneChannel(request.param, daemon_options=["--relay-log-purge"])
    try:
        yield made.start()
    finally:
        made.destroy()


def prepare(channel, database: str, xid: str, *statements: str) -> Session:
    """Leaves the session with its transaction prepared."""
    return Session(channel.source, database).run(f"XA START {xid}", *statements, f"XA END {xid}", f"XA PREPARE {xid}")


def remembered(channel) -> list:
    return [gtrid for (gtrid,) in channel.target.query("SELECT gtrid FROM tributary.xa_prepared ORDER BY gtrid")]


def ids(channel, database: str) -> list:
    return [number for (number,) in channel.target.query(f"SELECT id FROM {database}.t ORDER BY id")]


@pytest.mark.parametrize("binlog_format", ["ROW", "STATEMENT"])
def test_every_end_of_a_transaction(any_source, binlog_format):
    name = "ends_" + binlog_format.lower()
    any_source.database(name, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))")
    setting = f"SET binlog_format={binlog_format}"
    Session(any_source.source, name).run(
        setting, "XA START 'committed'", "INSERT INTO t VALUES (1,'a'),(2,'b')", "SAVEPOINT s", "INSERT INTO t VALUES (3,'c')",
        "ROLLBACK TO s", "UPDATE t SET v=CONCAT(v,'!') WHERE id=1", "XA END 'committed'", "XA PREPARE 'committed'",
        "XA COMMIT 'committed'",
        "XA START 'rolled back'", "INSERT INTO t VALUES (4,'d')", "XA END 'rolled back'", "XA PREPARE 'rolled back'",
        "XA ROLLBACK 'rolled back'",
        "XA START 'never prepared'", "INSERT INTO t VALUES (5,'e')", "XA END 'never prepared'", "XA ROLLBACK 'never prepared'",
        "XA START 'one phase'", "INSERT INTO t VALUES (6,'f')", "XA END 'one phase'", "XA COMMIT 'one phase' ONE PHASE",
        "XA START 'empty'", "XA END 'empty'", "XA PREPARE 'empty'", "XA COMMIT 'empty'",
        "XA START 'read'", "SELECT * FROM t", "XA END 'read'", "XA PREPARE 'read'", "XA ROLLBACK 'read'",
        "XA START x'00ff27','it''s \\\\ b',4294967",  "DELETE FROM t WHERE id=2", "XA END x'00ff27','it''s \\\\ b',4294967",
        "XA PREPARE x'00ff27','it''s \\\\ b',4294967", "XA COMMIT x'00ff27','it''s \\\\ b',4294967",
        "INSERT INTO t VALUES (7,'g')").close()
    assert any_source.compare(name) == 3
    assert remembered(any_source) == []
    assert any_source.target.query("XA RECOVER") == []


def test_prepared_is_not_applied(channel):
    channel.database("waits", "CREATE TABLE t (id INT PRIMARY KEY)")
    session = prepare(channel, "waits", "'w'", "INSERT INTO t VALUES (1)")
    channel.source.run("INSERT INTO waits.t VALUES (2)")
    channel.applied()
    assert ids(channel, "waits") == [2]
    assert remembered(channel) == [b"w"]
    session.run("XA COMMIT 'w'").close()
    assert channel.compare("waits") == 2
    assert remembered(channel) == []


def test_interleaved(channel):
    """Several are open at once, end in another order, by other sessions, and DDL of other tables comes between."""
    channel.database("weave", "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (0,0)")
    sessions = [prepare(channel, "weave", f"'x{n}','b{n}',{n}", f"INSERT INTO t VALUES ({n},{n})", f"INSERT INTO t VALUES ({n + 100},{n})")
                for n in range(1, 8)]
    channel.source.run("CREATE TABLE weave.other (id INT PRIMARY KEY)", "INSERT INTO weave.other VALUES (1)",
                       "UPDATE weave.t SET v=99 WHERE id=0")
    channel.applied()
    assert len(remembered(channel)) == 7
    sessions[5].run("XA COMMIT 'x6','b6',6")
    sessions[1].run("XA ROLLBACK 'x2','b2',2")
    sessions[0].run("XA COMMIT 'x1','b1',1", "UPDATE t SET v=v+1 WHERE id IN (1,101)")
    late = prepare(channel, "weave", "'x1','b1',1", "INSERT INTO t VALUES (500,500)")  # the name is free again
    # Its session is gone: any other may end it.
    for session in sessions[2:4]:
        session.close()
    channel.source.run("ALTER TABLE weave.other ADD v INT")
    Session(channel.source, "weave").run("XA COMMIT 'x3','b3',3", "XA ROLLBACK 'x4','b4',4").close()
    sessions[4].run("XA COMMIT 'x5','b5',5")
    late.run("XA COMMIT 'x1','b1',1")
    sessions[6].run("XA COMMIT 'x7','b7',7")
    assert channel.compare("weave") == 13
    assert remembered(channel) == []
    for session in (*sessions, late):
        session.close()


def test_across_files_and_restarts(channel):
    """The relay file of what is prepared stays, while others are purged, until it is committed."""
    channel.database("far", "CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)")
    session = prepare(channel, "far", "'far'", "INSERT INTO t VALUES (1, REPEAT('x', 300000))", "INSERT INTO t SELECT 2, v FROM t WHERE id=1")
    channel.applied()
    first = channel.daemon.relay_files("c")[-1]
    for number in range(10, 14):
        channel.source.flush_logs()
        channel.source.run(f"INSERT INTO far.t VALUES ({number}, 'y')")
        channel.applied()
    assert first.exists()
    channel.daemon.kill9()
    channel.daemon.start()
    channel.source.run("INSERT INTO far.t VALUES (20, 'after kill')")
    channel.applied()
    channel.stop()
    session.run("XA COMMIT 'far'").close()
    channel.go_on()
    assert channel.compare("far") == 7
    channel.source.flush_logs()
    channel.source.run("INSERT INTO far.t VALUES (30, 'z')")
    channel.applied()
    wait_until(lambda: not first.exists(), "the relay file that nothing needs any more is purged")


@pytest.mark.parametrize("kill", [False, True])
def test_the_source_restarts(channel, kill):
    name = f"revived{int(kill)}"
    channel.database(name, "CREATE TABLE t (id INT PRIMARY KEY)")
    prepare(channel, name, f"'{name}'", "INSERT INTO t VALUES (1)").close()
    channel.applied()
    channel.source.kill() if kill else channel.source.stop()
    channel.source.start()
    Session(channel.source, name).run(f"XA COMMIT '{name}'").close()
    channel.source.run(f"INSERT INTO {name}.t VALUES (2)")
    assert channel.compare(name) == 2


def test_an_error_names_the_place(channel):
    channel.database("wrong", "CREATE TABLE t (id INT PRIMARY KEY)")
    session = prepare(channel, "wrong", "'wrong'", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)")
    channel.applied()
    file, _ = channel.source.position()
    channel.source.flush_logs()
    channel.target.run("INSERT INTO wrong.t VALUES (2)")
    session.run("XA COMMIT 'wrong'").close()
    status = channel.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1062
    assert "wrong.t" in status["Last_SQL_Error"] and f"event at {file}:" in status["Last_SQL_Error"]
    assert ids(channel, "wrong") == [2]  # nothing of the transaction
    channel.target.run("DELETE FROM wrong.t")
    channel.go_on()
    assert channel.compare("wrong") == 2


def test_statements_are_not_overtaken(channel):
    """MariaDB unlocks at XA PREPARE what was only read: there statements must not wait for XA COMMIT, when they would do something else."""
    mariadb = channel.source.product.is_mariadb
    tables = [f"{name} (id INT PRIMARY KEY)" for name in "stu"]
    channel.database("overtaken", *(f"CREATE TABLE {table}" for table in tables), "INSERT INTO s VALUES (1)")
    channel.applied()
    committed, rolled_back = (Session(channel.source, "overtaken").run(
        "SET innodb_lock_wait_timeout=1", "SET binlog_format=STATEMENT", f"XA START '{xid}'", f"INSERT INTO {table} SELECT id FROM s", f"XA END '{xid}'",
        f"XA PREPARE '{xid}'") for xid, table in (("r1", "t"), ("r2", "u")))
    if mariadb:
        channel.source.run("INSERT INTO overtaken.s VALUES (2)")

        def waiting():
            return "XA COMMIT or XA ROLLBACK of X'7231'" in channel.daemon.status("c")["Slave_SQL_Running_State"]

        wait_until(waiting, "the channel waits for what becomes of the transaction")
        assert channel.target.query("SELECT * FROM overtaken.t") == []
        channel.stop()  # ends the wait
        channel.go_on()
        wait_until(waiting, "the channel waits again")
        channel.daemon.kill9()
        channel.daemon.start()
    rolled_back.run("XA ROLLBACK 'r2'").close()
    committed.run("XA COMMIT 'r1'").close()
    channel.source.run("INSERT INTO overtaken.s VALUES (3)")
    assert channel.compare("overtaken") == (4 if mariadb else 3)
    assert ids(channel, "overtaken") == [1]
    assert remembered(channel) == []


@pytest.mark.parametrize("point", ["apply.before_commit", "apply.after_commit"])
def test_statements_are_applied_once(channel, point):
    """The daemon ends itself around each commit, where the changes of a transaction came before its XA COMMIT."""
    if not has_exit_points():
        pytest.skip("the daemon is built without exit points; the debug preset has them")
    name = "once" + point[6:11]
    channel.database(name, "CREATE TABLE t (id INT)", "CREATE TABLE s (id INT)", "INSERT INTO s VALUES (1)")
    channel.applied()
    one = Session(channel.source, name).run("SET binlog_format=STATEMENT")
    for number in range(3):
        channel.stop()
        one.run("XA START 'a'", "INSERT INTO t SELECT id FROM s", "XA END 'a'", "XA PREPARE 'a'")
        channel.source.run(f"INSERT INTO {name}.t VALUES (99)")
        one.run("XA COMMIT 'a'")
        channel.daemon.wait_received("c", channel.source)
        channel.daemon.kill9()
        channel.daemon.child.environment = {**channel.daemon.environment, "TRIBUTARY_CRASH_POINT": point}
        channel.daemon.child.start()
        channel.daemon.wait_ready()
        with contextlib.suppress(pymysql.err.Error):  # it may end before it can answer
            channel.go_on()
        wait_until(lambda: not channel.daemon.child.running(), f"the daemon ends at {point}")
        channel.daemon.child.environment = channel.daemon.environment
        channel.daemon.start()
        assert channel.compare(name) > 0
        channel.source.run(f"INSERT INTO {name}.s VALUES ({number})")
    one.close()
    assert remembered(channel) == []


def test_committed_after_a_start_behind_its_prepare(channel):
    channel.database("unknown", "CREATE TABLE t (id INT PRIMARY KEY)")
    gone = prepare(channel, "unknown", "'gone'", "INSERT INTO t VALUES (1)")
    lost = prepare(channel, "unknown", "'lost'", "INSERT INTO t VALUES (2)")
    channel.applied()
    file, position = channel.source.position()
    channel.daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    channel.daemon.change_master("c", channel.source, file=file, position=position)
    channel.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    gone.run("XA ROLLBACK 'gone'").close()
    channel.applied()  # it changes nothing
    lost.run("XA COMMIT 'lost'").close()
    status = channel.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1397
    file, position = channel.source.position()
    assert f"MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position}" in status["Last_SQL_Error"]
    channel.target.run("INSERT INTO unknown.t VALUES (2)")
    channel.daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    channel.daemon.change_master("c", channel.source, file=file, position=position)
    channel.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    assert channel.compare("unknown") == 1


@pytest.mark.parametrize("point", ["apply.before_commit", "apply.after_commit"])
@pytest.mark.parametrize("product", _parameters(LOGS_PREPARE))
def test_killed_at_each_step(product, point):
    """The daemon ends itself before or after the commit of each step; a table without a key shows what is done twice."""
    if not has_exit_points():
        pytest.skip("the daemon is built without exit points; the debug preset has them")
    channel = OneChannel(product)
    try:
        channel.start()
        channel.database("steps", "CREATE TABLE t (id INT)", "CREATE TABLE c (n INT)", "INSERT INTO c VALUES (0)")
        channel.applied()
        one, two = (Session(channel.source, "steps") for _ in range(2))
        for step in (lambda: one.run("XA START 'one'", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", "XA END 'one'", "XA PREPARE 'one'"),
                     lambda: two.run("XA START 'two'", "INSERT INTO t VALUES (2)", "XA END 'two'", "XA PREPARE 'two'"),
                     channel.source.flush_logs,
                     lambda: channel.source.run("UPDATE steps.c SET n=n+1"),
                     lambda: one.run("XA COMMIT 'one'"),
                     lambda: two.run("XA ROLLBACK 'two'"),
                     lambda: two.run("XA START 'two'", "INSERT INTO t VALUES (4)", "XA END 'two'", "XA PREPARE 'two'"),
                     lambda: one.run("XA START 'three'", "UPDATE c SET n=n+1", "XA END 'three'", "XA COMMIT 'three' ONE PHASE"),
                     lambda: two.run("XA COMMIT 'two'")):
            channel.daemon.kill9()
            channel.daemon.child.environment = {**channel.daemon.environment, "TRIBUTARY_CRASH_POINT": point}
            channel.daemon.child.start()
            channel.daemon.wait_ready()
            step()
            if step != channel.source.flush_logs:
                wait_until(lambda: not channel.daemon.child.running(), f"the daemon ends at {point}")
            channel.daemon.kill9()
            channel.daemon.child.environment = channel.daemon.environment
            channel.daemon.start()
            assert channel.compare("steps") > 0
        assert remembered(channel) == []
        assert ids(channel, "steps") == [1, 1, 4]
        one.close()
        two.close()
    finally:
        channel.destroy()
