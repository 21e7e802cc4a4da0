"""Every column type of MariaDB 10.11 with its edge values, through INSERT, UPDATE and DELETE, for every row image, with
and without a primary key."""

import pytest

from compare import assert_equal

_LONG_SET = ",".join(f"'m{number}'" for number in range(64))
_LONG_ENUM = ",".join(f"'e{number}'" for number in range(300))


def _integers():
    for name, bits in (("TINYINT", 8), ("SMALLINT", 16), ("MEDIUMINT", 24), ("INT", 32), ("BIGINT", 64)):
        half = 1 << (bits - 1)
        yield name, [0, 1, -1, half - 1, -half]
        yield f"{name} UNSIGNED", [0, 1, half, 2 * half - 1]
        yield f"{name} ZEROFILL", [0, 2 * half - 1]
    yield "BOOLEAN", [0, 1]
    yield "YEAR", ["0", "1901", "2155"]


def _fractions():
    nines = "9" * 35 + "." + "9" * 30
    yield "DECIMAL(65,30)", [nines, "-" + nines, "0", "0.000000000000000000000000000001"]
    yield "DECIMAL(10,0)", ["9999999999", "-9999999999", "0"]
    yield "DECIMAL(4,4)", ["0.9999", "-0.9999", "0.0001"]
    yield "DECIMAL(9,2) UNSIGNED", ["0", "9999999.99"]
    yield "DECIMAL(18,9) ZEROFILL", ["0", "1.000000001"]
    yield "FLOAT", ["0", "-0.0e0", "0.1", "-3.402823466e38", "1.175494351e-38", "16777217"]
    yield "FLOAT UNSIGNED", ["0", "3.402823466e38"]
    yield "FLOAT(7,3)", ["1234.567", "-0.001"]
    yield "DOUBLE", ["0", "-0.0e0", "0.1", "1.7976931348623157e308", "2.2250738585072014e-308", "-9007199254740993"]
    yield "DOUBLE(20,5) UNSIGNED", ["123456789012345.12345"]


def _bits():
    yield "BIT(1)", ["0", "1"]
    yield "BIT(7)", ["0", "127"]
    yield "BIT(8)", ["b'10101010'"]
    yield "BIT(33)", ["0", "8589934591"]
    yield "BIT(64)", ["0", "18446744073709551615", "9223372036854775808"]


def _temporal():
    yield "DATE", ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'", "'2024-00-00'", "'0001-01-01'"]
    for digits in range(7):
        fraction = "." + "987654"[:digits] if digits else ""
        most = "." + "9" * digits if digits else ""
        least = "." + "0" * (digits - 1) + "1" if digits else ""
        yield f"TIME({digits})", ["'00:00:00'", f"'838:59:59{most}'", f"'-838:59:59{most}'", f"'-00:00:00{least}'",
                                  f"'-12:34:56{fraction}'", f"'12:34:56{fraction}'"]
        yield f"DATETIME({digits})", ["'0000-00-00 00:00:00'", f"'1000-01-01 00:00:00{least}'",
                                      f"'9999-12-31 23:59:59{most}'", f"'2024-02-29 12:34:56{fraction}'",
                                      "'2024-00-10 00:00:00'"]
        yield f"TIMESTAMP({digits}) NULL", ["'0000-00-00 00:00:00'", f"'1970-01-01 00:00:01{fraction}'",
                                            f"'2038-01-19 03:14:07{most}'", f"'2024-03-31 02:30:00{fraction}'"]


def _strings():
    yield "CHAR(0)", ["''"]
    yield "CHAR(10)", ["''", "'a'", "'a   '", "'ten chars!'"]
    yield "CHAR(255)", ["REPEAT('ü', 255)", "'x'"]
    yield "VARCHAR(1)", ["''", "'€'"]
    yield "VARCHAR(255)", ["''", "'trailing  '", "REPEAT('z', 255)"]
    yield "VARCHAR(256)", ["REPEAT('ß', 256)", "'quote '' backslash \\\\ newline \\n nul \\0'"]
    yield "VARCHAR(16000)", ["REPEAT('😀', 16000)"]
    yield "TINYTEXT", ["''", "REPEAT('t', 255)"]
    yield "TEXT", ["''", "REPEAT('t', 65535)"]
    yield "MEDIUMTEXT", ["REPEAT('ü', 50000)"]
    yield "LONGTEXT", ["REPEAT('longer ', 100000)"]
    yield "JSON", ["'{}'", "'{\"a\": [1, 2.5, null, \"\\\\u00e4\"]}'", "'\"text\"'"]


