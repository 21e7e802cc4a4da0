"""Compares schemas of two servers by content: every value of every row, and every definition.

Each server makes one digest per table from an exact text of each column, so that only differing tables are fetched. Servers of
different products are compared row by row, and a definition that only has another name there counts as the same."""

import json
import re
from collections import Counter

import pymysql

from processes import Failure
from servers import Server

_MISSING = "n"  # never equal to an exact text, which begins with 'v'


def _quoted(*names: str) -> str:
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def _exact(column: str, data_type: str) -> str:
    """An expression whose text is the same if and only if the stored values are the same."""
    name = _quoted(column)
    if data_type in ("float", "double"):
        # Not every server's text of a number reads back as the same number, but in a point's binary form stand the bits of a DOUBLE.
        text = f"HEX(SUBSTR(ST_AsBinary(Point({name}, 0)), 6, 8))"
    elif data_type in ("enum", "set"):
        text = f"CONCAT(CAST({name} AS UNSIGNED), ':', HEX({name}))"
    elif data_type == "bit":
        text = f"HEX({name}+0)"
    elif data_type in ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "binary", "varbinary",
                       "tinyblob", "blob", "mediumblob", "longblob", "geometry", "point", "linestring", "polygon",
                       "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection", "vector"):
        text = f"CONCAT(LENGTH({name}), ':', SHA2({name}, 256))"
    else:
        text = name
    return f"IF({name} IS NULL, '{_MISSING}', CONCAT('v', {text}))"


_LANGUAGES = {"de_pb": "german2", "is": "icelandic", "lv": "latvian", "ro": "romanian", "sl": "slovenian", "pl": "polish",
              "et": "estonian", "es": "spanish", "sv": "swedish", "tr": "turkish", "cs": "czech", "da": "danish", "lt": "lithuanian",
              "sk": "slovak", "es_trad": "spanish2", "la": "roman", "eo": "esperanto", "hu": "hungarian", "hr": "croatian",
              "vi": "vietnamese"}


def _collation(name: str, mysql_is_one: bool) -> str:
    """One name for what the vendors call differently. MySQL has no collation of its newer kind that ignores blanks at the end:
    with it on one side those of MariaDB are taken for the others."""
    name = re.sub("^utf8_", "utf8mb3_", name or "")
    if found := re.fullmatch(r"utf8mb4_(?:(\w+)_)?0900_(\w+)", name):
        language, strength = found.groups()
        if strength == "bin":
            return "utf8mb4_nopad_bin"
        name = f"utf8mb4_uca1400_{_LANGUAGES[language] + '_' if language else ''}nopad_{strength}"
    if mysql_is_one and name.startswith("utf8mb4_uca1400_"):
        name = name.replace("nopad_", "")
    if mysql_is_one and (found := re.fullmatch(r"(utf8mb3|ucs2|utf16|utf32)_uca1400_ai_ci", name)):
        name = found[1] + "_unicode_520_ci"
    return name


