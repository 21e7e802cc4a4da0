"""What is applied, by GTID: it is neither lost nor done twice over RESET, a change of the way of following, a fail-over and a loss of power."""

import contextlib
import os
import sqlite3

import pytest

import servers
from daemon import make_target_account
from processes import wait_until

MYSQL_OPTIONS = {"mysql-5.6": ["--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-slave-updates"],
                 "mysql-9.7": ["--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--collation-server=utf8mb4_general_ci"]}
mysql = pytest.mark.parametrize("product", [pytest.param(name, marks=pytest.mark.servers(name)) for name in MYSQL_OPTIONS])
newest = pytest.mark.parametrize("product", [pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"))])


@pytest.fixture
def make():
    """A factory of servers with an empty table d.t, without a key: a row that is applied twice is there twice."""
    made = []

    def make(server):
        made.append(server)
        server.start()
        server.run("SET sql_log_bin=0", "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci", "CREATE DATABASE d CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
                   "CREATE TABLE d.t (id INT) ENGINE=InnoDB")
        return server

    yield make
    for server in made:
        server.destroy()


@pytest.fixture
def make_source(make):
    def make_source(name: str, server_id: int, product: str = "mariadb-10.11", options: list = ()):
        every = ["--log-slave-updates"] if product.startswith("mariadb") else MYSQL_OPTIONS[product]
        return make(servers.source(name, server_id, [*every, *options], product=product)).make_replication_account()

    return make_source


@pytest.fixture
def target(make):
    server = make(servers.target("target"))
    make_target_account(server)
    return server


def insert(server, *numbers: int, gtid: str = None):
    statements = [f"INSERT INTO d.t VALUES ({number})" for number in numbers]
    if gtid:
        domain, server_id, sequence = gtid.split("-")
        statements.insert(0, f"SET gtid_domain_id={domain}, server_id={server_id}, gtid_seq_no={sequence}")
    server.run(*statements)


def ids(server) -> list:
    return [number for (number,) in server.query("SELECT id FROM d.t ORDER BY id")]


def run(daemon, *statements: str):
    for statement in statements:
        daemon.sql(statement + " FOR CHANNEL 'c'")


def reset(daemon):
    run(daemon, "STOP SLAVE", "RESET SLAVE", "START SLAVE")


def learn(daemon, source):
    """From file and position to GTID; waits until what stands before is known."""
    run(daemon, "STOP SLAVE", "CHANGE MASTER TO MASTER_AUTO_POSITION=1", "START SLAVE IO_THREAD")
    executed = source.value("SELECT @@GLOBAL.gtid_executed").replace("\n", "").lower()
    wait_until(lambda: (daemon.status("c")["Retrieved_Gtid_Set"] or "").replace("\n", "") == executed, "what stands before is learned")


def lose_power(daemon):
    """Of the newest relay file only what is on record stays."""
    daemon.kill9()
    with contextlib.closing(sqlite3.connect(daemon.datadir / "state.db")) as store:
        (boundary,) = store.execute("SELECT boundary_offset FROM relay_file ORDER BY file_number DESC").fetchone()
    os.truncate(daemon.relay_files("c")[-1], boundary)
    daemon.start(["--skip-slave-start"])


def move(daemon, source):
    run(daemon, "STOP SLAVE", f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}", "START SLAVE")


@mysql
def test_reset_after_a_change_to_auto_position(make_source, make_daemon, target, product):
    source = make_source("src", 1, product)
    daemon = make_daemon(target)
    file, position = source.position()
    daemon.replicate("c", source, file=file, position=position)
    insert(source, 1)
    daemon.wait_caught_up("c", source)
    run(daemon, "STOP SLAVE SQL_THREAD")
    insert(source, *range(2, 11))
    daemon.wait_received("c", source)
    learn(daemon, source)
    reset(daemon)
    insert(source, 11)
    daemon.wait_caught_up("c", source)
    assert ids(target) == list(range(1, 12))


@newest
def test_loss_of_power_after_a_change_to_auto_position(make_source, make_daemon, target, product):
    source = make_source("src", 1, product)
    daemon = make_daemon(target)
    file, position = source.position()
    daemon.change_master("c", source, file=file, position=position)
    run(daemon, "START SLAVE IO_THREAD")
    insert(source, *range(1, 11))
    daemon.wait_received("c", source)
    # A stop makes durable what was received, a later one does not.
    learn(daemon, source)
    insert(source, 11)
    daemon.wait_received("c", source)
    daemon.kill9()
    (newest_file,) = daemon.relay_files("c")
    with contextlib.closing(sqlite3.connect(daemon.datadir / "state.db")) as store, store:
        # As if no stop had been.
        store.execute("UPDATE relay_file SET boundary_offset=?", (position,))
    os.truncate(newest_file, position)
    daemon.start(["--skip-slave-start"])
    run(daemon, "START SLAVE")
    insert(source, 12)
    daemon.wait_caught_up("c", source)
    assert ids(target) == list(range(1, 13))


@newest
@pytest.mark.parametrize("rotated", [False, True])
def test_reset_where_only_the_next_file_tells_what_stood_before(make_source, make_daemon, target, product, rotated):
    source = make_source("src", 1, product)
    for server in (source, target):
        insert(server, 1)
    source.flush_logs()
    for server in (source, target):
        insert(server, 2)
    daemon = make_daemon(target)
    file, position = source.position()
    daemon.replicate("c", source, file=file, position=position)
    insert(source, 3)
    daemon.wait_caught_up("c", source)
    if rotated:
        source.flush_logs()
        daemon.wait_received("c", source)
    learn(daemon, source)
    reset(daemon)
    insert(source, 4)
    daemon.wait_caught_up("c", source)
    assert ids(target) == [1, 2, 3, 4]


@pytest.mark.parametrize("applied", ["nothing", "one domain"])
def test_reset_keeps_domains_of_which_nothing_was_received(make_source, make_daemon, target, applied):
    source = make_source("src", 1)
    for server in (source, target):
        insert(server, 1, 2)
    insert(source, 3, gtid="1-1-1")
    insert(target, 3)
    daemon = make_daemon(target)
    file, position = source.position()
    daemon.change_master("c", source, file=file, position=position)
    run(daemon, "CHANGE MASTER TO MASTER_USE_GTID=slave_pos", "START SLAVE")
    if applied != "nothing":
        insert(source, 4)
    daemon.wait_caught_up("c", source)
    reset(daemon)
    insert(source, 5)
    daemon.wait_caught_up("c", source)
    assert ids(source) == ids(target)


def test_fail_over_where_the_numbers_of_a_domain_descend(make_source, make_daemon, target):
    old, new = make_source("old", 1), make_source("new", 2)
    both = (old, new)
    for server in both:
        insert(server, 1, gtid="0-1-100")
        insert(server, 2, gtid="0-1-101")
    daemon = make_daemon(target)
    daemon.replicate("c", old, extra=", MASTER_USE_GTID=slave_pos")
    daemon.wait_caught_up("c", old)
    # What is received then is not applied: the target says 0-1-101.
    run(daemon, "STOP SLAVE SQL_THREAD")
    for server in both:
        # Written at the other one of two masters before 0-1-101 had come there.
        insert(server, 3, gtid="0-2-100")
    daemon.wait_received("c", old)
    move(daemon, new)
    insert(new, 4, gtid="0-2-102")
    daemon.wait_caught_up("c", new)
    assert ids(target) == [1, 2, 3, 4]


@pytest.mark.parametrize("numbers", ["ascend", "descend"])
def test_fail_over_after_a_loss_of_power(make_source, make_daemon, target, numbers):
    """The target has more than the relay log; of a domain it may be at a lower number than that."""
    old, new = make_source("old", 1), make_source("new", 2)
    daemon = make_daemon(target)
    daemon.replicate("c", old, extra=", MASTER_USE_GTID=slave_pos")
    insert(old, 1, gtid="0-1-101")
    insert(new, 1, gtid="0-1-101")
    daemon.wait_caught_up("c", old)
    run(daemon, "STOP SLAVE", "START SLAVE")  # what was received is on record
    for server in (old, new):
        insert(server, 2, gtid="0-2-102" if numbers == "ascend" else "0-2-100")
        insert(server, 3, gtid="1-1-1")
    daemon.wait_caught_up("c", old)
    lose_power(daemon)
    old.kill()
    insert(new, 4)
    move(daemon, new)
    daemon.wait_caught_up("c", new)
    assert ids(target) == [1, 2, 3, 4]
    assert "a loss of power took its end" in daemon.log_text()


def test_what_is_prepared_outlives_a_loss_of_power(make_source, make_daemon, target):
    old, new = make_source("old", 1), make_source("new", 2)
    new.follow(old, *old.position())
    daemon = make_daemon(target)
    daemon.replicate("c", old, extra=", MASTER_USE_GTID=slave_pos")
    insert(old, 1)
    old.run("XA START 'a'", "INSERT INTO d.t VALUES (2)", "XA END 'a'", "XA PREPARE 'a'")
    insert(old, 3)
    daemon.wait_caught_up("c", old)
    new.wait_followed(old)
    lose_power(daemon)
    old.kill()
    new.run("STOP SLAVE")
    move(daemon, new)
    insert(new, 4)
    daemon.wait_caught_up("c", new)
    assert ids(target) == [1, 3, 4]
    new.run("XA COMMIT 'a'")
    daemon.wait_caught_up("c", new)
    assert ids(target) == [1, 2, 3, 4]


def test_a_target_that_hangs_in_a_fail_over_is_shown(make_source, make_daemon, target):
    old, new = make_source("old", 1), make_source("new", 2)
    new.follow(old, *old.position())
    daemon = make_daemon(target)
    daemon.replicate("c", old, extra=", MASTER_USE_GTID=slave_pos")
    insert(old, 1)
    daemon.wait_caught_up("c", old)
    new.wait_followed(old)
    run(daemon, "STOP SLAVE", f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={new.port}, MASTER_RETRY_COUNT=2")
    with target.connect() as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLES tributary.applier_checkpoint WRITE")
        run(daemon, "START SLAVE IO_THREAD")
        wait_until(lambda: daemon.status("c")["Slave_IO_Running"] == "No", "it was tried twice")
        assert "cannot be had from the target" in daemon.status("c")["Last_IO_Error"]
    run(daemon, "START SLAVE")
    insert(new, 2)
    daemon.wait_caught_up("c", new)
    assert ids(target) == [1, 2]
