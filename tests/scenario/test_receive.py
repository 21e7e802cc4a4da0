"""What is stored is the source's binary log, byte for byte, whatever happens on the way."""

import filecmp
import os
import random
import sqlite3
import subprocess
import threading
import time

import pymysql
import pytest

import servers
from compare import assert_equal
from daemon import Tributary
from load import Load
from processes import Failure, wait_until
from proxy import Proxy


@pytest.fixture
def source():
    """A source of its own, since these tests kill and restart it."""
    server = servers.source("src", 1, ["--max-binlog-size=262144"]).start().make_replication_account()
    yield server
    server.destroy()


def assert_identical(daemon: Tributary, channel: str, source, first: int = 0):
    """After FLUSH LOGS: each of the source's closed files from index `first` on is stored with the same bytes."""
    source.flush_logs()
    daemon.wait_received(channel, source)
    relay_files = daemon.relay_files(channel)
    source_files = source.binlog_files()[first:]
    assert len(relay_files) == len(source_files), (relay_files, source_files)
    for relay, original in list(zip(relay_files, source_files))[:-1]:
        if not filecmp.cmp(relay, original, shallow=False):
            # Only a file that its source was killed in may differ, in the one bit that a source does not send.
            assert original.read_bytes()[IN_USE_BYTE] & 1, \
                f"{relay} ({relay.stat().st_size} bytes) is not {original} ({original.stat().st_size} bytes)"
            assert relay.read_bytes() == as_sent(original)
    # The newest is still being written.
    assert_beginning(relay_files[-1], source_files[-1])


IN_USE_BYTE = 4 + 17  # LOG_EVENT_BINLOG_IN_USE_F is bit 0 of the first event's flags


def as_sent(original) -> bytes:
    """A binary log file's bytes without the flag that says that it is, or was at a crash, in use by its server."""
    there = bytearray(original.read_bytes())
    there[IN_USE_BYTE] &= 0xFE
    return bytes(there)


def assert_beginning(relay, original):
    """A file that the source still writes begins with what is stored of it."""
    stored = relay.read_bytes()
    assert len(stored) > IN_USE_BYTE and as_sent(original).startswith(stored)


def receive_only(make_daemon, source, **arguments) -> Tributary:
    daemon = make_daemon()
    daemon.change_master("c", source, **arguments)
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")
    return daemon


@pytest.mark.smoke
def test_rotations(source, make_daemon, seed):
    load = Load(source, "d", seed, ddl=True).prepare()
    daemon = receive_only(make_daemon, source)
    load.write(1500)
    for _ in range(3):
        source.flush_logs()
        load.write(20)
    assert len(source.binlog_files()) > 4
    assert_identical(daemon, "c", source)
    # What is stored is a binary log for other programs as well.
    for relay in daemon.relay_files("c"):
        subprocess.run(["mariadb-binlog", "--no-defaults", "--verify-binlog-checksum", relay], check=True,
                       stdout=subprocess.DEVNULL)


def test_a_daemon_without_a_target_receives_but_does_not_apply(source, make_daemon):
    daemon = receive_only(make_daemon, source)
    with pytest.raises(Exception) as raised:
        daemon.sql("START SLAVE SQL_THREAD FOR CHANNEL 'c'")
    assert "target" in str(raised.value).lower()
    assert daemon.status("c")["Slave_IO_Running"] in ("Yes", "Connecting")
    assert daemon.status("c")["Slave_SQL_Running"] == "No"


def test_stop_start_and_restart(source, make_daemon, seed):
    load = Load(source, "d", seed).prepare()
    daemon = receive_only(make_daemon, source)
    load.start()
    for turn in range(4):
        wait_until(lambda: load.transactions > 150 * (turn + 1) or load.failure, "writing goes on")
        if turn % 2:
            daemon.restart()
        else:
            daemon.sql("STOP SLAVE IO_THREAD FOR CHANNEL 'c'")
            daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")
    load.stop()
    assert_identical(daemon, "c", source)


