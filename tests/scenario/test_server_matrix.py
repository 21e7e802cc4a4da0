"""The main job for each source and each target that are known to work together, by file and position: what is compared is every row's
content and every column's definition."""

import pymysql
import pytest

from compare import Schemas
from pairs import ALL_PAIRS, pair_fixture, parameter


def only(condition):
    """For a scenario that works for some of the pairs only."""
    return pytest.mark.parametrize("pair", [parameter(pair) for pair in ALL_PAIRS if condition(*pair)], indirect=True)


pair_fixture_of_all = pair_fixture("pair", ALL_PAIRS)


_NUMBERS = """CREATE TABLE numbers (id INT PRIMARY KEY AUTO_INCREMENT, i8 TINYINT, u8 TINYINT UNSIGNED, i16 SMALLINT,
    u16 SMALLINT UNSIGNED, i24 MEDIUMINT, u24 MEDIUMINT UNSIGNED, i32 INT, u32 INT UNSIGNED, i64 BIGINT, u64 BIGINT UNSIGNED,
    b1 BIT(1), b64 BIT(64), y YEAR, f FLOAT, d DOUBLE, dec1 DECIMAL(65,30), dec2 DECIMAL(10,0), dec3 DECIMAL(5,5) UNSIGNED)"""
_TIMES = """CREATE TABLE times (id INT PRIMARY KEY, da DATE, ti TIME, ti3 TIME(3), dt DATETIME, dt6 DATETIME(6),
    ts TIMESTAMP NULL, ts6 TIMESTAMP(6) NULL)"""
_STRINGS = """CREATE TABLE strings (id INT PRIMARY KEY, c CHAR(10), v VARCHAR(300), l VARCHAR(20) CHARACTER SET latin1,
    g VARCHAR(20) CHARACTER SET gbk, j VARCHAR(20) CHARACTER SET sjis, u2 VARCHAR(20) COLLATE ucs2_general_ci,
    u16 VARCHAR(20) COLLATE utf16_general_ci, u3 VARCHAR(20) COLLATE utf8_general_ci, bi BINARY(4), vb VARBINARY(300),
    tt TINYTEXT, t TEXT, mt MEDIUMTEXT, lt LONGTEXT, tb TINYBLOB, b BLOB, mb MEDIUMBLOB, lb LONGBLOB,
    e ENUM('new','gold','Ünï'), s SET('x','y','z'), KEY (v(20)), KEY (b(10))) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"""


def test_rows_of_common_types(pair):
    assert pair.run(
        "types", "SET sql_mode=''", _NUMBERS, _TIMES, _STRINGS,
        """INSERT INTO numbers VALUES (1, -128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0, b'0', 0, 1901,
           -3.4e38, -1.7976931348623157e308, -99999999999999999999999999999999999.999999999999999999999999999999, -9999999999, 0)""",
        """INSERT INTO numbers VALUES (2, 127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 9223372036854775807,
           18446744073709551615, b'1', 0xFFFFFFFFFFFFFFFF, 2155, 1.1754944e-38, 2.2250738585072014e-308,
           0.000000000000000000000000000001, 1, 0.99999)""",
        "INSERT INTO numbers (id) VALUES (3), (4)",
        """INSERT INTO times VALUES (1, '1000-01-01', '-838:59:59', '-00:00:00.001', '1000-01-01 00:00:00',
           '9999-12-31 23:59:59.999999', '1970-01-02 00:00:01', '2038-01-18 03:14:07.999999'),
           (2, '0000-00-00', '838:59:59', '12:34:56.789', '0000-00-00', '2024-00-00', '0000-00-00', '0000-00-00'),
           (3, '2024-02-29', NULL, NULL, NULL, NULL, NULL, NULL)""",
        """INSERT INTO strings VALUES (1, 'Zoë   ', 'Åäö 😀 ', 'Åäö', '中文', '日本', '\\0Ω', '😀', '€', 0x610020, 0x00FF20, '', 'text',
           '', '', '', 0x00, '', '', 'Ünï', 'x,z'),
           (2, '', '', '', '', '', '', '', '', 0x61, '', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'new', '')""",
        "INSERT INTO strings (id) VALUES (3)",
        "UPDATE strings SET v=REPEAT('é',255), t=REPEAT('x',65535), vb=REPEAT('y',256), mb=REPEAT('z',70000) WHERE id=2",
        "UPDATE numbers SET i8=i8-1, d=NULL WHERE id IN (2,3)", "DELETE FROM numbers WHERE id=4",
        "UPDATE times SET ts=NULL, dt6='2024-02-29 23:59:59.000001' WHERE id=1",
        "SET binlog_row_image=MINIMAL", "UPDATE numbers SET f=2.5 WHERE id=1", "INSERT INTO numbers (id, i32) VALUES (10, 5)",
        "UPDATE strings SET e='gold', s='y' WHERE id=1", "DELETE FROM numbers WHERE id=2",
        "SET binlog_row_image=NOBLOB", "UPDATE strings SET v='short' WHERE id=2", "UPDATE strings SET b='long' WHERE id=2") == 9