def _binaries():
    yield "BINARY(10)", ["''", "x'00'", "x'FF00FF'", "x'20202020'", "REPEAT(x'00', 10)"]
    yield "VARBINARY(300)", ["''", "x'00'", "x'0000'", "REPEAT(x'FE', 300)"]
    yield "TINYBLOB", ["''", "REPEAT(x'00', 255)"]
    yield "BLOB", ["x'5C27220A0D1A00'", "REPEAT(x'FF', 65535)"]
    yield "MEDIUMBLOB", ["REPEAT(x'0102', 60000)"]
    yield "LONGBLOB", ["REPEAT(x'0D0A', 1000000)"]


def _choices():
    yield "ENUM('a','b','ü')", ["'a'", "'ü'", "''"]
    yield f"ENUM({_LONG_ENUM})", ["'e0'", "'e255'", "'e256'", "'e299'"]
    yield "SET('x','y','z')", ["''", "'x,z'", "'x,y,z'"]
    yield f"SET({_LONG_SET})", ["'m63'", "'m0,m31,m32,m63'", "18446744073709551615"]


def _spatial():
    yield "POINT", ["ST_GeomFromText('POINT(1 -2.5)')", "ST_GeomFromText('POINT(3 4)', 4326)"]
    yield "LINESTRING", ["ST_GeomFromText('LINESTRING(0 0,1 1,2 0)')"]
    yield "POLYGON", ["ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0),(5 5,7 5,7 7,5 7,5 5))')"]
    yield "MULTIPOINT", ["ST_GeomFromText('MULTIPOINT(0 0,20 20)')"]
    yield "MULTILINESTRING", ["ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))')"]
    yield "MULTIPOLYGON", ["ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))')"]
    yield "GEOMETRYCOLLECTION", ["ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')"]
    yield "GEOMETRY", ["ST_GeomFromText('POINT(0 0)')", "ST_GeomFromText('LINESTRING(0 0,1 1)')"]


def _addresses():
    yield "INET4", ["'0.0.0.0'", "'255.255.255.255'", "'192.168.1.2'"]
    yield "INET6", ["'::'", "'2001:db8::ff00:42:8329'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'::1.2.3.4'"]
    yield "UUID", ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
                   "'6ccd780c-baba-1026-9564-5b8c656024db'"]


def _compressed():
    yield "VARCHAR(1000) COMPRESSED", ["''", "'short'", "REPEAT('compress me ', 80)"]
    yield "VARBINARY(1000) COMPRESSED", ["''", "REPEAT(x'00', 1000)"]
    yield "TINYTEXT COMPRESSED", ["REPEAT('t', 200)"]
    yield "TEXT COMPRESSED", ["''", "REPEAT('ü', 30000)"]
    yield "MEDIUMBLOB COMPRESSED", ["REPEAT(x'00FF', 100000)", "x'00'"]
    yield "LONGTEXT COMPRESSED", ["REPEAT('long ', 200000)"]


GROUPS = {"integers": _integers, "fractions": _fractions, "bits": _bits, "temporal": _temporal, "strings": _strings,
          "binaries": _binaries, "choices": _choices, "spatial": _spatial, "addresses": _addresses,
          "compressed": _compressed}
SESSION = ["SET SESSION time_zone='+00:00'", "SET SESSION sql_mode=''", "SET NAMES utf8mb4"]


class Phases:
    """Runs a phase's statements on the source, then waits and compares."""

    def __init__(self, pair, make_daemon, prelude=()):
        self.source, self.target = pair
        self.daemon = make_daemon(self.target)
        self.daemon.replicate("c", self.source)
        self.prelude = [*SESSION, *prelude]

    def run(self, *statements, definitions: bool = True):
        self.source.run(*self.prelude, *statements)
        self.daemon.wait_caught_up("c", self.source)
        return assert_equal(self.source, self.target, ["z"], definitions=definitions)


