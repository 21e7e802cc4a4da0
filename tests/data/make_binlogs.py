#!/usr/bin/python3
"""Makes the small binary log files of tests/data/binlogs/<server>/ from real servers: seeds and golden files for the decoders.

    tests/data/make_binlogs.py [--output DIRECTORY] [SERVER...]

Each case is one closed file of its own, begun behind an empty history. What a server lets one choose is always the same: its id and
uuid, the statements' time, pseudo-random seeds. Not chosen are the times of FORMAT_DESCRIPTION and commit, thread ids and XIDs."""

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
# pylint: disable=wrong-import-position
import servers  # noqa: E402
from processes import Failure  # noqa: E402
from products import PRODUCTS  # noqa: E402

LARGEST = 32 * 1024
TIME = 1718000000.123456  # 2024-06-10 06:13:20.123456 UTC


@dataclass
class Case:
    """What a file holds. `settings` are of the global kind, and undone afterwards."""
    name: str
    statements: list
    settings: dict = None
    options: list = ()  # with which the server is started again for it
    dumped: bool = False  # as a replica receives it, where that differs from the file
    goes_on: bool = False  # behind the case before it, so that the file begins with its history
    stop: bool = False  # ends with STOP instead of ROTATE


def script(text: str) -> list:
    """Statements, each with a ; at the end of its last line. @long@ is a long text."""
    return [statement.replace("@long@", "x" * 300) for statement in re.split(r";\n", text.strip() + "\n") if statement]


def many_members(kind: str, count: int) -> str:
    return f"{kind}({','.join(repr(f'm{number}') for number in range(count))})"


def types(extra_columns: str = "", extra_values: str = "") -> list:
    """Every type that all servers have at both ends of its range, and what a server has beyond them."""
    return [TYPES[0].replace("@columns@", extra_columns), TYPES[1].replace("@values@", extra_values), *TYPES[2:],
            f"CREATE TABLE members (e {many_members('ENUM', 300)}, s {many_members('SET', 64)})",
            "INSERT INTO members VALUES ('m0','m0,m63'), ('m299','m1'), (NULL,NULL)",
            "CREATE TABLE wide (" + ", ".join(f"c{number} TINYINT" for number in range(70)) + ")",
            "INSERT INTO wide (c0,c63,c69) VALUES (1,2,3)"]