@pytest.mark.smoke
def test_daemon_killed_at_random_moments(source, make_daemon, seed, rounds):
    chance = random.Random(seed)
    load = Load(source, "d", seed).prepare()
    daemon = receive_only(make_daemon, source)
    load.start()
    for _ in range(max(3, rounds // 2)):
        time.sleep(chance.random() * 0.5)
        daemon.kill9()
        daemon.start()
    load.stop()
    assert_identical(daemon, "c", source)


def test_source_restarted_and_killed(source, make_daemon, seed):
    load = Load(source, "d", seed).prepare()
    daemon = receive_only(make_daemon, source)
    for kill in (False, True, False, True):
        load.start()
        time.sleep(0.5)
        (source.kill if kill else source.stop)()
        source.start()
        load.stop()
    assert_identical(daemon, "c", source)


def test_source_killed_while_it_writes_a_transaction(source, make_daemon):
    """Its file then ends inside an event, which is no place to go on from; the transaction never was."""
    source.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT, b LONGBLOB)")
    daemon = receive_only(make_daemon, source)
    daemon.wait_received("c", source)
    torn = source.binlog_files()[-1]

    def write():
        with pytest.raises(pymysql.err.OperationalError):
            source.run("USE d", "INSERT INTO t SELECT seq, REPEAT('y', 300000) FROM seq_1_to_1000")

    before = torn.stat().st_size
    writer = threading.Thread(target=write)
    writer.start()
    wait_until(lambda: torn.stat().st_size > before + 3_000_000, "the transaction is being written", interval=0.001)
    source.kill()
    writer.join()
    source.start()
    source.run("INSERT INTO d.t VALUES (1, 'after')")
    daemon.wait_received("c", source)
    first, second = daemon.relay_files("c")
    assert first.stat().st_size == before
    assert_beginning(first, torn)
    assert_beginning(second, source.binlog_files()[1])
    daemon.restart()
    source.run("INSERT INTO d.t VALUES (2, 'after')")
    daemon.wait_received("c", source)


@pytest.mark.parametrize("gtid", ["no", "slave_pos"])
@pytest.mark.parametrize("torn_event", [0, 1])
def test_source_that_went_down_inside_an_event(source, make_daemon, gtid, torn_event):
    """Also where that is the first one of its transaction."""
    source.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT)", "INSERT INTO d.t VALUES (1)")
    torn = source.binlog_files()[-1]
    (begin,) = [row for row in source.query(f"SHOW BINLOG EVENTS IN '{torn.name}'") if row[2] == "Gtid"][-1:]
    events = [row for row in source.query(f"SHOW BINLOG EVENTS IN '{torn.name}'") if row[1] >= begin[1]]
    source.kill()
    os.truncate(torn, events[torn_event][1] + 10)
    source.start()
    source.run("INSERT INTO d.t VALUES (2)")
    daemon = receive_only(make_daemon, source, extra=f", MASTER_USE_GTID={gtid}")
    daemon.wait_received("c", source)
    daemon.restart()
    source.run("INSERT INTO d.t VALUES (3)")
    daemon.wait_received("c", source)
    first, second = daemon.relay_files("c")
    assert first.stat().st_size == begin[1]
    assert_beginning(first, torn)
    assert_beginning(second, source.binlog_files()[1])


def test_connections_cut_in_the_middle_of_events(source, make_daemon, seed):
    chance = random.Random(seed)
    load = Load(source, "d", seed).prepare()
    proxy = Proxy(source.port)
    daemon = receive_only(make_daemon, source, port=proxy.port)
    load.start()
    for _ in range(6):
        proxy.cut_after(chance.randrange(1, 60_000))
        accepted = proxy.accepted
        wait_until(lambda: proxy.accepted > accepted or load.failure, "the connection was cut and made again")
    load.stop()
    proxy.cut_after(1 << 40)
    assert_identical(daemon, "c", source)
    proxy.close()