def _tables(group) -> list:
    """(table name, column type, values) of a group."""
    return [(f"t{number}", kind, [str(value) for value in values] + ["NULL"])
            for number, (kind, values) in enumerate(GROUPS[group]())]


def _insert(table, values) -> str:
    return f"INSERT INTO z.{table} (id, c) VALUES " + ", ".join(
        f"({number}, {value})" for number, value in enumerate(values))


def _exercise(phases, tables, key):
    phases.run("CREATE DATABASE z",
               *(f"CREATE TABLE z.{name} (id INT{key}, c {kind}, note VARCHAR(20) DEFAULT 'n')"
                 for name, kind, _ in tables))
    phases.run(*(_insert(name, values) for name, _, values in tables),
               *(_insert(name, values).replace("(id, c) VALUES (0,", "(id, c) VALUES (100,")
                 for name, _, values in tables if len(values) == 1))
    # Each row takes the next row's value, so that each value is once the image before and once the image after.
    phases.run(*(f"UPDATE z.{name} SET c={values[(number + 1) % len(values)]} WHERE id={number}"
                 for name, _, values in tables for number in range(len(values))))
    phases.run(*(f"UPDATE z.{name} SET note=NULL" for name, _, _ in tables))
    phases.run(*(f"DELETE FROM z.{name} WHERE id % 2 = 0" for name, _, _ in tables))
    phases.run(*(f"DELETE FROM z.{name}" for name, _, _ in tables))


@pytest.mark.parametrize("key", [" PRIMARY KEY", ""], ids=["key", "keyless"])
@pytest.mark.parametrize("image", ["FULL", "MINIMAL", "NOBLOB"])
@pytest.mark.parametrize("group", GROUPS)
def test_types(pair, make_daemon, group, image, key):
    phases = Phases(pair, make_daemon, [f"SET SESSION binlog_row_image={image}"])
    _exercise(phases, _tables(group), key)


@pytest.mark.smoke
def test_a_wide_table_of_all_types(pair, make_daemon):
    """All types beside each other, twice: more than 64 columns, with null bits across bytes."""
    phases = Phases(pair, make_daemon)
    columns = [(kind, [str(value) for value in values]) for group in GROUPS for kind, values in GROUPS[group]()
               if not kind.startswith(("VARCHAR(16000)", "CHAR(255)", "LONG"))] * 2
    assert len(columns) > 128
    names = [f"c{number}" for number in range(len(columns))]
    phases.run("CREATE DATABASE z", "CREATE TABLE z.wide (id INT PRIMARY KEY, " + ", ".join(
        f"{name} {kind}" for name, (kind, _) in zip(names, columns)) + ") ROW_FORMAT=DYNAMIC")
    for row in range(6):
        values = [values[row % len(values)] if (index * 7 + row) % 5 else "NULL"
                  for index, (_, values) in enumerate(columns)]
        phases.run(f"INSERT INTO z.wide VALUES ({row}, {', '.join(values)})")
    phases.run("UPDATE z.wide SET " + ", ".join(f"{name}=NULL" for name in names[::3]) + " WHERE id < 3")
    for image in ("MINIMAL", "NOBLOB"):
        phases.run(f"SET SESSION binlog_row_image={image}",
                   f"UPDATE z.wide SET {names[70]}={columns[70][1][0]}, {names[3]}=NULL, "
                   f"{names[-1]}={columns[-1][1][0]}", "DELETE FROM z.wide ORDER BY id LIMIT 1")


def test_every_character_set(pair, make_daemon):
    source, _ = pair
    phases = Phases(pair, make_daemon)
    charsets = [name for (name,) in source.query("SELECT character_set_name FROM information_schema.character_sets "
                                                 "ORDER BY 1")]
    assert len(charsets) > 35
    phases.run("CREATE DATABASE z", *(
        f"CREATE TABLE z.`{name}` (id INT PRIMARY KEY, a CHAR(12), b VARCHAR(60), c TEXT, e ENUM('a','b')) "
        f"CHARACTER SET {name}" for name in charsets))
    texts = ["", "a", "a  ", "plain ASCII", "äöü ß é ñ", "€ – “”", "Ελληνικά", "Русский", "日本語", "한국어", "ไทย", "😀"]
    for number, text in enumerate(texts):
        phases.run(*(f"INSERT INTO z.`{name}` VALUES ({number}, CONVERT('{text}' USING {name}), "
                     f"CONVERT('{text}{text}' USING {name}), CONVERT(REPEAT('{text}', 20) USING {name}), 'b')"
                     for name in charsets))
    phases.run(*(f"UPDATE z.`{name}` SET a=b WHERE CHAR_LENGTH(b) <= 12" for name in charsets))
    phases.run(*(f"DELETE FROM z.`{name}` WHERE id % 3 = 0" for name in charsets))