TYPES = script("""
CREATE TABLE ty (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, i8 TINYINT, u8 TINYINT UNSIGNED, i16 SMALLINT, u16
    SMALLINT UNSIGNED, i24 MEDIUMINT, u24 MEDIUMINT UNSIGNED, i32 INT, u32 INT UNSIGNED, i64 BIGINT, u64 BIGINT UNSIGNED, b1
    BIT(1), b12 BIT(12), b64 BIT(64), y YEAR, f FLOAT, d DOUBLE, d1 DECIMAL(65,30), d2 DECIMAL(10,0), d3 DECIMAL(5,5), d4
    DECIMAL(14,4) UNSIGNED, da DATE, t0 TIME, t1 TIME(1), t3 TIME(3), t6 TIME(6), dt0 DATETIME, dt2 DATETIME(2), dt6
    DATETIME(6), ts0 TIMESTAMP NULL, ts4 TIMESTAMP(4) NULL, ts6 TIMESTAMP(6) NULL, c CHAR(10), c255 CHAR(255) CHARACTER SET
    utf8mb4, v VARCHAR(20), v300 VARCHAR(300), bi BINARY(5), vb VARBINARY(10), vb300 VARBINARY(300), tt TINYTEXT, t TEXT, mt
    MEDIUMTEXT, lt LONGTEXT, tb TINYBLOB, b BLOB, mb MEDIUMBLOB, lb LONGBLOB, e ENUM('new','gold','Ünï'), s
    SET('x','y','z'), g GEOMETRY, p POINT@columns@) CHARACTER SET latin1;
INSERT INTO ty SET i8=-128, u8=0, i16=-32768, u16=0, i24=-8388608, u24=0, i32=-2147483648, u32=0, i64=-9223372036854775808,
    u64=0, b1=0, b12=0, b64=0, y=1901, f=-3.4e38, d=-1.7976931348623157e308,
    d1=-99999999999999999999999999999999999.999999999999999999999999999999, d2=-9999999999, d3=-0.99999, d4=0,
    da='1000-01-01', t0='-838:59:59', t1='-00:00:00.1', t3='-12:34:56.789', t6='-00:00:00.000001', dt0='1000-01-01',
    dt2='0000-00-00', dt6='2024-00-00', ts0='1970-01-02 00:00:01', ts4='0000-00-00', ts6='2038-01-18 03:14:07.999999', c='',
    c255='', v='', v300='', bi='', vb='', vb300='', tt='', t='', mt='', lt='', tb='', b='', mb='', lb='', e='new', s='',
    g=Point(0,0), p=Point(-1,-2.5) @values@;
INSERT INTO ty SET i8=127, u8=255, i16=32767, u16=65535, i24=8388607, u24=16777215, i32=2147483647, u32=4294967295,
    i64=9223372036854775807, u64=18446744073709551615, b1=1, b12=0xABC, b64=0xFFFFFFFFFFFFFFFF, y=2155, f=1.1,
    d=2.2250738585072014e-308, d1=0.000000000000000000000000000001, d2=1, d3=0.00001, d4=1234567890.1234, da='9999-12-31',
    t0='838:59:59', t1='12:34:56.7', t3='00:00:00.001', t6='12:34:56.789012', dt0='9999-12-31 23:59:59',
    dt2='2024-02-29 12:34:56.78', dt6='2024-02-29 23:59:59.999999', ts0='2024-02-29 12:34:56', ts4='2024-02-29 12:34:56.7890',
    ts6='2024-02-29 12:34:56.789012', c='trail  ', c255='Zoë', v='Åäö', v300=REPEAT('v',300), bi=0x6100620000, vb=0x0001,
    vb300=REPEAT('w',256), tt='tiny', t='text', mt='medium', lt='long', tb=0x00, b=0xFF00, mb='blob', lb='longblob',
    e='Ünï', s='x,z', g=LineString(Point(0,0),Point(1,1)), p=NULL;
INSERT INTO ty (id) VALUES (10);
UPDATE ty SET v='changed', i8=NULL, t=REPEAT('t',1000), g=NULL WHERE id=1;
UPDATE ty SET i32=i32-1;
DELETE FROM ty WHERE id=10;
CREATE TABLE `odd ``name` (`c``1` INT, `ü` INT);
INSERT INTO `odd ``name` VALUES (1,2);
""")

CHARSETS = ("latin1", "utf8", "utf8mb4", "ucs2", "utf16", "utf16le", "utf32", "gbk", "sjis", "cp932", "eucjpms", "euckr", "big5",
            "gb2312", "cp1251", "koi8r", "greek", "hebrew", "tis620", "latin2", "ascii", "binary")
CHARSET_ROWS = [
    "CREATE TABLE cs (" + ", ".join(f"{name}_v VARCHAR(20) CHARACTER SET {name}, {name}_c CHAR(5) CHARACTER SET {name}"
                                    for name in CHARSETS) + ")",
    "INSERT INTO cs () VALUES ()",
    *(f"UPDATE cs SET {name}_v='a', {name}_c='b'" for name in CHARSETS[:4]),
    *script("""
UPDATE cs SET latin1_v='Åäö', utf8_v='€', utf8mb4_v='😀', ucs2_v='Ω', utf16_v='😀', utf16le_v='😀', utf32_v='😀', gbk_v='中文',
    sjis_v='日本', cp932_v='日本', eucjpms_v='日本', euckr_v='한국', big5_v='中文', gb2312_v='中文', cp1251_v='Привет',
    koi8r_v='Привет', greek_v='Ωμέγα', hebrew_v='שלום', tis620_v='ไทย', latin2_v='Łódź', ascii_v='ascii', binary_v=0x00FF;
""")]

