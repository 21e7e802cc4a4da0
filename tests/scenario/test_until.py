"""START SLAVE UNTIL in all its forms: everything before is applied, nothing behind, as a native replica has it."""

import pytest

import servers
from daemon import Tributary, make_target_account
from processes import wait_until

PRODUCTS = ["mariadb-10.11", pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"))]


class Follower:
    """A channel that receives all, and applies what the test says. Each test has tables of its own."""

    def __init__(self, product: str):
        self.mariadb = product.startswith("mariadb")
        options = [] if self.mariadb else ["--gtid-mode=ON", "--enforce-gtid-consistency=ON"]
        self.source = servers.source("source", 1, options, product=product)
        self.target = servers.target("target", product=product)
        self.native = servers.target("native", 901, options + ["--log-bin=bin"], product=product)
        self.daemon = None

    def start(self) -> "Follower":
        servers.start_all(self.source, self.target, self.native)
        self.source.make_replication_account()
        make_target_account(self.target)
        self.source.run("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)")
        self.daemon = Tributary(self.target).start()
        gtid = ", MASTER_USE_GTID=slave_pos" if self.mariadb else ", MASTER_AUTO_POSITION=1"
        self.daemon.change_master("c", self.source, extra=gtid)
        self.daemon.sql("START SLAVE FOR CHANNEL 'c'")
        self.daemon.wait_caught_up("c", self.source)
        return self

    def pause(self):
        """Everything so far is applied, and nothing more is."""
        self.source.run("DELETE FROM d.t")
        self.daemon.sql("START SLAVE FOR CHANNEL 'c'")
        self.daemon.wait_caught_up("c", self.source)
        self.daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
        return self

    def gtid(self) -> str:
        if self.mariadb:
            return self.source.value("SELECT @@gtid_binlog_pos")
        return self.source.value("SELECT @@gtid_executed").replace("\n", "")

    def last_gtid(self) -> str:
        """Of the last transaction alone."""
        if self.mariadb:
            return self.gtid()
        uuid, numbers = self.gtid().split(":")
        return f"{uuid}:{numbers.split('-')[-1]}"

    def write(self, count: int = 6) -> list:
        """Transactions of two rows each; the source's position and GTID after each."""
        marks = []
        for number in range(1, count + 1):
            self.source.run(f"INSERT INTO d.t VALUES ({number}), ({number + 1000})")
            marks.append((*self.source.position(), self.last_gtid()))
        return marks

    def until(self, condition: str, threads: str = "SQL_THREAD") -> dict:
        """Status when the applier has stopped by itself."""
        self.daemon.wait_received("c", self.source)
        self.daemon.sql(f"START SLAVE {threads} UNTIL {condition} FOR CHANNEL 'c'")
        wait_until(lambda: self.daemon.status("c")["Slave_SQL_Running"] == "No", f"the applier stops at {condition}")
        status = self.daemon.status("c")
        assert (int(status["Last_SQL_Errno"]), status["Last_SQL_Error"]) == (0, ""), status
        return status

    def rows(self, server=None) -> list:
        return [row[0] for row in (server or self.target).query("SELECT a FROM d.t WHERE a < 1000 ORDER BY a")]

    def go_on(self):
        self.daemon.sql("START SLAVE FOR CHANNEL 'c'")
        self.daemon.wait_caught_up("c", self.source)
        assert self.rows() == self.rows(self.source)

    def destroy(self):
        try:
            if self.daemon is not None:
                self.daemon.destroy()
        finally:
            for server in (self.source, self.target, self.native):
                server.destroy()


@pytest.fixture(name="follower", scope="module", params=PRODUCTS)
def _follower(request):
    made = Follower(request.param)
    try:
        yield made.start()
    finally:
        made.destroy()


def test_source_position(follower):
    follower.pause()
    marks = follower.write()
    file, position, _ = marks[2]
    status = follower.until(f"MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position}")
    assert follower.rows() == [1, 2, 3]
    assert (status["Until_Condition"], status["Until_Log_File"], int(status["Until_Log_Pos"])) == ("Master", file, position)
    assert (status["Relay_Master_Log_File"], int(status["Exec_Master_Log_Pos"])) == (file, position)
    assert status["Slave_IO_Running"] == "Yes"
    # In the middle of a transaction: behind it.
    status = follower.until(f"SOURCE_LOG_POS={position + 100}, SOURCE_LOG_FILE='{file}'")
    assert follower.rows() == [1, 2, 3, 4]
    assert follower.daemon.sql("SHOW REPLICA STATUS FOR CHANNEL 'c'")[0]["Until_Condition"] == "Source"
    # One that lies behind us already.
    follower.until(f"MASTER_LOG_FILE='{file}', MASTER_LOG_POS=4")
    assert follower.rows() == [1, 2, 3, 4]
    follower.go_on()


def test_source_position_in_a_later_file(follower):
    follower.pause()
    follower.write(2)
    follower.source.flush_logs()
    file, _ = follower.source.position()
    follower.source.run("INSERT INTO d.t VALUES (10)")
    status = follower.until(f"MASTER_LOG_FILE='{file}', MASTER_LOG_POS=4")
    assert follower.rows() == [1, 2]
    assert int(status["Until_Log_Pos"]) == 4
    follower.go_on()


def test_at_the_end_of_what_is_there(follower):
    """The applier waits for a place that is not received yet, and stops as soon as it is reached."""
    follower.pause()
    follower.write(1)
    file, position = follower.source.position()
    follower.until(f"MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position}")
    assert follower.rows() == [1]
    follower.daemon.sql(f"START SLAVE SQL_THREAD UNTIL MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position + 100} FOR CHANNEL 'c'")
    assert follower.daemon.status("c")["Slave_SQL_Running"] == "Yes"
    follower.source.run("INSERT INTO d.t VALUES (2)")
    follower.source.run("INSERT INTO d.t VALUES (3)")
    wait_until(lambda: follower.daemon.status("c")["Slave_SQL_Running"] == "No", "the applier stops")
    assert follower.rows() == [1, 2]
    follower.go_on()


def test_relay_position(follower):
    follower.pause()
    marks = follower.write()
    status = follower.daemon.status("c")
    file = follower.daemon.relay_files("c")[-1].name
    status = follower.until(f"RELAY_LOG_FILE='{file}', RELAY_LOG_POS={marks[1][1]}")
    assert follower.rows() == [1, 2]
    assert (status["Until_Condition"], status["Until_Log_File"], int(status["Until_Log_Pos"])) == ("Relay", file, marks[1][1])
    follower.until(f"RELAY_LOG_FILE='{file}', RELAY_LOG_POS={marks[1][1] + 100}")
    assert follower.rows() == [1, 2, 3]
    follower.go_on()


def test_gtids(follower):
    follower.pause()
    marks = follower.write()
    shown = "Gtid" if follower.mariadb else None
    status = follower.until(f"SQL_BEFORE_GTIDS='{marks[2][2]}'")
    assert follower.rows() == [1, 2]
    assert status["Until_Condition"] == (shown or "SQL_BEFORE_GTIDS")
    assert (status["Until_Log_File"], int(status["Until_Log_Pos"])) == ("", 0)
    status = follower.until(f"SQL_AFTER_GTIDS='{marks[3][2]}'", threads="")
    assert follower.rows() == [1, 2, 3, 4]
    assert status["Until_Condition"] == (shown or "SQL_AFTER_GTIDS")
    # What is applied already: neither goes on.
    follower.until(f"SQL_BEFORE_GTIDS='{marks[3][2]}'")
    follower.until(f"SQL_AFTER_GTIDS='{marks[0][2]}'")
    assert follower.rows() == [1, 2, 3, 4]
    if follower.mariadb:
        follower.until(f"MASTER_GTID_POS='{marks[4][2]}'")
        assert follower.rows() == [1, 2, 3, 4, 5]
    follower.go_on()


def test_as_a_native_replica(follower):
    """The end of every event as a position, one after another: the same rows and tables, in the words of the same columns."""
    follower.pause()
    native, source = follower.native, follower.source
    file, begin = source.position()
    native.run("CREATE DATABASE IF NOT EXISTS d", "CREATE TABLE IF NOT EXISTS d.t (a INT PRIMARY KEY)")
    native.follow(source, file, begin)
    native.run(*native.product.stop_following)
    follower.write(2)
    source.run("CREATE TABLE d.other (a INT)", "INSERT INTO d.t VALUES (3)", "DROP TABLE d.other")
    end = source.position()[1]
    source.run("INSERT INTO d.t VALUES (4)")  # a native replica compares with the next event
    follower.daemon.wait_received("c", source)
    events = [(row[2], row[4]) for row in source.query(f"SHOW BINLOG EVENTS IN '{file}' FROM {begin}") if row[4] <= end]
    # Between a DDL and its GTID MariaDB stops in front of both, though it goes on in the middle of any other transaction.
    places = [place for (kind, place), (following, _) in zip(events, events[1:] + [("", 0)])
              if not (follower.mariadb and kind == "Gtid" and following == "Query")]
    assert len(places) > 12
    word, prefix = ("SLAVE", "MASTER") if follower.mariadb else ("REPLICA", "SOURCE")
    for place in places:
        condition = f"{prefix}_LOG_FILE='{file}', {prefix}_LOG_POS={place}"
        follower.until(condition)
        native.run(f"START {word} UNTIL {condition}")

        def stopped():
            return native.row(native.product.follow_status)[f"{word.capitalize()}_SQL_Running"] == "No"

        wait_until(stopped, f"the native replica stops at {place}")
        assert follower.rows() == follower.rows(native), place
        assert follower.target.query("SHOW TABLES FROM d") == native.query("SHOW TABLES FROM d"), place
        theirs = native.row(native.product.follow_status)
        assert int(theirs["Last_SQL_Errno"]) == 0
        ours = follower.daemon.sql(f"SHOW {word} STATUS FOR CHANNEL 'c'")[0]
        for column in ("Until_Condition", "Until_Log_File", "Until_Log_Pos"):
            assert str(ours[column]) == str(theirs[column]), place
    follower.go_on()


def test_no_gaps(follower):
    follower.pause()
    follower.write(2)
    status = follower.until("SQL_AFTER_MTS_GAPS")
    assert follower.rows() == []
    assert status["Until_Condition"] == "SQL_AFTER_MTS_GAPS"
    follower.go_on()
    assert follower.daemon.status("c")["Until_Condition"] == "None"


def test_a_running_applier_keeps_its_own(follower):
    follower.pause()
    follower.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    with follower.daemon.connect() as connection, connection.cursor() as cursor:
        cursor.execute("START SLAVE UNTIL SQL_AFTER_MTS_GAPS FOR CHANNEL 'c'")
        cursor.execute("SHOW WARNINGS")
        assert [row[1] for row in cursor.fetchall()] == [3083]
    assert follower.daemon.status("c")["Until_Condition"] == "None"
    follower.write(2)
    follower.go_on()


def test_not_kept_over_a_restart(follower):
    """Neither is the applier started without it, which would go beyond."""
    follower.pause()
    file, position = follower.source.position()
    follower.daemon.sql(f"START SLAVE UNTIL MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position + 1} FOR CHANNEL 'c'")
    follower.daemon.restart()
    follower.write(2)
    follower.daemon.wait_received("c", follower.source)
    status = follower.daemon.status("c")
    assert (status["Slave_IO_Running"], status["Slave_SQL_Running"], status["Until_Condition"]) == ("Yes", "No", "None")
    assert follower.rows() == []
    follower.go_on()


def test_with_batches(follower):
    """Behind, many transactions share a target transaction; the condition cuts it."""
    follower.pause()
    marks = follower.write(60)
    follower.until(f"SQL_AFTER_GTIDS='{marks[44][2]}'")
    assert follower.rows() == list(range(1, 46))
    follower.go_on()