def test_by_mariadb_gtid(source, make_daemon, trio, seed):
    """The daemon tells the source by GTID where it is; what is stored are the same bytes, what is applied the same rows."""
    target = trio[2]
    load = Load(source, "by_gtid", seed, ddl=True).prepare()
    daemon = make_daemon(target)
    daemon.replicate("c", source, extra=", MASTER_USE_GTID=slave_pos")
    for _ in range(3):
        load.write(150)
        source.flush_logs()
        load.write(10)
        daemon.kill9()
        load.write(10)
        daemon.start()
    daemon.wait_caught_up("c", source)
    assert_identical(daemon, "c", source)
    assert_equal(source, target, ["by_gtid"])


def test_source_away_for_a_while(source, make_daemon, seed):
    load = Load(source, "d", seed).prepare()
    proxy = Proxy(source.port)
    daemon = receive_only(make_daemon, source, port=proxy.port)
    load.write(50)
    daemon.wait_received("c", source)
    proxy.set_mode("refuse")
    proxy.cut()
    load.write(50)

    def troubled():
        status = daemon.status("c")
        return status if status["Slave_IO_Running"] == "Connecting" and int(status["Last_IO_Errno"]) else None

    status = wait_until(troubled, "the status tells that the source is away")
    assert str(proxy.port) in status["Last_IO_Error"]
    proxy.set_mode("pass")
    load.write(50)
    assert_identical(daemon, "c", source)
    assert int(daemon.status("c")["Last_IO_Errno"]) == 0
    proxy.close()


def test_an_event_larger_than_a_packet(source, make_daemon):
    """Events from 16 MiB - 1 on come in several packets; the last may be empty."""
    source.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, b LONGBLOB)")
    daemon = receive_only(make_daemon, source)
    for number, size in enumerate([(1 << 24) - 100, (1 << 24) - 1, 1 << 24, 40 << 20]):
        source.run(f"INSERT INTO d.t VALUES ({number}, REPEAT('{number}', {size}))")
    # Around the exact limit of a packet: header, lengths and checksum of the event are within these 80 bytes.
    for size in range((1 << 24) - 60, (1 << 24) - 20, 3):
        source.run(f"REPLACE INTO d.t VALUES (99, REPEAT('x', {size}))", session="SET binlog_row_image=MINIMAL")
    assert_identical(daemon, "c", source)


def test_start_in_mid_file(source, make_daemon):
    source.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (id INT PRIMARY KEY)",
               "INSERT INTO t SELECT seq FROM seq_1_to_1000")
    file, position = source.position()
    source.run("INSERT INTO d.t VALUES (2001)")
    daemon = receive_only(make_daemon, source, file=file, position=position)
    source.flush_logs()
    source.run("INSERT INTO d.t VALUES (2002)")
    daemon.wait_received("c", source)
    relay, original = daemon.relay_files("c")[0], source.binlog_files()[0]
    stored, wanted = relay.read_bytes(), original.read_bytes()
    assert len(stored) == len(wanted)
    assert stored[position:] == wanted[position:]
    assert stored[:4] == wanted[:4]
    assert_beginning(daemon.relay_files("c")[1], source.binlog_files()[1])


def test_start_at_a_later_file(source, make_daemon):
    source.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)")
    source.flush_logs()
    source.run("CREATE DATABASE e")
    name = source.binlog_files()[1].name
    daemon = receive_only(make_daemon, source, file=name, position=4)
    assert_identical(daemon, "c", source, first=1)


def test_a_position_within_an_event_is_an_error(source, make_daemon):
    source.run("CREATE DATABASE d")
    file, position = source.position()
    daemon = receive_only(make_daemon, source, file=file, position=position - 7)

    def stopped():
        status = daemon.status("c")
        return status if status["Slave_IO_Running"] == "No" and int(status["Last_IO_Errno"]) else None

    status = wait_until(stopped, "the IO thread stops")
    assert int(status["Last_IO_Errno"]) == 1236
    assert file in status["Last_IO_Error"]