STATEMENTS = script("""
CREATE TABLE st (id INT AUTO_INCREMENT PRIMARY KEY, r DOUBLE, u VARCHAR(40) CHARACTER SET utf8mb4, at TIMESTAMP(6) NULL);
CREATE TABLE other (id INT PRIMARY KEY, n INT);
INSERT INTO other VALUES (1,1), (2,2);
SET rand_seed1=12345, rand_seed2=67890;
INSERT INTO st (r) VALUES (RAND());
INSERT INTO st (u) VALUES (LAST_INSERT_ID());
SET @string='ü', @real=1.5e0, @signed=-5, @unsigned=18446744073709551615, @decimal=12.34, @null=NULL, @`odd ``name`='x';
INSERT INTO st (u) VALUES (CONCAT(@string, @real, @signed, @unsigned, @decimal, IFNULL(@null,''), @`odd ``name`));
""")
POINT_VARIABLE = script("""
SET @point=Point(1,2);
INSERT INTO st (u) VALUES (LENGTH(@point));
""")  # MariaDB tells such a variable's type
MORE_STATEMENTS = script("""
SET @latin=_latin1 0xE5E4F6, @bin=0x00FF;
INSERT INTO st (u) VALUES (@latin);
INSERT INTO st (u) VALUES (HEX(@bin));
SET time_zone='+05:30';
INSERT INTO st (at) VALUES (NOW(6));
SET lc_time_names='de_DE';
INSERT INTO st (u) VALUES (DATE_FORMAT('2024-05-01','%W %M'));
SET auto_increment_increment=10, auto_increment_offset=5;
INSERT INTO st (r) VALUES (1), (2);
SET sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES';
INSERT INTO "st" (u) VALUES ('a\\' || 'b');
SET sql_mode='';
SET foreign_key_checks=0, unique_checks=0, sql_auto_is_null=1;
INSERT INTO st (r) VALUES (3);
SET foreign_key_checks=1, unique_checks=1, sql_auto_is_null=0;
SET NAMES latin1;
INSERT INTO st (u) VALUES ('åäö');
SET NAMES utf8mb4;
SET collation_connection=utf8mb4_bin, collation_database=latin1_bin;
INSERT INTO st (u) VALUES ('x');
UPDATE st, other SET st.r=9, other.n=9 WHERE st.id=other.id;
CREATE TEMPORARY TABLE tmp (a INT);
INSERT INTO tmp VALUES (1);
INSERT INTO other SELECT a + 100, a FROM tmp;
DROP TEMPORARY TABLE tmp;
INSERT INTO binlogs_other.t VALUES (1);
LOAD DATA INFILE 'load.txt' REPLACE INTO TABLE other FIELDS TERMINATED BY ',' (id, @n) SET n=@n+1;
CREATE PROCEDURE p(n INT, s VARCHAR(10)) INSERT INTO other VALUES (n, LENGTH(s));
CALL p(200, 'ü');
""") + ["INSERT INTO other VALUES (300, " + "+".join(["1"] * 300) + ")"]

DDL = script("""
CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(10) NOT NULL DEFAULT 'x') COMMENT='ünï';
ALTER TABLE t ADD b INT, ADD KEY (b);
CREATE INDEX i ON t (a);
DROP INDEX i ON t;
RENAME TABLE t TO u, u TO v;
CREATE TABLE l LIKE v;
TRUNCATE TABLE l;
DROP TABLE l, v;
CREATE TABLE q SELECT 1 AS a, 'x' AS b;
CREATE VIEW w AS SELECT * FROM q;
CREATE OR REPLACE VIEW w AS SELECT a FROM q;
DROP VIEW w;
CREATE DEFINER=somebody@'%' TRIGGER r BEFORE INSERT ON q FOR EACH ROW SET NEW.b='r';
DROP TRIGGER r;
INSERT INTO q VALUES (2,'');
CREATE FUNCTION f(n INT) RETURNS INT DETERMINISTIC RETURN n + 1;
DROP FUNCTION f;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM q;
ALTER EVENT e DISABLE;
DROP EVENT e;
CREATE USER joe@'%' IDENTIFIED BY 'secret';
GRANT SELECT ON *.* TO joe@'%';
DROP USER joe@'%';
CREATE TABLE pt (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS
    THAN MAXVALUE);
INSERT INTO pt VALUES (1), (20);
ALTER TABLE pt DROP PARTITION p0;
FLUSH TABLES;
ANALYZE TABLE pt;
DROP TABLE pt, q;
CREATE DATABASE gone CHARACTER SET latin1;
ALTER DATABASE gone CHARACTER SET utf8;
DROP DATABASE gone;
""")

