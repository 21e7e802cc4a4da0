"""A zoo of tables and changes, made at random from a seed: every type that two servers share, keys of every sort and none, odd names,
every row image and binary log format, transactions with parts rolled back, and definitions that change in between. What the
server refuses (a doubled key, a value out of range) changes nothing and is passed over."""

import random

import pymysql

from products import Product
from servers import Server

# Known to every server from MySQL 5.6 on. The text is what fits: another character is a '?' in all of them.
_COLLATIONS = {
    "latin1_swedish_ci": "abÅäöñ~", "latin1_general_cs": "aBcÅä", "latin1_bin": "xyß", "utf8_general_ci": "aå€中", "utf8_bin": "aÅΩ",
    "utf8mb4_general_ci": "aå€😀", "utf8mb4_bin": "a😀𝄞", "utf8mb4_unicode_ci": "aAåß", "gbk_chinese_ci": "a中文字", "sjis_japanese_ci": "a日本ｱ",
    "big5_chinese_ci": "a中文", "gb2312_chinese_ci": "a中文", "euckr_korean_ci": "a한국", "ujis_japanese_ci": "a日本", "cp932_japanese_ci": "a日本①",
    "eucjpms_japanese_ci": "a日本", "ucs2_general_ci": "aå中", "utf16_general_ci": "aå😀", "utf16le_general_ci": "aå😀", "utf32_general_ci": "aå😀",
    "cp1251_general_ci": "aЖя", "greek_general_ci": "aΩλ", "ascii_general_ci": "abc"}
_GEOMETRIES = {
    "POINT": ["POINT(1 -2.5)", "POINT(0 0)"], "LINESTRING": ["LINESTRING(0 0,1 1,2 0)"], "MULTIPOINT": ["MULTIPOINT(0 0,20 20)"],
    "POLYGON": ["POLYGON((0 0,10 0,10 10,0 10,0 0),(5 5,7 5,7 7,5 7,5 5))"], "MULTILINESTRING": ["MULTILINESTRING((0 0,1 1),(2 2,3 3))"],
    "MULTIPOLYGON": ["MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"], "GEOMETRYCOLLECTION": ["GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))"],
    "GEOMETRY": ["POINT(3 4)", "LINESTRING(5 5,6 6)"]}
_NAMES = ["plain", "select", "with space", "tick`ed", "Üñï", "MiXed", "semi;colon", "quo'te", "per%cent", "dash-ed", "a.dot", "日本"]
_TIME_ZONES = ["+00:00", "+05:30", "-11:00", "SYSTEM"]
_SQL_MODES = ["", "STRICT_TRANS_TABLES", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "PAD_CHAR_TO_FULL_LENGTH", "NO_AUTO_VALUE_ON_ZERO", "TRADITIONAL"]


def _name(text: str) -> str:
    return "`" + text.replace("`", "``") + "`"


def _hex(data: bytes) -> str:
    return f"x'{data.hex()}'"


def _text(text: str) -> str:
    # Not as a quoted literal: what a backslash means there changes with sql_mode.
    return f"CONVERT({_hex(text.encode())} USING utf8mb4)" if text else "''"


class Column:
    """`value()` is an SQL expression for a random value, often at the edge of what the type can hold."""

    def __init__(self, name: str, kind: str, value, indexable: bool = True, prefix: int = 0):
        self.name = name
        self.kind = kind
        self.value = value
        self.indexable = indexable
        self.prefix = prefix  # bytes of it that an index needs to be told; 0: the whole column
        self.nullable = True
        self.in_key = False
        self.family = None  # makes other columns of this family of types

    def definition(self) -> str:
        # Said both ways: what a column is without it depends on the server, its type and explicit_defaults_for_timestamp.
        return f"{_name(self.name)} {self.kind} {'NULL' if self.nullable else 'NOT NULL'}"

    def key_part(self) -> str:
        return _name(self.name) + (f"({self.prefix})" if self.prefix else "")