class Schemas:
    """One server's side of a comparison."""

    def __init__(self, server: Server):
        self.server = server
        self.connection = server.connect(charset="utf8mb4")
        self._rows("SET SESSION time_zone='+00:00', sql_mode='', net_read_timeout=600, net_write_timeout=600")

    def close(self):
        self.connection.close()

    def _rows(self, sql: str, *arguments) -> list:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, arguments or None)
            return list(cursor.fetchall())

    def databases(self) -> list:
        return [name for (name,) in self._rows("SHOW DATABASES") if name not in
                ("mysql", "information_schema", "performance_schema", "sys", "tributary")]

    def tables(self, database: str) -> dict:
        """Name to kind (BASE TABLE, VIEW, SEQUENCE)."""
        return dict(self._rows("SELECT table_name, table_type FROM information_schema.tables "
                               "WHERE table_schema=%s ORDER BY 1", database))

    def _expressions(self, database: str, table: str) -> list:
        columns = self._rows("SELECT column_name, data_type FROM information_schema.columns "
                             "WHERE table_schema=%s AND table_name=%s ORDER BY ordinal_position", database, table)
        return [_exact(name, data_type.lower()) for name, data_type in columns]

    def digest(self, database: str, table: str, where: str) -> tuple:
        expressions = self._expressions(database, table)
        # Two sums over one hash per row: neither order nor a doubled row can hide a difference.
        row = "SHA2(CONCAT_WS('|', " + ", ".join(expressions) + "), 256)"
        with_hash = f"SELECT {row} AS h FROM {_quoted(database, table)} WHERE {where}"
        return self._rows(f"SELECT COUNT(*), SUM(CAST(CONV(LEFT(h, 15), 16, 10) AS DECIMAL(20))), "
                          f"SUM(CAST(CONV(RIGHT(h, 15), 16, 10) AS DECIMAL(20))) FROM ({with_hash}) AS hashed")[0]

    def columns(self, database: str, table: str, mysql_is_one: bool) -> list:
        """Each column's definition by what it means, in words that both vendors could say."""
        found = []
        for name, kind, nullable, length, precision, scale, fraction, charset, collation, full_type, extra in self._rows(
                "SELECT column_name, data_type, is_nullable, character_maximum_length, numeric_precision, numeric_scale, "
                "datetime_precision, character_set_name, collation_name, column_type, extra FROM information_schema.columns "
                "WHERE table_schema=%s AND table_name=%s ORDER BY ordinal_position", database, table):
            if self._is_json(database, table, name, kind):
                kind, length, charset, collation = "json", None, None, None
            if kind == "geomcollection":  # MySQL 8's name for it
                kind = "geometrycollection"
            if charset == "binary":  # of an ENUM or SET, which only MariaDB tells
                charset, collation = None, None
            # An integer's precision is told wrongly by some, a float's in bits or in digits.
            digits = (precision, scale) if kind == "decimal" else None
            found.append((name, kind.lower(), "unsigned" in full_type.lower(), nullable, length, digits, fraction,
                          "utf8mb3" if charset == "utf8" else charset, _collation(collation, mysql_is_one),
                          "auto_increment" in extra.lower()))
        return found

    def indexes(self, database: str, table: str) -> list:
        return self._rows("SELECT index_name, seq_in_index, column_name, non_unique, sub_part FROM information_schema.statistics "
                          "WHERE table_schema=%s AND table_name=%s ORDER BY index_name, seq_in_index", database, table)

    def _is_json(self, database: str, table: str, column: str, data_type: str) -> bool:
        """MariaDB's JSON is a LONGTEXT with a check of this form."""
        if not self.server.product.is_mariadb or data_type.lower() != "longtext":
            return data_type.lower() == "json"
        return bool(self._rows("SELECT 1 FROM information_schema.check_constraints WHERE constraint_schema=%s AND table_name=%s "
                               "AND constraint_name=%s AND check_clause LIKE 'json\\_valid(%%'", database, table, column))

    def values(self, database: str, table: str, where: str) -> list:
        """Rows as rows() gives them, with JSON by its meaning instead of its text."""
        expressions, is_json = [], []
        for name, data_type in self._rows("SELECT column_name, data_type FROM information_schema.columns "
                                          "WHERE table_schema=%s AND table_name=%s ORDER BY ordinal_position", database, table):
            is_json.append(self._is_json(database, table, name, data_type))
            expressions.append(f"CAST({_quoted(name)} AS CHAR)" if is_json[-1] else _exact(name, data_type.lower()))
        rows = self._rows(f"SELECT {', '.join(expressions)} FROM {_quoted(database, table)} WHERE {where}")
        return sorted((tuple(json.dumps(json.loads(value), sort_keys=True) if meant and value is not None else value
                             for value, meant in zip(row, is_json)) for row in rows), key=repr)

    def rows(self, database: str, table: str, where: str) -> list:
        expressions = ", ".join(self._expressions(database, table))
        return sorted(self._rows(f"SELECT {expressions} FROM {_quoted(database, table)} WHERE {where}"))

    def definitions(self, database: str, is_source: bool) -> dict:
        """SHOW CREATE of everything in a database as it should be in the target, without what may rightly differ."""
        found = {}
        for name, kind in self.tables(database).items():
            text = self._rows(f"SHOW CREATE TABLE {_quoted(database, name)}")[0][1]
            found[f"{kind} {name}"] = re.sub(r" AUTO_INCREMENT=\d+| /\* mariadb-5\.3 \*/", "", text)
        for kind, name in self._rows("SELECT routine_type, routine_name FROM information_schema.routines "
                                     "WHERE routine_schema=%s", database):
            found[f"{kind} {name}"] = self._rows(f"SHOW CREATE {kind} {_quoted(database, name)}")[0][1:3]
        for (name,) in self._rows("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema=%s",
                                  database):
            found[f"TRIGGER {name}"] = self._rows(f"SHOW CREATE TRIGGER {_quoted(database, name)}")[0][1:3]
        for (name,) in self._rows("SELECT event_name FROM information_schema.events WHERE event_schema=%s", database):
            text = self._rows(f"SHOW CREATE EVENT {_quoted(database, name)}")[0]
            # The source runs its events, and a replica must not.
            found[f"EVENT {name}"] = (text[1], re.sub(r"(PRESERVE) ENABLE ", r"\1 DISABLE ON SLAVE ", text[3], count=1)
                                      if is_source else text[3].replace(" DISABLE ON REPLICA ", " DISABLE ON SLAVE ", 1))
        return found


