"""What a source's server parses in a table's definition and does not keep: the target must not keep it either."""

import pymysql
import pytest

from pairs import pair_fixture

pair_of_all = pair_fixture("pair", [("mysql-5.6", target) for target in ("mariadb-10.11", "mariadb-11.8", "mysql-9.7")])


def constraints(server, database: str) -> list:
    """(table, kind, how many) of all that the server keeps."""
    return server.query("SELECT table_name, constraint_type, COUNT(*) FROM information_schema.table_constraints "
                        f"WHERE table_schema='{database}' GROUP BY 1, 2 ORDER BY 1, 2")


@pytest.mark.parametrize("binlog_format", ["ROW", "STATEMENT"])
def test_references_of_a_column(pair, binlog_format):
    name = f"refs_{binlog_format.lower()}"
    assert pair.run(
        name, f"SET binlog_format={binlog_format}", "CREATE TABLE p (id INT PRIMARY KEY)",
        "CREATE TABLE c (id INT PRIMARY KEY, p INT REFERENCES p(id) ON DELETE CASCADE, q INT, FOREIGN KEY (q) REFERENCES p (id))",
        "INSERT INTO p VALUES (1), (2), (3)", "INSERT INTO c VALUES (1,1,3), (2,2,NULL)", "DELETE FROM p WHERE id=1",
        "ALTER TABLE c ADD COLUMN r INT REFERENCES p(id) ON UPDATE SET NULL AFTER id, ADD (s INT DEFAULT 9 REFERENCES p(id), t INT)",
        "INSERT INTO c VALUES (3,7,8,NULL,9,10)", "CREATE TEMPORARY TABLE w (id INT, p INT REFERENCES p(id) /*!50000 ON DELETE CASCADE */)",
        "INSERT INTO w VALUES (50,50)", "INSERT INTO c (id, p) SELECT id, p FROM w", "DROP TEMPORARY TABLE w") == 6
    assert constraints(pair.target, name) == constraints(pair.source, name)
    assert ("c", "FOREIGN KEY", 1) in constraints(pair.target, name)


def test_checks(pair):
    assert pair.run(
        "checks", "CREATE TABLE t (id INT PRIMARY KEY CHECK (id > 100), n INT, CHECK (n > (id + 1)), CONSTRAINT c CHECK (n IN (7, 8)), KEY (n))",
        "INSERT INTO t VALUES (1,1)", "ALTER TABLE t ADD CHECK (n > 50)", "ALTER TABLE t ADD CONSTRAINT d CHECK (n > 60), ADD m INT CHECK (m > 70)",
        "ALTER TABLE t ADD (CHECK (n > 80), o INT), ADD CHECK (o > 90)", "INSERT INTO t VALUES (2,2,2,2)",
        "ALTER TABLE t ADD CONSTRAINT CHECK (m > 80) PARTITION BY HASH (id) PARTITIONS 2", "INSERT INTO t VALUES (3,3,3,3)",
        "SET binlog_format=STATEMENT", "CREATE TABLE `check` (CHECK (a > 5)) SELECT 1 AS a",
        "CREATE TEMPORARY TABLE w (a INT, CHECK (a > 5))", "INSERT INTO w VALUES (4)", "INSERT INTO t (id) SELECT a FROM w") == 5
    assert constraints(pair.target, "checks") == constraints(pair.source, "checks") == [("t", "PRIMARY KEY", 1)]


def test_foreign_keys_that_the_source_has_are_kept(pair):
    pair.run("kept", "CREATE TABLE p (id INT PRIMARY KEY)", "CREATE TABLE c (id INT PRIMARY KEY, CONSTRAINT f FOREIGN KEY (id) REFERENCES p (id))",
             "CREATE TABLE d (id INT PRIMARY KEY)", "ALTER TABLE d ADD CONSTRAINT g FOREIGN KEY (id) REFERENCES kept.p (id) ON DELETE CASCADE",
             "INSERT INTO p VALUES (1)", "INSERT INTO d VALUES (1)", "DELETE FROM p")
    assert pair.target.query("SELECT id FROM kept.d") == []
    with pytest.raises(pymysql.err.IntegrityError):
        pair.target.run("INSERT INTO kept.c VALUES (5)")
