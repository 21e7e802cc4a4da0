"""Transactions whose pieces reach a worker with long pauses between them, and workers that wait for each other."""

import threading
import time
from contextlib import contextmanager

import pytest

import servers
from compare import assert_equal
from daemon import make_target_account
from processes import Failure, wait_until
from products import DEFAULT

_MIB = 1 << 20


@pytest.fixture(params=[pytest.param(DEFAULT, id=DEFAULT), pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"), id="mysql-9.7")])
def channel(request, make_daemon):
    """Two workers, each transaction in a batch of its own."""
    source = servers.source("source", 1, product=request.param)
    target = servers.target("target", product=request.param)
    servers.start_all(source, target)
    source.make_replication_account()
    make_target_account(target)
    daemon = make_daemon(target, options=["--parallel-workers=2"])
    daemon.change_master("c", source, extra=", BATCH_TRANSACTIONS=1")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    yield source, target, daemon
    for server in (source, target):
        server.destroy()


@contextmanager
def held(target, *statements: str):
    """Their locks, by a session that is gone at the end."""
    with target.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        yield


# InnoDB renews what it says of transactions when nobody has asked for 100 ms.
_BETWEEN_QUESTIONS = 0.15


def wait_under_way(target, transactions: int, timeout: float = 60.0):
    wait_until(lambda: int(target.value("SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0")) == transactions,
               f"transactions under way in the target: {transactions}", timeout, _BETWEEN_QUESTIONS)


def second_is_under_way(target) -> bool:
    try:
        wait_under_way(target, 1, timeout=1.5)
        return True
    except Failure:
        return False


def test_a_worker_waits_for_the_rest_of_a_transaction(channel):
    """Longer than an idle worker keeps its session: what it has sent of the transaction is not lost."""
    source, target, daemon = channel
    source.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, s LONGTEXT)", "INSERT INTO d.t VALUES (1, '')",
               "CREATE TABLE d.u (id INT PRIMARY KEY AUTO_INCREMENT, b LONGBLOB)")
    daemon.wait_caught_up("c", source)
    daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
    # So large that there is no room for all of the next one while it is under way.
    source.run("USE d", f"UPDATE t SET s='{'x' * _MIB}'", "BEGIN", *(f"INSERT INTO u (b) VALUES (REPEAT('a', {_MIB // 4}))" for _ in range(14)),
               *(f"INSERT INTO u (b) VALUES (REPEAT('b', {6 * _MIB}))" for _ in range(3)), "COMMIT")
    daemon.wait_received("c", source)
    with held(target, "LOCK TABLES d.t READ"):
        daemon.sql("START SLAVE SQL_THREAD FOR CHANNEL 'c'")
        wait_under_way(target, 1)
        time.sleep(12)
    daemon.wait_caught_up("c", source)
    assert_equal(source, target)
    assert int(target.value("SELECT COUNT(*) FROM d.u")) == 17


def test_a_definition_between_two_workers(channel):
    """Somebody's ALTER waits for the second worker's transaction, and the first worker for the ALTER: the second one gives way."""
    source, target, daemon = channel
    source.run("CREATE DATABASE d", "CREATE TABLE d.a (id INT PRIMARY KEY, n INT)", "CREATE TABLE d.t (id INT PRIMARY KEY, n INT)",
               "INSERT INTO d.a VALUES (1, 0)", "INSERT INTO d.t VALUES (1, 0), (2, 0)")
    for _ in range(5):  # the daemon gets to know their keys
        source.run("UPDATE d.a SET n=n+1", "UPDATE d.t SET n=n+1")
        daemon.wait_caught_up("c", source)
    # At first the second worker has no session, and opening one may take as long as the first is ready to wait for a row.
    for turn in range(10):
        with held(target, "BEGIN", "SELECT * FROM d.a FOR UPDATE"):
            source.run("USE d", "BEGIN", f"UPDATE a SET n={turn + 100}", f"UPDATE t SET n={turn + 100} WHERE id=2", "COMMIT",
                       f"UPDATE t SET n={turn + 200} WHERE id=1")
            beside = second_is_under_way(target)
            if beside:
                altering = threading.Thread(target=lambda: target.run("ALTER TABLE d.t COMMENT 'altered'"))
                altering.start()
                wait_until(lambda: any("ALTER TABLE" in str(row[7]) and "metadata lock" in str(row[6]) for row in target.query("SHOW PROCESSLIST")),
                           "the ALTER waits")
        if beside:
            break
        daemon.wait_caught_up("c", source)
    assert beside, "the second transaction never ran beside the first one"
    # Less than the 60 seconds after which a lock on a definition is no longer waited for.
    daemon.wait_caught_up("c", source, timeout=30)
    altering.join()
    assert [tuple(row) for row in target.query("SELECT id, n FROM d.t ORDER BY id")] == [(1, turn + 200), (2, turn + 100)]