def test_rows_without_a_key(pair):
    assert pair.run(
        "keyless", "CREATE TABLE t (a INT, b VARCHAR(10), c DOUBLE)",
        "INSERT INTO t VALUES (1,'a',0.1), (1,'a',0.1), (2,NULL,NULL), (3,'b',-0e0)",
        "UPDATE t SET b='z' WHERE a=1 LIMIT 1", "DELETE FROM t WHERE a=2", "INSERT INTO t SELECT * FROM t") == 6


def test_definitions_change(pair):
    assert pair.run(
        "ddl", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(10) NOT NULL DEFAULT 'x')", "INSERT INTO t (id) VALUES (1), (2)",
        "ALTER TABLE t ADD COLUMN b INT DEFAULT 7 AFTER id, ADD UNIQUE KEY k (b, id)", "UPDATE t SET b=id",
        "ALTER TABLE t CHANGE a renamed VARCHAR(300) CHARACTER SET latin1, DROP KEY k", "CREATE INDEX i ON t (renamed(10))",
        "INSERT INTO t VALUES (3, 30, 'thirty')", "RENAME TABLE t TO u", "INSERT INTO u VALUES (4, 40, 'forty')",
        "CREATE TABLE emptied LIKE u", "INSERT INTO emptied SELECT * FROM u", "TRUNCATE TABLE emptied",
        "INSERT INTO emptied VALUES (1,1,'one')", "CREATE TABLE gone (a INT)", "DROP TABLE gone",
        "CREATE TABLE parted (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3", "INSERT INTO parted VALUES (1), (2), (3)",
        "CREATE TEMPORARY TABLE own (a INT)", "INSERT INTO own VALUES (1)", "INSERT INTO parted SELECT a + 100 FROM own",
        "DROP TEMPORARY TABLE own", "CREATE DATABASE other_ddl", "DROP DATABASE other_ddl") == 9


def test_definitions_done_in_part(pair):
    """Servers with atomic definitions refuse the whole, others log what they have done with an error, or without."""
    pair.run("parts", "CREATE TABLE a (id INT)", "CREATE TABLE b (id INT)", "CREATE VIEW v AS SELECT 1", "CREATE TABLE kept (id INT)")
    for statement in ("DROP TABLE parts.a, parts.missing", "DROP TABLE parts.missing, parts.b", "DROP VIEW parts.v, parts.missing"):
        with pytest.raises(pymysql.err.Error):
            pair.source.run(statement)
    pair.compare("parts")
    assert ("kept",) in pair.target.query("SHOW TABLES IN parts")


def test_what_a_source_does_not_mind(pair):
    """InnoDB is less strict by default in old servers."""
    assert pair.run("lenient", "SET innodb_strict_mode=0", "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB ROW_FORMAT=FIXED",
                    "INSERT INTO t VALUES (1)") == 1