def test_collations_of_keys(pair, make_daemon):
    """Rows are found by keys whose comparison ignores case, accents and padding."""
    phases = Phases(pair, make_daemon)
    kinds = ["utf8mb4_general_ci", "utf8mb4_bin", "utf8mb4_unicode_ci", "utf8mb4_nopad_bin", "utf8mb4_uca1400_ai_ci",
             "latin1_swedish_ci", "latin1_bin"]
    phases.run("CREATE DATABASE z", *(
        f"CREATE TABLE z.k{n} (k VARCHAR(30) COLLATE {kind} PRIMARY KEY, v INT)" for n, kind in enumerate(kinds)))
    for statement in ("INSERT INTO z.k{n} VALUES ('Straße', 1), ('b', 2), ('C', 3), ('', 4)",
                      "UPDATE z.k{n} SET k='c ' WHERE v=3", "UPDATE z.k{n} SET k='B' WHERE v=2",
                      "UPDATE z.k{n} SET v=v+10", "DELETE FROM z.k{n} WHERE v IN (11, 14)"):
        phases.run(*(statement.format(n=n) for n in range(len(kinds))))


@pytest.mark.parametrize("image", ["FULL", "MINIMAL", "NOBLOB"])
def test_generated_and_invisible_columns(pair, make_daemon, image):
    phases = Phases(pair, make_daemon, [f"SET SESSION binlog_row_image={image}"])
    phases.run(
        "CREATE DATABASE z",
        "CREATE TABLE z.g (id INT PRIMARY KEY, a INT, v INT AS (a*2) VIRTUAL, s INT AS (a*3) STORED, "
        "t VARCHAR(20) AS (CONCAT('t', a)) VIRTUAL, b TEXT, KEY (v), UNIQUE KEY (t))",
        "CREATE TABLE z.gk (a INT, v INT AS (a*2) VIRTUAL, s INT AS (a*3) STORED, b BLOB)",
        "CREATE TABLE z.gp (a INT, s INT AS (a+1) STORED UNIQUE)",
        "CREATE TABLE z.i (id INT PRIMARY KEY, seen INT, h INT INVISIBLE DEFAULT 7, n VARCHAR(9) INVISIBLE)",
        "CREATE TABLE z.ik (h INT INVISIBLE DEFAULT 1, a INT)",
        "CREATE TABLE z.d (id INT PRIMARY KEY, u VARCHAR(64) DEFAULT (UUID()), r DOUBLE DEFAULT (RAND()), "
        "at TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))",
        "CREATE TABLE z.chk (id INT PRIMARY KEY CHECK (id > 0), n INT, CONSTRAINT c CHECK (n < 100))")
    phases.run("INSERT INTO z.g (id, a, b) VALUES (1,1,'x'),(2,2,NULL),(3,NULL,'z')",
               "INSERT INTO z.gk (a, b) VALUES (1,'x'),(1,'x'),(2,NULL)",
               "INSERT INTO z.gp (a) VALUES (1),(2),(3)",
               "INSERT INTO z.i (id, seen) VALUES (1,1),(2,2)", "INSERT INTO z.i (id, h, n) VALUES (3, NULL, 'n')",
               "INSERT INTO z.ik (a) VALUES (1),(1)", "INSERT INTO z.ik (a, h) VALUES (1, 5)",
               "INSERT INTO z.d (id) VALUES (1),(2)", "INSERT INTO z.chk VALUES (1, 99)")
    phases.run("UPDATE z.g SET a=IFNULL(a,0)+10", "UPDATE z.gk SET a=9 WHERE a=1", "UPDATE z.gp SET a=a+10",
               "UPDATE z.i SET h=IFNULL(h,0)+1", "UPDATE z.ik SET h=2 WHERE h=5", "UPDATE z.d SET r=0 WHERE id=1",
               "UPDATE z.chk SET n=5")
    phases.run("DELETE FROM z.g WHERE id=2", "DELETE FROM z.gk WHERE a=9 LIMIT 1", "DELETE FROM z.gp WHERE a=11",
               "DELETE FROM z.i WHERE id=1", "DELETE FROM z.ik WHERE h=2")


