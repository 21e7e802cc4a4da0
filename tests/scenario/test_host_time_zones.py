"""time_zone=SYSTEM: the zone of a source's host, which no event tells, holds in the target for what the source's statements do."""

import os
import subprocess

import pytest

from compare import assert_equal
from pairs import Pair, parameter

PAIRS = [("mariadb-10.11", "mariadb-10.11"), ("mysql-5.6", "mariadb-10.11"), ("mysql-9.7", "mysql-9.7"), ("mariadb-11.8", "mysql-9.7")]
BERLIN = "Europe/Berlin"


@pytest.fixture(name="make_pair")
def make_pair_fixture(request, monkeypatch):
    pairs = []

    def make(source_zone: str, target_zone: str) -> Pair:
        pair = Pair(*request.param)
        pairs.append(pair)
        for server, zone in ((pair.source, source_zone), (pair.target, target_zone)):
            monkeypatch.setenv("TZ", zone)
            server.start()
        monkeypatch.setenv("TZ", "Pacific/Apia")  # of the daemon, which does not matter
        return pair.start_daemon()

    yield make
    for pair in pairs:
        pair.destroy()


def for_pairs(*pairs):
    return pytest.mark.parametrize("make_pair", [parameter(pair) for pair in pairs], indirect=True)


def write(pair: Pair):
    """What depends on the zone, in all formats, in winter and in summer."""
    for day in ("2024-01-15", "2024-07-15"):
        at = f"'{day} 12:00:00'"
        table = "t" + day[5:7]
        pair.source.run(
            f"CREATE TABLE d.{table} (id INT PRIMARY KEY, at TIMESTAMP NULL, local DATETIME, text VARCHAR(40))",
            f"SET time_zone='SYSTEM', binlog_format=ROW, timestamp=UNIX_TIMESTAMP({at})",
            f"INSERT INTO d.{table} VALUES (1, NOW(), NOW(), {at}), (2, {at}, {at}, NOW())",
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET binlog_format=STATEMENT",
            f"INSERT INTO d.{table} VALUES (3, NOW(), NOW(), {at}), (4, {at}, {at}, NOW())",
            f"INSERT INTO d.{table} SELECT id + 10, local, at, FROM_UNIXTIME(1721000000 + id) FROM d.{table}",
            "SET time_zone='-03:00'", f"INSERT INTO d.{table} VALUES (5, NOW(), NOW(), {at})",
            "SET time_zone='SYSTEM'", f"ALTER TABLE d.{table} ADD was DATETIME, ADD made TIMESTAMP NULL DEFAULT {at}",
            f"UPDATE d.{table} SET was=at", f"ALTER TABLE d.{table} MODIFY at DATETIME")


@for_pairs(*PAIRS)
@pytest.mark.parametrize("zones", [("UTC", "Asia/Kolkata"), ("Asia/Kolkata", "America/New_York"), (BERLIN, BERLIN)], ids=":".join)
def test_zones_that_need_no_tables(make_pair, zones):
    pair = make_pair(*zones)
    pair.source.run("CREATE DATABASE d")
    write(pair)
    assert pair.compare("d") == 2 * 9
    assert pair.source.value("SELECT MIN(local) FROM d.t01") is not None


def load_zone(server, name: str):
    """Into the server's time zone tables, as an administrator does."""
    script = subprocess.run(["mariadb-tzinfo-to-sql", f"/usr/share/zoneinfo/{name}", name], check=True, capture_output=True,
                            text=True).stdout
    statements = [part.strip() for part in script.split(";\n")]
    server.run("USE mysql", *(text for text in statements if text.startswith(("INSERT INTO time_zone", "SET @time_zone_id"))))


@for_pairs(*PAIRS[1:3])
def test_a_zone_with_summer_time_is_found_in_the_target(make_pair):
    pair = make_pair(BERLIN, "America/New_York")
    pair.source.run("CREATE DATABASE d")
    write(pair)
    status = pair.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1298, status
    for words in ("'SYSTEM'", "Load the zones into the target", "INSERT INTO d.t01", pair.source.position()[0]):
        assert words in status["Last_SQL_Error"], status["Last_SQL_Error"]
    load_zone(pair.target, "Asia/Kolkata")
    load_zone(pair.target, BERLIN)
    pair.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    assert pair.compare("d") == 2 * 9


@for_pairs(PAIRS[0])
def test_the_zone_is_known_while_the_source_is_down(make_pair):
    pair = make_pair("Asia/Kolkata", "UTC")
    pair.source.run("CREATE DATABASE d")
    pair.daemon.wait_caught_up("c", pair.source)
    pair.daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
    write(pair)
    pair.daemon.wait_received("c", pair.source)
    pair.daemon.terminate()
    pair.source.stop()
    pair.daemon.start()
    pair.daemon.sql("START SLAVE SQL_THREAD FOR CHANNEL 'c'")
    os.environ["TZ"] = "Asia/Kolkata"  # put back by make_pair
    pair.source.start()
    assert pair.compare("d") == 2 * 9
    assert_equal(pair.source, pair.target, ["d"])