TRANSACTIONS = script("""
CREATE TABLE t (id INT PRIMARY KEY);
CREATE TABLE m (id INT PRIMARY KEY) ENGINE=MyISAM;
BEGIN;
INSERT INTO t VALUES (1);
SAVEPOINT `a b`;
INSERT INTO t VALUES (2);
INSERT INTO m VALUES (1);
ROLLBACK TO `a b`;
COMMIT;
INSERT INTO m VALUES (2);
BEGIN;
INSERT INTO m VALUES (3);
INSERT INTO t VALUES (3);
ROLLBACK;
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE);
SET foreign_key_checks=0;
INSERT INTO child VALUES (1,99);
""")

XA = script("""
CREATE TABLE t (id INT PRIMARY KEY);
XA START 'g\\'','b',7;
INSERT INTO t VALUES (1);
XA END 'g\\'','b',7;
XA PREPARE 'g\\'','b',7;
XA COMMIT 'g\\'','b',7;
XA START 'roll';
INSERT INTO t VALUES (2);
XA END 'roll';
XA PREPARE 'roll';
XA ROLLBACK 'roll';
XA START 'one';
INSERT INTO t VALUES (3);
XA END 'one';
XA COMMIT 'one' ONE PHASE;
""")

ROWS = script("""
CREATE TABLE t (id INT PRIMARY KEY, a INT, b BLOB, v VARCHAR(20));
INSERT INTO t VALUES (1,1,'b','v'), (2,NULL,NULL,NULL);
UPDATE t SET a=2 WHERE id=1;
UPDATE t SET b='bb' WHERE id=2;
INSERT INTO t (id) VALUES (3);
DELETE FROM t WHERE id=2;
CREATE TABLE nokey (a INT, b BLOB);
INSERT INTO nokey VALUES (1,'x'), (1,'x');
UPDATE nokey SET a=2 LIMIT 1;
DELETE FROM nokey LIMIT 1;
""")


def common(product: str) -> list:
    mariadb = product.startswith("mariadb")
    # With GTIDs, the default of MySQL 9.7, engines with and without transactions do not mix.
    transactions = [statement for statement in TRANSACTIONS if product != "mysql-9.7" or "INTO m VALUES (1)" not in statement
                    and "INTO m VALUES (3)" not in statement]
    return [Case("charsets", CHARSET_ROWS),
            Case("statements", ["SET binlog_format=STATEMENT", *STATEMENTS, *(POINT_VARIABLE if mariadb else []), *MORE_STATEMENTS]),
            Case("ddl", DDL), Case("transactions", transactions), Case("xa", XA), Case("rows", ROWS),
            Case("minimal_image", ["SET binlog_row_image=MINIMAL", *ROWS]),
            Case("noblob_image", ["SET binlog_row_image=NOBLOB", *ROWS]),
            Case("checksum_none", ROWS, settings={"binlog_checksum": "NONE"}),
            Case("stop", ROWS[:2], stop=True)]


GTIDS_56 = ["--gtid-mode=ON", "--enforce-gtid-consistency"]
MYSQL_56 = [
    Case("types", types()),
    Case("rows_query", ["SET binlog_rows_query_log_events=1", *ROWS]),
    Case("rows_v1", ROWS, settings={"log_bin_use_v1_row_events": "1"}),
    Case("gtids", ROWS, options=GTIDS_56),
    Case("gtids_previous", ["INSERT INTO t (id) VALUES (7)"], options=GTIDS_56, goes_on=True)]

