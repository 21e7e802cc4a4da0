"""What a source of the crash harness writes: Load's transactions, and foreign keys, secondary unique keys, large transactions and
DDL of every kind. Each transaction also appends its number to a ledger without a key, where one that is missing or comes
twice shows by itself."""

import threading

from load import Load

_SCHEMA = [
    "CREATE DATABASE `{0}` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    "USE `{0}`",
    "CREATE TABLE `{0}`.ledger (n BIGINT, kind VARCHAR(20))",
    "CREATE TABLE `{0}`.swapped (id INT PRIMARY KEY, a INT, b VARCHAR(40), UNIQUE KEY (a), UNIQUE KEY (b))",
    "CREATE TABLE `{0}`.parent (id INT PRIMARY KEY, t VARCHAR(40)) ENGINE=InnoDB",
    "CREATE TABLE `{0}`.child (id INT PRIMARY KEY, parent INT, n INT, KEY (parent), "
    "CONSTRAINT `{0}_child` FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE) ENGINE=InnoDB",
    "CREATE TABLE `{0}`.large (id INT PRIMARY KEY, t VARCHAR(400))",
    "CREATE TABLE `{0}`.emptied (id INT PRIMARY KEY, n INT)",
    "CREATE TABLE `{0}`.left_one (id INT PRIMARY KEY, n INT)",
    "CREATE TABLE `{0}`.right_one (id INT PRIMARY KEY, more VARCHAR(20), n INT)",
    "CREATE TABLE `{0}`.parts (id INT PRIMARY KEY, n INT) "
    "PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (100), PARTITION p1 VALUES LESS THAN (200))",
]
_LARGE_ROWS = 800
_SWAPPED_ROWS = 40
_MUCH = 5000  # transactions in the ledger: what is compared each round must not grow without end
_DDL = ["made", "swap names", "truncate", "drop several", "create select", "partitions", "view", "index", "database"]