@pytest.mark.parametrize("image", ["FULL", "MINIMAL", "NOBLOB"])
def test_keys_of_all_kinds(pair, make_daemon, image):
    """Composite keys, unique keys with NULLs, keys that change, prefixes, foreign keys, no key but duplicates."""
    phases = Phases(pair, make_daemon, [f"SET SESSION binlog_row_image={image}"])
    phases.run(
        "CREATE DATABASE z",
        "CREATE TABLE z.composite (a INT, b VARCHAR(10), c DATE, n INT, PRIMARY KEY (c, b, a))",
        "CREATE TABLE z.uniq (a INT, b INT NOT NULL, n INT, UNIQUE KEY (a), UNIQUE KEY (b))",
        "CREATE TABLE z.nullable (a INT, b INT, n INT, UNIQUE KEY (a, b))",
        "CREATE TABLE z.plain (a INT, b VARCHAR(10), KEY (a))",
        "CREATE TABLE z.prefixed (b BLOB, n INT, UNIQUE KEY (b(20)))",
        "CREATE TABLE z.hashed (b TEXT, n INT, UNIQUE KEY (b))",
        "CREATE TABLE z.parent (id INT PRIMARY KEY)",
        "CREATE TABLE z.child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES z.parent (id) "
        "ON DELETE CASCADE ON UPDATE CASCADE)")
    phases.run("INSERT INTO z.composite VALUES (1,'x','2024-01-01',1),(1,'y','2024-01-01',2),(2,'x','2024-01-01',3)",
               "INSERT INTO z.uniq VALUES (NULL,1,1),(NULL,2,2),(3,3,3)",
               "INSERT INTO z.nullable VALUES (NULL,1,1),(NULL,1,1),(1,NULL,2),(1,2,3)",
               "INSERT INTO z.plain VALUES (1,'same'),(1,'same'),(1,NULL),(NULL,NULL),(NULL,NULL)",
               "INSERT INTO z.prefixed VALUES (REPEAT('a',100),1),(REPEAT('b',100),2),(NULL,3)",
               "INSERT INTO z.hashed VALUES (REPEAT('a',5000),1),(REPEAT('b',5000),2)",
               "INSERT INTO z.parent VALUES (1),(2),(3)", "INSERT INTO z.child VALUES (1,1),(2,1),(3,2),(4,NULL)")
    phases.run("UPDATE z.composite SET a=a+5 WHERE b='x'", "UPDATE z.uniq SET b=b+10 ORDER BY b DESC",
               "UPDATE z.nullable SET n=n+1", "UPDATE z.plain SET b='changed' WHERE a=1 LIMIT 2",
               "UPDATE z.prefixed SET n=n*2", "UPDATE z.hashed SET b=CONCAT(b,'x')",
               "UPDATE z.parent SET id=id+100 ORDER BY id DESC")
    phases.run("DELETE FROM z.composite WHERE b='y'", "DELETE FROM z.uniq WHERE a IS NULL LIMIT 1",
               "DELETE FROM z.nullable WHERE a IS NULL LIMIT 1", "DELETE FROM z.plain WHERE a IS NULL LIMIT 1",
               "DELETE FROM z.prefixed WHERE b IS NULL", "DELETE FROM z.hashed LIMIT 1",
               "DELETE FROM z.parent WHERE id=101")