JSON = script("""
CREATE TABLE j (id INT PRIMARY KEY, j JSON);
INSERT INTO j VALUES (1,
    '{"b":1,"a":[true,null,"ü",1.5,-70000,18446744073709551615],"long":"@long@"}'),
    (2, '[]'), (3, 'null'), (4, NULL), (5, '"s"'), (6, '1e300');
""")
MYSQL_97 = [
    Case("types", ["SET sql_mode=''", *types(
        ", j JSON, vec VECTOR(3), st INT AS (i32+1) STORED, vi INT AS (i32+2) VIRTUAL, inv INT INVISIBLE DEFAULT 7",
        ", j='{\"a\":1,\"b\":[true,null,\"x\",1.5,-70000]}', vec=STRING_TO_VECTOR('[1,2.5,-3]')")],
         settings={"binlog_row_metadata": "'FULL'"}),
    Case("json", JSON + script("""
INSERT INTO j SELECT 7, JSON_OBJECT('d', CAST('2024-02-29 12:34:56.789' AS DATETIME(3)), 't', CAST('-12:34:56' AS TIME),
    'da', CAST('2024-02-29' AS DATE), 'dec', CAST(-1.50 AS DECIMAL(10,2)), 'o', JSON_OBJECT(), 'bin', CAST(0x00FF AS
    BINARY), 'bit', b'101');
INSERT INTO j SELECT 8, JSON_ARRAYAGG(n) FROM (WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n+1 FROM s WHERE n<300)
    SELECT n FROM s) x;
""")),
    Case("partial_json", ["SET binlog_row_value_options=PARTIAL_JSON", *JSON, *script("""
UPDATE j SET j=JSON_SET(j,'$.b',2) WHERE id=1;
UPDATE j SET j=JSON_REPLACE(j,'$.a[1]','y','$.a[0]',false) WHERE id=1;
UPDATE j SET j=JSON_REMOVE(j,'$.a[2]') WHERE id=1;
UPDATE j SET j=JSON_ARRAY_INSERT(j,'$[0]',1) WHERE id=2;
UPDATE j SET j=JSON_SET(j,'$.long','short') WHERE id=1;
SET binlog_row_image=MINIMAL;
UPDATE j SET j=JSON_SET(j,'$.b',3) WHERE id=1;
UPDATE j SET j='{}' WHERE id=2;
UPDATE j SET j=JSON_SET(j,'$.b',4);
""")]),
    Case("compressed_transactions", [
        "SET binlog_transaction_compression=ON", *ROWS, "BEGIN",
        *(f"INSERT INTO t VALUES ({n}, {n}, REPEAT('x',500), 'y')" for n in range(100, 140)),
        "UPDATE t SET a=a+1", "DELETE FROM nokey", "COMMIT"]),
    Case("rows_query", ["SET binlog_rows_query_log_events=1", *ROWS]),
    Case("gtids", ROWS + script("""
SET GTID_NEXT='AUTOMATIC:tag';
INSERT INTO t (id) VALUES (4);
SET GTID_NEXT='11111111-2222-3333-4444-555555555555:7';
INSERT INTO t (id) VALUES (5);
SET GTID_NEXT='11111111-2222-3333-4444-555555555555:a_long_tag_of_thirty_two_chars__:9223372036854775806';
INSERT INTO t (id) VALUES (6);
SET GTID_NEXT='AUTOMATIC:tag';
CREATE TABLE tagged (a INT);
SET GTID_NEXT='AUTOMATIC';
""")),
    Case("gtids_previous", ["INSERT INTO t (id) VALUES (7)"], goes_on=True),
    Case("anonymous", TRANSACTIONS, settings={"gtid_mode": "OFF", "enforce_gtid_consistency": "'WARN'"}),
    Case("generated_key", script("""
SET sql_generate_invisible_primary_key=ON;
CREATE TABLE g (a INT);
INSERT INTO g VALUES (1);
UPDATE g SET a=2;
ALTER TABLE g ADD b INT DEFAULT 5, ALGORITHM=INSTANT;
INSERT INTO g VALUES (2,3);
ALTER TABLE g DROP COLUMN a, ALGORITHM=INSTANT;
INSERT INTO g VALUES (4);
"""))]

