"""Receiving by MariaDB GTID: each group once, whatever source it comes from and wherever a connection is lost."""

import re
import subprocess

import pytest

import servers
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
