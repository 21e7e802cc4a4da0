"""Values that the two vendors store differently, between real servers of both: the target must hold what its own users would have
stored there for the same value."""

import pytest

from daemon import has_exit_points
from pairs import Pair, pair_fixture
from processes import wait_until

from_mysql_fixture = pair_fixture("pair", [("mysql-9.7", "mariadb-10.11"), ("mysql-9.7", "mariadb-11.8")])
to_mysql_fixture = pair_fixture("to_mysql", [(source, "mysql-9.7") for source in ("mariadb-10.11", "mariadb-11.8")])
from_mariadb_fixture = pair_fixture("from_mariadb", [("mariadb-10.11", target) for target in ("mariadb-10.11", "mariadb-11.8", "mysql-9.7")])

versioned_fixture = pair_fixture("versioned", [("mariadb-10.11", "mariadb-10.11"), ("mariadb-10.11", "mariadb-11.8"), ("mariadb-11.8", "mariadb-10.11")])


def texts(server, table: str) -> list:
    """What a client reads from the column j."""
    return server.query(f"SELECT id, CAST(j AS CHAR) FROM {table} ORDER BY id")


def test_json_of_every_kind(pair):
    wide = "[" + ",".join(f'{{"k{n}": [{n}, "{n}", {n}.5, null]}}' for n in range(4000)) + "]"
    assert pair.run(
        "js", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, before_it VARCHAR(300), j JSON, behind TEXT, k JSON NOT NULL)",
        "INSERT INTO t (j, k) VALUES (NULL, 'null'), ('{}', '[]'), ('\"ü😀\"', 'true'), ('18446744073709551615', '-9223372036854775808')",
        "INSERT INTO t (before_it, j, behind, k) VALUES ('x', JSON_ARRAY(0.50, 1e100, -0e0, DATE'2020-01-02', TIME'-12:34:56.7', "
        "TIMESTAMP'2020-01-02 03:04:05.123', b'101', REPEAT(x'01', 100), CAST(2020 AS YEAR)), REPEAT('y', 300), "
        """'{"b": 1, "a": [true, {"ü": "\\\\u0001\\\\n\\\\"\\\\\\\\"}], "": {}}')""",
        f"INSERT INTO t (j, k) VALUES ('{wide}', JSON_QUOTE(REPEAT('long ', 50000)))",
        "UPDATE t SET j = JSON_SET(j, '$[1].k1', 'changed') WHERE id = 6", "UPDATE t SET behind = 'z' WHERE id = 3",
        "SET binlog_row_image = MINIMAL", "UPDATE t SET k = '[1]' WHERE id = 1", "UPDATE t SET before_it = 'only' WHERE id = 2",
        "SET binlog_row_image = NOBLOB", "UPDATE t SET j = '[2]' WHERE id = 4", "DELETE FROM t WHERE id = 3") == 5
    for column in ("j", "k"):
        query = f"SELECT id, CAST({column} AS CHAR) FROM js.t ORDER BY id"
        assert pair.source.query(query) == pair.target.query(query)


def test_json_in_tables_without_a_key(pair):
    assert pair.run(
        "js_keyless", "CREATE TABLE t (id INT, j JSON)", """INSERT INTO t VALUES (1, '{"a": 1.0}'), (1, '{"a": 2}'), (2, NULL), (2, '[]')""",
        "UPDATE t SET id = 3 WHERE JSON_EXTRACT(j, '$.a') = 2", "DELETE FROM t WHERE j IS NULL", "UPDATE t SET j = '[4]' WHERE id = 2") == 3


def test_partial_updates_of_json(pair):
    assert pair.run(
        "js_partial", "CREATE TABLE t (id INT PRIMARY KEY, k JSON, v VARCHAR(10), j JSON)",
        "INSERT INTO t VALUES (1, '{\"z\": [1, 2]}', 'v', JSON_OBJECT('long', REPEAT('x', 1000), 'a', JSON_ARRAY(1, 2, 3), 'o', JSON_OBJECT()))",
        "INSERT INTO t SELECT id + 1, k, NULL, JSON_ARRAY(j, j) FROM t", "INSERT INTO t VALUES (9, NULL, NULL, NULL)",
        "SET binlog_row_value_options = PARTIAL_JSON",
        "UPDATE t SET j = JSON_SET(JSON_REMOVE(j, '$.a[0]'), '$.o.new', CAST('{\"deep\": [1.5]}' AS JSON), '$.\"a b\"', 'quoted')",
        "UPDATE t SET j = JSON_REPLACE(j, '$[1].long', 'short'), v = 'w'", "UPDATE t SET v = 'only' WHERE id = 2",
        "UPDATE t SET j = JSON_SET(j, '$.a[last]', TIME'10:11:12', '$.a[9]', 9), k = JSON_REMOVE(k, '$.z') WHERE id = 1",
        "UPDATE t SET k = '\"whole\"', j = JSON_REMOVE(j, '$[0].o') WHERE id = 2", "UPDATE t SET j = NULL WHERE id = 1") == 3
    assert texts(pair.source, "js_partial.t") == texts(pair.target, "js_partial.t")
    partial = [event for event in pair.source.query(f"SHOW BINLOG EVENTS IN '{pair.source.position()[0]}'") if "partial" in event[2]]
    assert len(partial) >= 4