class _Kinds:
    """Makers of columns, each of one family of types."""

    def __init__(self, chance: random.Random, source: Product, target: Product):
        self.chance = chance
        both = (source, target)
        self.zeros = ["0", "'-0'"] if source is target or all(product.keeps_negative_zero for product in both) else ["0"]
        self.makers = [self.integer, self.integer, self.decimal, self.real, self.bit, self.year, self.date, self.time, self.datetime,
                       self.timestamp, self.string, self.string, self.text, self.binary, self.blob, self.enumeration, self.set,
                       self.geometry]
        if all(product.is_mariadb for product in both):
            self.makers += [self.address, self.compressed]
        if all(product.has_json for product in both):
            self.makers += [self.json]
        if all(product.has_vector for product in both):
            self.makers += [self.vector]

    def column(self, name: str) -> Column:
        maker = self.chance.choice(self.makers)
        column = maker(name)
        column.family = maker
        return column

    def integer(self, name):
        chance = self.chance
        word, bits = chance.choice([("TINYINT", 8), ("SMALLINT", 16), ("MEDIUMINT", 24), ("INT", 32), ("BIGINT", 64)])
        sign = chance.choice(["", "", " UNSIGNED", " ZEROFILL"])
        least, most = (0, (1 << bits) - 1) if sign else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
        return Column(name, word + sign, lambda: str(chance.choice([least, most, 0, 1, chance.randint(least, most)])))

    def decimal(self, name):
        chance = self.chance
        digits = chance.randint(1, 65)
        scale = chance.randint(0, min(30, digits))
        unsigned = chance.random() < 0.2

        def value():
            number = chance.choice([0, 1, 10 ** digits - 1, chance.randrange(10 ** digits)])
            text = f"{number:0{scale + 1}d}"
            text = text[:len(text) - scale] + ("." + text[len(text) - scale:] if scale else "")
            return ("-" if not unsigned and chance.random() < 0.5 else "") + text
        return Column(name, f"DECIMAL({digits},{scale})" + (" UNSIGNED" if unsigned else ""), value)

    def real(self, name):
        chance = self.chance
        if chance.random() < 0.5:
            values = [*self.zeros, "0.1", "-3.402823466e38", "1.175494351e-38", "16777217", "1e-45"]
            return Column(name, "FLOAT", lambda: chance.choice([*values, repr(chance.uniform(-1e10, 1e10))]), indexable=False)
        values = [*self.zeros, "0.1", "1.7976931348623157e308", "2.2250738585072014e-308", "-9007199254740993", "5e-324"]
        return Column(name, "DOUBLE", lambda: chance.choice([*values, repr(chance.uniform(-1e300, 1e300))]), indexable=False)

    def bit(self, name):
        chance = self.chance
        bits = chance.choice([1, 7, 8, 9, 33, 63, 64])
        return Column(name, f"BIT({bits})", lambda: str(chance.choice([0, (1 << bits) - 1, chance.getrandbits(bits)])))

    def year(self, name):
        return Column(name, "YEAR", lambda: str(self.chance.choice([0, 1901, 2155, 2024])))

    def _day(self) -> str:
        chance = self.chance
        return chance.choice(["0000-00-00", "1000-01-01", "9999-12-31", "2024-02-29", "2024-00-00", "0001-01-01",
                              f"{chance.randint(1000, 9999)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"])

    def _fraction(self, digits: int) -> str:
        return "." + "".join(self.chance.choices("0123456789", k=digits)) if digits else ""

    def date(self, name):
        return Column(name, "DATE", lambda: f"'{self._day()}'")

    def time(self, name):
        chance, digits = self.chance, self.chance.randrange(7)
        return Column(name, f"TIME({digits})", lambda: chance.choice(["'00:00:00'", "'838:59:59'", "'-838:59:59'", (
            f"'{chance.choice(['', '-'])}{chance.randrange(838)}:{chance.randrange(60):02}:{chance.randrange(60):02}{self._fraction(digits)}'")]))

    def datetime(self, name):
        chance, digits = self.chance, self.chance.randrange(7)
        return Column(name, f"DATETIME({digits})", lambda: (
            f"'{self._day()} {chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}{self._fraction(digits)}'"))

    def timestamp(self, name):
        chance, digits = self.chance, self.chance.randrange(7)
        return Column(name, f"TIMESTAMP({digits})", lambda: chance.choice([
            "'0000-00-00 00:00:00'", f"'1970-01-02 00:00:01{self._fraction(digits)}'", f"'2038-01-18 03:14:07{self._fraction(digits)}'",
            f"'{chance.randint(1971, 2037)}-03-31 02:30:{chance.randrange(60):02}{self._fraction(digits)}'"]))

    def _words(self, collation: str, most: int):
        letters, chance = _COLLATIONS[collation], self.chance

        def value():
            length = chance.choice([0, 1, most, chance.randint(0, most)])
            text = "".join(chance.choices(letters + "xyz09 '\"\\", k=length))
            return _text(chance.choice([text, text, (text + "  ")[:most]]))
        return value

    def string(self, name):
        chance = self.chance
        collation = chance.choice(list(_COLLATIONS))
        most = chance.choice([1, 10, 63, 64, 255, 256])
        word = "CHAR" if most < 64 and chance.random() < 0.5 else "VARCHAR"
        return Column(name, f"{word}({most}) COLLATE {collation}", self._words(collation, most), prefix=min(most, 20))

    def text(self, name):
        collation = self.chance.choice(list(_COLLATIONS))
        word, most = self.chance.choice([("TINYTEXT", 60), ("TEXT", 3000), ("MEDIUMTEXT", 3000), ("LONGTEXT", 3000)])
        return Column(name, f"{word} COLLATE {collation}", self._words(collation, most), prefix=10)

    def _octets(self, most: int):
        chance = self.chance
        return lambda: _hex(chance.randbytes(chance.choice([0, 1, most, chance.randint(0, most)])) + chance.choice([b"", b"", b"\0", b" "])[:most])

    def binary(self, name):
        most = self.chance.choice([1, 10, 254, 255])
        word = self.chance.choice(["BINARY", "VARBINARY"])
        return Column(name, f"{word}({most})", self._octets(most - 1), prefix=min(most, 20))

    def blob(self, name):
        word, most = self.chance.choice([("TINYBLOB", 200), ("BLOB", 3000), ("MEDIUMBLOB", 70000), ("LONGBLOB", 3000)])
        return Column(name, word, self._octets(most), prefix=10)

    def enumeration(self, name):
        members = self.chance.choice([2, 255, 256, 1000])
        return Column(name, f"ENUM({','.join(f'{chr(39)}e{i}{chr(39)}' for i in range(members))})",
                      lambda: f"'e{self.chance.choice([0, members - 1, self.chance.randrange(members)])}'")

    def set(self, name):
        members = self.chance.choice([1, 8, 9, 33, 64])
        return Column(name, f"SET({','.join(f'{chr(39)}s{i}{chr(39)}' for i in range(members))})",
                      lambda: str(self.chance.choice([0, (1 << members) - 1, self.chance.getrandbits(members)])))

    def geometry(self, name):
        word = self.chance.choice(list(_GEOMETRIES))
        return Column(name, word, lambda: f"ST_GeomFromText('{self.chance.choice(_GEOMETRIES[word])}')", indexable=False)

    def json(self, name):
        return Column(name, "JSON", lambda: _text(self._document(3)), indexable=False)

    def _document(self, depth: int) -> str:
        chance = self.chance
        kind = chance.randrange(8 if depth else 6)
        if kind == 6:
            return "[" + ", ".join(self._document(depth - 1) for _ in range(chance.randrange(5))) + "]"
        if kind == 7:
            keys = chance.sample(["a", "b", "long key", "ü", "", "zz"], chance.randrange(6))
            return "{" + ", ".join(f'"{key}": {self._document(depth - 1)}' for key in keys) + "}"
        return chance.choice(["true", "false", "null", str(chance.choice([0, -1, 32767, 32768, -32769, 2 ** 31, 2 ** 63 - 1, 2 ** 64 - 1, -2 ** 63])),
                              repr(chance.uniform(-1e6, 1e6)), "1e300", '""', '"text"', '"ünï 😀"', '"' + "x" * chance.choice([127, 128, 20000]) + '"'])

    def vector(self, name):
        size = self.chance.choice([1, 3, 64])
        return Column(name, f"VECTOR({size})", lambda: _hex(b"".join(self.chance.choice([b"\0\0\x80\x3f", b"\0\0\0\xc0"]) for _ in range(size))),
                      indexable=False)

    def address(self, name):
        return self.chance.choice([
            Column(name, "INET4", lambda: f"'{'.'.join(str(self.chance.randrange(256)) for _ in range(4))}'"),
            Column(name, "INET6", lambda: self.chance.choice(["'::'", "'2001:db8::ff00:42:8329'", "'::1.2.3.4'"])),
            Column(name, "UUID", lambda: f"'{self.chance.getrandbits(128):032x}'")])

    def compressed(self, name):
        word = self.chance.choice(["VARCHAR(1000) COMPRESSED", "TEXT COMPRESSED", "LONGBLOB COMPRESSED"])
        return Column(name, word, lambda: self.chance.choice(["''", "'short'", f"REPEAT('compress me ', {self.chance.randrange(80)})"]), indexable=False)