def test_rows_move_within_one_transaction(pair, make_daemon):
    """Row by row order matters: keys are swapped and taken over within a transaction."""
    phases = Phases(pair, make_daemon)
    phases.run("CREATE DATABASE z", "CREATE TABLE z.t (id INT PRIMARY KEY, n INT, UNIQUE KEY (n))",
               "INSERT INTO z.t VALUES (1,1),(2,2),(3,3)")
    phases.run("BEGIN", "UPDATE z.t SET id=9 WHERE id=1", "UPDATE z.t SET id=1 WHERE id=2",
               "UPDATE z.t SET id=2 WHERE id=9", "DELETE FROM z.t WHERE id=3", "INSERT INTO z.t VALUES (3,33)",
               "UPDATE z.t SET n=3 WHERE id=3", "REPLACE INTO z.t VALUES (4,3)",
               "INSERT INTO z.t VALUES (4,4) ON DUPLICATE KEY UPDATE n=44", "COMMIT")


def test_large_transactions(pair, make_daemon):
    phases = Phases(pair, make_daemon)
    phases.run("CREATE DATABASE z", "USE z", "CREATE TABLE t (id INT PRIMARY KEY, t VARCHAR(100), b BLOB)",
               "INSERT INTO t SELECT seq, REPEAT('x', seq % 100), REPEAT(CHAR(seq % 256), seq % 300) "
               "FROM seq_1_to_60000")
    phases.run("UPDATE z.t SET t=CONCAT(LEFT(t, 50), 'y')")
    phases.run("DELETE FROM z.t WHERE id % 3 = 0")
    phases.run("CREATE TABLE z.blobs (id INT PRIMARY KEY, b LONGBLOB)",
               "INSERT INTO z.blobs VALUES (1, REPEAT('a', 20000000)), (2, REPEAT('b', 10000000))")
    phases.run("UPDATE z.blobs SET b=CONCAT(b, 'z') WHERE id=1")
    phases.run("SET SESSION binlog_row_image=MINIMAL", "DELETE FROM z.blobs")


def test_old_temporal_formats(pair, make_daemon):
    """Columns made before MariaDB 10.1 (mysql56_temporal_format=OFF) are stored and logged in other ways."""
    source, _ = pair
    phases = Phases(pair, make_daemon)
    source.run("SET GLOBAL mysql56_temporal_format=OFF")
    try:
        phases.run("CREATE DATABASE z", *(
            f"CREATE TABLE z.o{digits} (id INT PRIMARY KEY, t TIME({digits}), d DATETIME({digits}), "
            f"s TIMESTAMP({digits}) NULL)" for digits in range(7)), definitions=False)
        phases.run(*(f"INSERT INTO z.o{digits} VALUES (1,'-12:34:56.789012','2024-02-29 12:34:56.789012',"
                     f"'2024-02-29 12:34:56.789012'),(2,'838:59:59','9999-12-31 23:59:59','1970-01-01 00:00:01'),"
                     f"(3,NULL,NULL,NULL),(4,0,0,0)" for digits in range(7)), definitions=False)
        phases.run(*(f"UPDATE z.o{digits} SET t='-00:00:00.5', d=NULL WHERE id=1" for digits in range(7)),
                   definitions=False)
        phases.run(*(f"DELETE FROM z.o{digits} WHERE id=2" for digits in range(7)), definitions=False)
    finally:
        source.run("SET GLOBAL mysql56_temporal_format=ON")


def test_events_of_other_kinds(pair, make_daemon):
    """Compressed events, full metadata, no annotations: variants of the same rows."""
    phases = Phases(pair, make_daemon)
    phases.run("CREATE DATABASE z", "CREATE TABLE z.t (id INT PRIMARY KEY, u INT UNSIGNED, t TEXT, e ENUM('a','b'))")
    source = phases.source
    number = 0
    for name, value, normal in (("log_bin_compress", "ON", "OFF"), ("binlog_row_metadata", "FULL", "NO_LOG"),
                                ("binlog_row_metadata", "MINIMAL", "NO_LOG"),
                                ("binlog_annotate_row_events", "OFF", "ON")):
        source.run(f"SET GLOBAL {name}={value}")
        try:
            number += 10
            phases.run(f"INSERT INTO z.t VALUES ({number}, 4294967295, REPEAT('compress ', 500), 'b'), "
                       f"({number + 1}, 0, NULL, NULL)",
                       f"UPDATE z.t SET t=CONCAT(t, 'x') WHERE id={number}", f"DELETE FROM z.t WHERE id={number + 1}",
                       f"CREATE TABLE z.q{number} (a INT /* {'long comment ' * 40} */)")
        finally:
            source.run(f"SET GLOBAL {name}={normal}")
