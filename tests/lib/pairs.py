"""A source and a target of chosen products with a daemon between them, for the scenarios that run for several such pairs."""

import pytest

import servers
from compare import assert_equal
from daemon import Tributary, make_target_account
from products import DEFAULT

# What works today. Each pair that is missing has a reason in docs/development.md.
ALL_PAIRS = [(source, target)
             for source in ("mariadb-10.11", "mariadb-11.8", "mysql-5.6", "mysql-9.7")
             for target in ("mariadb-10.11", "mariadb-11.8", "mysql-9.7")]


def parameter(pair: tuple):
    installed = sorted(set(pair) - {DEFAULT})
    return pytest.param(pair, id="-to-".join(pair), marks=[pytest.mark.servers(*installed)] if installed else [])


class Pair:
    """A source, a target and a daemon with a channel between them, begun at the source's position of then."""

    def __init__(self, source: str, target: str):
        self.source = servers.source("source", 1, product=source)
        self.target = servers.target("target", product=target)
        self.daemon = None

    def start(self):
        servers.start_all(self.source, self.target)
        return self.start_daemon()

    def start_daemon(self):
        self.source.make_replication_account()
        make_target_account(self.target)
        self.source.run("CREATE DATABASE from_before")  # behind the position from which the channel begins
        file, position = self.source.position()
        self.daemon = Tributary(self.target).start()
        self.daemon.replicate("c", self.source, file=file, position=position)
        return self

    def run(self, database: str, *statements: str):
        """Runs statements on the source, in a new database, and compares it when they are applied."""
        self.source.run(f"CREATE DATABASE {database}", f"USE {database}", *statements)
        return self.compare(database)

    def compare(self, database: str) -> int:
        self.daemon.wait_caught_up("c", self.source)
        return assert_equal(self.source, self.target, databases=[database])

    def destroy(self):
        try:
            if self.daemon is not None:
                self.daemon.destroy()
        finally:
            self.source.destroy()
            self.target.destroy()


def pair_fixture(name: str, pairs: list):
    """A fixture of this name: each of the pairs in turn, started once per module."""
    @pytest.fixture(name=name, scope="module", params=[parameter(pair) for pair in pairs])
    def fixture(request):
        made = Pair(*request.param)
        try:
            yield made.start()
        finally:
            made.destroy()
    return fixture