MARIADB = [
    Case("types", ["SET sql_mode=''", *types(
        ", j JSON, i6 INET6, i4 INET4, u UUID, cc VARCHAR(100) COMPRESSED, cb BLOB COMPRESSED, st INT AS (i32+1) STORED, "
        "vi INT AS (i32+2) VIRTUAL, inv INT INVISIBLE DEFAULT 7",
        ", j='{\"a\":1,\"b\":[true,null]}', i6='2001:db8::1', i4='192.0.2.1', u='123e4567-e89b-12d3-a456-426655440000', "
        "cc=REPEAT('c',100), cb=REPEAT('d',200)")], settings={"binlog_row_metadata": "'FULL'"}),
    # The columns that tests/unit/binlog/every_file_test.cpp knows by the table's name: such events do not tell their fractions.
    Case("old_temporal", script("""
SET sql_mode='';
CREATE TABLE old (id INT PRIMARY KEY, t0 TIME(0) NULL, t1 TIME(1) NULL, t3 TIME(3) NULL, t6 TIME(6) NULL, dt0 DATETIME(0)
    NULL, dt1 DATETIME(1) NULL, dt3 DATETIME(3) NULL, dt6 DATETIME(6) NULL, ts0 TIMESTAMP(0) NULL, ts1 TIMESTAMP(1) NULL,
    ts3 TIMESTAMP(3) NULL, ts6 TIMESTAMP(6) NULL);
INSERT INTO old SET id=1, t0='-12:34:56', t1='-00:00:00.1', t3='12:34:56.789', t6='-838:59:58.999999',
    dt0='2024-02-29 12:34:56', dt1='2024-00-00', dt3='2024-02-29 12:34:56.789', dt6='9999-12-31 23:59:59.999999',
    ts0='2024-02-29 12:34:56',
    ts1='0000-00-00', ts3='2024-02-29 12:34:56.789', ts6='2038-01-18 03:14:07.999999';
INSERT INTO old (id) VALUES (2);
UPDATE old SET t6='00:00:00.000001', dt6=NULL WHERE id=1;
"""), settings={"mysql56_temporal_format": "0"}),
    Case("compressed", ROWS + script("""
INSERT INTO t VALUES (9, 9, REPEAT('x',5000), 'y');
DELETE FROM t WHERE id=9;
SET binlog_format=STATEMENT;
INSERT INTO t VALUES (10, 10,
    '@long@',
    'y');
"""),
         settings={"log_bin_compress": "ON", "log_bin_compress_min_len": "10"}),
    Case("two_phase_alter", script("""
CREATE TABLE t (id INT PRIMARY KEY, a INT);
INSERT INTO t VALUES (1,1), (2,1);
SET binlog_alter_two_phase=ON;
ALTER TABLE t ADD b INT;
ALTER TABLE t ADD UNIQUE KEY (a);
INSERT INTO t VALUES (3,3,3);
ALTER TABLE t DROP b;
""")),
    Case("domains", ROWS[:2] + script("""
SET gtid_domain_id=7;
INSERT INTO t (id) VALUES (4);
SET gtid_domain_id=4294967295, server_id=4294967295;
INSERT INTO t (id) VALUES (5);
SET gtid_seq_no=18446744073709551000;
INSERT INTO t (id) VALUES (6);
SET gtid_domain_id=0, server_id=1;
SET skip_replication=1;
INSERT INTO t (id) VALUES (7);
SET skip_replication=0, skip_parallel_replication=1;
INSERT INTO t (id) VALUES (8);
""")),
    Case("domains_previous", ["SET gtid_domain_id=7", "INSERT INTO t (id) VALUES (9)"], goes_on=True),
    Case("from_encrypting_source", ROWS, dumped=True, options=[
        "--plugin-load-add=file_key_management", "--file-key-management-filename={directory}/keys", "--encrypt-binlog=ON"]),
    Case("no_annotate", ["SET binlog_annotate_row_events=0", *ROWS]),
    Case("sequences_and_versions", script("""
CREATE SEQUENCE s START WITH 5 INCREMENT BY 3 CACHE 10;
CREATE TABLE n (id INT);
INSERT INTO n VALUES (NEXTVAL(s));
SELECT SETVAL(s, 100);
ALTER SEQUENCE s RESTART 7;
CREATE TABLE sv (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING;
INSERT INTO sv VALUES (1,1);
UPDATE sv SET a=2;
DELETE FROM sv;
CREATE TABLE checked (a INT CHECK (a>0));
SET check_constraint_checks=0;
INSERT INTO checked VALUES (-1);
DROP SEQUENCE s;
"""))]
MARIADB_118 = [
    Case("vector", script("""
CREATE TABLE v (id INT PRIMARY KEY, v VECTOR(3) NOT NULL, VECTOR KEY (v), u UUID);
INSERT INTO v VALUES (1, VEC_FromText('[1,2.5,-3]'), UUID_v7());
UPDATE v SET v=VEC_FromText('[0,0,1]');
CREATE TABLE c (c VARCHAR(10)) CHARACTER SET utf8mb4;
""")),
    Case("legacy_positions", ROWS, settings={"binlog_legacy_event_pos": "1"})]

CASES = {"mysql-5.6": common("mysql-5.6") + MYSQL_56, "mysql-9.7": common("mysql-9.7") + MYSQL_97,
         "mariadb-10.11": common("mariadb-10.11") + MARIADB,
         "mariadb-11.8": common("mariadb-11.8") + MARIADB + MARIADB_118}