def test_transactions(pair):
    assert pair.run(
        "trx", "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE TABLE u (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (id) ON DELETE CASCADE)",
        "BEGIN", "INSERT INTO t VALUES (1), (2)", "SAVEPOINT a", "INSERT INTO t VALUES (3)", "ROLLBACK TO a",
        "INSERT INTO u VALUES (1,1), (2,2)", "COMMIT", "BEGIN", "INSERT INTO t VALUES (4)", "ROLLBACK", "DELETE FROM t WHERE id=1",
        "SET foreign_key_checks=0", "INSERT INTO u VALUES (9,99)") == 3


def test_statement_format(pair):
    assert pair.run(
        "stmt", "SET binlog_format=STATEMENT",
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, r DOUBLE, u VARCHAR(40), at TIMESTAMP(6) NULL, z VARCHAR(40))",
        "SET @u='ü', @n=1.5", "INSERT INTO t (r,u,at) VALUES (RAND(),@u,NOW(6)), (RAND()*@n,CONCAT(@u,1),NOW(6))",
        "SET auto_increment_increment=10, auto_increment_offset=5", "INSERT INTO t (r) VALUES (1), (2)",
        "INSERT INTO t (z) VALUES (LAST_INSERT_ID())",
        "SET time_zone='+05:30', lc_time_names='sv_SE', timestamp=1718000000.25",
        "UPDATE t SET z=CONCAT(NOW(6), DATE_FORMAT(NOW(), '%W')) WHERE id=1",
        "SET sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT'", 'UPDATE t SET "z"=\'a\' || \'b\' WHERE id=2',
        "SET sql_mode=''", "SET NAMES latin1", b"INSERT INTO t (u) VALUES ('\xe5\xe4\xf6')".decode("latin1"),
        "DELETE FROM t WHERE r=2") == 5


