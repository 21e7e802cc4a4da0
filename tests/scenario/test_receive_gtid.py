"""Receiving by MariaDB GTID: each group once, whatever source it comes from and wherever a connection is lost."""

import contextlib
import os
import re
import sqlite3
import subprocess

import pytest

import servers
from compare import assert_equal
from daemon import make_target_account
from processes import wait_until
from proxy import Proxy


@pytest.fixture
def make_source():
    """A factory of sources with an empty table d.t, which their binary logs do not know of."""
    made = []

    def make(name: str, server_id: int):
        server = servers.source(name, server_id, ["--innodb-flush-log-at-trx-commit=0"])
        made.append(server)
        server.start().make_replication_account()
        server.run("SET sql_log_bin=0", "CREATE DATABASE d", "CREATE TABLE d.t (id INT, b LONGBLOB)")
        return server

    yield make
    for server in made:
        server.destroy()


def insert(server, number: int, size: int = 1000, gtid: str = None):
    """One group; with `gtid` as if it came from another server."""
    statements = [f"INSERT INTO d.t VALUES ({number}, REPEAT('x', {size}))"]
    if gtid:
        domain, server_id, sequence = gtid.split("-")
        statements.insert(0, f"SET gtid_domain_id={domain}, server_id={server_id}, gtid_seq_no={sequence}")
    server.run(*statements)


def gtids_in(files) -> list:
    """GTIDs of all groups, in the order of the files."""
    found = []
    for path in files:
        text = subprocess.run(["mariadb-binlog", "--no-defaults", "--base64-output=decode-rows", path], check=True,
                              capture_output=True).stdout.decode(errors="replace")
        found += re.findall(r"^#.*\sGTID (\d+-\d+-\d+)", text, re.MULTILINE)
    return found


def receive(daemon, source, port: int = None, gtid: str = "slave_pos", **arguments):
    daemon.change_master("c", source, port=port, extra=f", MASTER_USE_GTID={gtid}", **arguments)
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")


def wait_for(daemon, *wanted: str):
    """Waits until these are the last GTIDs received of their domains."""
    def received():
        status = daemon.sql("SHOW ALL SLAVES STATUS")[0]
        return set(wanted) <= set((status["Gtid_IO_Pos"] or "").split(","))

    wait_until(received, f"{wanted} are received:\n{daemon.describe('c')}")
    # What is received is readable a moment later.
    wait_until(lambda: {gtid for gtid in wanted} <= set(gtids_in(daemon.relay_files("c"))), f"{wanted} are stored")


def move(daemon, source, port: int = None):
    daemon.sql("STOP SLAVE IO_THREAD FOR CHANNEL 'c'")
    daemon.sql(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port or source.port} FOR CHANNEL 'c'")
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")


@pytest.mark.parametrize("interruption", ["cut", "kill"])
def test_a_connection_lost_while_one_of_two_domains_is_still_skipped(make_source, make_daemon, interruption):
    old, new = make_source("old", 1), make_source("new", 2)
    had = [f"0-1-{number}" for number in range(1, 4)] + [f"1-1-{number}" for number in range(1, 21)]
    for gtid in had:
        insert(old, 1, gtid=gtid)
    # The new source has the groups of domain 1 between newer ones of domain 0.
    for gtid in had[:3]:
        insert(new, 1, gtid=gtid)
    for number, gtid in enumerate(had[3:]):
        insert(new, 2, size=10_000, gtid=f"0-2-{4 + number}")
        insert(new, 1, gtid=gtid)
    insert(new, 3, gtid="1-2-21")
    daemon = make_daemon()
    receive(daemon, old)
    wait_for(daemon, "0-1-3", "1-1-20")
    proxy = Proxy(new.port)
    proxy.cut_after(150_000)
    if interruption == "cut":
        move(daemon, new, proxy.port)
    else:
        # No second connection before the daemon is killed.
        move(daemon, new, proxy.port)
        wait_until(lambda: proxy.accepted > 0, "the new source is asked")
        daemon.kill9()
        daemon.start()
    wait_for(daemon, "0-2-23", "1-2-21")
    insert(new, 4)
    wait_for(daemon, "0-2-24")
    received = gtids_in(daemon.relay_files("c"))
    assert sorted(received) == sorted(had + [f"0-2-{number}" for number in range(4, 25)] + ["1-2-21"])
    proxy.close()


