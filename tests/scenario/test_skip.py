"""sql_slave_skip_counter: what is passed over is what a native replica passes over, and the checkpoint moves past it."""

import pymysql
import pytest

import servers
from one_channel import OneChannel
from processes import wait_until

SOURCES = ["mariadb-10.11", pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"))]


class Skipper(OneChannel):
    """With a native replica of the source's product beside it."""

    def __init__(self, product: str):
        # A native replica with GTIDs skips nothing.
        options = [] if product.startswith("mariadb") else ["--gtid-mode=OFF", "--binlog-rows-query-log-events=ON"]
        super().__init__(product, options)
        self.native = servers.target("native", 901, options, product=product)

    def start(self):
        super().start()
        self.native.start()
        self.database("d", "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB")
        self.applied()
        self.native.run("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY) ENGINE=InnoDB")
        self.native.follow(self.source, *self.source.position())
        return self

    def rows(self, server) -> list:
        return [row[0] for row in server.query("SELECT a FROM d.t ORDER BY a")]

    def destroy(self):
        try:
            super().destroy()
        finally:
            self.native.destroy()


@pytest.fixture(name="channel", scope="module", params=SOURCES)
def _channel(request):
    made = Skipper(request.param)
    try:
        yield made.start()
    finally:
        made.destroy()


def _refused(daemon, statement: str) -> int:
    with pytest.raises(pymysql.err.MySQLError) as refused:
        daemon.sql(statement)
    return refused.value.args[0]


def _empty(channel):
    """Whatever was passed over."""
    channel.source.run("TRUNCATE TABLE d.t")
    channel.applied()
    channel.native.wait_followed(channel.source)


def test_as_a_native_replica(channel):
    """Every count, from a part of the first transaction to several."""
    word = "slave" if channel.source.product.is_mariadb else "replica"
    for count in range(1, 16):
        _empty(channel)
        channel.stop()
        channel.native.run(*channel.native.product.stop_following)
        channel.source.run("INSERT INTO d.t VALUES (1)", "INSERT INTO d.t VALUES (2)", "BEGIN", "INSERT INTO d.t VALUES (3)",
                           "INSERT INTO d.t VALUES (4)", "COMMIT", "INSERT INTO d.t VALUES (5)", "INSERT INTO d.t VALUES (6)",
                           "INSERT INTO d.t VALUES (7)")
        channel.native.run(f"SET GLOBAL sql_{word}_skip_counter = {count}")
        channel.native.run(*channel.native.product.start_following)
        channel.native.wait_followed(channel.source)
        channel.daemon.sql(f"SET GLOBAL sql_{word}_skip_counter = {count}")
        channel.go_on()
        channel.applied()
        assert channel.rows(channel.target) == channel.rows(channel.native), count
        assert int(channel.daemon.status("c")["Skip_Counter"]) == 0
        assert int(channel.daemon.sql("SELECT @@GLOBAL.sql_slave_skip_counter AS n")[0]["n"]) == 0


def test_past_an_error(channel):
    """The transaction that stops the applier is passed over, once, and nothing comes back after a restart."""
    _empty(channel)
    channel.target.run("INSERT INTO d.t VALUES (1)")
    channel.source.run("INSERT INTO d.t VALUES (1)")
    channel.source.run("INSERT INTO d.t VALUES (2)")
    status = channel.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1062
    channel.daemon.sql("SET GLOBAL `c`.sql_slave_skip_counter = 1")
    assert int(channel.daemon.status("c")["Skip_Counter"]) == 1
    channel.go_on()
    channel.applied()
    assert channel.rows(channel.target) == [1, 2]
    assert "passed over, since sql_slave_skip_counter says so" in channel.daemon.log_text()
    channel.daemon.restart()
    channel.source.run("INSERT INTO d.t VALUES (3)")
    channel.applied()
    assert channel.rows(channel.target) == [1, 2, 3]


def test_skipped_again_where_the_target_was_away(channel):
    """The counter is spent, but the checkpoint did not move: the same transaction is passed over once more."""
    _empty(channel)
    channel.stop()
    channel.source.run("INSERT INTO d.t VALUES (1)")
    channel.source.run("INSERT INTO d.t VALUES (2)")
    channel.daemon.wait_received("c", channel.source)
    with channel.target.connect() as locker, locker.cursor() as cursor:
        cursor.execute("LOCK TABLES tributary.applier_checkpoint READ")
        channel.daemon.sql("SET GLOBAL `c`.sql_slave_skip_counter = 1")
        channel.go_on()
        wait_until(lambda: channel.daemon.status("c")["Skip_Counter"] in (0, "0"), "the transaction is passed over")
        locker.kill(channel.target.value("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'tributary' AND INFO LIKE "
                                         "'%applier_checkpoint%' LIMIT 1"))
        cursor.execute("UNLOCK TABLES")
    channel.applied()
    assert channel.rows(channel.target) == [2]


def test_what_is_refused(channel):
    assert _refused(channel.daemon, "SET GLOBAL `c`.sql_slave_skip_counter = 1") == 3085
    assert _refused(channel.daemon, "SET GLOBAL `x`.sql_slave_skip_counter = 1") == 3074
    assert _refused(channel.daemon, "SET sql_slave_skip_counter = 1") == 1229
    channel.stop()
    channel.daemon.change_master("other", channel.source)
    try:
        channel.daemon.sql("SET GLOBAL sql_slave_skip_counter = 1")
        assert _refused(channel.daemon, "START SLAVE") == 3086
        channel.daemon.sql("SET GLOBAL sql_slave_skip_counter = 0")
    finally:
        channel.daemon.sql("RESET SLAVE ALL FOR CHANNEL 'other'")
        channel.go_on()
    channel.daemon.sql("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_AUTO_POSITION=1 FOR CHANNEL 'by gtid'")
    assert _refused(channel.daemon, "SET GLOBAL `by gtid`.sql_slave_skip_counter = 1") == 1858
    channel.daemon.sql("RESET SLAVE ALL FOR CHANNEL 'by gtid'")


@pytest.fixture(name="by_gtid", scope="module", params=[pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"))])
def _by_gtid(request):
    made = OneChannel(request.param, ["--gtid-mode=ON", "--enforce-gtid-consistency=ON"])
    try:
        made.start().database("d", "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB")
        made.applied()
        yield made
    finally:
        made.destroy()


def test_an_empty_transaction_with_its_gtid(by_gtid):
    """MySQL's way where the skip counter is refused: a transaction that is declared applied is passed over, for good."""
    source, target, daemon = by_gtid.source, by_gtid.target, by_gtid.daemon
    target.run("INSERT INTO d.t VALUES (1)")
    source.run("INSERT INTO d.t VALUES (1)")
    source.run("INSERT INTO d.t VALUES (2)")
    assert int(daemon.wait_stopped_by_error("c")["Last_SQL_Errno"]) == 1062
    uuid, numbers = source.value("SELECT @@gtid_executed").split(":")
    last = int(numbers.split("-")[-1])
    with daemon.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(pymysql.err.MySQLError) as refused:
            cursor.execute("SET GTID_NEXT = 'nonsense'")
        assert refused.value.args[0] == 1774
        cursor.execute("BEGIN")
        cursor.execute("COMMIT")  # AUTOMATIC: nothing is declared
        cursor.execute(f"SET GTID_NEXT = '{uuid.upper()}:{last - 1}'")
        cursor.execute("BEGIN")
        cursor.execute("COMMIT")
        cursor.execute("SET GTID_NEXT = 'AUTOMATIC'")
    daemon.restart()  # it is kept
    by_gtid.go_on()
    by_gtid.applied()
    assert [row[0] for row in target.query("SELECT a FROM d.t ORDER BY a")] == [1, 2]
    applied = daemon.status("c")["Executed_Gtid_Set"]
    assert applied.count(":") == 1 and applied.endswith(f"-{last}"), applied
    # Only that one.
    by_gtid.stop()
    daemon.restart()
    by_gtid.go_on()
    source.run("INSERT INTO d.t VALUES (3)")
    by_gtid.applied()
    assert [row[0] for row in target.query("SELECT a FROM d.t ORDER BY a")] == [1, 2, 3]