def test_stored_programs(pair):
    database = "programs"
    assert pair.run(
        database, "CREATE TABLE t (id INT PRIMARY KEY, b VARCHAR(20))", "CREATE VIEW w AS SELECT id FROM t WHERE b IS NOT NULL",
        "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.b=CONCAT('by trigger ', NEW.id)", "INSERT INTO t VALUES (1, '')",
        "CREATE PROCEDURE p(n INT) INSERT INTO t VALUES (n, NULL)", "CALL p(2)",
        "CREATE FUNCTION f(n INT) RETURNS INT DETERMINISTIC RETURN n + 1", "INSERT INTO t SELECT f(2), NULL",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM t") == 3
    assert pair.target.query("SELECT * FROM w", database=database) == [(1,), (2,), (3,)]
    assert pair.target.value("SELECT f(41)", database=database) == 42
    assert pair.target.value("SELECT status FROM information_schema.events WHERE event_schema='programs'")  in (
        "SLAVESIDE_DISABLED", "REPLICA_SIDE_DISABLED")
    left, right = Schemas(pair.source), Schemas(pair.target)
    assert left.definitions(database, True).keys() == right.definitions(database, False).keys()
    left.close()
    right.close()


def test_json_and_geometry(pair):
    json = pair.source.product.name != "mysql-5.6"
    rows = pair.run(
        "documents", "CREATE TABLE g (id INT PRIMARY KEY, p POINT, g GEOMETRY NOT NULL)",
        "INSERT INTO g VALUES (1, Point(1,-2), LineString(Point(0,0), Point(1,1))), (2, NULL, Point(0,0))",
        "UPDATE g SET p=Point(5,6) WHERE id=2",
        *(["CREATE TABLE j (id INT PRIMARY KEY, j JSON)",
           "INSERT INTO j VALUES (1,'{\"b\":1,\"a\":[true,null,1.5,\"ü\"]}'), (2,NULL)",
           "UPDATE j SET j=JSON_SET(j,'$.b',2) WHERE id=1"] if json else []))
    assert rows == (4 if json else 2)


def test_everything_restarts(pair):
    """Each of the three is killed in turn, and the source goes on in another file."""
    pair.run("lives", "CREATE TABLE t (id INT PRIMARY KEY)")
    for number, restart in enumerate((pair.daemon.kill9, pair.source.kill, pair.target.kill, pair.source.flush_logs)):
        pair.source.run(f"INSERT INTO lives.t VALUES ({number})")
        restart()
        for one in (pair.source, pair.target, pair.daemon):
            if not one.child.running():
                one.start()
        pair.source.run(f"INSERT INTO lives.t VALUES ({number + 100})")
    assert pair.compare("lives") == 8


def test_nothing_from_before_the_position(pair):
    pair.daemon.wait_caught_up("c", pair.source)
    assert pair.target.query("SHOW DATABASES LIKE 'from_before'") == []


def test_table_made_from_a_query(pair):
    assert pair.run("copied", "CREATE TABLE t (id INT PRIMARY KEY, b VARCHAR(5) CHARACTER SET latin1)",
                    "INSERT INTO t VALUES (1, 'å')", "CREATE TABLE u (KEY (b)) SELECT id, b FROM t") == 2


# A definition that names a character set alone gets the collation that is the source's default for it, where the target can be told.
@only(lambda source, target: target == "mariadb-11.8" or source in ("mariadb-10.11", "mysql-5.6") or source == target)
def test_default_collations(pair):
    assert pair.run("collations", *(f"CREATE TABLE {charset} (c VARCHAR(10)) CHARACTER SET {charset}"
                                    for charset in ("latin1", "utf8", "utf8mb4", "ucs2", "utf16", "utf32", "gbk"))) == 0


def test_executable_comments(pair):
    """What the source has run of them runs in the target, and nothing else."""
    name = pair.source.product.name
    source_has_six_digits = name != "mysql-5.6"
    assert pair.run(
        "comments", "CREATE TABLE t (id INT PRIMARY KEY, a INT)",
        "CREATE TABLE u (id INT PRIMARY KEY, a INT /*!80000 NOT NULL DEFAULT 7 */, b INT /*M! NOT NULL DEFAULT 5 */, c INT /*!50100 UNSIGNED */)",
        "INSERT INTO u (id) VALUES (1)", "SET binlog_format=STATEMENT", "INSERT INTO t VALUES (1,1), (2,2)", "INSERT INTO u (id) VALUES (2)",
        "UPDATE t SET a=8 /*!80000 WHERE id=1 */", "UPDATE t SET a=9 /*M! WHERE id=1 */", "INSERT INTO t VALUES (3,3) /*!50700 ,(4,4) */",
        "INSERT INTO t VALUES (5,5) /*!50600 ,(6,6) */", "INSERT INTO t VALUES (7,7) /*M! ,(8,8) */", "INSERT INTO t VALUES (9,9) /*M!110000 ,(10,10) */",
        "INSERT INTO t VALUES (11,11) /*!99999 ,(12,12) */", "INSERT INTO t VALUES (13,13) /* x /*!80000 ,(14,14) */",
        "INSERT INTO t VALUES (15, LENGTH('/*!80000 5 */')), (16, 1 /*! + 1 */)",
        *(["INSERT INTO t VALUES (21,21) /*!100100 ,(22,22) */", "INSERT INTO t VALUES (23,23) /*!110100 ,(24,24) */"] if source_has_six_digits else []),
        *(["/*!80000 CREATE TABLE only_new (a INT) */"] if name == "mysql-9.7" else [])) >= 10


def test_definitions_of_a_dump(pair):
    """As mysqldump writes them."""
    only_mysql_8 = pair.source.product.name == "mysql-9.7"
    pair.run(
        "dumped", "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `dumped2` /*!40100 DEFAULT CHARACTER SET latin1 */ "
        + ("/*!80016 DEFAULT ENCRYPTION='N' */" if only_mysql_8 else ""),
        "CREATE TABLE `t` (`id` int NOT NULL, `h` int DEFAULT '3', " + ("`i` int DEFAULT '4' /*!80023 INVISIBLE */, " if only_mysql_8 else "")
        + "PRIMARY KEY (`id`), KEY `k` (`h`) /*!80000 INVISIBLE */) ENGINE=InnoDB DEFAULT CHARSET=latin1",
        "/*!40000 ALTER TABLE `t` DISABLE KEYS */", "INSERT INTO `t` (`id`,`h`) VALUES (1,2)",
        "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `r` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.h=NEW.h+1 */",
        "/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */ /*!50001 VIEW `v` AS select `h` AS `h` from `t` */",
        "/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`localhost`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' "
        "ON COMPLETION NOT PRESERVE ENABLE DO DELETE FROM t */",
        "SET binlog_format=STATEMENT", "INSERT INTO `t` VALUES (2,5)")
    for query in ("SELECT * FROM v ORDER BY h", "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema='dumped'",
                  "SELECT event_name FROM information_schema.events WHERE event_schema='dumped'"):
        assert pair.target.query(query, database="dumped") == pair.source.query(query, database="dumped")
    assert pair.target.query("SELECT * FROM v ORDER BY h", database="dumped") == [(2,), (6,)]


def test_types_of_user_variables(pair):
    nines = "9" * 65
    same_vendor = pair.source.product.is_mariadb == pair.target.product.is_mariadb
    assert pair.run(
        "variables", "CREATE TABLE t (id INT PRIMARY KEY, d DECIMAL(65,30), s VARCHAR(99))", "SET binlog_format=STATEMENT, sql_mode=''",
        "SET @u=CAST(1 AS UNSIGNED), @n=-9223372036854775808, @d=CAST(5 AS DECIMAL(10,0))",
        "INSERT INTO t (id, s) VALUES (1, ~@u), (2, @u<<63), (3, @u+9223372036854775807), (4, IF(@u > -1,'more','less')), (5, @n)",
        "CREATE TABLE made SELECT @u AS u, @n AS n",
        # The vendors make a DECIMAL of their own longest scale of it.
        *(["CREATE TABLE made_too SELECT @d AS d"] if same_vendor else []),
        f"SET @d=CAST('-{nines[:35]}.{nines[:30]}' AS DECIMAL(65,30))", "INSERT INTO t (id, d) VALUES (6, @d)",
        f"SET @d=CAST('{nines}' AS DECIMAL(65,0))", "INSERT INTO t (id, s) VALUES (7, @d)",
        "SET @d=CAST('.5' AS DECIMAL(30,30))", "INSERT INTO t (id, d) VALUES (8, @d)",
        "CREATE TABLE texts (id INT PRIMARY KEY, a VARCHAR(40) COLLATE utf8mb4_bin, b VARBINARY(40))", "SET NAMES utf8",
        "SET @`größe`='it''s \\\\ a😀b', @w='é'", "INSERT INTO texts VALUES (1, @`größe`, @`größe`), (2, @w, CONCAT(@w, @`größe`))") == (12 if same_vendor else 11)
    kinds = ("SELECT column_name, data_type, column_type LIKE '%unsigned%' FROM information_schema.columns "
             "WHERE table_schema='variables' AND table_name LIKE 'made%' ORDER BY column_name")
    assert pair.target.query(kinds) == pair.source.query(kinds)


def test_the_default_database_is_altered(pair):
    """Without its name, while the applier's session is in another one."""
    pair.run("altered", "CREATE TABLE t (id INT PRIMARY KEY)")
    pair.run("left_alone", "CREATE TABLE t (id INT PRIMARY KEY)")
    pair.source.run("USE altered", "ALTER DATABASE CHARACTER SET cp1251", "CREATE TABLE u (a VARCHAR(9))")
    pair.compare("altered")
    query = ("SELECT schema_name, default_character_set_name = 'cp1251' FROM information_schema.schemata "
             "WHERE schema_name IN ('altered', 'left_alone') ORDER BY schema_name")
    assert pair.target.query(query) == [("altered", 1), ("left_alone", 0)]
