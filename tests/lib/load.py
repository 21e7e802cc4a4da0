"""A seeded, mixed writing load on one source: transactions in row and statement format, tables with and without a
key, and counters with which a change that is applied twice, or not at all, cannot hide."""

import random
import threading

import pymysql

from servers import Server

_SCHEMA = [
    "CREATE DATABASE IF NOT EXISTS `{0}`",
    "CREATE TABLE `{0}`.keyed (id INT PRIMARY KEY, n BIGINT, t VARCHAR(200), d DECIMAL(20,6), "
    "f FLOAT, at DATETIME(6), b BLOB, UNIQUE KEY (n))",
    "CREATE TABLE `{0}`.keyless (a INT, t VARCHAR(40), at TIMESTAMP(3) NULL)",
    "CREATE TABLE `{0}`.counter (id INT PRIMARY KEY, n BIGINT NOT NULL)",
    "CREATE TABLE `{0}`.log (id BIGINT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(60), at TIMESTAMP(6))",
    "INSERT INTO `{0}`.counter VALUES (1,0),(2,0),(3,0),(4,0)",
]


class Load:
    """Writes to `database` on `server`; one connection, one thread at a time."""

    def __init__(self, server: Server, database: str, seed: int, ddl: bool = False):
        self.server = server
        self.database = database
        self.random = random.Random(seed)
        self.kinds = {"rows": 50, "statements": 20, "keyless": 15, "rolled back": 5, "many rows": 3, "ddl": 2 if ddl else 0}
        self._tables_made = 0
        self.pause = 0.0  # seconds between transactions in the background
        self.transactions = 0
        self._next_id = 1
        self._live = []
        self._connection = None
        self._stop = threading.Event()
        self._thread = None
        self.failure = None

    def prepare(self):
        for statement in _SCHEMA:
            self.server.run(statement.format(self.database))
        return self

    # --- in the background ---

    def start(self):
        self._stop.clear()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """Ends the writing; raises what went wrong in it, other than the server being away."""
        self.give_up()
        if self.failure is not None:
            raise self.failure

    def give_up(self):
        """Ends the writing, whatever went wrong in it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _work(self):
        try:
            while not self._stop.is_set():
                try:
                    self.write(1)
                    if self.pause:
                        self._stop.wait(self.pause)
                except (pymysql.err.OperationalError, pymysql.err.InterfaceError, ConnectionError, OSError) as error:
                    # The server was killed: whether the last transaction was committed is the server's to know.
                    self._connection = None
                    if self._stop.wait(0.1):
                        return
                    self._resynchronise(error)
        except Exception as failure:  # reported by stop()
            self.failure = failure

    def _resynchronise(self, error):
        try:
            rows = self.server.query(f"SELECT id FROM `{self.database}`.keyed")
        except (pymysql.err.Error, OSError):
            return
        if isinstance(error, pymysql.err.OperationalError) and error.args[0] < 2000:
            raise error
        self._live = [row[0] for row in rows]
        self._next_id = max(self._live, default=0) + 1

    # --- transactions ---

    def _commit(self, _cursor):
        self._connection.commit()

    def write(self, transactions: int):
        for _ in range(transactions):
            if self._connection is None:
                self._connection = self.server.connect(database=self.database, autocommit=False)
            kind = self.random.choices(list(self.kinds), list(self.kinds.values()))[0]
            with self._connection.cursor() as cursor:
                getattr(self, "_" + kind.replace(" ", "_"))(cursor)
            self.transactions += 1

    def _run(self, cursor, *statements):
        for statement in statements:
            cursor.execute(statement)

    def _insert(self, cursor):
        number = self._next_id
        self._next_id += 1
        text = "".join(self.random.choices("abcdef äöü €'\\\n", k=self.random.randrange(60)))
        cursor.execute("INSERT INTO keyed VALUES (%s,%s,%s,%s,%s,NOW(6),%s)",
                       (number, number * 7919, text, self.random.randrange(10**9) / 1000, self.random.random(),
                        self.random.randbytes(self.random.randrange(300))))
        self._live.append(number)

    def _rows(self, cursor):
        self._run(cursor, "SET SESSION binlog_format=ROW", "BEGIN")
        for _ in range(self.random.randrange(1, 6)):
            action = self.random.random()
            if action < 0.5 or len(self._live) < 10:
                self._insert(cursor)
            elif action < 0.8:
                cursor.execute("UPDATE keyed SET t=CONCAT('u', LEFT(t, 100)), d=d+1, at=NOW(6) WHERE id=%s",
                               (self.random.choice(self._live),))
            else:
                victim = self._live.pop(self.random.randrange(len(self._live)))
                cursor.execute("DELETE FROM keyed WHERE id=%s", (victim,))
        cursor.execute("UPDATE counter SET n=n+1 WHERE id=1")
        self._commit(cursor)

    def _statements(self, cursor):
        self._run(cursor, "SET SESSION binlog_format=STATEMENT", "BEGIN",
                  "UPDATE counter SET n=n+1 WHERE id=2",
                  "INSERT INTO log (what, at) VALUES (CONCAT('entry ', ROUND(RAND()*1e9)), NOW(6))",
                  "SET @last = LAST_INSERT_ID()",
                  "UPDATE log SET what=CONCAT(what, '/', @last) WHERE id=@last")
        self._commit(cursor)

    def _keyless(self, cursor):
        a = self.random.randrange(20)
        self._run(cursor, "SET SESSION binlog_format=ROW", "BEGIN",
                  f"INSERT INTO keyless VALUES ({a},'same',NOW(3)),({a},'same',NULL),({a},NULL,NULL)",
                  f"UPDATE keyless SET t=CONCAT(IFNULL(t,''),'x') WHERE a={(a + 1) % 20} AND LENGTH(IFNULL(t,''))<30 "
                  "LIMIT 2",
                  f"DELETE FROM keyless WHERE a={(a + 2) % 20} LIMIT 2",
                  "UPDATE counter SET n=n+1 WHERE id=3")
        self._commit(cursor)

    def _rolled_back(self, cursor):
        self._run(cursor, "SET SESSION binlog_format=ROW", "BEGIN", "UPDATE counter SET n=n+1 WHERE id=4",
                  "SAVEPOINT here", "UPDATE counter SET n=n+1000000 WHERE id=4", "ROLLBACK TO SAVEPOINT here")
        if self.random.random() < 0.5:
            self._connection.rollback()
        else:
            self._commit(cursor)

    def _many_rows(self, cursor):
        # Each row that goes is looked for by a scan of the table: it is kept small, or finding rows is all that is tested.
        self._run(cursor, "SET SESSION binlog_format=ROW", "BEGIN", "DELETE FROM keyless ORDER BY a LIMIT 150",
                  "INSERT INTO keyless VALUES " + ",".join(f"({number},REPEAT('m', 20),NULL)"
                                                           for number in range(1, self.random.randrange(51, 251))),
                  "UPDATE counter SET n=n+1 WHERE id=1")
        self._commit(cursor)

    def _ddl(self, cursor):
        self._tables_made += 1  # before the statements: what a killed server left of the last one keeps its name
        name = f"made_{self._tables_made}"
        self._run(cursor, f"CREATE TABLE {name} (id INT PRIMARY KEY, n INT)", f"INSERT INTO {name} VALUES (1, 1)",
                  "COMMIT", f"ALTER TABLE {name} ADD COLUMN more INT DEFAULT {self.transactions}",
                  f"UPDATE {name} SET n=n+1", "COMMIT")
        if self.random.random() < 0.7:
            cursor.execute(f"DROP TABLE {name}")
