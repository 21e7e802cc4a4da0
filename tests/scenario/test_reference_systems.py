"""Geometries in statements, between MySQL 8 and later, where a geographic reference system puts latitude first, and servers that always
take x first."""

import pytest

from pairs import pair_fixture

pair_of_all = pair_fixture("pair", [("mysql-9.7", "mariadb-10.11"), ("mysql-9.7", "mariadb-11.8"), ("mariadb-10.11", "mysql-9.7"),
                                    ("mariadb-11.8", "mysql-9.7"), ("mysql-5.6", "mysql-9.7")])


def stops(pair, *statements: str):
    """They stop the channel, which goes on behind everything that the source has written."""
    pair.source.run(*statements)
    status = pair.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1593 and "latitude first" in status["Last_SQL_Error"], status["Last_SQL_Error"]
    file, position = pair.source.position()
    pair.daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    pair.daemon.change_master("c", pair.source, file=file, position=position)
    pair.daemon.sql("START SLAVE FOR CHANNEL 'c'")


def test_statements(pair):
    pair.run("axes", "CREATE TABLE t (id INT PRIMARY KEY, g GEOMETRY)", "INSERT INTO t VALUES (1, ST_GeomFromText('POINT(10 20)', 4326))",
             "SET binlog_format=STATEMENT", "INSERT INTO t VALUES (2, ST_GeomFromText('POINT(10 20)')), (3, ST_GeomFromText('POINT(10 20)', 0))")
    stops(pair, "SET binlog_format=STATEMENT", "INSERT INTO axes.t VALUES (4, ST_GeomFromText('POINT(10 20)', 4326))")
    assert pair.target.query("SELECT id FROM axes.t ORDER BY id") == [(1,), (2,), (3,)]


def test_projected_systems(pair):
    assert pair.run(
        "projected", "CREATE TABLE t (id INT PRIMARY KEY, g GEOMETRY)", "SET binlog_format=STATEMENT",
        "INSERT INTO t VALUES (1, ST_GeomFromText('POINT(10 20)', 3857)), (2, ST_GeomFromText('LINESTRING(1 2, 3 4)', 32633))",
        "INSERT INTO t VALUES (3, ST_GeomFromText('POINT(500000 20)', 32760))") == 3


@pytest.mark.parametrize("program", [
    "FUNCTION programs.f() RETURNS TEXT DETERMINISTIC RETURN ST_GeomFromText('POINT(1 2)', 4326)",
    "PROCEDURE programs.p() INSERT INTO programs.t (g) VALUES (ST_GeomFromText('POINT(1 2)', 4326))",
    "TRIGGER programs.r BEFORE INSERT ON programs.t FOR EACH ROW SET NEW.g = ST_GeomFromText(NEW.a, 4326)"], ids=lambda text: text.split()[0])
def test_stored_programs(pair, program):
    """What runs them would have no reference system in its text."""
    pair.run("programs", "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a TEXT, g GEOMETRY)")
    stops(pair, f"CREATE {program}")
    routines = "SELECT COUNT(*) FROM information_schema.{}s WHERE {}_schema = 'programs'"
    assert [pair.target.value(routines.format(kind, kind)) for kind in ("routine", "trigger")] == [0, 0]
    pair.source.run("DROP DATABASE programs")


def test_what_does_not_tell_the_reference_system_is_told_once(pair):
    pair.run("coordinates", "CREATE TABLE t (id INT PRIMARY KEY, g GEOMETRY, a TEXT, x DOUBLE)", "INSERT INTO t (id, g) VALUES (1, POINT(10, 20))")
    pair.daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    pair.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    warning = "geometries with a geographic SRID (4326) in different orders"
    before = pair.daemon.log_text().count(warning)
    pair.source.run("SET binlog_format=STATEMENT", "USE coordinates", "UPDATE t SET x = ST_X(g)",
                    "INSERT INTO t (id, g) SELECT 2, ST_GeomFromText(ST_AsText(g)) FROM t")
    assert pair.compare("coordinates") == 2
    log = pair.daemon.log_text()
    assert log.count(warning) == before + 1
    assert "'UPDATE t SET x = ST_X(g)'" in log
