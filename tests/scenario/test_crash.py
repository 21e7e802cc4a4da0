"""Exactly once: processes are killed at random instants under load, again and again, and every row is compared."""

import random
import re
import time

import pytest

import servers
from compare import assert_equal
from daemon import binary, has_exit_points, make_target_account
from load import Load
from processes import REPOSITORY, wait_until
from products import DEFAULT


# Products of the two sources and the target.
_WITH_MYSQL = pytest.param((DEFAULT, "mysql-9.7", "mysql-9.7"), marks=pytest.mark.servers("mysql-9.7"), id="mysql-9.7")


@pytest.fixture(params=[pytest.param((DEFAULT, DEFAULT, DEFAULT), id=DEFAULT), _WITH_MYSQL])
def doomed(seed, request):
    """Two sources under load and a target of their own; the target is as durable as a target should be."""
    one, two, three = request.param
    # Statements in their session's collation: one that each of the products has.
    options = ["--collation-server=utf8mb4_general_ci"]
    eu, us = servers.source("eu", 1, options, product=one), servers.source("us", 2, options, product=two)
    target = servers.target("target", options=["--innodb-flush-log-at-trx-commit=1"], product=three)
    servers.start_all(eu, us, target)
    for server in (eu, us):
        server.make_replication_account()
    make_target_account(target)
    loads = [Load(eu, "db_eu", seed, ddl=True).prepare(), Load(us, "db_us", seed + 1, ddl=True).prepare()]
    yield eu, us, target, loads
    for server in (eu, us, target):
        server.destroy()


def _replicate(daemon, eu, us):
    daemon.replicate("eu", eu)
    daemon.replicate("us", us)


def _compare(daemon, eu, us, target) -> int:
    rows = 0
    for channel, server in (("eu", eu), ("us", us)):
        daemon.wait_caught_up(channel, server)
        rows += assert_equal(server, target)
    return rows


def _rounds(doomed, daemon, seed, rounds, kill):
    """Under load: `kill(chance)` kills and starts something again; then the load pauses and everything is compared."""
    eu, us, target, loads = doomed
    chance = random.Random(seed)
    for number in range(rounds):
        for load in loads:
            load.start()
        time.sleep(0.1 + chance.random() * 0.6)
        kill(chance)
        if chance.random() < 0.5:  # once more, while it is still picking itself up
            time.sleep(chance.random() * 0.3)
            kill(chance)
        for load in loads:
            load.stop()
        rows = _compare(daemon, eu, us, target)
        print(f"round {number + 1}: {sum(load.transactions for load in loads)} transactions, {rows} rows equal")
    assert all(load.transactions > 0 for load in loads)


@pytest.mark.smoke
def test_the_daemon_is_killed(doomed, make_daemon, seed, rounds):
    eu, us, target, _ = doomed
    daemon = make_daemon(target)
    _replicate(daemon, eu, us)

    def kill(_):
        daemon.kill9()
        daemon.start()

    _rounds(doomed, daemon, seed, rounds, kill)


def test_the_target_is_killed(doomed, make_daemon, seed, rounds):
    eu, us, target, _ = doomed
    daemon = make_daemon(target)
    _replicate(daemon, eu, us)

    def kill(_):
        target.kill()
        target.start()

    _rounds(doomed, daemon, seed, max(3, rounds // 2), kill)


def test_a_source_is_killed(doomed, make_daemon, seed, rounds):
    eu, us, target, _ = doomed
    daemon = make_daemon(target)
    _replicate(daemon, eu, us)

    def kill(chance):
        victim = chance.choice([eu, us])
        victim.kill()
        victim.start()

    _rounds(doomed, daemon, seed, max(3, rounds // 2), kill)


def test_anything_is_killed(doomed, make_daemon, seed, rounds):
    eu, us, target, _ = doomed
    daemon = make_daemon(target)
    _replicate(daemon, eu, us)

    def kill(chance):
        victims = [victim for victim in (eu, us, target, daemon) if chance.random() < 0.5] or [daemon]
        for victim in victims:
            victim.kill9() if victim is daemon else victim.kill()
        chance.shuffle(victims)
        for victim in victims:
            victim.start()

    _rounds(doomed, daemon, seed + 7, max(3, rounds // 2), kill)


def test_a_backlog_is_applied_once(doomed, make_daemon, seed, rounds):
    """Killed while catching up, when transactions travel in large batches."""
    eu, us, target, loads = doomed
    for load in loads:
        load.write(2500)
    daemon = make_daemon(target)
    chance = random.Random(seed)
    _replicate(daemon, eu, us)
    for _ in range(rounds):
        time.sleep(chance.random() * 0.25)
        daemon.kill9()
        daemon.start()
    _compare(daemon, eu, us, target)


def _crash_points() -> list:
    found = set()
    for path in (REPOSITORY / "src").rglob("*.cpp"):
        found.update(re.findall(r'crash_point\("([^"]+)"', path.read_text()))
    # Those of statements are reached by statements (test_channel_changes.py), not by load.
    return sorted(point for point in found if not point.startswith("channel."))


@pytest.mark.parametrize("point", _crash_points())
@pytest.mark.parametrize("time_reached", [1, 3])
def test_every_named_exit_point(doomed, make_daemon, point, time_reached):
    """The windows that random instants seldom hit: the daemon ends itself exactly there."""
    if not has_exit_points():
        pytest.skip(f"{binary()} is built without exit points; the debug preset has them")
    eu, us, target, loads = doomed
    daemon = make_daemon(target, environment={"TRIBUTARY_CRASH_POINT": f"{point}:{time_reached}"}, start=False,
                         options=["--relay-log-purge"] if "purge" in point else [])
    daemon.start(wait=False)
    for load in loads:
        load.start()
    try:
        daemon.wait_ready()
        _replicate(daemon, eu, us)
    except Exception:  # it may have ended already
        wait_until(lambda: not daemon.child.running(), f"the daemon ends at {point}")
    wait_until(lambda: (eu.flush_logs(), not daemon.child.running())[1], f"{point} is reached {time_reached} times",
               interval=0.2)
    for load in loads:
        load.stop()
    del daemon.environment["TRIBUTARY_CRASH_POINT"]
    daemon.child.environment = daemon.environment
    daemon.start()
    made = {row["Channel_Name"] for row in daemon.sql("SHOW SLAVE STATUS")}
    for name, server in (("eu", eu), ("us", us)):
        if name not in made:  # it ended before it could hear of this channel
            daemon.change_master(name, server)
    daemon.sql("START SLAVE")
    _compare(daemon, eu, us, target)