class CrashLoad(Load):
    def __init__(self, server, database: str, seed: int):
        super().__init__(server, database, seed)
        self.kinds = {"rows": 30, "statements": 15, "keyless": 10, "rolled back": 4, "many rows": 2, "unique": 15, "family": 15,
                      "large": 1, "any ddl": 4}
        self.pause = 0.003
        # Held while a source is killed: not every server's own DDL survives that whole, in its tables and its binary log alike.
        self.between_ddl = threading.Lock()
        self._number = 0
        self._in_ledger = 0
        self._names = 0
        self._partition = 0

    def prepare(self):
        self.server.run(*[statement.format(self.database) for statement in _SCHEMA])
        super().prepare()
        self.server.run("BEGIN", *[f"INSERT INTO swapped VALUES ({number}, {number}, 'b{number}')" for number in range(_SWAPPED_ROWS)],
                        *[f"INSERT INTO {table} (id, n) VALUES (1, 1), (2, 2)" for table in ("left_one", "right_one", "parts")],
                        "COMMIT", database=self.database)
        return self

    def keep_small(self):
        """Begins with an empty database again once there is much in it. Only while the load stands still."""
        if self._in_ledger < _MUCH:
            return
        self.server.run(f"DROP DATABASE `{self.database}`")
        self._connection, self._live, self._in_ledger, self._partition = None, [], 0, 0
        self.prepare()

    def mark(self, text: str):
        """One more transaction, the last one of a round. Only while the load stands still."""
        self._number += 1
        self._in_ledger += 1
        self.server.run(f"INSERT INTO ledger VALUES ({self._number}, '{text}')", database=self.database)

    # --- transactions ---

    def _commit(self, cursor):
        self._number += 1
        self._in_ledger += 1
        cursor.execute("INSERT INTO ledger VALUES (%s, 'load')", (self._number,))
        super()._commit(cursor)

    def _unique(self, cursor):
        """Values of secondary unique keys change places, by way of a value that nothing else has."""
        one, two = self.random.sample(range(_SWAPPED_ROWS), 2)
        self._run(cursor, "SET SESSION binlog_format=ROW", "BEGIN", f"SELECT a, b INTO @a, @b FROM swapped WHERE id={one}",
                  f"SELECT a, b INTO @c, @d FROM swapped WHERE id={two}", f"UPDATE swapped SET a=NULL, b=NULL WHERE id={one}",
                  f"UPDATE swapped SET a=@a, b=@b WHERE id={two}", f"UPDATE swapped SET a=@c, b=@d WHERE id={one}")
        if self.random.random() < 0.3:
            self._run(cursor, f"DELETE FROM swapped WHERE id={one}", f"INSERT INTO swapped VALUES ({one}, @c, @d)")
        self._commit(cursor)

    def _family(self, cursor):
        number = self.random.randrange(60)
        self._run(cursor, "SET SESSION binlog_format=ROW", "BEGIN", f"DELETE FROM parent WHERE id={number}",
                  f"INSERT INTO parent VALUES ({number}, 'of {self._number}')",
                  "INSERT INTO child VALUES " + ",".join(f"({number * 10 + child}, {number}, {self._number})"
                                                        for child in range(self.random.randrange(1, 5))))
        if self.random.random() < 0.3:
            self._run(cursor, f"UPDATE child SET n=n+1 WHERE parent={number}")
        self._commit(cursor)

    def _large(self, cursor):
        self._run(cursor, "SET SESSION binlog_format=ROW", "BEGIN", "DELETE FROM large",
                  "INSERT INTO large VALUES " + ",".join(f"({number}, REPEAT('{number % 10}', 300))" for number in range(_LARGE_ROWS)),
                  f"UPDATE large SET t=CONCAT(t, '{self._number}') WHERE id%2=0")
        self._commit(cursor)

    # --- DDL ---

    def _any_ddl(self, cursor):
        kind = self.random.choice(_DDL)
        with self.between_ddl:
            self._run(cursor, "SET SESSION binlog_format=ROW")
            getattr(self, "_ddl_" + kind.replace(" ", "_"))(cursor)
            self._commit(cursor)

    def _new_name(self) -> str:
        self._names += 1
        return f"new_{self._names}"

    def _ddl_made(self, cursor):
        self._ddl(cursor)

    def _ddl_swap_names(self, cursor):
        name = self._new_name()
        self._run(cursor, f"RENAME TABLE left_one TO {name}, right_one TO left_one, {name} TO right_one",
                  "UPDATE left_one SET n=n+1", "UPDATE right_one SET n=n+3")

    def _ddl_truncate(self, cursor):
        self._run(cursor, "INSERT INTO emptied VALUES (1, 1), (2, 2)", "COMMIT", "TRUNCATE TABLE emptied",
                  f"INSERT INTO emptied VALUES (3, {self._number})", "COMMIT", "TRUNCATE TABLE emptied")

    def _ddl_drop_several(self, cursor):
        names = [self._new_name() for _ in range(3)]
        self._run(cursor, *[f"CREATE TABLE {name} (id INT PRIMARY KEY)" for name in names], f"INSERT INTO {names[1]} VALUES (1)",
                  "COMMIT", f"DROP TABLE {', '.join(names)}")

    def _ddl_create_select(self, cursor):
        name = self._new_name()
        self._run(cursor, f"CREATE TABLE {name} (PRIMARY KEY (id)) SELECT id, t FROM keyed ORDER BY id LIMIT 20",
                  f"UPDATE {name} SET t='taken'", "COMMIT", f"DROP TABLE {name}")

    def _ddl_partitions(self, cursor):
        self._partition += 1
        number, first = self._partition, 100 + self._partition * 100
        self._run(cursor, f"ALTER TABLE parts ADD PARTITION (PARTITION q{number} VALUES LESS THAN ({first + 100}))",
                  f"INSERT INTO parts VALUES ({first}, 1), ({first + 1}, 2)", "COMMIT",
                  f"ALTER TABLE parts TRUNCATE PARTITION q{number}", f"INSERT INTO parts VALUES ({first + 2}, 3)", "COMMIT",
                  f"ALTER TABLE parts REORGANIZE PARTITION q{number} INTO (PARTITION r{number} VALUES LESS THAN ({first + 50}), "
                  f"PARTITION q{number} VALUES LESS THAN ({first + 100}))", f"ALTER TABLE parts DROP PARTITION q{number}",
                  f"ALTER TABLE parts REORGANIZE PARTITION r{number} INTO (PARTITION r{number} VALUES LESS THAN ({first + 100}))")
        if number > 4:
            self._run(cursor, f"ALTER TABLE parts DROP PARTITION r{number - 4}")

    def _ddl_view(self, cursor):
        self._run(cursor, "CREATE OR REPLACE VIEW seen AS SELECT id, n FROM counter", "DROP VIEW seen")

    def _ddl_index(self, cursor):
        name = self._new_name()
        self._run(cursor, f"CREATE INDEX {name} ON child (n)", f"ALTER TABLE emptied ADD COLUMN {name} INT",
                  f"DROP INDEX {name} ON child", f"ALTER TABLE emptied DROP COLUMN {name}")

    def _ddl_database(self, cursor):
        name = f"{self.database}_{self._new_name()}"
        self._run(cursor, f"CREATE DATABASE {name}", f"CREATE TABLE {name}.t (id INT PRIMARY KEY)", f"INSERT INTO {name}.t VALUES (1)",
                  "COMMIT", f"DROP DATABASE {name}")