def test_partial_updates_of_tables_without_json(pair):
    assert pair.run(
        "no_js", "CREATE TABLE t (id INT PRIMARY KEY, a INT, b MEDIUMTEXT)", "CREATE TABLE keyless (a INT, b MEDIUMTEXT)", "SET binlog_row_value_options = PARTIAL_JSON",
        "INSERT INTO t VALUES (1, 1, 'x'), (2, NULL, NULL), (3, 3, REPEAT('long', 100000))", "INSERT INTO keyless SELECT a, b FROM t",
        "UPDATE t SET a = 7, b = CONCAT(b, 'z')", "UPDATE keyless SET a = 5 WHERE a IS NULL", "SET binlog_transaction_compression = ON",
        "UPDATE t, keyless SET t.b = 'both', keyless.b = 'both' WHERE t.id = 1 AND keyless.a = 1", "SET binlog_row_image = MINIMAL",
        "UPDATE t SET a = 8 WHERE id = 2", "DELETE FROM t WHERE id = 3") == 5
    partial = [event for event in pair.source.query(f"SHOW BINLOG EVENTS IN '{pair.source.position()[0]}'") if "partial" in event[2]]
    assert partial


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
def test_virtual_columns_of_tables_without_a_key(pair, image):
    """MariaDB 10.11 does not find the row of an update of some columns behind another event of its table in one BINLOG statement."""
    database = f"virtual_{image.lower()}"
    changes = ["UPDATE n SET a = a + 1 LIMIT 1", "UPDATE n SET t = 6 WHERE t IS NULL", "DELETE FROM n ORDER BY a LIMIT 1", "INSERT INTO n (a) VALUES (7)"]
    every = [change.replace("n", f"n{n}", 1) if change.startswith("UPDATE") else change.replace(" n ", f" n{n} ")
             for n in range(6) for row_image in ("FULL", image) for change in (f"SET binlog_row_image = {row_image}", *changes)]
    assert pair.run(
        database, *(f"CREATE TABLE n{n} (a INT, v INT AS (a * 2) VIRTUAL, t {'INT' if n % 2 else 'TEXT'})" for n in range(6)),
        *(f"INSERT INTO n{n} (a, t) VALUES (1, 8), (1, 8), (2, NULL)" for n in range(6)), "BEGIN", *every, "COMMIT") == 18


# MySQL logs this as a definition with START TRANSACTION, and rows in the same transaction.
def test_table_made_from_a_query(pair):
    assert pair.run("made", "CREATE TABLE t (id INT PRIMARY KEY, b VARCHAR(30) CHARACTER SET latin1, j JSON)",
                    "INSERT INTO t VALUES (1, 'START TRANSACTION å', '[1]')", "CREATE TABLE u (KEY (b)) SELECT id, b, j FROM t",
                    "CREATE TABLE v COMMENT='START TRANSACTION' SELECT * FROM t WHERE id = 0", "INSERT INTO v SELECT * FROM t",
                    "CREATE TEMPORARY TABLE own SELECT * FROM t", "INSERT INTO u SELECT id + 1, b, j FROM own") == 4


@pytest.mark.servers("mysql-9.7")
def test_partial_updates_pass_to_mysql():
    """Between MySQL servers they go as they are, also without the document before."""
    pair = Pair("mysql-9.7", "mysql-9.7").start()
    try:
        assert pair.run(
            "js", "CREATE TABLE t (id INT PRIMARY KEY, j JSON, k JSON)",
            "INSERT INTO t VALUES (1, JSON_OBJECT('a', REPEAT('x', 500), 'b', 1), '[1]'), (2, NULL, '{}')",
            "SET binlog_row_value_options=PARTIAL_JSON", "UPDATE t SET j=JSON_SET(j, '$.b', 2, '$.c', CAST('[1.5]' AS JSON))",
            "SET binlog_row_image=MINIMAL", "UPDATE t SET j=JSON_REMOVE(j, '$.c[0]')", "UPDATE t SET k=JSON_SET(k, '$.n', 1)") == 2
        assert texts(pair.source, "js.t") == texts(pair.target, "js.t")
    finally:
        pair.destroy()


