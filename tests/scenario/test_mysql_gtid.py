"""MASTER_AUTO_POSITION: each transaction of a MySQL source once, whatever server it comes from and whoever dies."""

import contextlib
import os
import random
import sqlite3
import threading

import pymysql
import pytest

import servers
from compare import assert_equal
from daemon import make_target_account
from processes import Failure, wait_until
from proxy import Proxy

GTIDS = ["--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-slave-updates"]
# What the target, MariaDB 10.11, knows too.
OPTIONS = {"mysql-5.6": GTIDS,
           "mysql-9.7": GTIDS[:2] + ["--collation-server=utf8mb4_general_ci"]}
SESSION = "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci"
both = pytest.mark.parametrize("product", [pytest.param(name, marks=pytest.mark.servers(name)) for name in OPTIONS])
newest = pytest.mark.parametrize("product", [pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"))])


@pytest.fixture
def make_source():
    made = []

    def make(name: str, server_id: int, product: str, options: list = ()):
        server = servers.source(name, server_id, [*OPTIONS[product], *options], product=product)
        made.append(server)
        server.start().make_replication_account()
        return server

    yield make
    for server in made:
        server.destroy()


@pytest.fixture
def target():
    server = servers.target("target").start()
    make_target_account(server)
    yield server
    server.destroy()


def executed(server) -> str:
    return server.value("SELECT @@GLOBAL.gtid_executed").replace("\n", "").lower()


def shown(daemon, column: str) -> str:
    return (daemon.status("c")[column] or "").replace("\n", "")


def begin(server):
    server.run(SESSION, "CREATE DATABASE d CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
               "CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT) ENGINE=InnoDB")


def insert(server, count: int = 1, size: int = 100, tag: str = None):
    statements = [f"INSERT INTO d.t (v) VALUES (REPEAT('{random.choice('abc')}', {size}))"] * count
    server.run(SESSION, *([f"SET gtid_next='AUTOMATIC:{tag}'"] if tag else []), *statements)


def load_backup(source, target):
    begin(target)
    with target.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO d.t VALUES (%s, %s)", source.query("SELECT id, v FROM d.t"))


def follow(daemon, source, port: int = None, extra: str = ""):
    daemon.replicate("c", source, port=port, extra=", MASTER_AUTO_POSITION=1" + extra)


def move(daemon, source, port: int = None):
    daemon.sql("STOP SLAVE IO_THREAD FOR CHANNEL 'c'")
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    daemon.sql(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port or source.port} FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")


def wait_for(daemon, gtids: str):
    """Waits until just these GTIDs are received and applied."""
    try:
        wait_until(lambda: shown(daemon, "Retrieved_Gtid_Set") == gtids and shown(daemon, "Executed_Gtid_Set") == gtids,
                   f"{gtids} is applied", 90)
    except Failure as failure:
        raise Failure(f"{failure}\n{daemon.describe('c')}") from None


def wait_io_error(daemon, code: int) -> str:
    status = {}

    def stopped():
        status.update(daemon.status("c"))
        return int(status["Last_IO_Errno"]) == code

    wait_until(stopped, f"error {code}: {daemon.describe('c')}")
    return status["Last_IO_Error"]


def same(source, target):
    assert_equal(source, target, databases=["d"])


@both
def test_follows_by_gtid(make_source, make_daemon, target, product):
    source = make_source("src", 1, product)
    begin(source)
    insert(source, 3)
    source.flush_logs()
    insert(source, 3)
    daemon = make_daemon(target)
    follow(daemon, source)
    wait_for(daemon, executed(source))
    assert daemon.status("c")["Auto_Position"] == 1
    insert(source, 2, tag="red" if product == "mysql-9.7" else None)
    insert(source, 2)
    wait_for(daemon, executed(source))
    daemon.restart()
    insert(source)
    wait_for(daemon, executed(source))
    source.flush_logs()
    daemon.kill9()
    insert(source, 2, tag="red" if product == "mysql-9.7" else None)
    source.flush_logs()
    insert(source)
    daemon.start()
    insert(source)
    wait_for(daemon, executed(source))
    same(source, target)
    # No file is received twice, and what is received is what the source has; but for what ends a file, which a source
    # does not send to who has all transactions of it. The description's in-use flag and its checksum may differ.
    received = [path.read_bytes() for path in daemon.relay_files("c")]
    originals = [path.read_bytes() for path in source.binlog_files()]
    assert len(received) == len(originals)
    for copy, original in zip(received, originals):
        length = 4 + int.from_bytes(original[13:17], "little")
        assert copy[length:] == original[length:len(copy)]
        assert len(original) - len(copy) <= 50


@both
def test_crashes_lose_and_repeat_nothing(make_source, make_daemon, target, product, rounds, seed):
    choice = random.Random(seed)
    source = make_source("src", 1, product, ["--max-binlog-size=65536"])
    begin(source)
    daemon = make_daemon(target)
    follow(daemon, source)
    for _ in range(max(4, rounds // 2)):
        writer = threading.Thread(target=insert, args=(source, 150, choice.choice([10, 2000, 20000])))
        writer.start()
        victim = choice.choice(["daemon", "daemon", "target"])
        wait_until(lambda before=executed(source): executed(source) != before, "the source writes on")
        if victim == "daemon":
            daemon.kill9()
            daemon.start()
        else:
            target.kill()
            target.start()
        writer.join()
    wait_for(daemon, executed(source))
    same(source, target)


@newest
def test_what_the_source_has_purged(make_source, make_daemon, target, product):
    source = make_source("src", 1, product)
    begin(source)
    insert(source, 3)
    backup = executed(source)
    source.flush_logs()
    insert(source, 3)
    source.run(f"PURGE BINARY LOGS TO '{source.position()[0]}'")
    daemon = make_daemon(target)
    follow(daemon, source)
    error = wait_io_error(daemon, 1236)
    assert "Cannot replicate because the source purged required binary logs" in error and backup in error
    assert daemon.status("c")["Slave_IO_Running"] == "No"
    # From a backup of then.
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    load_backup(source, target)
    daemon.sql(f"CHANGE MASTER TO GTID_PURGED='{executed(source)}' FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    insert(source, 2)
    wait_for(daemon, executed(source))
    same(source, target)
    # What is applied stays applied.
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    insert(source)
    daemon.sql("RESET SLAVE FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    wait_for(daemon, executed(source))
    same(source, target)


@both
def test_a_file_that_the_source_has_lost(make_source, make_daemon, target, product):
    """The source says nothing of it; a server of its group that has it all mends it."""
    source, other = make_group(make_source, product)
    insert(source)
    daemon = make_daemon(target)
    follow(daemon, source)
    wait_for(daemon, executed(source))
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    received = executed(source)
    source.flush_logs()
    insert(source, 3)
    lost = source.position()[0]
    source.flush_logs()
    insert(source)
    other.wait_followed(source)
    source.lose_binlog(lost)
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    uuid = source.value("SELECT @@GLOBAL.server_uuid")
    last = int(received.rsplit("-", 1)[1])
    assert f"The missing transactions are '{uuid}:{last + 1}-{last + 3}'" in wait_io_error(daemon, 1236)
    assert shown(daemon, "Retrieved_Gtid_Set") == received
    other.run(*other.product.stop_following)
    move(daemon, other)
    wait_for(daemon, executed(other))
    same(other, target)


@newest
def test_sources_that_have_no_gtids(make_source, make_daemon, product):
    source = make_source("src", 1, product)
    source.run("SET GLOBAL gtid_mode=ON_PERMISSIVE")
    daemon = make_daemon()
    follow(daemon, source)
    assert "the source has GTID_MODE = ON_PERMISSIVE instead of ON." in wait_io_error(daemon, 1593)
    mariadb = servers.source("maria", 2).start().make_replication_account()
    try:
        move(daemon, mariadb)
        assert "needs a MySQL source" in wait_io_error(daemon, 1593)
    finally:
        mariadb.destroy()


@both
def test_from_file_and_position_to_gtid(make_source, make_daemon, target, product):
    source = make_source("src", 1, product)
    begin(source)
    insert(source, 3)
    load_backup(source, target)
    file, position = source.position()
    insert(source, 2)
    daemon = make_daemon(target)
    daemon.replicate("c", source, file=file, position=position)
    daemon.wait_caught_up("c", source)
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    insert(source, 2)
    daemon.sql("CHANGE MASTER TO MASTER_AUTO_POSITION=1 FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    wait_until(lambda: shown(daemon, "Retrieved_Gtid_Set") == executed(source), "what stands before is learned")
    insert(source)
    daemon.wait_caught_up("c", source)
    # What was learned is not forgotten with the relay logs.
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    daemon.sql("RESET SLAVE FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    insert(source)
    wait_for(daemon, executed(source))
    daemon.restart()
    insert(source)
    source.flush_logs()
    insert(source)
    wait_for(daemon, executed(source))
    same(source, target)
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    daemon.sql("CHANGE MASTER TO MASTER_AUTO_POSITION=0 FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    insert(source)
    daemon.wait_caught_up("c", source)
    same(source, target)


def make_group(make_source, product: str):
    """A server and a native replica of it that can take its place."""
    old = make_source("old", 1, product)
    new = make_source("new", 2, product, ["--max-binlog-size=16384"])
    new.follow(old, *old.position())
    begin(old)
    return old, new


@both
def test_fail_over_in_the_middle_of_a_transaction(make_source, make_daemon, target, product):
    old, new = make_group(make_source, product)
    insert(old, 20)
    proxy = Proxy(old.port)
    daemon = make_daemon(target)
    follow(daemon, old, proxy.port)
    wait_for(daemon, executed(old))
    new.wait_followed(old)
    # Of the last transaction a part comes through; the new source has it as a whole.
    proxy.cut_after(300_000)
    insert(old, 1, size=1_000_000)
    new.wait_followed(old)
    wait_until(lambda: int(daemon.status("c")["Last_IO_Errno"]) or proxy.accepted > 1, "the connection is lost")
    old.kill()
    proxy.close()
    new.run(*new.product.stop_following)
    insert(new, 5)
    move(daemon, new)
    wait_for(daemon, executed(new))
    same(new, target)
    assert daemon.status("c")["Master_Server_Id"] == 2
    daemon.restart()
    insert(new, 3)
    new.flush_logs()
    insert(new, 3)
    wait_for(daemon, executed(new))
    same(new, target)
    # And back: the old one has become a replica of the new one.
    old.start()
    old.run("DELETE FROM d.t WHERE 1=0")
    old.run(*old.product.follow_by_gtid(new.product, new.port, servers.REPLICATION_USER, servers.literal(servers.REPLICATION_PASSWORD)))
    wait_until(lambda: executed(old) == executed(new), "the old source has what the new one has")
    old.run(*old.product.stop_following)
    insert(old, 4)
    move(daemon, old)
    wait_for(daemon, executed(old))
    same(old, target)


def lose_power(daemon):
    """Of the newest relay file only what was synced stays, while the target has applied more."""
    daemon.kill9()
    with contextlib.closing(sqlite3.connect(daemon.datadir / "state.db")) as store:
        (boundary,) = store.execute("SELECT boundary_offset FROM relay_file ORDER BY file_number DESC").fetchone()
    os.truncate(daemon.relay_files("c")[-1], boundary)
    daemon.start(["--skip-slave-start"])


@newest
def test_fail_over_after_a_loss_of_power(make_source, make_daemon, target, product):
    old, new = make_group(make_source, product)
    daemon = make_daemon(target)
    follow(daemon, old)
    old.flush_logs()
    insert(old, 20)
    wait_for(daemon, executed(old))
    new.wait_followed(old)
    lose_power(daemon)
    old.kill()
    new.run(*new.product.stop_following)
    move(daemon, new)
    insert(new, 3)
    wait_for(daemon, executed(new))
    same(new, target)
    assert "a loss of power took its end" in daemon.log_text()


@newest
def test_a_stop_ends_the_question_to_the_target(make_source, make_daemon, target, product):
    old, new = make_group(make_source, product)
    daemon = make_daemon(target)
    follow(daemon, old)
    wait_for(daemon, executed(old))
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    daemon.sql(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={new.port} FOR CHANNEL 'c'")
    with target.connect() as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLES tributary.applier_checkpoint WRITE")
        daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")
        wait_until(lambda: target.query("SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table%'"),
                   "the target is asked")
        daemon.sql("STOP SLAVE IO_THREAD FOR CHANNEL 'c'")
        # It has returned although nobody has unlocked the table.
        assert daemon.status("c")["Slave_IO_Running"] == "No"


@newest
def test_a_source_that_is_behind(make_source, make_daemon, target, product):
    old, new = make_group(make_source, product)
    insert(old, 3)
    new.wait_followed(old)
    new.run(*new.product.stop_following)
    insert(old, 3)
    new.run(SESSION, "INSERT INTO d.t VALUES (1001, 'new')", "INSERT INTO d.t VALUES (1002, 'new')")
    daemon = make_daemon(target)
    follow(daemon, new)
    wait_for(daemon, executed(new))
    # It lacks transactions of its own uuid that we have.
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    uuid = new.value("SELECT @@GLOBAL.server_uuid")
    before = executed(new)
    daemon.sql(f"CHANGE MASTER TO GTID_PURGED='{before},{uuid}:1-100' FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    assert "more GTIDs than the source has" in wait_io_error(daemon, 1236)
    # Of another server's: it gets them and sends them once.
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    daemon.sql(f"CHANGE MASTER TO GTID_PURGED='{before}' FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    new.run(*new.product.start_following)
    new.wait_followed(old)
    wait_for(daemon, executed(new))
    same(new, target)
