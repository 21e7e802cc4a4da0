"""The statements, their spellings and their errors, as clients see them."""

import subprocess

import pymysql
import pytest

from daemon import binary
from processes import wait_until
from servers import REPLICATION_PASSWORD, REPLICATION_USER

CHANGE = ("MASTER_HOST='127.0.0.1', MASTER_PORT={port}, MASTER_USER='" + REPLICATION_USER + "', MASTER_PASSWORD="
          + pymysql.converters.escape_item(REPLICATION_PASSWORD, "utf8mb4"))


def error_of(daemon, statement) -> tuple:
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.sql(statement)
    return raised.value.args


@pytest.fixture
def daemon(clean_trio, make_daemon):
    return make_daemon(clean_trio[2])


@pytest.fixture
def channel(daemon, clean_trio):
    """A configured, stopped channel 'c'."""
    daemon.change_master("c", clean_trio[0])
    return daemon


@pytest.mark.smoke
@pytest.mark.parametrize("change, start, status, stop, drop", [
    ("CHANGE MASTER TO {} FOR CHANNEL 'x-1'", "START SLAVE FOR CHANNEL 'x-1'", "SHOW SLAVE STATUS FOR CHANNEL 'x-1'",
     "STOP SLAVE FOR CHANNEL 'x-1'", "RESET SLAVE ALL FOR CHANNEL 'x-1'"),
    ('change master to {} for channel="x-1"', 'start slave for channel="x-1"', 'show slave status for channel="x-1"',
     'stop slave for channel="x-1"', 'reset slave all for channel="x-1"'),
    ("CHANGE MASTER 'x-1' TO {}", "START SLAVE 'x-1'", "SHOW SLAVE 'x-1' STATUS", "STOP SLAVE 'x-1'",
     "RESET SLAVE 'x-1' ALL"),
    ("CHANGE REPLICATION SOURCE TO {} FOR CHANNEL 'x-1'", "START REPLICA FOR CHANNEL 'x-1'",
     "SHOW REPLICA STATUS FOR CHANNEL 'x-1'", "STOP REPLICA FOR CHANNEL 'x-1'", "RESET REPLICA ALL FOR CHANNEL 'x-1'"),
    ("/* a comment */ CHANGE MASTER\n TO {} FOR CHANNEL 'x-1' ;", "START SLAVE IO_THREAD, SQL_THREAD FOR CHANNEL 'x-1'",
     "SHOW ALL SLAVES STATUS", "STOP SLAVE FOR ALL CHANNELS", "RESET SLAVE ALL FOR CHANNEL 'x-1'"),
])
def test_all_spellings(daemon, clean_trio, change, start, status, stop, drop):
    source = clean_trio[0]
    options = CHANGE.format(port=source.port)
    if "REPLICATION SOURCE" in change:
        options = options.replace("MASTER_", "SOURCE_")
    daemon.sql(change.format(options))
    daemon.sql(start)
    source.run("CREATE DATABASE s")
    daemon.wait_caught_up("x-1", source)
    rows = daemon.sql(status)
    assert len(rows) == 1
    words = ("Replica_IO_Running", "Replica_SQL_Running") if "REPLICA" in status else \
        ("Slave_IO_Running", "Slave_SQL_Running")
    assert [rows[0][word] for word in words] == ["Yes", "Yes"]
    daemon.sql(stop)
    assert daemon.status("x-1")["Slave_IO_Running"] == "No"
    daemon.sql(drop)
    assert daemon.sql("SHOW SLAVE STATUS") == []


def test_channel_names_ignore_case(channel):
    assert channel.status("C")["Master_Host"] == "127.0.0.1"
    assert len(channel.sql("SHOW ALL SLAVES STATUS")) == 1


@pytest.mark.parametrize("statement, number, words", [
    ("START SLAVE FOR CHANNEL 'none'", 3074, "'none' does not exist"),
    ("STOP SLAVE FOR CHANNEL 'none'", 3074, "'none' does not exist"),
    ("SHOW SLAVE STATUS FOR CHANNEL 'none'", 3074, "'none' does not exist"),
    ("RESET SLAVE FOR CHANNEL 'none'", 3074, "'none' does not exist"),
    ("SELECT MASTER_POS_WAIT('binlog.000001', 4, 1, 'none')", 3074, "'none' does not exist"),
    ("CHANGE MASTER TO MASTER_HOST='h' FOR CHANNEL '" + "n" * 65 + "'", 3076, "invalid or too long"),
    ("CHANGE MASTER TO MASTER_HOST='' FOR CHANNEL 'c'", 1210, "MASTER_HOST"),
    ("CHANGE MASTER TO MASTER_HOST='" + "h" * 256 + "' FOR CHANNEL 'c'", 3968, "255"),
    ("CHANGE MASTER TO MASTER_HEARTBEAT_PERIOD=4294968 FOR CHANNEL 'c'", 1624, ""),
    ("CHANGE MASTER TO MASTER_AUTO_POSITION=1, MASTER_LOG_FILE='b.000001' FOR CHANNEL 'c'", 1776, ""),
    ("CHANGE MASTER TO MASTER_USE_GTID=sideways FOR CHANNEL 'c'", 1064, "sideways"),
    ("CHANGE MASTER TO FOR CHANNEL 'c'", 1064, "near 'FOR CHANNEL"),
    ("START SLAVES", 1064, "near 'SLAVES'"),
    ("SELEC 1", 1064, "near 'SELEC 1'"),
    ("START SLAVE FOR CHANNEL c", 1064, "near 'c'"),
    ("INSERT INTO t VALUES (1)", None, ""),
])
def test_wrong_use_gets_the_servers_errors(channel, statement, number, words):
    arguments = error_of(channel, statement)
    if number is not None:
        assert arguments[0] == number, arguments
    assert words in arguments[1]
    assert channel.sql("SELECT 1 AS one") == [{"one": 1}] or channel.sql("SELECT 1 AS one") == [{"one": "1"}]