@pytest.mark.servers("mysql-9.7")
def test_partial_update_without_the_document_before():
    pair = Pair("mysql-9.7", "mariadb-10.11").start()
    try:
        pair.run("js", "CREATE TABLE t (id INT PRIMARY KEY, j JSON)", "INSERT INTO t VALUES (1, JSON_OBJECT('a', REPEAT('x', 500), 'b', 1))")
        pair.source.run("USE js", "SET binlog_row_value_options = PARTIAL_JSON, binlog_row_image = MINIMAL", "UPDATE t SET j = JSON_SET(j, '$.b', 2)")
        status = pair.daemon.wait_stopped_by_error("c")
        assert int(status["Last_SQL_Errno"]) == 1593
        for words in ("column 2 of table js.t", "binlog_row_image", "binlog_row_value_options"):
            assert words in status["Last_SQL_Error"]
        assert pair.target.query("SELECT JSON_EXTRACT(j, '$.b') FROM js.t") == [("1",)]
    finally:
        pair.destroy()


@pytest.mark.servers("mysql-9.7")
@pytest.mark.skipif(not has_exit_points(), reason="built without exit points; the debug preset has them")
def test_a_table_made_from_a_query_is_made_once():
    """The daemon ends itself at each point from the definition to the commit of its rows."""
    pair = Pair("mysql-9.7", "mariadb-10.11").start()
    try:
        pair.run("made", "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2), (3)", "CREATE TABLE n (made INT)")
        for number, point in enumerate(("apply.after_intent", "apply.after_ddl", "apply.before_commit", "apply.after_commit")):
            pair.daemon.terminate()
            pair.source.run("USE made", f"CREATE TABLE u{number} SELECT * FROM t", f"INSERT INTO n VALUES ({number})")
            pair.daemon.environment["TRIBUTARY_CRASH_POINT"] = f"{point}:1"
            pair.daemon.start(wait=False)
            wait_until(lambda: not pair.daemon.child.running(), f"the daemon ends at {point}")
            del pair.daemon.environment["TRIBUTARY_CRASH_POINT"]
            pair.daemon.start()
            assert pair.compare("made") == 4 + number + 3 * (number + 1)
    finally:
        pair.destroy()


LANGUAGES = ("", "de_pb_", "is_", "lv_", "ro_", "sl_", "pl_", "et_", "es_", "sv_", "tr_", "cs_", "da_", "lt_", "sk_", "es_trad_", "la_", "eo_",
             "hu_", "hr_", "vi_")


@pytest.fixture(name="vectors", params=[("mysql-9.7", "mariadb-11.8"), ("mariadb-11.8", "mysql-9.7")], ids="-to-".join)
def vectors_fixture(request):
    pair = Pair(*request.param)
    try:
        yield pair.start()
    finally:
        pair.destroy()


def vector(pair, text: str) -> str:
    return f"{'VEC_FromText' if pair.source.product.is_mariadb else 'STRING_TO_VECTOR'}({text})"


@pytest.mark.servers("mysql-9.7", "mariadb-11.8")
def test_vectors(vectors):
    pair = vectors
    long = vector(pair, "CONCAT('[', REPEAT('0.5,', 99), '1]')")
    small = "x'0000803F000020C0F9021550'"  # 1, -2.5, 1e10
    # What has the length of a vector and is none, beside one.
    pair.run("vec", "CREATE TABLE t (id INT PRIMARY KEY, v VECTOR(3), w VECTOR(100), b VARBINARY(12), c VARCHAR(12) CHARACTER SET latin1)",
             f"INSERT INTO t VALUES (1, {small}, {long}, {small}, 'latin'), (2, NULL, NULL, x'00', 'x')",
             f"UPDATE t SET v={vector(pair, chr(39) + '[0,0,0]' + chr(39))} WHERE id=1", "INSERT INTO t (id) VALUES (3)", "DELETE FROM t WHERE id=2",
             "CREATE TABLE without_key (v VECTOR(3), n INT)", f"INSERT INTO without_key VALUES ({small}, 1), (NULL, 2), ({small}, 3)",
             "DELETE FROM without_key WHERE n=3", "UPDATE without_key SET n=4 WHERE v IS NOT NULL")
    assert pair.compare("vec") == 4
    assert pair.target.value("SELECT HEX(v) FROM vec.without_key WHERE n=4") == "0000803F000020C0F9021550"