def test_a_source_that_was_reset_is_noticed(source, make_daemon):
    """Its file has the old name, and an event begins at the old position; but it is another file."""
    statements = ["CREATE DATABASE d", "CREATE TABLE d.t (a INT)", "INSERT INTO d.t VALUES (1)"]
    source.run(*statements)
    daemon = receive_only(make_daemon, source)
    daemon.wait_received("c", source)
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    file, position = source.position()
    stored = daemon.relay_files("c")[-1].read_bytes()
    made = source.value("SELECT UNIX_TIMESTAMP()")
    wait_until(lambda: source.value("SELECT UNIX_TIMESTAMP()") > made, "the source's clock goes on by a second")
    source.run("RESET MASTER", "DROP DATABASE d")
    source.run("RESET MASTER", *statements, "INSERT INTO d.t VALUES (2)")
    assert source.position()[0] == file and source.position()[1] > position
    daemon.sql("START SLAVE FOR CHANNEL 'c'")

    def stopped():
        status = daemon.status("c")
        return status if status["Slave_IO_Running"] == "No" and int(status["Last_IO_Errno"]) else None

    status = wait_until(stopped, "the IO thread stops")
    assert int(status["Last_IO_Errno"]) == 1236
    assert file in status["Last_IO_Error"] and "CHANGE REPLICATION SOURCE" in status["Last_IO_Error"]
    assert daemon.relay_files("c")[-1].read_bytes() == stored


def test_a_position_beyond_4_gib_and_beyond_the_file_is_an_error(source, make_daemon):
    """COM_BINLOG_DUMP has 32 bits for a position: none of its events may be taken for what stands 4 GiB later."""
    source.run("CREATE DATABASE d")
    file, position = source.position()
    source.run("CREATE DATABASE e")
    daemon = receive_only(make_daemon, source, file=file, position=(1 << 32) + position,
                          extra=", MASTER_HEARTBEAT_PERIOD=0.5")

    def stopped():
        status = daemon.status("c")
        return status if status["Slave_IO_Running"] == "No" and int(status["Last_IO_Errno"]) else None

    status = wait_until(stopped, "the IO thread stops")
    assert int(status["Last_IO_Errno"]) == 1236
    assert str((1 << 32) + position) in status["Last_IO_Error"]
    for relay in daemon.relay_files("c"):
        assert relay.stat().st_size == 4, "something was stored"


def test_what_was_purged_is_an_error(source, make_daemon, seed):
    Load(source, "d", seed).prepare().write(600)
    source.flush_logs()
    first, last = source.binlog_files()[0].name, source.binlog_files()[-1].name

    def purged():  # MariaDB keeps a file, silently, until the engine's checkpoint has passed it
        source.run(f"PURGE BINARY LOGS TO '{last}'")
        return first not in [path.name for path in source.binlog_files()]

    wait_until(purged, f"{first} is purged")
    daemon = receive_only(make_daemon, source, file=first, position=4)

    def stopped():
        status = daemon.status("c")
        return status if status["Slave_IO_Running"] == "No" and int(status["Last_IO_Errno"]) else None

    status = wait_until(stopped, "the IO thread stops")
    assert int(status["Last_IO_Errno"]) == 1236
    assert first in status["Last_IO_Error"]