def test_several_channels_need_a_name(channel, clean_trio):
    channel.change_master("d", clean_trio[1])
    assert error_of(channel, "CHANGE MASTER TO MASTER_CONNECT_RETRY=5")[0] == 3079
    assert error_of(channel, "SELECT MASTER_POS_WAIT('binlog.000001', 4, 1)")[0] == 3079


def test_for_all_channels(channel, clean_trio):
    channel.change_master("d", clean_trio[1])
    channel.sql("CHANGE MASTER TO MASTER_CONNECT_RETRY=33 FOR ALL CHANNELS")
    assert [int(row["Connect_Retry"]) for row in channel.sql("SHOW SLAVE STATUS")] == [33, 33]
    channel.sql("START SLAVE FOR ALL CHANNELS")
    for name, server in (("c", clean_trio[0]), ("d", clean_trio[1])):
        server.run(f"CREATE DATABASE all_{name}")
        channel.wait_caught_up(name, server)
    channel.sql("STOP SLAVE FOR ALL CHANNELS")
    channel.sql("RESET SLAVE ALL FOR ALL CHANNELS")
    assert channel.sql("SHOW SLAVE STATUS") == []


def test_what_must_stop_first(channel):
    channel.sql("START SLAVE FOR CHANNEL 'c'")
    code, message = error_of(channel, "RESET SLAVE FOR CHANNEL 'c'")
    assert code == 3081 and "STOP" in message and "'c'" in message
    assert error_of(channel, "RESET SLAVE ALL FOR CHANNEL 'c'")[0] == 3081
    assert error_of(channel, "CHANGE MASTER TO MASTER_HOST='127.0.0.1' FOR CHANNEL 'c'")[0] == 3081
    channel.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
    assert error_of(channel, "CHANGE MASTER TO MASTER_CONNECT_RETRY=9 FOR CHANNEL 'c'")[0] == 3021
    channel.sql("STOP SLAVE IO_THREAD FOR CHANNEL 'c'")
    channel.sql("CHANGE MASTER TO MASTER_CONNECT_RETRY=9 FOR CHANNEL 'c'")


def test_no_host_no_start(daemon):
    daemon.sql("CHANGE MASTER TO MASTER_CONNECT_RETRY=7 FOR CHANNEL 'bare'")
    assert error_of(daemon, "START SLAVE FOR CHANNEL 'bare'")[0] == 1200


def test_notes_of_starting_and_stopping_twice(channel):
    with channel.connect() as connection, connection.cursor() as cursor:
        cursor.execute("START SLAVE FOR CHANNEL 'c'")
        cursor.execute("START SLAVE FOR CHANNEL 'c'")
        cursor.execute("SHOW WARNINGS")
        assert [(level, int(code)) for level, code, _ in cursor.fetchall()] == [("Note", 3083)]
        cursor.execute("STOP SLAVE FOR CHANNEL 'c'")
        cursor.execute("STOP SLAVE FOR CHANNEL 'c'")
        cursor.execute("SHOW WARNINGS")
        assert [(level, int(code)) for level, code, _ in cursor.fetchall()] == [("Note", 3084)]


def test_options_are_shown_and_kept(channel):
    channel.sql("CHANGE MASTER TO MASTER_HOST='db.example', MASTER_PORT=3399, MASTER_USER='u', MASTER_PASSWORD='hush', "
                "MASTER_LOG_FILE='b.000042', MASTER_LOG_POS=31415926535, MASTER_CONNECT_RETRY=17, "
                "MASTER_RETRY_COUNT=23, MASTER_HEARTBEAT_PERIOD=2.5 FOR CHANNEL 'c'")

    def check():
        status = channel.status("c")
        assert status["Master_Host"] == "db.example" and int(status["Master_Port"]) == 3399
        assert status["Master_User"] == "u" and int(status["Connect_Retry"]) == 17
        assert status["Master_Log_File"] == "b.000042" and int(status["Read_Master_Log_Pos"]) == 31415926535
        if "Master_Retry_Count" in status:
            assert int(status["Master_Retry_Count"]) == 23

    check()
    channel.restart()
    check()
    assert "hush" not in channel.log_text()