@pytest.mark.servers("mysql-9.7", "mariadb-11.8")
def test_vectors_that_do_not_fit(vectors):
    pair = vectors
    pair.run("vec", "CREATE TABLE t (id INT PRIMARY KEY, v VECTOR(3))")
    narrow = "VECTOR(2)" if pair.source.product.is_mariadb else "VECTOR(4)"  # MySQL takes vectors that are shorter
    pair.target.run(f"ALTER TABLE vec.t MODIFY v {narrow}")
    pair.source.run(f"INSERT INTO vec.t VALUES (4, {vector(pair, chr(39) + '[1,2,3]' + chr(39))})")
    status = pair.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1366
    assert "column 2 of table vec.t: a vector of " in status["Last_SQL_Error"]


def test_collations_by_name(pair):
    columns = [f"c{number} VARCHAR(9) COLLATE utf8mb4_{language}0900_{strength}"
               for number, (language, strength) in enumerate((one, two) for one in LANGUAGES for two in ("ai_ci", "as_cs"))]
    assert pair.run(
        "named", f"CREATE TABLE t (id INT PRIMARY KEY, b VARCHAR(9) COLLATE 'utf8mb4_0900_bin', a VARCHAR(9) COLLATE `utf8mb4_0900_as_ci`, "
        f"{', '.join(columns)}) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='COLLATE utf8mb4_0900_ai_ci'",
        "CREATE TABLE u (v VARCHAR(99) CHARACTER SET utf8mb4 collate UTF8MB4_0900_AS_CS UNIQUE) COLLATE utf8mb4_general_ci",
        "INSERT INTO u VALUES ('a'), ('a '), ('A'), ('á')",  # blanks at the end count
        "ALTER TABLE u CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_ci, DROP KEY v",
        "CREATE PROCEDURE p() UPDATE u SET v=CONCAT(v, '!') WHERE v COLLATE utf8mb4_0900_ai_ci = 'A'", "CALL p()",
        "SET binlog_format=STATEMENT", "UPDATE u SET v='COLLATE utf8mb4_0900_ai_ci' WHERE v = 'á!' COLLATE utf8mb4_0900_as_cs",
        "SET @v='A!' COLLATE utf8mb4_0900_as_cs", "UPDATE u SET v=CONCAT('found by ', @v) WHERE v COLLATE utf8mb4_0900_as_cs = @v",
        "ALTER DATABASE named COLLATE utf8mb4_sv_0900_ai_ci", "CREATE TABLE w (v VARCHAR(9))") == 4
    assert pair.target.query("SELECT table_comment FROM information_schema.tables WHERE table_schema='named' AND table_name='t'") == [
        ("COLLATE utf8mb4_0900_ai_ci",)]
    if pair.target.product.name == "mariadb-10.11":
        assert "does not have the collation utf8mb4_sv_0900_ai_ci of the source: utf8mb4_uca1400_swedish_nopad_ai_ci stands" in pair.daemon.log_text()


def test_a_session_of_any_collation(pair):
    pair.run("sessions", "CREATE TABLE t (v VARCHAR(99))", "SET binlog_format=STATEMENT",
             *(statement for language in LANGUAGES for statement in (f"SET NAMES utf8mb4 COLLATE utf8mb4_{language}0900_as_cs",
                                                                     f"INSERT INTO t VALUES ('{language}'), ('ö' = 'o')")))


@pytest.mark.servers("mysql-9.7")
def test_a_collation_that_nothing_is_like():
    pair = Pair("mysql-9.7", "mariadb-10.11").start()
    try:
        pair.source.run("CREATE DATABASE c", "USE c", "CREATE TABLE t (v VARCHAR(9) COLLATE utf8mb4_ja_0900_as_cs)")
        status = pair.daemon.wait_stopped_by_error("c")
        assert int(status["Last_SQL_Errno"]) == 1273
        assert "utf8mb4_ja_0900_as_cs" in status["Last_SQL_Error"]
    finally:
        pair.destroy()


