"""Transactions that MySQL has compressed (binlog_transaction_compression): applied as if they were not."""

import random

import pytest

from one_channel import OneChannel, Session
from processes import wait_until

pytestmark = pytest.mark.servers("mysql-9.7")


@pytest.fixture(scope="module")
def channel():
    made = OneChannel("mysql-9.7")
    try:
        yield made.start()
    finally:
        made.destroy()


def compressed_in(channel) -> int:
    """How many compressed transactions the source's current file holds."""
    file, _ = channel.source.position()
    return sum(kind == "Transaction_payload" for _, _, kind, *_ in channel.source.query(f"SHOW BINLOG EVENTS IN '{file}'"))


def run(channel, database: str, *statements: str):
    before = compressed_in(channel)
    Session(channel.source, database).run("SET binlog_transaction_compression=ON", *statements).close()
    assert compressed_in(channel) > before


def test_everything_that_a_transaction_holds(channel):
    channel.database("packed", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT, r DOUBLE)",
                     "CREATE TABLE u (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (id) ON DELETE CASCADE)")
    run(channel, "packed", "INSERT INTO t (v) VALUES ('a'),('b')",
        "BEGIN", "INSERT INTO t (v) VALUES (REPEAT('x', 1000))", "SAVEPOINT s", "INSERT INTO t (v) VALUES ('gone')", "ROLLBACK TO s",
        "UPDATE t SET v=CONCAT(v, id)", "INSERT INTO u VALUES (1,1),(2,2)", "COMMIT", "DELETE FROM t WHERE id=1",
        "SET binlog_row_image=MINIMAL", "UPDATE t SET r=1.5 WHERE id=2", "SET binlog_rows_query_log_events=ON",
        "UPDATE t SET r=2.5 WHERE id=3", "SET binlog_format=MIXED", "UPDATE t SET v=UUID() WHERE id=2",
        "SET binlog_transaction_compression_level_zstd=22", "INSERT INTO t (v) SELECT REPEAT('y', 60000) FROM t",
        "SET binlog_transaction_compression=OFF", "INSERT INTO t (v) VALUES ('plain')", "SET binlog_transaction_compression=ON",
        "XA START 'x'", "INSERT INTO t (v) VALUES ('prepared')", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'",
        "XA START 'y'", "INSERT INTO t (v) VALUES ('one phase')", "XA END 'y'", "XA COMMIT 'y' ONE PHASE",
        "CREATE TABLE w (id INT PRIMARY KEY)", "INSERT INTO w VALUES (1)", "DROP TABLE w")
    assert channel.compare("packed") > 5


def test_with_gtids_and_without(channel):
    channel.database("g", "CREATE TABLE t (id INT PRIMARY KEY)")
    insert = iter(f"INSERT INTO t VALUES ({number})" for number in range(100))
    run(channel, "g", next(insert), "SET gtid_next='AUTOMATIC:tagged'", next(insert))
    for gtid_mode in ("ON_PERMISSIVE", "OFF_PERMISSIVE"):
        channel.source.run(f"SET GLOBAL gtid_mode={gtid_mode}")
        run(channel, "g", next(insert), next(insert))
    for gtid_mode in ("ON_PERMISSIVE", "ON"):
        channel.source.run(f"SET GLOBAL gtid_mode={gtid_mode}")
    run(channel, "g", next(insert))
    assert channel.compare("g") == 7


def test_large(channel, seed):
    """More than the queue between coordinator and worker holds, rows longer than the longest packet of a client, and what does not shrink."""
    channel.database("large", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB)")
    noise = random.Random(seed).randbytes(3_000_000).hex()
    run(channel, "large", "BEGIN", f"INSERT INTO t (v) VALUES (x'{noise}')", "INSERT INTO t (v) VALUES (REPEAT('z', 20000000))",
        "INSERT INTO t (v) SELECT REPEAT(SHA2(RAND(), 256), 20) FROM information_schema.collations a, information_schema.collations b LIMIT 40000",
        "UPDATE t SET v=CONCAT(v, 'end')", "COMMIT")
    assert channel.compare("large") == 40002


def test_an_error_inside_names_its_place(channel):
    channel.database("taken", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
    channel.applied()
    channel.target.run("INSERT INTO taken.t VALUES (777, 'here')")
    file, position = channel.source.position()
    run(channel, "taken", "BEGIN", "INSERT INTO t VALUES (1,'a'),(2,'b')", "INSERT INTO t VALUES (776,'c'),(777,'d'),(778,'e')", "COMMIT")
    status = channel.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1062
    error = status["Last_SQL_Error"]
    _, end = channel.source.position()
    assert "Write_rows" in error and "taken.t" in error and "777" in error and f"{file}:" in error and f"end position {end}" in error
    assert channel.target.query("SELECT id FROM taken.t") == [(777,)]
    channel.target.run("DELETE FROM taken.t")
    channel.go_on()
    assert channel.compare("taken") == 5


def test_daemon_and_target_are_killed(channel, seed, rounds):
    """A table without a key shows every row that is applied twice."""
    channel.database("dies", "CREATE TABLE t (a INT, b VARCHAR(200))", "CREATE TABLE c (n INT)", "INSERT INTO c VALUES (0)")
    chance = random.Random(seed)
    session = Session(channel.source, "dies").run("SET binlog_transaction_compression=ON")
    for number in range(rounds):
        for _ in range(chance.randrange(1, 30)):
            session.run("BEGIN", f"INSERT INTO t VALUES ({chance.randrange(9)}, REPEAT('r', {chance.randrange(200)}))",
                        "UPDATE c SET n=n+1", f"DELETE FROM t WHERE a={chance.randrange(9)} LIMIT 1", "COMMIT")
        victim = channel.target if number % 3 == 2 else channel.daemon
        victim.kill() if victim is channel.target else victim.kill9()
        victim.start()
    session.close()
    assert channel.compare("dies") > 0


def test_a_damaged_payload_stops_the_channel(channel):
    """Its checksum is right, what it holds is not: a file that somebody has made."""
    channel.database("broken", "CREATE TABLE t (id INT PRIMARY KEY)")
    channel.applied()
    channel.stop()
    run(channel, "broken", "INSERT INTO t VALUES (1),(2),(3)")
    channel.daemon.wait_received("c", channel.source)
    channel.daemon.terminate()
    path = channel.daemon.relay_files("c")[-1]
    whole = path.read_bytes()
    path.write_bytes(_with_damaged_payload(whole))
    channel.daemon.start()
    channel.go_on()
    status = channel.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1610 and "Transaction_payload" in status["Last_SQL_Error"]
    channel.daemon.terminate()
    path.write_bytes(whole)
    channel.daemon.start()
    channel.go_on()
    assert channel.compare("broken") == 3


def _with_damaged_payload(file: bytes) -> bytes:
    """The last TRANSACTION_PAYLOAD of a file with other content, and the checksum of that."""
    import zlib
    at, last = 4, None
    while at < len(file):
        size = int.from_bytes(file[at + 9:at + 13], "little")
        if file[at + 4] == 40:
            last = (at, size)
        at += size
    start, size = last
    event = bytearray(file[start:start + size - 4])
    event[-20] ^= 0xff
    return file[:start] + bytes(event) + zlib.crc32(event).to_bytes(4, "little") + file[start + size:]
