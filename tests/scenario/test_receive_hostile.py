"""Sources that fail at bad moments, and sources that mean harm."""

import struct
import subprocess
from pathlib import Path

import pytest

import servers
from daemon import TARGET_PASSWORD, make_target_account
from fake_source import EOF, OK, FakeSource, column, error, packet, row
from processes import wait_until


@pytest.fixture
def fake():
    source = FakeSource()
    yield source
    source.close()


@pytest.fixture
def source():
    server = servers.source("src", 1).start().make_replication_account()
    yield server
    server.destroy()


def receive(daemon, fake, extra: str = ""):
    daemon.change_master("c", fake, extra=extra)
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")


def io_error(daemon) -> dict:
    def failed():
        status = daemon.status("c")
        return status if int(status["Last_IO_Errno"]) else None

    return wait_until(failed, "the IO thread has an error")


def resident_bytes(daemon) -> int:
    status = Path(f"/proc/{daemon.child.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("code", [1053, 1927])
@pytest.mark.parametrize("word", [b"UNIX_TIMESTAMP", b"server_id", b"slave_uuid", b"binlog_checksum"])
def test_a_source_that_shuts_down_while_it_is_asked_is_asked_again(fake, make_daemon, code, word):
    fake.answers = [(word, [error(code, b"Server shutdown in progress", b"08S01")])]
    daemon = make_daemon()
    receive(daemon, fake)
    wait_until(lambda: fake.connections >= 3, "the source is asked again")
    status = io_error(daemon)
    assert status["Slave_IO_Running"] == "Connecting"
    assert int(status["Last_IO_Errno"]) == code


def close(connection):
    raise OSError("closed")


@pytest.mark.parametrize("answer", [[error(1142, b"SELECT command denied", b"42000")], [OK], row(b"later"), close], ids=["refused", "no rows", "no zone", "closed"])
@pytest.mark.parametrize("word", [b"CONVERT_TZ", b"SHOW GLOBAL VARIABLES"])
def test_a_source_that_does_not_tell_its_settings_is_followed(fake, make_daemon, word, answer):
    """A proxy may refuse such a question, or end the connection for it."""
    fake.answers = [(word, answer)]
    daemon = make_daemon()
    receive(daemon, fake)
    wait_until(lambda: any(command[:1] == b"\x12" for command in fake.commands), "a dump is asked for")  # COM_BINLOG_DUMP
    assert any(word in command for command in fake.commands)


def test_the_password_is_not_told_to_who_asks_for_it_in_clear(fake, make_daemon):
    def ask(connection, _):
        connection.send(b"\xfemysql_clear_password\0")
        connection.receive()
        connection.send(OK)

    fake.authenticate = ask
    daemon = make_daemon()
    receive(daemon, fake)
    status = io_error(daemon)
    assert servers.REPLICATION_PASSWORD.encode() not in fake.received
    assert "restricted_auth" in status["Last_IO_Error"]


def test_nothing_is_sent_to_a_source_without_tls(fake, make_daemon):
    daemon = make_daemon()
    receive(daemon, fake, extra=", MASTER_SSL=1")
    assert "the source does not offer TLS" in io_error(daemon)["Last_IO_Error"]
    assert fake.received == b""


def test_connections_that_are_of_no_use_are_counted(fake, make_daemon):
    fake.answers = [(b"server_id", [error(1053, b"Server shutdown in progress", b"08S01")])]
    daemon = make_daemon()
    receive(daemon, fake, extra=", MASTER_CONNECT_RETRY=1, MASTER_RETRY_COUNT=3")
    wait_until(lambda: daemon.status("c")["Slave_IO_Running"] == "No", "the IO thread gives up")
    assert fake.connections == 3
    assert int(daemon.status("c")["Last_IO_Errno"]) == 1053


def test_an_answer_without_an_end_takes_no_memory_without_end(fake, make_daemon):
    def flood(connection):
        for payload in (b"\x01", column(), EOF):
            connection.send(payload)
        block = b""
        while True:  # until the daemon closes the connection
            block = b"".join(packet(connection.sequence + number, b"\x05abcde") for number in range(256)) * 256
            connection.send_raw(block)

    def flood_of_columns(connection):
        connection.send(b"\xfc\xff\xff")
        block = b"".join(packet(connection.sequence + number, column()) for number in range(256)) * 256
        while True:
            connection.send_raw(block)

    daemon = make_daemon()
    before = resident_bytes(daemon)
    fake.answers = [(b"UNIX_TIMESTAMP", flood)]
    receive(daemon, fake)
    wait_until(lambda: fake.connections >= 2, "the daemon ends the connection")
    assert int(io_error(daemon)["Last_IO_Errno"])
    fake.answers = [(b"UNIX_TIMESTAMP", flood_of_columns)]
    connections = fake.connections
    wait_until(lambda: fake.connections >= connections + 2, "the daemon ends the connection again")
    assert resident_bytes(daemon) < before + (100 << 20)
    daemon.sql("STOP SLAVE IO_THREAD FOR CHANNEL 'c'")


def test_what_a_source_says_is_shown_in_readable_words(fake, make_daemon):
    lie = b"gone\n[2026-01-01 00:00:00.000] [info] all is well \xff\xfe\x1b[2J"
    fake.answers = [(b"server_id", [error(1105, lie)])]
    daemon = make_daemon()
    receive(daemon, fake)
    shown = io_error(daemon)["Last_IO_Error"]
    assert r"gone\x0a[2026" in shown and r"\xff\xfe\x1b[2J" in shown
    assert not [line for line in daemon.log_text().splitlines() if line.startswith("[2026-01-01")]
    assert "all is well" in subprocess.run(
        ["mariadb", f"--defaults-file={daemon.client_cnf}", "-e", "SHOW SLAVE STATUS FOR CHANNEL 'c'\\G"], check=True,
        capture_output=True, text=True).stdout


class Dump:
    """A binary log file from its start, event by event, without checksums."""

    def __init__(self, connection, version: bytes = b"8.0.40", binlog_format: int = 4):
        self.connection = connection
        self.offset = 4
        self._send(4, struct.pack("<Q", 4) + b"binlog.000001", 0, 0x20)
        lengths = [0, 13, 0, 8, 0, 0, 0, 0, 4, 0, 4, 0, 0, 0, 99, 0, 4, 26, 8, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 10, 10, 10, 42, 42, 0,
                   18, 52, 0, 10, 40, 0, 0]  # of the types' post-headers
        self.add(15, struct.pack("<H50sIB", binlog_format, version, 0, 19) + bytes(lengths) + b"\0" * 5)

    def add(self, kind: int, body: bytes):
        self.offset += 19 + len(body)
        self._send(kind, body, self.offset)

    def _send(self, kind: int, body: bytes, end: int, flags: int = 0):
        self.connection.send(b"\0" + struct.pack("<IBIIIH", 1700000000 if end else 0, kind, 4711, 19 + len(body), end, flags) + body)


@pytest.fixture
def fake_mysql(fake):
    fake.greeting_version = b"8.0.40"
    fake.answers = [(b"server_uuid", row(b"11111111-2222-3333-4444-555555555555")), (b"gtid_mode", row(b"OFF"))]
    return fake


LIE = b"gone\n2026-01-01T00:00:00 [info] all is well\x1b[2J"
SHOWN_LIE = r"gone\x0a2026-01-01T00:00:00 [info] all is well\x1b[2J"


def test_what_stands_in_events_is_shown_in_one_line(fake_mysql, make_daemon):
    def dump_of_another_format(connection):
        Dump(connection, LIE, 3)
        connection.receive()

    def dump_with_an_incident(connection):
        Dump(connection).add(26, struct.pack("<HB", 1, len(LIE) + 1) + LIE + b"\xff")
        connection.receive()

    target = servers.target("target").start()
    make_target_account(target)
    try:
        daemon = make_daemon(target)
        fake_mysql.answers.append((b"\x12", dump_of_another_format))
        daemon.replicate("c", fake_mysql)
        assert SHOWN_LIE in io_error(daemon)["Last_IO_Error"]
        daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
        fake_mysql.answers[-1] = (b"\x12", dump_with_an_incident)
        daemon.sql("START SLAVE FOR CHANNEL 'c'")
        wait_until(lambda: daemon.status("c")["Slave_SQL_Running"] == "No", "the applier stops")
        assert SHOWN_LIE + r"\xff" in daemon.status("c")["Last_SQL_Error"]
        assert not [line for line in daemon.log_text().splitlines() if line.startswith("2026-01-01")]
    finally:
        target.destroy()


def test_a_file_that_ends_inside_a_transaction_again_and_again(fake_mysql, make_daemon):
    """By GTID the source begins with it each time; there is no file to go on with."""
    def dump(connection):
        file = Dump(connection)
        file.add(35, struct.pack("<Q", 0))
        file.add(33, b"\0" + b"\x11" * 16 + struct.pack("<Q", 1))
        file.add(2, struct.pack("<IIBHH", 1, 0, 1, 0, 0) + b"d\0BEGIN")
        connection.send(error(1236, b"binlog truncated in the middle of event"))
        connection.receive()

    fake_mysql.answers = [(b"server_uuid", row(b"11111111-2222-3333-4444-555555555555")), (b"gtid_mode", row(b"ON")),
                          (b"\x1e", dump)]
    daemon = make_daemon()
    receive(daemon, fake_mysql, extra=", MASTER_AUTO_POSITION=1, MASTER_CONNECT_RETRY=3600")
    status = io_error(daemon)
    assert int(status["Last_IO_Errno"]) == 1236, status["Last_IO_Error"]
    assert status["Slave_IO_Running"] == "Connecting"
    assert fake_mysql.connections == 2
    daemon.sql("STOP SLAVE IO_THREAD FOR CHANNEL 'c'")


def test_a_place_that_was_not_asked_for_is_no_reason_to_fill_the_disk(fake, make_daemon):
    def dump(connection):
        def event(kind: int, body: bytes, flags: int) -> bytes:
            return b"\x00" + struct.pack("<IBIIIH", 0, kind, 4711, 19 + len(body), 0, flags) + body

        connection.send(event(4, struct.pack("<Q", 1 << 62) + b"binlog.000001", 0x20))
        connection.send(event(15, struct.pack("<H50sIB", 4, b"10.11.6-MariaDB", 0, 19) + bytes(171) + b"\0" * 5, 0))
        connection.receive()  # silence

    fake.answers = [(b"\x12", dump)]
    daemon = make_daemon()
    receive(daemon, fake)
    status = io_error(daemon)
    assert status["Slave_IO_Running"] == "No"
    assert int(status["Last_IO_Errno"]) == 1610
    daemon.sql("STOP SLAVE IO_THREAD FOR CHANNEL 'c'")
    assert sum(path.stat().st_blocks * 512 for path in daemon.relay_files("c")) < 1 << 20


def test_a_source_without_answers_is_left(fake, make_daemon):
    """What is no number, no name, no list ends in an error that says so."""
    fake.answers = [(b"server_id", row(b"x\n'"))]
    daemon = make_daemon()
    receive(daemon, fake)
    status = io_error(daemon)
    assert int(status["Last_IO_Errno"]) == 1593
    assert r"x\x0a'" in status["Last_IO_Error"]


def test_the_targets_password_is_not_told_to_who_asks_for_it_in_clear(fake, make_daemon, source):
    def ask(connection, _):
        connection.send(b"\xfemysql_clear_password\0")
        connection.receive()
        connection.send(error(1045, b"thank you\n\xff", b"28000"))

    fake.authenticate = ask
    daemon = make_daemon(fake)
    daemon.replicate("c", source)
    wait_until(lambda: fake.connections >= 1, "the target is asked")
    wait_until(lambda: "restricted_auth" in daemon.status("c")["Last_SQL_Error"] + daemon.log_text(),
               "the refusal is told")
    assert TARGET_PASSWORD.encode() not in fake.received