def test_json_text_becomes_binary(to_mysql):
    wide = "[" + ",".join(f'{{"k{n}":[{n},"{n}",{n}.5,null]}}' for n in range(4000)) + "]"
    pair = to_mysql
    assert pair.run(
        "jt", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, before_it VARCHAR(300), j JSON, l LONGTEXT, k JSON NOT NULL, b LONGBLOB)",
        "INSERT INTO t (j, k, l, b) VALUES (NULL, 'null', '{', x'00ff'), ('{}', '[]', NULL, NULL), ('\"ü😀\"', ' true ', 'ü', ''), "
        "('18446744073709551615', '-9223372036854775808', '', x'7b7d')",
        "INSERT INTO t (j, k) VALUES ('[0.50,1e100,-0.0,1E2,0.1,4294967295,4294967296,65536,-32769]', "
        r"""'{"b":1,"a":[true,{"ü":"\\u0001\\n\\"\\\\\\/\\ud83d\\ude00"}],"":{},"b":2}')""",
        f"INSERT INTO t (j, k) VALUES ('{wide}', JSON_QUOTE(REPEAT('long ', 50000)))",
        "UPDATE t SET j=JSON_SET(j, '$[1].k1', 'changed') WHERE id=6", "UPDATE t SET l='z' WHERE id=3", "DELETE FROM t WHERE id=2",
        "UPDATE t SET l=NULL", "ALTER TABLE t ADD m LONGTEXT FIRST, MODIFY l JSON", "INSERT INTO t (m, j, l, k) VALUES ('[', '[7]', '[8]', '[9]')",
        "UPDATE t SET m='x', k='[1,2]', l='null' WHERE id=4", "SET binlog_row_image=MINIMAL", "UPDATE t SET k='[1]' WHERE id=1") == 6
    assert pair.target.query("SELECT JSON_TYPE(j), JSON_TYPE(k) FROM jt.t WHERE id IN (4, 1) ORDER BY id DESC") == [
        ("UNSIGNED INTEGER", "ARRAY"), (None, "ARRAY")]
    assert pair.target.query("SELECT data_type FROM information_schema.columns WHERE table_schema='jt' AND column_name IN ('j','l','m') "
                             "ORDER BY column_name") == [("json",), ("json",), ("longtext",)]


def test_json_text_in_tables_without_a_key(to_mysql):
    assert to_mysql.run(
        "jt_keyless", "CREATE TABLE t (id INT, j JSON)", """INSERT INTO t VALUES (1, '{"a":1.0}'), (1, '{"a": 2}'), (2, NULL), (2, '[]')""",
        "UPDATE t SET id=3 WHERE JSON_EXTRACT(j, '$.a')=2", "DELETE FROM t WHERE j IS NULL", "UPDATE t SET j='[4]' WHERE id=2",
        "CREATE TABLE made SELECT id FROM t") == 6


def test_a_column_that_becomes_json_in_the_target(to_mysql):
    """What was learnt of the target's columns does not hold for ever."""
    pair = to_mysql
    pair.run("learnt", "CREATE TABLE t (id INT PRIMARY KEY, j LONGTEXT)", "INSERT INTO t VALUES (1, '[1]')")
    for number, kind in ((2, "JSON"), (3, "LONGTEXT"), (4, "JSON")):
        pair.target.run(f"ALTER TABLE learnt.t MODIFY j {kind}")
        pair.source.run(f"INSERT INTO learnt.t VALUES ({number}, '[{number}]')")
        pair.daemon.wait_caught_up("c", pair.source)
    assert pair.target.query("SELECT id, CAST(j AS CHAR) FROM learnt.t") == [(number, f"[{number}]") for number in range(1, 5)]


def test_collations_of_mariadb(to_mysql):
    strengths = ("ai_ci", "as_cs", "nopad_ai_ci", "nopad_as_cs")
    columns = [f"c{number} VARCHAR(9) CHARACTER SET utf8mb4 COLLATE {prefix}uca1400_{language}{strength}" for number, (prefix, language, strength)
               in enumerate((prefix, language, strength) for prefix in ("", "utf8mb4_") for language in ("", "swedish_", "german2_", "vietnamese_")
                            for strength in strengths)]
    assert to_mysql.run(
        "mc", f"CREATE TABLE t (id INT PRIMARY KEY, b VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, {', '.join(columns)}) "
        "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_ai_ci",
        "CREATE TABLE u (v VARCHAR(99) CHARACTER SET utf8mb3 COLLATE utf8mb3_uca1400_ai_ci, w VARCHAR(9) CHARACTER SET ucs2 COLLATE uca1400_ai_ci)",
        "INSERT INTO u VALUES ('å', 'ö')", "SET NAMES utf8mb4 COLLATE utf8mb4_uca1400_swedish_ai_ci", "CREATE DATABASE mc_other COLLATE uca1400_ai_ci",
        "DROP DATABASE mc_other", "SET binlog_format=STATEMENT", "INSERT INTO u VALUES ('x' , 'å' = 'a')") == 2