@pytest.mark.parametrize("shorter", [False, True])
def test_a_replacement_with_the_same_server_id(make_source, make_daemon, shorter):
    """A MariaDB server has no identity but its server_id, and a rebuilt one often has that of the one it replaces."""
    lost, replacement = make_source("lost", 1), make_source("again", 1)
    before = lost.position()[1]
    insert(lost, 1)
    rest = lost.position()[1] - before - 1000  # of a group beside its blob
    insert(lost, 2, size=5000)
    insert(replacement, 1)
    if shorter:
        replacement.flush_logs()
    insert(replacement, 2, size=2000)
    insert(replacement, 3, size=5000 - rest - 2000)
    if not shorter:
        assert replacement.position() == lost.position(), "there is an event boundary"
    insert(replacement, 4)
    daemon = make_daemon()
    receive(daemon, lost)
    wait_for(daemon, "0-1-2")
    move(daemon, replacement)
    wait_for(daemon, "0-1-4")
    assert gtids_in(daemon.relay_files("c")) == ["0-1-1", "0-1-2", "0-1-3", "0-1-4"]
    daemon.restart()
    insert(replacement, 5)
    wait_for(daemon, "0-1-5")
    assert gtids_in(daemon.relay_files("c"))[3:] == ["0-1-4", "0-1-5"]


@pytest.mark.parametrize("together", [False, True])
def test_coordinates_say_where_to_begin_while_no_gtid_does(make_source, make_daemon, together):
    source = make_source("src", 1)
    insert(source, 1, gtid="3-1-7")
    insert(source, 2)
    file, position = source.position()
    insert(source, 3)
    daemon = make_daemon()
    if together:
        receive(daemon, source, file=file, position=position)
    else:
        daemon.change_master("c", source, file=file, position=position)
        daemon.sql("CHANGE MASTER TO MASTER_USE_GTID=slave_pos FOR CHANNEL 'c'")
        daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")
    wait_for(daemon, "0-1-2")
    daemon.restart()
    insert(source, 4)
    wait_for(daemon, "0-1-3")
    source.flush_logs()
    insert(source, 5)
    wait_for(daemon, "0-1-4")
    daemon.restart()
    insert(source, 6)
    wait_for(daemon, "0-1-5")
    assert gtids_in(daemon.relay_files("c")) == [f"0-1-{number}" for number in range(2, 6)]
    assert len(daemon.relay_files("c")) == 2


def two_domains(source, number: int):
    """A group in each of two domains; the numbers of one need 64 bits."""
    source.run("SET gtid_domain_id=0", f"INSERT INTO d.t VALUES ({number}, 'a')")
    source.run("SET gtid_domain_id=7", f"INSERT INTO d.t VALUES ({number + 1000}, 'b')")


def slave_position(source) -> str:
    return source.value("SELECT @@GLOBAL.gtid_current_pos")