def _difference(left: Schemas, right: Schemas, database: str, table: str, where: str) -> str:
    one, two = left.rows(database, table, where), right.rows(database, table, where)
    only_one = list((Counter(one) - Counter(two)).elements())
    only_two = list((Counter(two) - Counter(one)).elements())
    return (f"`{database}`.`{table}`: {len(one)} rows in {left.server.name}, {len(two)} in {right.server.name}; "
            f"only in {left.server.name} ({len(only_one)}): {only_one[:3]}; "
            f"only in {right.server.name} ({len(only_two)}): {only_two[:3]}")


def _other_product_differences(left: Schemas, right: Schemas, database: str, table: str, where: str) -> tuple:
    """(what differs, number of rows) of a table on two products."""
    problems = []
    mysql_is_one = not (left.server.product.is_mariadb and right.server.product.is_mariadb)
    for what, one, two in (("columns", *(side.columns(database, table, mysql_is_one) for side in (left, right))),
                           ("indexes", left.indexes(database, table), right.indexes(database, table))):
        if one != two:
            problems.append(f"{what} of `{database}`.`{table}`: {sorted(set(one) - set(two))} in {left.server.name}, "
                            f"{sorted(set(two) - set(one))} in {right.server.name}")
    one, two = left.values(database, table, where), right.values(database, table, where)
    if one != two:
        only_one = list((Counter(one) - Counter(two)).elements())
        only_two = list((Counter(two) - Counter(one)).elements())
        problems.append(f"`{database}`.`{table}`: {len(one)} rows in {left.server.name}, {len(two)} in {right.server.name}; "
                        f"only in {left.server.name}: {only_one[:3]}; only in {right.server.name}: {only_two[:3]}")
    return problems, len(one)


def assert_equal(source: Server, target: Server, databases: list = None, where: dict = None,
                 definitions: bool = True) -> int:
    """Raises Failure naming every difference. `where` maps 'db.table' to the condition that names the source's part
    of a table which several sources share. Returns the number of rows compared."""
    left, right = Schemas(source), Schemas(target)
    problems, rows = [], 0
    try:
        for database in databases if databases is not None else left.databases():
            left_tables, right_tables = left.tables(database), right.tables(database)
            if left_tables != right_tables:
                problems.append(f"tables of `{database}`: {left_tables} in {source.name}, {right_tables} in {target.name}")
                continue
            same_product = source.product is target.product
            if definitions and same_product:
                left_texts, right_texts = left.definitions(database, True), right.definitions(database, False)
                for name in sorted(left_texts.keys() | right_texts.keys()):
                    if left_texts.get(name) != right_texts.get(name):
                        problems.append(f"`{database}` {name}: {left_texts.get(name)!r} in {source.name}, "
                                        f"{right_texts.get(name)!r} in {target.name}")
            for table, kind in left_tables.items():
                if kind == "VIEW":
                    continue
                condition = (where or {}).get(f"{database}.{table}", "TRUE")
                try:
                    if not same_product:
                        found, count = _other_product_differences(left, right, database, table, condition)
                        problems += found
                        rows += count
                        continue
                    one, two = (side.digest(database, table, condition) for side in (left, right))
                    rows += one[0]
                    if one != two:
                        problems.append(_difference(left, right, database, table, condition))
                except pymysql.err.Error as error:
                    problems.append(f"`{database}`.`{table}` cannot be compared: {error}")
    finally:
        left.close()
        right.close()
    if problems:
        raise Failure("\n".join(problems))
    return rows
