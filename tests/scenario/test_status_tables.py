"""SELECT on the status tables: what they hold while replication runs, and how clients see it."""

import subprocess

import pymysql
import pytest

from pairs import Pair, parameter
from processes import wait_until


@pytest.fixture(scope="module", params=[parameter(("mariadb-10.11", "mariadb-10.11"))])
def pair(request):
    made = Pair(*request.param)
    try:
        made.start()
        made.run("shop", "CREATE TABLE orders (id INT PRIMARY KEY, a INT)", "CREATE TABLE Orders (id INT PRIMARY KEY)", "CREATE TABLE quiet (id INT)",
                 "INSERT INTO orders VALUES (1, 1), (2, 2), (3, 3)", "UPDATE orders SET a=a+1 WHERE id<3", "INSERT INTO Orders VALUES (1)")
        made.daemon.change_master("other", made.source)
        yield made
    finally:
        made.destroy()


def rows(daemon, statement: str, **arguments) -> list:
    with daemon.connect(**arguments) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def number(daemon, statement: str) -> int:
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.sql(statement)
    return raised.value.args[0]


def test_tables_of_an_applier(pair):
    found = pair.daemon.sql("SELECT * FROM tributary.applier_tables ORDER BY count_rows")
    assert [(row["CHANNEL_NAME"], row["TABLE_SCHEMA"], row["TABLE_NAME"], row["ROW_WRITER"], row["COUNT_ROWS"]) for row in found] == [
        ("c", "shop", "Orders", "BINLOG", 1), ("c", "shop", "orders", "BINLOG", 5)]
    assert all("BINLOG" in row["ROW_WRITER_REASON"] for row in found)


def test_any_select(pair):
    daemon = pair.daemon
    assert rows(daemon, "SELECT sum(count_rows), count(*) FROM applier_tables WHERE channel_name='C'", database="tributary") == [(6, 2)]
    assert rows(daemon, "SELECT table_name FROM tributary.applier_tables WHERE `table_name` = 'orders'") == [("orders",)]
    assert rows(daemon, "SELECT a.table_name, b.table_name FROM tributary.applier_tables AS a JOIN tributary.applier_tables b "
                        "ON a.channel_name=b.channel_name AND a.table_name < b.table_name") == [("Orders", "orders")]
    assert rows(daemon, "SELECT row_writer, count(*) AS n FROM tributary.applier_tables GROUP BY row_writer HAVING n > 1") == [("BINLOG", 2)]
    assert rows(daemon, "SELECT count_rows FROM tributary.applier_tables WHERE count_rows = (SELECT max(count_rows) FROM tributary.applier_tables)") == [(5,)]
    assert rows(daemon, "SELECT table_name FROM tributary.applier_tables WHERE table_name LIKE 'ord\\_%'") == []
    assert rows(daemon, "SHOW TABLES FROM tributary") == [("applier_tables",)]


def test_errors_have_the_servers_numbers(pair):
    for statement, expected in (("SELECT * FROM tributary.nothing", 1146), ("SELECT * FROM applier_tables", 1046), ("SELECT nothing FROM tributary.applier_tables", 1054),
                                ("SELECT * FROM tributary.applier_tables WHERE", 1064), ("SELECT nothing() FROM tributary.applier_tables", 1305)):
        assert number(pair.daemon, statement) == expected, statement


@pytest.mark.parametrize("statement, expected", [
    ("SELECT * FROM (WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x FROM c) d", [1235]),
    ("SELECT randomblob(1000000000) FROM tributary.applier_tables", [1305]),
    ("SELECT printf('%.*c', 1000000000, 'x') FROM tributary.applier_tables", [1305]),
    ("SELECT zeroblob(1000000000) FROM tributary.applier_tables", [1305]),
    ("SELECT * FROM sqlite_master", [1046]),
    ("SELECT count(*) FROM " + ", ".join(f"tributary.applier_tables t{i}" for i in range(60)), [3024]),
    ("SELECT * FROM " + ", ".join(f"tributary.applier_tables t{i}" for i in range(40)), [1041]),
    ("SELECT concat(" + ", ".join(f"t{i}.row_writer_reason" for i in range(40)) + ") FROM "
     + ", ".join(f"tributary.applier_tables t{i}" for i in range(40)) + " ORDER BY 1", [1041, 3024]),
])
def test_hostile_selects_end(pair, statement, expected):
    """With an error, in bounded time and memory; replication goes on."""
    assert number(pair.daemon, statement) in expected
    pair.run(f"after_{abs(hash(statement))}", "CREATE TABLE t (id INT)", "INSERT INTO t VALUES (1)")
    status = (pair.daemon.child.process.pid, "VmHWM")
    with open(f"/proc/{status[0]}/status", encoding="ascii") as file:
        (peak,) = [int(line.split()[1]) for line in file if line.startswith(status[1])]
    assert peak < 600 << 10  # KiB


def test_a_select_can_be_killed(pair):
    running = subprocess.Popen(["mariadb", f"--defaults-file={pair.daemon.client_cnf}", "-e", "SELECT SLEEP(1000) FROM tributary.applier_tables"],
                               stderr=subprocess.PIPE, text=True)

    def session():
        return [row["Id"] for row in pair.daemon.sql("SHOW PROCESSLIST") if (row["Info"] or "").startswith("SELECT SLEEP(1000)")]

    (found,) = wait_until(session, "the SELECT runs")
    pair.daemon.sql(f"KILL QUERY {found}")
    assert "ERROR 1317" in running.communicate()[1]


def test_a_real_client(pair):
    def client(statement: str, *options: str) -> str:
        done = subprocess.run(["mariadb", f"--defaults-file={pair.daemon.client_cnf}", *options, "-e", statement],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    table = client("USE tributary; SELECT table_name, count_rows FROM applier_tables WHERE table_schema='shop' ORDER BY 1", "--table")
    assert table.splitlines()[1].split() == ["|", "table_name", "|", "count_rows", "|"]
    assert "|          5 |" in table
    vertical = client("SELECT * FROM tributary.applier_tables WHERE table_name='orders'\\G")
    assert "ROW_WRITER: BINLOG" in vertical and "ROW_WRITER_REASON: BINLOG is the fast way" in vertical
    assert client("SHOW TABLES FROM tributary", "--batch", "--skip-column-names") == "applier_tables\n"