def test_old_temporal_formats(from_mariadb):
    """MariaDB's formats from before 5.6, with and without a fraction, of which the binary log does not tell the digits."""
    pair = from_mariadb
    columns = [f"{kind}{digits} {kind}({digits}) NULL" for kind in ("TIME", "DATETIME", "TIMESTAMP") for digits in range(7)]
    rows = [("'-838:59:59.999999'", "'9999-12-31 23:59:59.999999'", "'2038-01-19 03:14:07.999999'"), ("'838:59:59.999999'", "'0000-00-00'", "0"),
            ("'-00:00:00.000001'", "'1000-01-01 00:00:00.000001'", "'1970-01-02 00:00:00.100000'"),
            ("'12:34:56.789012'", "'2024-02-29 12:34:56.789012'", "'2024-02-29 12:34:56.789012'"), ("'-01:00:00'", "'2024-00-00'", "NULL"),
            ("NULL", "NULL", "NULL")]
    pair.source.run("SET GLOBAL mysql56_temporal_format=OFF")
    try:
        assert pair.run(
            "oldtime", "SET sql_mode=''", "SET time_zone='+00:00'", f"CREATE TABLE t (id INT PRIMARY KEY, {', '.join(columns)}, z VARCHAR(9))",
            *(f"INSERT INTO t VALUES ({number}, {','.join([time] * 7 + [date] * 7 + [stamp] * 7)}, 'z')"
              for number, (time, date, stamp) in enumerate(rows)),
            "CREATE TABLE keyless AS SELECT time6, datetime3, timestamp1 FROM t", "UPDATE keyless SET time6='1:2:3.456789'",
            "UPDATE t SET time3=NULL, datetime6='2000-01-01 00:00:00.5' WHERE id=2", "DELETE FROM t WHERE id=0", "DELETE FROM keyless WHERE "
            "datetime3 IS NULL") == 10
        kinds = {kind for (kind,) in pair.source.query("SELECT column_type FROM information_schema.columns WHERE table_schema='oldtime' AND "
                                                       "table_name='t'")}
        assert "datetime(3) /* mariadb-5.3 */" in kinds
    finally:
        pair.source.run("SET GLOBAL mysql56_temporal_format=ON")


def test_compressed_columns(from_mariadb):
    """MySQL has no such attribute: there the table is made without it."""
    pair = from_mariadb
    columns = ("(id INT PRIMARY KEY, v VARCHAR(500) {0}, s VARCHAR(255) {0} CHARACTER SET latin1, t TEXT {0}, m MEDIUMBLOB {0}, l LONGTEXT {0}, "
               "y TINYTEXT {0}, plain VARCHAR(20)) CHARSET utf8mb4 COLLATE utf8mb4_general_ci")
    if pair.target.product.is_mariadb:
        pair.source.run("CREATE DATABASE squeezed", "CREATE TABLE squeezed.t " + columns.format("COMPRESSED"))
    else:
        pair.source.run("CREATE DATABASE squeezed", "SET sql_log_bin=0", "CREATE TABLE squeezed.t " + columns.format("COMPRESSED"))
        pair.daemon.wait_caught_up("c", pair.source)
        pair.target.run("CREATE TABLE squeezed.t " + columns.format(""))
    pair.source.run("USE squeezed", "INSERT INTO t VALUES (1, REPEAT('å',500), REPEAT('x',255), REPEAT('y',5000), REPEAT('z',70000), '', REPEAT('t',255), 'p')",
                    "INSERT INTO t VALUES (2, '', 'short', NULL, x'00', REPEAT('long',100000), 'a', NULL)", "INSERT INTO t (id) VALUES (3), (4)",
                    "SET column_compression_zlib_wrap=1", "UPDATE t SET v=REPEAT('w',400), m=REPEAT('m',400) WHERE id=3", "DELETE FROM t WHERE id=4")
    assert pair.compare("squeezed") == 3


@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
def test_system_versioned_tables(versioned, image):
    """The ROW END of a current row is the last TIMESTAMP, which is another one from MariaDB 11.5 on."""
    pair = versioned
    database = f"versions_{image.lower()}"
    explicit = "s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)"
    # Not compared by content: a ROW END that is shown is not the same.
    pair.source.run(
        f"CREATE DATABASE {database}", f"USE {database}", f"SET binlog_row_image={image}", "CREATE TABLE t (id INT PRIMARY KEY, a INT, at TIMESTAMP(6) NULL) WITH SYSTEM VERSIONING",
        "CREATE TABLE keyless (id INT, a INT) WITH SYSTEM VERSIONING", f"CREATE TABLE named (id INT PRIMARY KEY, {explicit}, a INT) WITH SYSTEM VERSIONING",
        "CREATE TABLE parted (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION old HISTORY, PARTITION now CURRENT)",
        *(f"{verb}" for table in ("t", "keyless", "named", "parted") for verb in (
            f"INSERT INTO {table} (id, a) VALUES (1,1), (2,2), (3,3)", f"UPDATE {table} SET a=20 WHERE id=2", f"DELETE FROM {table} WHERE id=3")),
        "SET time_zone='+00:00'", "INSERT INTO t (id, at) VALUES (9, '2038-01-19 03:14:07.999999')")
    pair.daemon.wait_caught_up("c", pair.source)
    for table, count in (("t", 3), ("keyless", 2), ("named", 2), ("parted", 2)):
        assert pair.target.value(f"SELECT COUNT(*) FROM {database}.{table}") == count, table
        ended = f"SELECT id, a FROM {database}.{table} FOR SYSTEM_TIME ALL ORDER BY id, a"
        assert pair.source.query(ended) == pair.target.query(ended)
    assert str(pair.target.value(f"SELECT CONVERT_TZ(at, @@time_zone, '+00:00') FROM {database}.t WHERE id=9")) == "2038-01-19 03:14:07.999999"