@pytest.mark.parametrize("gtid", [False, True])
def test_a_file_that_the_source_has_lost_is_an_error(source, make_daemon, gtid):
    """The source itself goes from one file to the next in its index and says nothing."""
    source.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)")
    daemon = receive_only(make_daemon, source, extra=", MASTER_USE_GTID=slave_pos" if gtid else "")
    daemon.wait_received("c", source)
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    source.flush_logs()
    source.run("INSERT INTO d.t VALUES (1)")
    lost = source.position()[0]
    source.flush_logs()
    source.run("INSERT INTO d.t VALUES (2)")
    source.lose_binlog(lost)
    daemon.sql("START SLAVE FOR CHANNEL 'c'")

    def stopped():
        status = daemon.status("c")
        return status if status["Slave_IO_Running"] == "No" and int(status["Last_IO_Errno"]) else None

    status = wait_until(stopped, "the IO thread stops")
    assert int(status["Last_IO_Errno"]) == 1236
    assert lost in status["Last_IO_Error"]


def test_a_wrong_password_is_told(source, make_daemon):
    daemon = make_daemon()
    daemon.change_master("c", source)
    daemon.sql("CHANGE MASTER TO MASTER_PASSWORD='wrong-one' FOR CHANNEL 'c'")
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")
    status = wait_until(lambda: [row for row in daemon.sql("SHOW SLAVE STATUS") if int(row["Last_IO_Errno"])],
                        "the error is shown")[0]
    assert int(status["Last_IO_Errno"]) == 1045
    assert "wrong-one" not in status["Last_IO_Error"] + daemon.log_text()


def test_without_checksums(make_daemon, seed):
    server = servers.source("plain", 1, ["--binlog-checksum=NONE", "--max-binlog-size=262144"])
    server.start().make_replication_account()
    try:
        load = Load(server, "d", seed).prepare()
        daemon = receive_only(make_daemon, server)
        load.write(600)
        server.run("SET GLOBAL binlog_checksum=CRC32")  # rotates
        load.write(50)
        server.run("SET GLOBAL binlog_checksum=NONE")
        load.write(50)
        assert_identical(daemon, "c", server)
    finally:
        server.destroy()


def test_relay_files_survive_the_loss_of_the_catalogue(source, make_daemon, trio, seed):
    """state.db's record of the relay files is rebuilt from the files."""
    target = trio[2]
    load = Load(source, "lost", seed).prepare()
    daemon = make_daemon(target)
    daemon.replicate("c", source)
    load.write(900)
    daemon.wait_caught_up("c", source)
    assert daemon.terminate() == 0
    with sqlite3.connect(daemon.datadir / "state.db") as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type='table'")
                  if "relay" in name]
        if not tables:
            raise Failure("state.db has no table of relay files")
        for table in tables:
            store.execute(f"DELETE FROM {table}")
    store.close()
    daemon.start()
    load.write(300)
    daemon.wait_caught_up("c", source)
    assert_identical(daemon, "c", source)
    assert_equal(source, target, ["lost"])


def test_an_encrypting_source(make_daemon, trio, seed, tmp_path):
    """What is sent is not encrypted, so a copy is what other programs receive and not what the source has on its disk."""
    target = trio[2]
    key = tmp_path / "key"
    key.write_text("1;a7addd9adea9978fda19f21e6be987880e68ac92632ca052e5bb42b1a506939a\n")
    server = servers.source("enc", 1, ["--plugin-load-add=file_key_management", "--encrypt-binlog=ON",
                                       f"--file-key-management-filename={key}"]).start().make_replication_account()
    try:
        load = Load(server, "encrypted", seed).prepare()
        daemon = make_daemon(target)
        daemon.replicate("c", server)
        for _ in range(3):
            load.write(20)
            daemon.wait_caught_up("c", server)
            daemon.restart()
        server.flush_logs()
        load.write(20)
        daemon.wait_caught_up("c", server)
        assert_equal(server, target, ["encrypted"])
        name = server.binlog_files()[0].name
        subprocess.run(["mariadb-binlog", "--no-defaults", "--read-from-remote-server", "--raw", "-uroot",
                        f"--socket={server.socket}", f"--result-file={tmp_path}/", name], check=True)
        assert filecmp.cmp(daemon.relay_files("c")[0], tmp_path / name, shallow=False)
    finally:
        server.destroy()
