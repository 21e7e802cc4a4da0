"""What the target's own settings, and what a source's programs leave in a session, must not do to what is applied."""

import pytest

import servers
from compare import assert_equal
from daemon import make_target_account
from pairs import pair_fixture
from processes import wait_until

both_fixture = pair_fixture("both", [("mariadb-10.11", "mariadb-10.11"), ("mariadb-10.11", "mysql-9.7"), ("mysql-9.7", "mysql-9.7"),
                                     ("mysql-9.7", "mariadb-10.11")])


@pytest.fixture
def replicate(pair, make_daemon):
    """A source and a target, both MariaDB, with the table d.t, and a channel."""
    source, target = pair
    daemon = make_daemon(target)
    daemon.replicate("c", source)
    source.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, a INT)", "INSERT INTO d.t VALUES (1,1), (2,2)")
    daemon.wait_caught_up("c", source)
    yield source, target, daemon
    target.run("SET GLOBAL slave_exec_mode=STRICT")


def stops(daemon) -> tuple:
    status = daemon.wait_stopped_by_error("c")
    return int(status["Last_SQL_Errno"]), status["Last_SQL_Error"]


@pytest.mark.smoke
def test_a_target_that_begins_to_pass_over_rows(replicate):
    """slave_exec_mode can be changed while the channel runs: nothing of what came then is committed."""
    source, target, daemon = replicate
    before = daemon.status("c")["Exec_Master_Log_Pos"]
    target.run("DELETE FROM d.t WHERE id=1", "SET GLOBAL slave_exec_mode=IDEMPOTENT")
    source.run("UPDATE d.t SET a=3 WHERE id=1")
    code, message = stops(daemon)
    assert code == 1593 and "slave_exec_mode" in message and "0-1-" in message, message
    assert daemon.status("c")["Exec_Master_Log_Pos"] == before
    daemon.sql("START SLAVE")
    code, message = stops(daemon)
    assert code == 1593 and "slave_exec_mode=IDEMPOTENT" in message, message
    target.run("SET GLOBAL slave_exec_mode=STRICT")
    daemon.sql("START SLAVE")
    assert stops(daemon)[0] == 1032
    target.run("INSERT INTO d.t VALUES (1,1)")
    daemon.sql("START SLAVE")
    daemon.wait_caught_up("c", source)
    assert assert_equal(source, target, ["d"]) == 2


@pytest.mark.parametrize("product, option", [
    ("mariadb-10.11", "slave_skip_errors"), pytest.param("mysql-9.7", "replica_skip_errors", marks=pytest.mark.servers("mysql-9.7"))])
def test_a_target_that_skips_errors(make_daemon, product, option):
    source = servers.source("source", 1)
    target = servers.target("target", options=[f"--{option.replace('_', '-')}=1032,1062"], product=product)
    try:
        servers.start_all(source, target)
        source.make_replication_account()
        make_target_account(target)
        daemon = make_daemon(target)
        daemon.replicate("c", source)
        code, message = stops(daemon)
        assert code == 1593 and "skip_errors=1032,1062" in message, message
        assert target.query("SHOW DATABASES LIKE 'tributary'") == []
    finally:
        source.destroy()
        target.destroy()


@pytest.mark.servers("mysql-9.7")
def test_results_of_expressions(both):
    """The lengths, digits and weeks of the target's own sessions are others."""
    pair = both
    names = ("group_concat_max_len", "div_precision_increment", "default_week_format")
    former = pair.target.query("SELECT " + ", ".join(f"@@GLOBAL.{name}" for name in names))[0]
    pair.daemon.sql("STOP SLAVE")
    pair.target.run("SET GLOBAL group_concat_max_len=8, GLOBAL div_precision_increment=1, GLOBAL default_week_format=3")
    pair.daemon.sql("START SLAVE")
    try:
        assert pair.run("expressions", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(200), b VARCHAR(30), c INT)",
                        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET SESSION binlog_format=MIXED",
                        "INSERT INTO t VALUES (1, REPEAT('long', 10), CONCAT(1/3), WEEK('2024-01-01'))",
                        "INSERT INTO t SELECT 2, GROUP_CONCAT(a, a, a), CONCAT(22/7), WEEK('2023-01-01') FROM t") == 2
    finally:
        pair.target.run("SET " + ", ".join(f"GLOBAL {name}={value}" for name, value in zip(names, former)))


@pytest.mark.servers("mysql-9.7")
def test_settings_that_a_routine_leaves_in_the_session(both):
    pair = both
    zone = "SET time_zone='+05:00', binlog_format=STATEMENT"
    level = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    pair.source.run("CREATE DATABASE left_over", "CREATE TABLE left_over.t (id INT PRIMARY KEY, at TIMESTAMP NULL, now TIMESTAMP NULL, f INT)",
                    "CREATE FUNCTION left_over.f() RETURNS INT NO SQL BEGIN SET SESSION time_zone='-08:00', sql_mode='ANSI_QUOTES', "
                    "timestamp=1; SET SESSION auto_increment_increment=5, foreign_key_checks=0; RETURN 1; END")
    for number in range(3):
        pair.source.run(level, zone, f"INSERT INTO left_over.t VALUES ({number}, '2024-07-01 12:00:00', NOW(), 0)")
        # Nothing else here: the event has the session's variables as they are at the statement's end.
        pair.source.run(level, zone, f"INSERT INTO left_over.t VALUES ({number + 10}, NULL, NULL, left_over.f())")
    assert pair.compare("left_over") == 6


def test_a_lock_beside_a_sequence_is_waited_for(replicate):
    """A sequence rolls nothing back, and its rows hold whole values: another try does them again."""
    source, target, daemon = replicate
    source.run("CREATE SEQUENCE d.s CACHE 2")
    daemon.wait_caught_up("c", source)
    holder = target.connect(autocommit=False)
    with holder.cursor() as cursor:
        cursor.execute("SELECT * FROM d.t WHERE id=1 FOR UPDATE")
    source.run("BEGIN", "SELECT NEXTVAL(d.s)", "SELECT NEXTVAL(d.s)", "SELECT NEXTVAL(d.s)", "UPDATE d.t SET a=NEXTVAL(d.s) WHERE id=1", "COMMIT")
    daemon.wait_received("c", source)

    def has_waited():
        status = daemon.status("c")
        assert status["Slave_SQL_Running"] == "Yes", status["Last_SQL_Error"]
        return int(status["Last_SQL_Errno"]) == 1205

    wait_until(has_waited, "the applier meets the lock")
    holder.rollback()
    holder.close()
    daemon.wait_caught_up("c", source)
    assert assert_equal(source, target, ["d"]) > 0
    assert source.query("SELECT * FROM d.s") == target.query("SELECT * FROM d.s")


def test_an_error_behind_a_temporary_table(replicate):
    """What looks for the row that failed runs the transaction again, in a session that has the table already."""
    source, target, daemon = replicate
    target.run("INSERT INTO d.t VALUES (7, 7)")
    source.run("SET SESSION binlog_format=MIXED", "USE d", "BEGIN", "CREATE TEMPORARY TABLE own (a INT)",
               "INSERT INTO t SELECT 7, LENGTH(UUID())", "COMMIT")
    code, message = stops(daemon)
    assert code == 1062 and "d.t" in message and "7" in message, message