class _Table:
    def __init__(self, name: str, columns: list, keyed: bool):
        self.name = name
        self.columns = columns  # but for `id`
        self.keyed = keyed
        self.serial = 0


class Zoo:
    """Writes to `database`, which it makes, on a running server; one connection."""

    def __init__(self, source: Server, target: Product, database: str, seed: int, session: list = ()):
        self.database = database
        self.chance = random.Random(seed)
        self.kinds = _Kinds(self.chance, source.product, target)
        self.has_invisible = source.product.is_mariadb and target.is_mariadb
        self.is_mariadb = source.product.is_mariadb
        self.crosses = source.product is not target
        self.generates = source.product.has_generated_columns
        self.tables = []
        self._row_image = "FULL"
        self.refused = {}  # an error's number to how often and one statement
        self.done = 0
        self._names = 0
        self._next_id = 1
        self._connection = source.connect(charset="utf8mb4", autocommit=True)
        for statement in session:
            self._execute(statement)
        self._execute(f"CREATE DATABASE {_name(database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        self._connection.select_db(database)

    def close(self):
        self._connection.close()

    def _execute(self, statement: str) -> bool:
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(statement)
            except (pymysql.err.OperationalError, pymysql.err.IntegrityError, pymysql.err.DataError, pymysql.err.ProgrammingError,
                    pymysql.err.InternalError, pymysql.err.NotSupportedError) as error:
                if error.args[0] >= 2000 and error.args[0] < 3000:
                    raise
                self.refused.setdefault(error.args[0], [0, f"{error.args[1]}: {statement[:300]}"])[0] += 1
                return False
        self.done += 1
        return True

    def run(self, tables: int = 8, changes: int = 150) -> "Zoo":
        for _ in range(tables):
            self._create()
        for _ in range(changes):
            action = self.chance.choices([self._session, self._transaction, self._change, self._define], [10, 25, 55, 10])[0]
            action()
        return self

    # --- definitions ---

    def _new_name(self) -> str:
        self._names += 1
        return f"{self.chance.choice(_NAMES)} {self._names}"

    def _create(self):
        chance = self.chance
        name = self._new_name()
        columns = [self.kinds.column(self._new_name()) for _ in range(chance.choice([1, 3, 6, 12, 20]))]
        indexable = [column for column in columns if column.indexable]
        key = chance.choice(["primary", "primary", "composite", "unique", "plain", "none"]) if indexable else "primary"
        part = chance.choice([column for column in indexable if not column.prefix] or indexable or [None])
        if key == "composite":
            part.nullable = False
        if key != "primary":
            part.in_key = key != "none"
        parts = ["id INT NOT NULL", *(column.definition() for column in columns)]
        if self.has_invisible and columns[-1].nullable and chance.random() < 0.2:
            parts[-1] += " INVISIBLE"
        if self.generates and chance.random() < 0.4:
            parts.append(f"{_name(self._new_name())} INT GENERATED ALWAYS AS (id + 1) {chance.choice(['VIRTUAL', 'STORED'])}")
        if key == "primary":
            parts.append("PRIMARY KEY (id)")
        elif key == "composite":
            parts.append(f"PRIMARY KEY (id, {part.key_part()})")
        elif key == "unique":
            parts.append(f"UNIQUE KEY u (id, {part.key_part()})")
        elif key == "plain":
            parts.append(f"KEY k ({part.key_part()})")
        options = chance.choice(["", "", " ROW_FORMAT=COMPACT", " ROW_FORMAT=DYNAMIC", " COMMENT='a table'"])
        if self._execute(f"CREATE TABLE {_name(name)} ({', '.join(parts)}) ENGINE=InnoDB{options}"):
            self.tables.append(_Table(name, columns, key in ("primary", "composite")))

    def _define(self):
        chance = self.chance
        if not self.tables:
            self._create()
            return
        table = chance.choice(self.tables)
        action = chance.randrange(8)
        if action <= 1:
            column = self.kinds.column(self._new_name())
            place = chance.choice(["", "", " FIRST", f" AFTER {_name(chance.choice([other.name for other in table.columns] or ['id']))}"])
            if self._execute(f"ALTER TABLE {_name(table.name)} ADD COLUMN {column.definition()}{place}"):
                table.columns.append(column)
        elif action == 2 and len(table.columns) > 1:
            column = chance.choice(table.columns)
            if not (column.in_key and self.crosses) and self._execute(f"ALTER TABLE {_name(table.name)} DROP COLUMN {_name(column.name)}"):
                table.columns.remove(column)
        elif action == 3:
            column = chance.choice(table.columns)
            former, column.name = column.name, self._new_name()
            if not self._execute(f"ALTER TABLE {_name(table.name)} CHANGE {_name(former)} {column.definition()}"):
                column.name = former
        elif action == 4:
            column = chance.choice(table.columns)
            # Each server decides for itself which values fit another family of types, or geometry, and how a partial date is rounded.
            if self.crosses and column.family.__name__ in ("time", "datetime", "timestamp", "geometry"):
                return
            other = column.family(column.name) if self.crosses else self.kinds.column(column.name)
            other.nullable, other.in_key, other.family = column.nullable, column.in_key, other.family or column.family
            if self._execute(f"ALTER TABLE {_name(table.name)} MODIFY {other.definition()}"):
                table.columns[table.columns.index(column)] = other
        elif action == 5:
            name = self._new_name()
            if self._execute(f"RENAME TABLE {_name(table.name)} TO {_name(name)}"):
                table.name = name
        elif action == 6:
            self._execute(f"ALTER TABLE {_name(table.name)} {chance.choice(['FORCE', 'COMMENT=' + chr(39) + 'new' + chr(39), 'ADD INDEX (id)'])}")
        elif chance.random() < 0.3:
            self._execute(f"TRUNCATE TABLE {_name(table.name)}")
        else:
            self._create()

    # --- changes ---

    def _session(self):
        chance = self.chance
        if chance.random() < 0.3:
            self._row_image = chance.choice(["FULL", "MINIMAL", "NOBLOB"])
            self._execute(f"SET SESSION binlog_row_image={self._row_image}")
            return
        self._execute(chance.choice([
            f"SET SESSION time_zone='{chance.choice(_TIME_ZONES)}'",
            f"SET SESSION sql_mode='{chance.choice(_SQL_MODES)}'", f"SET SESSION binlog_format={chance.choice(['ROW', 'ROW', 'MIXED', 'STATEMENT'])}",
            # Not with unique_checks=0: MariaDB 10.6 and later then log rows that are doubled, or of a transaction that had an error.
            f"SET SESSION foreign_key_checks={chance.randrange(2)}"]))

    def _transaction(self):
        chance = self.chance
        self._execute("BEGIN")
        for _ in range(chance.randint(1, 6)):
            self._change()
        if chance.random() < 0.3:
            self._execute("SAVEPOINT `a point`")
            self._change()
            self._execute("ROLLBACK TO SAVEPOINT `a point`")
            self._change()
        self._execute(chance.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))

    def _value(self, column: Column) -> str:
        return "NULL" if column.nullable and self.chance.random() < 0.15 else column.value()

    def _change(self):
        chance = self.chance
        if not self.tables:
            return
        table = chance.choice(self.tables)
        name = _name(table.name)
        where = f"id BETWEEN {(at := chance.randrange(self._next_id))} AND {at + chance.choice([0, 0, 3, 50])}"
        action = chance.choices(["insert", "upsert", "update", "delete", "copy"], [45, 10, 30, 12, 3])[0]
        if action in ("insert", "upsert"):
            some = chance.sample(table.columns, chance.randint(0, len(table.columns)))
            # What a column has that is not given and must not be NULL, each server decides for itself.
            some += [column for column in table.columns if not column.nullable and column not in some]
            rows = []
            for _ in range(chance.choice([1, 1, 3, 20])):
                number = self._next_id
                self._next_id += 1
                if action == "upsert" or (not table.keyed and chance.random() < 0.2):
                    number = chance.randrange(1, self._next_id)
                rows.append("(" + ", ".join([str(number), *(self._value(column) for column in some)]) + ")")
            verb, tail = "INSERT", ""
            if action == "upsert":
                # Without a full image MariaDB logs a REPLACE that it does by an update without the columns that go back to their default.
                verb = chance.choice(["INSERT IGNORE", "INSERT"] + ["REPLACE"] * (self._row_image == "FULL"))
                if verb == "INSERT" and table.columns:
                    column = chance.choice(table.columns)
                    tail = f" ON DUPLICATE KEY UPDATE {_name(column.name)}={self._value(column)}"
            self._execute(f"{verb} INTO {name} ({', '.join(['id', *(_name(column.name) for column in some)])}) VALUES {', '.join(rows)}{tail}")
        elif action == "update" and table.columns:
            some = chance.sample(table.columns, chance.randint(1, min(4, len(table.columns))))
            self._execute(f"UPDATE {name} SET {', '.join(f'{_name(column.name)}={self._value(column)}' for column in some)} WHERE {where}")
        elif action == "delete":
            self._execute(f"DELETE FROM {name} WHERE {where}")
        elif action == "copy" and table.columns:
            self._next_id += 100000
            columns = ", ".join(_name(column.name) for column in table.columns)
            self._execute(f"INSERT INTO {name} (id, {columns}) SELECT id + 100000, {columns} FROM {name} WHERE id < 100000 AND {where}")
