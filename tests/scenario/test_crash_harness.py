"""A short run of the crash harness (tests/crash.sh): each of its kinds once, with a seed that does not change."""

import os
import re
import subprocess

import pytest

from daemon import binary
from processes import REPOSITORY

_ROUNDS = 12


def _run(*arguments: str) -> dict:
    """Runs the harness as anybody would; returns its counts by kind."""
    done = subprocess.run([REPOSITORY / "tests" / "crash.sh", f"--rounds={_ROUNDS}", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          env={**os.environ, "TRIBUTARYD": str(binary())})
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-6000:]
    summary = re.search(r"^CRASH (rounds=.*)$", done.stdout, re.MULTILINE)[1]
    return {name: int(count) for name, count in (item.split("=") for item in summary.split())}


def _check(counts: dict):
    assert counts.pop("rounds") == _ROUNDS
    assert {"daemon", "target", "source", "cut_source", "cut_target", "hang_source", "hang_target", "slow_target"} <= counts.keys()
    assert sum(counts.values()) >= _ROUNDS


def test_each_kind_once():
    _check(_run("--seed=4"))


@pytest.mark.servers("mysql-9.7", "mysql-5.6", "mariadb-11.8")
def test_each_kind_once_with_sources_of_every_product():
    """The target is MySQL 9.7, as with every odd seed."""
    _check(_run("--seed=7", "--servers=all"))
