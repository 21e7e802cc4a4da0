"""Tables that have other columns in the target than in the source: what the target's own replica would take is applied, anything else
stops the applier with the column named."""

from decimal import Decimal

import pytest

import servers
from pairs import Pair, pair_fixture, parameter

PAIRS = [("mariadb-10.11", "mariadb-10.11"), ("mysql-9.7", "mysql-9.7"), ("mysql-9.7", "mariadb-10.11"), ("mariadb-10.11", "mysql-9.7")]


pair_fixture_of_these = pair_fixture("pair", PAIRS)


def conversions(server: servers.Server, value: str) -> str:
    name = "slave_type_conversions" if server.product.is_mariadb else "replica_type_conversions"
    return f"SET GLOBAL {name}='{value}'"


def make(pair: Pair, database: str, source: str, target: str):
    """The table t with other columns on both sides."""
    pair.source.run(f"CREATE DATABASE {database}", f"USE {database}", "SET sql_log_bin=0", f"CREATE TABLE t ({source})")
    pair.daemon.wait_caught_up("c", pair.source)
    pair.target.run(f"CREATE TABLE {database}.t ({target})")


def applied(pair: Pair, database: str, *statements: str) -> list:
    pair.source.run(f"USE {database}", *statements)
    pair.daemon.wait_caught_up("c", pair.source)
    return pair.target.query(f"SELECT * FROM {database}.t ORDER BY 1")


def test_more_columns_in_the_target(pair):
    make(pair, "more", "id INT PRIMARY KEY, a VARCHAR(10)",
         "id INT PRIMARY KEY, a VARCHAR(10), n INT, d INT NOT NULL DEFAULT 7, g INT AS (id * 2) VIRTUAL")
    assert applied(pair, "more", "INSERT INTO t VALUES (1, 'a'), (2, 'b')", "UPDATE t SET a='c' WHERE id=1", "DELETE FROM t WHERE id=2",
                   "SET binlog_row_image=MINIMAL", "INSERT INTO t (id) VALUES (3)", "UPDATE t SET a='x' WHERE id=3") == [
                       (1, "c", None, 7, 2), (3, "x", None, 7, 6)]


def test_fewer_columns_in_the_target(pair):
    make(pair, "fewer", "id INT PRIMARY KEY, a VARCHAR(10), b INT, c TEXT", "id INT PRIMARY KEY, a VARCHAR(10)")
    assert applied(pair, "fewer", "INSERT INTO t VALUES (1, 'a', 1, 'x'), (2, 'b', 2, 'y')", "UPDATE t SET a='c', b=3 WHERE id=1",
                   "UPDATE t SET c='only' WHERE id=1", "DELETE FROM t WHERE id=2") == [(1, "c")]


def test_conversions_that_the_target_allows(pair):
    make(pair, "wider", "id INT PRIMARY KEY, i INT, v VARCHAR(10) CHARACTER SET latin1, d DECIMAL(5,2), b TINYBLOB, s BIGINT",
         "id INT PRIMARY KEY, i BIGINT, v VARCHAR(300) CHARACTER SET latin1, d DECIMAL(10,4), b BLOB, s SMALLINT")
    pair.target.run(conversions(pair.target, "ALL_NON_LOSSY,ALL_LOSSY"))
    try:
        assert applied(pair, "wider", "INSERT INTO t VALUES (1, -5, 'å', 1.25, 'b', 70000), (2, 2147483647, '', -999.99, '', -3)",
                       "UPDATE t SET i=-6 WHERE id=1", "UPDATE t SET d=0.01 WHERE id=2") == [
                           (1, -6, "å", Decimal("1.2500"), b"b", 32767), (2, 2147483647, "", Decimal("0.0100"), b"", -3)]
    finally:
        pair.target.run(conversions(pair.target, ""))


@pytest.mark.parametrize("products", [parameter(pair) for pair in PAIRS])
def test_a_conversion_that_the_target_does_not_allow(products):
    pair = Pair(*products).start()
    try:
        make(pair, "other", "id INT PRIMARY KEY, a VARCHAR(10), n INT", "id INT PRIMARY KEY, a VARCHAR(10), n BIGINT")
        pair.source.run("INSERT INTO other.t VALUES (1, 'a', 5)")
        status = pair.daemon.wait_stopped_by_error("c")
        assert int(status["Last_SQL_Errno"]) == 1677
        assert "Column 2 of table 'other.t' cannot be converted from type 'int' to type 'bigint" in status["Last_SQL_Error"]
        assert pair.target.query("SELECT * FROM other.t") == []
        # Without a restart of anything: the target's setting counts from now on.
        pair.target.run(conversions(pair.target, "ALL_NON_LOSSY"))
        pair.daemon.sql("START SLAVE FOR CHANNEL 'c'")
        pair.daemon.wait_caught_up("c", pair.source)
        assert pair.target.query("SELECT * FROM other.t") == [(1, "a", 5)]
    finally:
        pair.destroy()