def test_master_pos_wait(channel, clean_trio):
    source = clean_trio[0]
    assert channel.sql("SELECT MASTER_POS_WAIT('binlog.000001', 4, 1, 'c') AS w")[0]["w"] is None  # not running
    channel.sql("START SLAVE FOR CHANNEL 'c'")
    source.run("CREATE DATABASE w")
    file, position = source.position()
    waited = channel.sql(f"SELECT MASTER_POS_WAIT('{file}', {position}, 60, 'c') AS w")[0]["w"]
    assert int(waited) >= 0
    assert int(channel.sql(f"SELECT MASTER_POS_WAIT('{file}', {position + 1}, 1, 'c') AS w")[0]["w"]) == -1
    assert int(channel.sql(f"SELECT MASTER_POS_WAIT('{file}', {position}, 0, 'c') AS w")[0]["w"]) == 0
    # As in MySQL the nameless default channel counts, and the function does not guess.
    assert error_of(channel, f"SELECT MASTER_POS_WAIT('{file}', {position})")[0] == 3079


@pytest.mark.smoke
def test_the_mariadb_client(channel):
    result = channel.client("SHOW SLAVE STATUS\\G")
    assert result.returncode == 0, result.stderr
    assert "Master_Host: 127.0.0.1" in result.stdout and "Slave_IO_Running: No" in result.stdout
    assert channel.client("STATUS").returncode == 0
    failed = channel.client("START SLAVE FOR CHANNEL 'nope'")
    assert failed.returncode != 0 and "ERROR 3074" in failed.stderr
    several = channel.client("SELECT 1; SHOW SLAVE STATUS; SELECT @@version", ["--batch"])
    assert several.returncode == 0, several.stderr
    over_tcp = channel.client("SELECT 1", ["--protocol=tcp"])
    assert over_tcp.returncode == 0, over_tcp.stderr
    over_socket = channel.client("SELECT 1", ["--protocol=socket", f"--socket={channel.socket}"])
    assert over_socket.returncode == 0, over_socket.stderr


def test_a_wrong_password_is_refused(channel):
    with pytest.raises(pymysql.err.OperationalError) as raised:
        pymysql.connect(host="127.0.0.1", port=channel.port, user="root", password="wrong")
    assert raised.value.args[0] == 1045
    with pytest.raises(pymysql.err.OperationalError) as raised:
        channel.connect(password="wrong")
    assert raised.value.args[0] == 1045


@pytest.mark.smoke
def test_a_connector_program(channel, clean_trio):
    """MySQL Connector/C++, whose statements at connect and result set handling differ from the others'."""
    program = binary().parents[2] / "tests" / "scenario" / "connector_client"
    assert program.is_file(), f"{program} is not built"
    source = clean_trio[0]
    options = dict(line.split("=", 1) for line in channel.client_cnf.read_text().splitlines() if "=" in line)
    result = subprocess.run([program, str(channel.port), options["user"].strip(), str(source.port), REPLICATION_USER],
                            input=options["password"].strip().strip('"') + "\n" + REPLICATION_PASSWORD + "\n",
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    source.run("CREATE DATABASE by_connector")
    daemon_channel = "connector"
    channel.wait_caught_up(daemon_channel, source)
    assert clean_trio[2].query("SHOW DATABASES LIKE 'by_connector'")


def test_many_sessions_at_once(channel):
    connections = [channel.connect() for _ in range(50)]
    for connection in connections:
        with connection.cursor() as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            assert len(cursor.fetchall()) == 1
    for connection in connections:
        connection.close()


def test_a_waiting_session_does_not_stop_the_others(channel, clean_trio):
    channel.sql("START SLAVE FOR CHANNEL 'c'")
    file, _ = clean_trio[0].position()
    waiting = channel.connect()
    waiting._execute_command(3, f"SELECT MASTER_POS_WAIT('{file}', 99999999, 0, 'c')")  # COM_QUERY, not read
    wait_until(lambda: len(channel.sql("SHOW SLAVE STATUS")) == 1, "another session is served")
    channel.sql("STOP SLAVE FOR CHANNEL 'c'")  # ends the wait with NULL
    waiting._read_query_result()
    assert waiting._result.rows == ((None,),)
    waiting.close()


def test_password_longer_than_a_replica_keeps_is_refused(channel):
    code, _ = error_of(channel, "CHANGE MASTER TO MASTER_PASSWORD='" + "p" * 500 + "' FOR CHANNEL 'c'")
    assert code in (3056, 1470)
