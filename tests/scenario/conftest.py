"""Fixtures of the scenario tests: real servers, one daemon per test."""

import os
import random

import pytest

import servers
from daemon import Tributary, make_target_account
from products import DEFAULT


def pytest_addoption(parser):
    parser.addoption("--rounds", type=int, default=int(os.environ.get("TRIBUTARY_ROUNDS", "12")),
                     help="rounds of each crash test")
    parser.addoption("--seed", type=int, default=int(os.environ.get("TRIBUTARY_SEED", "0")),
                     help="seed of the randomised tests; 0 picks one and prints it")
    parser.addoption("--zoo", type=int, default=1, metavar="SEED",
                     help="the first seed of the zoo; not at random, since what a new one finds may be the servers' own difference")
    parser.addoption("--row-writer", choices=("auto", "binlog", "sql"), default=os.environ.get("TRIBUTARY_ROW_WRITER", "auto"),
                     help="how the daemons write rows, where a test does not say it itself")
    parser.addoption("--servers", choices=("apt", "all"), default=os.environ.get("TRIBUTARY_SERVERS", "apt"),
                     help="all: also tests with the servers of tests/lib/install_servers.sh")


def pytest_configure(config):
    os.environ["TRIBUTARY_ROW_WRITER"] = config.getoption("--row-writer")  # for Tributary
    # Chosen once, in the process that also hands it to the workers.
    if not config.getoption("--seed") and not hasattr(config, "workerinput"):
        config.option.seed = random.SystemRandom().randrange(1, 1 << 31)


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.write_line(f"crash tests: {config.getoption('--rounds')} rounds; repeat with --seed="
                                f"{config.getoption('--seed')}")


def pytest_collection_modifyitems(config, items):
    # Left out where they were not asked for; where they were, a server that is not there is a failure.
    if config.getoption("--servers") == "all":
        return
    others = [item for item in items if item.get_closest_marker("servers")]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def seed(request) -> int:
    return request.config.getoption("--seed")


@pytest.fixture(scope="session")
def rounds(request) -> int:
    return request.config.getoption("--rounds")


def _started(*wanted):
    servers.start_all(*wanted)
    return wanted


@pytest.fixture(scope="module")
def trio(request):
    """Two sources and a target, started once per module. Tests use their own databases. Its parameter is the target's product."""
    product = getattr(request, "param", DEFAULT)
    one, two, target = _started(servers.source("eu", 1), servers.source("us", 2), servers.target("target", product=product))
    for server in (one, two):
        server.make_replication_account()
    make_target_account(target)
    yield one, two, target
    for server in (one, two, target):
        server.destroy()


@pytest.fixture
def pair(trio):
    """One source and the target, with nothing but this test's own data in them."""
    one, _, target = trio
    _clean(one, target)
    return one, target


@pytest.fixture
def clean_trio(trio):
    _clean(*trio)
    return trio


def _clean(*some):
    for server in some:
        for (name,) in server.query("SHOW DATABASES"):
            if name not in ("mysql", "information_schema", "performance_schema", "sys"):
                server.run("SET sql_log_bin=0", f"DROP DATABASE `{name}`")
        if server.value("SELECT @@log_bin"):
            server.reset_binary_logs()


@pytest.fixture
def make_daemon():
    """A factory of daemons that end with the test; a daemon that does not end cleanly fails it."""
    made = []

    def make(*arguments, start: bool = True, **keywords) -> Tributary:
        daemon = Tributary(*arguments, **keywords)
        made.append(daemon)
        return daemon.start() if start else daemon

    yield make
    failures = []
    for daemon in made:
        try:
            daemon.destroy()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)
