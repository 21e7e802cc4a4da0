"""MASTER_DELAY: no transaction is applied before so many seconds after its commit on the source, and STOP does not wait for it."""

import time

import pymysql
import pytest

import servers
from one_channel import OneChannel
from processes import wait_until

SOURCES = [pytest.param(product, marks=[] if product == "mariadb-10.11" else [pytest.mark.servers(product)])
           for product in ("mariadb-10.11", "mysql-5.6", "mysql-9.7")]
FAR = 100000


@pytest.fixture(name="channel", scope="module", params=SOURCES)
def _channel(request):
    made = OneChannel(request.param)
    try:
        made.start().database("d", "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB")
        made.applied()
        yield made
    finally:
        made.destroy()


def _delay(channel, seconds: int):
    channel.stop()
    channel.daemon.sql(f"CHANGE MASTER TO MASTER_DELAY={seconds} FOR CHANNEL 'c'")
    channel.go_on()


def _rows(channel) -> list:
    return [row[0] for row in channel.target.query("SELECT a FROM d.t ORDER BY a")]


def _wait_delayed(channel) -> dict:
    def delayed():
        status = channel.daemon.status("c")
        return status if status["SQL_Remaining_Delay"] is not None else None

    return wait_until(delayed, "the applier waits for MASTER_DELAY")


def _applied_at(channel, number: int) -> float:
    """The clock when the row was first seen in the target."""
    wait_until(lambda: number in _rows(channel), f"row {number} is applied", interval=0.02)
    return time.time()


@pytest.fixture(autouse=True)
def _empty(channel):
    yield
    _delay(channel, 0)
    channel.source.run("DELETE FROM d.t")
    channel.applied()


def test_not_before_its_time(channel):
    """The clocks of source and target are one here. Servers count in whole seconds."""
    _delay(channel, 3)
    committed = time.time()
    channel.source.run("INSERT INTO d.t VALUES (1)")
    status = _wait_delayed(channel)
    assert _rows(channel) == []
    assert 0 <= int(status["SQL_Remaining_Delay"]) <= 4
    assert int(status["SQL_Delay"]) == 3
    assert status["Slave_SQL_Running_State"] == "Waiting until MASTER_DELAY seconds after master executed event"
    assert _applied_at(channel, 1) - committed >= 2
    assert channel.daemon.status("c")["SQL_Remaining_Delay"] is None
    channel.compare("d")


def test_counted_from_the_commit(channel):
    """Not from the first statement of a transaction, which the source may have left open for long."""
    _delay(channel, 3)
    with channel.source.connect(autocommit=False) as session, session.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO d.t VALUES (1)")
        time.sleep(4)
        committed = time.time()
        session.commit()
    assert _applied_at(channel, 1) - committed >= 2


def test_stop_does_not_wait(channel):
    _delay(channel, FAR)
    channel.source.run("INSERT INTO d.t VALUES (1)")
    _wait_delayed(channel)
    with pytest.raises(pymysql.err.MySQLError) as refused:
        channel.daemon.sql("CHANGE MASTER TO MASTER_DELAY=0 FOR CHANNEL 'c'")
    assert refused.value.args[0] == 3085
    with pytest.raises(pymysql.err.MySQLError) as refused:
        channel.daemon.sql("CHANGE MASTER TO MASTER_DELAY=0, MASTER_CONNECT_RETRY=1 FOR CHANNEL 'c'")
    assert refused.value.args[0] == 3081
    channel.stop()
    assert _rows(channel) == []
    assert channel.daemon.status("c")["Slave_IO_Running"] == "Yes"
    channel.go_on()
    status = _wait_delayed(channel)
    assert FAR - 1000 < int(status["SQL_Remaining_Delay"]) <= FAR + 1  # whole seconds
    # Kept by the daemon, as all that CHANGE MASTER says.
    channel.daemon.restart()
    status = _wait_delayed(channel)
    assert int(status["SQL_Delay"]) == FAR
    _delay(channel, 0)
    channel.compare("d")


def test_until_what_is_due(channel):
    """What is due goes on, in batches; the first that is not holds the rest back."""
    if not channel.source.product.is_mariadb:
        pytest.skip("MySQL's commit times are not those of SET TIMESTAMP")
    channel.stop()
    for number in range(40):
        channel.source.run(f"SET TIMESTAMP = UNIX_TIMESTAMP() - {2 * FAR}", f"INSERT INTO d.t VALUES ({number})")
    for number in range(40, 50):
        channel.source.run(f"INSERT INTO d.t VALUES ({number})")
    channel.daemon.wait_received("c", channel.source)
    _delay(channel, FAR)
    _wait_delayed(channel)
    wait_until(lambda: len(_rows(channel)) >= 40, "what is due is applied")
    assert _rows(channel) == list(range(40))


def test_columns_as_a_native_replica(channel):
    native = servers.target("native", 901, product=channel.target.product.name)
    native.start()
    try:
        if native.product.is_mariadb != channel.source.product.is_mariadb:
            pytest.skip("the target is of the other vendor")
        _delay(channel, FAR)
        channel.applied()
        native.run("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)")
        native.follow(channel.source, *channel.source.position())
        native.run("STOP SLAVE", f"CHANGE MASTER TO MASTER_DELAY={FAR}", "START SLAVE")
        channel.source.run("INSERT INTO d.t VALUES (1)")
        ours = _wait_delayed(channel)

        def waits():
            status = native.row(native.product.follow_status)
            return status if status["SQL_Remaining_Delay"] is not None else None

        theirs = wait_until(waits, "the native replica waits")
        for column in ("SQL_Delay", "Slave_SQL_Running_State", "Slave_SQL_Running"):
            assert str(ours[column]) == str(theirs[column])
        assert abs(int(ours["SQL_Remaining_Delay"]) - int(theirs["SQL_Remaining_Delay"])) < 60
        assert abs(int(ours["Seconds_Behind_Master"]) - int(theirs["Seconds_Behind_Master"])) < 60
    finally:
        native.destroy()