@pytest.mark.parametrize("source", ["mariadb-10.11", pytest.param("mariadb-11.8", marks=pytest.mark.servers("mariadb-11.8"))])
@pytest.mark.parametrize("target", ["mariadb-10.11", pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"))])
def test_versions_that_the_target_does_not_keep(source, target):
    """Rows that are deleted arrive as an UPDATE of a column that the target's table does not have."""
    pair = Pair(source, target).start()
    try:
        pair.source.run("CREATE DATABASE v", "SET sql_log_bin=0", "CREATE TABLE v.t (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING",
                        "CREATE TABLE v.plain (id INT PRIMARY KEY, x TIMESTAMP(6) NULL, y TIMESTAMP(6) NULL)")
        pair.daemon.wait_caught_up("c", pair.source)
        pair.target.run("CREATE TABLE v.t (id INT PRIMARY KEY, a INT)", "CREATE TABLE v.plain (id INT PRIMARY KEY)")
        pair.source.run("INSERT INTO v.plain VALUES (1, NOW(6), NOW(6)), (2, NULL, NULL)", "DELETE FROM v.plain WHERE id=1")
        pair.daemon.wait_caught_up("c", pair.source)
        assert pair.target.query("SELECT id FROM v.plain") == [(2,)]
        pair.source.run("INSERT INTO v.t VALUES (1,1)")
        status = pair.daemon.wait_stopped_by_error("c")
        assert int(status["Last_SQL_Errno"]) == 1593
        for words in ("table v.t", "system versioning"):
            assert words in status["Last_SQL_Error"]
        if target == "mysql-9.7":
            return
        pair.target.run("ALTER TABLE v.t ADD SYSTEM VERSIONING")
        pair.daemon.sql("START SLAVE FOR CHANNEL 'c'")
        pair.source.run("INSERT INTO v.t VALUES (2,2)", "DELETE FROM v.t WHERE id=1")
        pair.daemon.wait_caught_up("c", pair.source)
        assert pair.target.query("SELECT id FROM v.t") == [(2,)]
    finally:
        pair.destroy()


@pytest.mark.servers("mariadb-11.8")
def test_a_timestamp_that_the_target_does_not_have():
    pair = Pair("mariadb-11.8", "mariadb-10.11").start()
    try:
        pair.source.run("CREATE DATABASE late", "CREATE TABLE late.t (id INT PRIMARY KEY, a TIMESTAMP NULL)", "SET time_zone='+00:00'",
                        "INSERT INTO late.t VALUES (1, '2038-01-19 03:14:07'), (2, '2038-01-19 03:14:08')")
        status = pair.daemon.wait_stopped_by_error("c")
        for words in ("table late.t", "TIMESTAMP in column 2 is beyond 2038-01-19 03:14:07 UTC", "id=2"):
            assert words in status["Last_SQL_Error"]
    finally:
        pair.destroy()


@pytest.mark.servers("mysql-9.7")
def test_a_partial_update_larger_than_the_targets_packets():
    pair = Pair("mysql-9.7", "mysql-9.7").start()
    try:
        pair.run("js", "CREATE TABLE t (id INT PRIMARY KEY, j JSON)", "INSERT INTO t VALUES (1, '{}'), (2, '{}')")
        pair.daemon.sql("STOP SLAVE")
        pair.target.run("SET GLOBAL max_allowed_packet=1048576")
        pair.daemon.sql("START SLAVE")
        pair.source.run("USE js", "SET binlog_row_value_options=PARTIAL_JSON", "UPDATE t SET j=JSON_SET(j, '$.a', REPEAT('x', 1500000)) WHERE id=2")
        status = pair.daemon.wait_stopped_by_error("c")
        assert int(status["Last_SQL_Errno"]) == 1153 and "max_allowed_packet" in status["Last_SQL_Error"], status
        pair.target.run("SET GLOBAL max_allowed_packet=67108864")
        pair.daemon.sql("START SLAVE")
        assert pair.compare("js") == 2
    finally:
        pair.destroy()


@pytest.mark.servers("mysql-9.7")
@pytest.mark.parametrize("text", ["'[1,}'", "CONCAT('[1]', x'00', 'x')"], ids=["damaged", "with a zero byte"])
def test_a_json_text_that_is_none(text):
    pair = Pair("mariadb-10.11", "mysql-9.7").start()
    try:
        pair.run("bad", "CREATE TABLE t (id INT PRIMARY KEY, j JSON)", "INSERT INTO t VALUES (1, '[]')")
        pair.source.run("SET check_constraint_checks=0", f"INSERT INTO bad.t VALUES (2, {text})")
        status = pair.daemon.wait_stopped_by_error("c")
        assert int(status["Last_SQL_Errno"]) == 3140
        assert "column 2 of table bad.t" in status["Last_SQL_Error"]
    finally:
        pair.destroy()


def test_json_deeper_than_mariadb_knows(pair):
    """MariaDB's JSON functions know no more than 31 levels. Rows are not checked when they are applied."""
    pair.run("deep", "CREATE TABLE t (id INT PRIMARY KEY, j JSON)", "INSERT INTO t VALUES (1, CONCAT(REPEAT('[', 31), REPEAT(']', 31)))",
             "INSERT INTO t VALUES (2, CONCAT(REPEAT('[', 100), REPEAT(']', 100)))")
    assert texts(pair.source, "deep.t") == texts(pair.target, "deep.t")
    assert pair.target.query("SELECT JSON_VALID(j) FROM deep.t ORDER BY id") == [(1,), (0,)]


def test_json_numbers_with_many_digits(pair):
    nines = "9" * 65
    pair.run("js_numbers", "CREATE TABLE t (id INT, j JSON)",
             f"INSERT INTO t VALUES (1, JSON_ARRAY(CAST('{nines}' AS DECIMAL(65)), CAST('-{nines[:35]}.{nines[:30]}' AS DECIMAL(65,30)), "
             f"CAST('-0.{nines[:30]}' AS DECIMAL(30,30)))), (2, '[3761077529708525.5, 123456789012345678.0, 1e15, 1.5e16]')",
             "UPDATE t SET id=id+1")
    assert texts(pair.source, "js_numbers.t") == texts(pair.target, "js_numbers.t")


def test_json_does_not_become_text_of_another_character_set(pair):
    pair.source.run("CREATE DATABASE js_latin1", "USE js_latin1", "SET sql_log_bin=0", "CREATE TABLE t (id INT PRIMARY KEY, j JSON)")
    pair.daemon.wait_caught_up("c", pair.source)
    pair.target.run("USE js_latin1", "CREATE TABLE t (id INT PRIMARY KEY, j LONGTEXT CHARACTER SET latin1)")
    pair.source.run("INSERT INTO js_latin1.t VALUES (1, '{\"a\": 1}')", "INSERT INTO js_latin1.t VALUES (2, '\"ä\"')")
    status = pair.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1366
    for words in ("column 2 of table js_latin1.t", "character set is latin1", "utf8mb4"):
        assert words in status["Last_SQL_Error"]
    assert texts(pair.target, "js_latin1.t") == [(1, '{"a": 1}')]
    pair.target.run("ALTER TABLE js_latin1.t MODIFY j LONGTEXT CHARACTER SET utf8mb4")
    pair.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    pair.daemon.wait_caught_up("c", pair.source)
    assert texts(pair.target, "js_latin1.t") == texts(pair.source, "js_latin1.t")


def test_names_that_differ_in_case_only(to_mysql):
    pair = to_mysql
    pair.source.run("CREATE DATABASE cases", "USE cases", "SET sql_log_bin=0", "CREATE TABLE t (id INT PRIMARY KEY, j LONGTEXT)",
                    "CREATE TABLE T (id INT PRIMARY KEY, j LONGTEXT)")
    pair.daemon.wait_caught_up("c", pair.source)
    pair.target.run("USE cases", "CREATE TABLE t (id INT PRIMARY KEY, j JSON)", "CREATE TABLE T (id INT PRIMARY KEY, j LONGTEXT)")
    pair.source.run("USE cases", "INSERT INTO t VALUES (1, '[1]')", "INSERT INTO T VALUES (1, '{x')")
    pair.daemon.wait_caught_up("c", pair.source)
    assert (texts(pair.target, "cases.t"), texts(pair.target, "cases.T")) == ([(1, "[1]")], [(1, "{x")])