@pytest.mark.parametrize("product", ["mariadb-10.11", pytest.param("mariadb-11.8", marks=pytest.mark.servers("mariadb-11.8"))])
def test_fail_over_in_the_middle_of_a_transaction(make_daemon, product):
    """To a native replica, which has other file names, another server_id, and the whole of what was received in part."""
    old, new = servers.source("old", 1, product=product), servers.source("new", 2, ["--log-slave-updates", "--max-binlog-size=8192",
                                                                                  "--log-bin=other"], product=product)
    target = servers.target("target")
    servers.start_all(old, new, target)
    make_target_account(target)
    try:
        for server in (old, new):
            server.make_replication_account()
        new.follow(old, *old.position())
        old.run("CREATE DATABASE d CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "CREATE TABLE d.t (id INT PRIMARY KEY, v LONGTEXT)")
        old.run("SET gtid_domain_id=7, gtid_seq_no=9223372036854775900", "INSERT INTO d.t VALUES (1, 'large')")
        for number in range(2, 20):
            two_domains(old, number)
        proxy = Proxy(old.port)
        daemon = make_daemon(target)
        daemon.replicate("c", old, port=proxy.port, extra=", MASTER_USE_GTID=slave_pos")
        daemon.wait_caught_up("c", old)
        proxy.cut_after(300_000)
        old.run("INSERT INTO d.t VALUES (5000, REPEAT('x', 1000000))")
        new.wait_followed(old)
        old.kill()
        proxy.close()
        new.run("STOP SLAVE")
        two_domains(new, 100)
        daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
        daemon.sql(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={new.port} FOR CHANNEL 'c'")
        daemon.sql("START SLAVE FOR CHANNEL 'c'")
        daemon.wait_caught_up("c", new)
        assert_equal(new, target, databases=["d"])
        daemon.restart()
        two_domains(new, 200)
        new.flush_logs()
        two_domains(new, 300)
        daemon.wait_caught_up("c", new)
        assert_equal(new, target, databases=["d"])
        status = daemon.sql("SHOW ALL SLAVES STATUS")[0]
        assert status["Gtid_Slave_Pos"] == status["Gtid_IO_Pos"] == slave_position(new)
        assert ",7-2-92233720368547759" in status["Gtid_IO_Pos"] and status["Master_Server_Id"] == 2
    finally:
        for server in (old, new, target):
            server.destroy()


def test_what_came_in_the_search_is_applied_before_the_source_writes_again(make_source, make_daemon):
    old, new = make_source("old", 1), make_source("new", 2)
    target = servers.target("target").start()
    make_target_account(target)
    try:
        target.run("CREATE DATABASE d CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "CREATE TABLE d.t (id INT, b LONGBLOB)")
        for number in range(1, 4):
            for server in (old, new):
                insert(server, number, gtid=f"0-1-{number}")
        insert(new, 100, gtid="0-2-4")  # before groups of domain 1 that we have
        for number in range(1, 6):
            for server in (old, new):
                insert(server, 10 + number, gtid=f"1-1-{number}")
        daemon = make_daemon(target)
        daemon.replicate("c", old, extra=", MASTER_USE_GTID=slave_pos")
        daemon.wait_caught_up("c", old)
        daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
        daemon.sql(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={new.port}, MASTER_HEARTBEAT_PERIOD=1 FOR CHANNEL 'c'")
        daemon.sql("START SLAVE FOR CHANNEL 'c'")
        daemon.wait_caught_up("c", new)
        assert_equal(new, target, databases=["d"])
        daemon.restart()
        insert(new, 200, gtid="0-2-5")
        daemon.wait_caught_up("c", new)
        assert_equal(new, target, databases=["d"])
    finally:
        target.destroy()


def test_fail_over_after_a_loss_of_power(make_daemon):
    """Of the newest relay file only what was synced stays, while the target has applied more."""
    old, new = servers.source("old", 1), servers.source("new", 2, ["--log-slave-updates"])
    target = servers.target("target")
    servers.start_all(old, new, target)
    make_target_account(target)
    try:
        for server in (old, new):
            server.make_replication_account()
        new.follow(old, *old.position())
        old.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT, v TEXT) ENGINE=InnoDB")
        daemon = make_daemon(target)
        daemon.replicate("c", old, extra=", MASTER_USE_GTID=slave_pos")
        old.flush_logs()
        for number in range(20):
            old.run(f"INSERT INTO d.t VALUES ({number}, 'old')")
        daemon.wait_caught_up("c", old)
        new.wait_followed(old)
        daemon.kill9()
        with contextlib.closing(sqlite3.connect(daemon.datadir / "state.db")) as store:
            (boundary,) = store.execute("SELECT boundary_offset FROM relay_file ORDER BY file_number DESC").fetchone()
        os.truncate(daemon.relay_files("c")[-1], boundary)
        old.kill()
        new.run("STOP SLAVE")
        daemon.start(["--skip-slave-start"])
        daemon.sql(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={new.port} FOR CHANNEL 'c'")
        daemon.sql("START SLAVE FOR CHANNEL 'c'")
        new.run("INSERT INTO d.t VALUES (1000, 'new')")
        daemon.wait_caught_up("c", new)
        assert_equal(new, target, databases=["d"])
        assert "a loss of power took its end" in daemon.log_text()
    finally:
        for server in (old, new, target):
            server.destroy()


def test_begins_after_a_given_position(make_source, make_daemon):
    source = make_source("src", 1)
    for number in range(3):
        two_domains(source, number)
    position = slave_position(source)
    two_domains(source, 10)
    daemon = make_daemon()
    receive(daemon, source, gtid=f"slave_pos, GTID_SLAVE_POS='{position}'")
    after = slave_position(source)
    wait_for(daemon, *after.split(","))
    assert gtids_in(daemon.relay_files("c")) == ["0-1-4", "7-1-4"]
    # Ahead of the source: its own words.
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    daemon.sql("CHANGE MASTER TO GTID_SLAVE_POS='0-1-100' FOR CHANNEL 'c'")
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")
    wait_until(lambda: int(daemon.status("c")["Last_IO_Errno"]) == 1236, daemon.describe("c"))
    assert "requested to start from GTID 0-1-100, which is not in the master's binlog" in daemon.status("c")["Last_IO_Error"]