OPTIONS = {"mysql-5.6": ["--log-slave-updates"]}  # without which it has no GTIDs
UUID = "00112233-4455-6677-8899-aabbccddeeff"


class Maker:
    """One server, which makes one file after another."""

    def __init__(self, product: str, output: Path):
        self.product = PRODUCTS[product]
        self.output = output / product
        self.server = servers.source("binlogs", 1, ["--default-time-zone=+00:00", *OPTIONS.get(product, [])], product=product)
        if not self.product.is_mariadb:
            (self.server.datadir / "auto.cnf").write_text(f"[auto]\nserver-uuid={UUID}\n")

    def _set(self, name: str, value: str):
        if name == "gtid_mode":  # only step by step
            steps = ["OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"]
            for step in steps if value == "ON" else [*reversed(steps[:-1]), "OFF"]:
                self.server.run(f"SET GLOBAL gtid_mode={step}")
        else:
            self.server.run(f"SET GLOBAL {name}={value}")

    def _session(self, statements: list):
        """In one session, with the time of all statements chosen."""
        with self.server.connect(database="binlogs") as connection, connection.cursor() as cursor:
            for statement in [f"SET timestamp={TIME}", *statements]:
                try:
                    cursor.execute(statement)
                except Exception as error:  # also what a server refuses can be worth having: ROLLBACK ALTER
                    if "ADD UNIQUE KEY (a)" not in statement:
                        raise Failure(f"{self.product.name}: {statement[:200]}: {error}") from None

    def _prepare(self):
        load = self.server.datadir / "binlogs" / "load.txt"
        load.unlink(missing_ok=True)
        self.server.run("SET sql_log_bin=0", "DROP DATABASE IF EXISTS binlogs", "DROP DATABASE IF EXISTS binlogs_other",
                        "CREATE DATABASE binlogs CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "CREATE DATABASE binlogs_other",
                        "CREATE TABLE binlogs_other.t (a INT)")
        load.write_text("1,5\n50,6\n")

    def _dump(self, file: str) -> bytes:
        into = self.server.directory / "dump"
        into.mkdir(exist_ok=True)
        subprocess.run([self.product.program("mariadb-binlog"), "--no-defaults", "--raw", "--read-from-remote-server", "-uroot",
                        "--protocol=socket", f"--socket={self.server.socket}", f"--result-file={into}/", file], check=True)
        return (into / file).read_bytes()

    def make(self, case: Case):
        if case.options:
            (self.server.directory / "keys").write_text("1;" + "00112233445566778899AABBCCDDEEFF\n")
            self.server.stop()
            self.server.start(options=[option.format(directory=self.server.directory) for option in case.options])
        settings = case.settings or {}
        former = {name: self.server.value(f"SELECT @@GLOBAL.{name}") for name in settings}
        if not case.goes_on:
            self._prepare()
        for name, value in settings.items():
            self._set(name, value)
        if not case.goes_on:
            self.server.reset_binary_logs()
        else:
            self.server.flush_logs()
        self._session(case.statements)
        made = self.server.binlog_files()[-1]
        if case.stop:
            self.server.restart()
        else:
            self.server.flush_logs()
        content = self._dump(made.name) if case.dumped else made.read_bytes()
        if len(content) >= LARGEST:
            raise Failure(f"{self.product.name}/{case.name}: {len(content)} bytes")
        (self.output / f"{case.name}.binlog").write_bytes(content)
        for name, value in reversed(former.items()):
            self._set(name, value if isinstance(value, int) else f"'{value}'" if name != "gtid_mode" else value)
        if case.options:
            self.server.restart()

    def make_all(self):
        self.output.mkdir(parents=True, exist_ok=True)
        self.server.start()
        try:
            for case in CASES[self.product.name]:
                self.make(case)
                print(f"{self.product.name}/{case.name}.binlog", (self.output / f"{case.name}.binlog").stat().st_size, flush=True)
        finally:
            self.server.destroy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parent / "binlogs")
    parser.add_argument("server", nargs="*", default=list(CASES))
    arguments = parser.parse_args()
    for name in arguments.server:
        Maker(name, arguments.output).make_all()


if __name__ == "__main__":
    main()
