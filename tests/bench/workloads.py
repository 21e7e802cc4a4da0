"""What the sources of the benchmarks write. Each workload has its tables, made alike on sources and target, and its changes."""

import subprocess

from common import in_parallel, must

TABLES = 4
TABLE_SIZE = 50_000


def _sysbench(server, script: str, database: str, command: str, *options):
    done = subprocess.run(
        ["sysbench", script, f"--mysql-socket={server.socket}", "--mysql-user=root", "--mysql-password=", f"--mysql-db={database}",
         f"--tables={TABLES}", f"--table-size={TABLE_SIZE}", "--rand-seed=4711", *options, command],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    must(done.returncode == 0, f"sysbench {command} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")


class Sysbench:
    """One of sysbench's own scripts, over four tables of each source's own database."""
    sources = 2

    def __init__(self, script: str):
        self.script = script

    def prepare(self, server, name: str, _number: int):
        server.run(f"CREATE DATABASE sb_{name}")
        _sysbench(server, self.script, f"sb_{name}", "prepare")

    def prepare_target(self, source, target, name: str, _number: int):
        """Not prepared there as well: the rows are at random whatever the seed."""
        target.run(f"CREATE DATABASE sb_{name}")
        with subprocess.Popen(["mariadb-dump", "--no-defaults", "-uroot", f"--socket={source.socket}", f"sb_{name}"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as dump:
            subprocess.run(["mariadb", "--no-defaults", "-uroot", f"--socket={target.socket}", f"sb_{name}"], stdin=dump.stdout,
                           check=True)
        must(dump.returncode == 0, f"mariadb-dump of sb_{name} ended with status {dump.returncode}")

    def prepare_writing(self, server, name: str, number: int):
        pass

    def write(self, server, name: str, transactions: int):
        _sysbench(server, self.script, f"sb_{name}", "run", "--threads=4", f"--events={transactions}", "--time=0")

    def parts(self, name: str, _number: int) -> list:
        """(database, table, condition) of what comes from a source."""
        return [(f"sb_{name}", f"sbtest{number + 1}", "TRUE") for number in range(TABLES)]


class Procedure:
    """One table `t`, changed by a stored procedure that some connections call at once: k is the connection, n the number of transactions.
    {source} is the source's number. A transaction of it is worth `weight` of oltp_write_only's."""

    def __init__(self, table: str, filled: str, body: str, weight: int, connections: int = 4, sources: int = 2, database: str = "",
                 condition: str = "TRUE"):
        self._table, self._filled, self._body = table, filled, body
        self._weight, self._connections, self.sources = weight, connections, sources
        self._database, self._condition = database, condition

    def _name(self, name: str) -> str:
        return self._database or f"own_{name}"

    def prepare(self, server, name: str, number: int):
        server.run(f"CREATE DATABASE IF NOT EXISTS {self._name(name)}", f"USE {self._name(name)}",
                   "CREATE TABLE IF NOT EXISTS numbers (v INT PRIMARY KEY)",
                   "INSERT IGNORE INTO numbers VALUES " + ",".join(f"({value})" for value in range(1000)),
                   f"CREATE TABLE IF NOT EXISTS t ({self._table}) ENGINE=InnoDB DEFAULT CHARSET=latin1",
                   f"INSERT INTO t {self._filled.format(source=number)}")

    def prepare_target(self, _source, target, name: str, number: int):
        self.prepare(target, name, number)

    def prepare_writing(self, server, name: str, number: int):
        server.run(f"USE {self._name(name)}", "CREATE PROCEDURE work(k INT, n INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < n DO "
                   f"{self._body.format(source=number)} SET i = i + 1; END WHILE; END")

    def write(self, server, name: str, transactions: int):
        count = max(1, transactions // self._weight // self._connections)
        in_parallel(*[lambda k=k: server.run(f"CALL work({k}, {count})", database=self._name(name))
                      for k in range(self._connections)])

    def parts(self, name: str, number: int) -> list:
        return [(self._name(name), "t", self._condition.format(source=number))]


WORKLOADS = {
    "oltp_write_only": Sysbench("oltp_write_only"),
    "insert": Sysbench("oltp_insert"),
    "update_index": Sysbench("oltp_update_index"),
    "delete": Sysbench("oltp_delete"),
    "rows1000": Procedure(
        "id INT PRIMARY KEY, a INT, b VARCHAR(80), KEY (a)", "SELECT -1 - v, v, 'before' FROM numbers",
        "START TRANSACTION; INSERT INTO t SELECT k * 100000000 + i * 1000 + v, i, REPEAT('m', 60) FROM numbers; COMMIT; "
        "IF i % 3 = 2 THEN UPDATE t SET a = a + 1, b = CONCAT(b, i) WHERE id BETWEEN k * 100000000 + (i - 1) * 1000 "
        "AND k * 100000000 + (i - 1) * 1000 + 999; "
        "DELETE FROM t WHERE id BETWEEN k * 100000000 + (i - 2) * 1000 AND k * 100000000 + (i - 2) * 1000 + 999; END IF;", 200),
    "no_key": Procedure(
        "a INT, b VARCHAR(40), c INT", "SELECT v, 'before', 0 FROM numbers WHERE v < 300",
        "START TRANSACTION; UPDATE t SET c = c + 1 WHERE a = i % 300; INSERT INTO t VALUES (1000 + i % 50, 'more', i); "
        "DELETE FROM t WHERE a = 1000 + (i + 25) % 50 LIMIT 1; COMMIT;", 5, connections=1),
    "wide": Procedure(
        "id INT PRIMARY KEY, b VARCHAR(5000)", "SELECT v, REPEAT('b', 4096) FROM numbers",
        "START TRANSACTION; INSERT INTO t VALUES (1000 + k + 4 * i, REPEAT(CHAR(97 + i % 26), 4096)); "
        "UPDATE t SET b = REPEAT(CHAR(65 + i % 26), 4096) WHERE id = k + 4 * (i * 7 % 250); COMMIT;", 6),
    "merge8": Procedure(
        "id INT PRIMARY KEY, source INT, n INT, pad CHAR(60), KEY (n)", "SELECT v * 8 + {source}, {source}, v, 'pad' FROM numbers",
        "START TRANSACTION; UPDATE t SET n = n + 1 WHERE id = 8 * (k + 4 * (i * 13 % 250)) + {source}; "
        "INSERT INTO t VALUES (8 * (1000 + k + 4 * i) + {source}, {source}, i, 'more'); COMMIT;", 4, sources=8, database="merged",
        condition="source = {source}"),
}
