"""What a source's own settings do to its statements, and no event tells, holds in the target; whatever the target's settings are."""

import pytest

from pairs import Pair, pair_fixture

both_fixture = pair_fixture("both", [("mariadb-10.11", "mariadb-10.11"), ("mysql-9.7", "mysql-9.7"), ("mysql-5.6", "mysql-9.7"),
                                     ("mariadb-11.8", "mysql-9.7"), ("mysql-9.7", "mariadb-11.8")])
STATEMENTS = ["SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET SESSION binlog_format=STATEMENT"]


@pytest.fixture(name="make_pair")
def make_pair_fixture():
    """make_pair(source, target, options of the target): a pair that is ended with the test."""
    made = []

    def make(source: str, target: str, options: list = ()) -> Pair:
        pair = Pair(source, target)
        pair.target.options += list(options)
        made.append(pair)
        return pair.start()

    yield make
    for pair in made:
        pair.destroy()


def test_results_of_expressions(both):
    pair = both
    names = ("group_concat_max_len", "div_precision_increment", "default_week_format")
    former = pair.source.query("SELECT " + ", ".join(f"@@GLOBAL.{name}" for name in names))[0]
    pair.source.run("SET GLOBAL group_concat_max_len=2000000, GLOBAL div_precision_increment=8, GLOBAL default_week_format=3")
    try:
        pair.daemon.sql("STOP SLAVE")
        pair.daemon.sql("START SLAVE")
        pair.daemon.wait_received("c", pair.source)  # it has asked the source anew
        assert pair.run("expressions", "CREATE TABLE t (id INT PRIMARY KEY, a MEDIUMTEXT, b VARCHAR(30), c INT)", *STATEMENTS, "SET sql_mode=''",
                        "INSERT INTO t VALUES (1, REPEAT('long', 500), CONCAT(1/3), WEEK('2021-01-01'))",
                        "INSERT INTO t SELECT 2, GROUP_CONCAT(a, a, a), CONCAT(22/7), WEEK('2023-01-01') FROM t") == 2
        assert pair.source.value("SELECT LENGTH(a) FROM expressions.t WHERE id=2") == 6000
        assert pair.source.value("SELECT c FROM expressions.t WHERE id=1") == 53
    finally:
        pair.source.run("SET " + ", ".join(f"GLOBAL {name}={value}" for name, value in zip(names, former)))


@pytest.mark.servers("mysql-9.7")
@pytest.mark.parametrize("source,target", [("mysql-9.7", "mariadb-10.11"), ("mysql-9.7", "mysql-9.7")], ids=["to-mariadb", "to-mysql"])
def test_recursion_beyond_the_targets_limit(make_pair, source, target):
    pair = make_pair(source, target)
    assert pair.run("deep", "CREATE TABLE t (n INT PRIMARY KEY)", "SET cte_max_recursion_depth=9999, sql_mode=''", *STATEMENTS,
                    "INSERT INTO t WITH RECURSIVE c AS (SELECT 1 n UNION ALL SELECT n+1 FROM c WHERE n<5000) SELECT n FROM c") == 5000


@pytest.mark.servers("mysql-5.6")
def test_oracle_is_a_name_for_other_modes_in_mysql(make_pair):
    pair = make_pair("mysql-5.6", "mariadb-10.11")
    assert pair.run("ora", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(99)) ENGINE=InnoDB", *STATEMENTS, "SET sql_mode='ORACLE'",
                    "INSERT INTO t VALUES (1, CONCAT('a',NULL)), (2, 'a' || NULL), (3, SUBSTR('abc',0,2)), (4, TRIM(' '))",
                    "CREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (5, 'made'); END", "CALL p()") == 5
    assert pair.target.value("SELECT v FROM ora.t WHERE id=3") == ""


@pytest.mark.servers("mariadb-11.8")
def test_settings_of_a_target_that_would_change_results(make_pair):
    pair = make_pair("mariadb-10.11", "mariadb-11.8", ["--default-regex-flags=DOTALL", "--old-mode=ZERO_DATE_TIME_CAST",
                                                       "--block-encryption-mode=aes-256-cbc", "--max-recursive-iterations=5"])
    assert pair.run("own", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200))", *STATEMENTS, "SET timestamp=1700000000",
                    "INSERT INTO t VALUES (1, REGEXP_REPLACE('a\\nb', 'a.b', 'x')), (2, CAST(TIME'10:00:00' AS DATETIME)), (3, HEX(AES_ENCRYPT('a', 'k')))",
                    "INSERT INTO t WITH RECURSIVE c AS (SELECT 10 n UNION ALL SELECT n+1 FROM c WHERE n<50) SELECT n, 'deep' FROM c") == 44


@pytest.mark.servers("mariadb-11.8")
def test_utf8_is_what_it_is_in_the_source(make_pair):
    pair = make_pair("mariadb-11.8", "mariadb-11.8")
    pair.source.run("SET GLOBAL old_mode=''")
    pair.daemon.sql("STOP SLAVE")
    pair.daemon.sql("START SLAVE")
    pair.daemon.wait_received("c", pair.source)
    assert pair.run("wide", "SET old_mode=''", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET utf8)", *STATEMENTS,
                    "INSERT INTO t VALUES (1, '\U0001f418')") == 1
    assert pair.target.value("SELECT CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE TABLE_NAME='t' AND COLUMN_NAME='v'") == "utf8mb4"


@pytest.mark.servers("mysql-9.7", "mariadb-11.8")
def test_passwords_in_messages_of_other_languages(make_pair):
    pair = make_pair("mariadb-11.8", "mysql-9.7", ["--lc-messages=de_DE"])
    pair.source.run("CREATE OR REPLACE USER c@'%' IDENTIFIED BY 'geheim2'")
    status = pair.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1064, status
    assert "CREATE OR REPLACE USER" in status["Last_SQL_Error"]
    assert "geheim" not in status["Last_SQL_Error"] and "geheim" not in pair.daemon.log_text()


def test_passwords_behind_a_backslash(make_pair):
    pair = make_pair("mariadb-10.11", "mariadb-10.11")
    pair.target.run("CREATE USER 'b\\\\'@'%'")
    pair.source.run("SET sql_mode='NO_BACKSLASH_ESCAPES'", "CREATE USER 'b\\'@'%' IDENTIFIED BY 'geheim1'")
    status = pair.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1396 and "CREATE USER 'b\\'@'%' IDENTIFIED..." in status["Last_SQL_Error"], status
    assert "geheim" not in pair.daemon.log_text()


def test_a_rollback_that_leaves_changes_in_a_target_without_warnings(make_pair):
    """What cannot be rolled back is not repeated: the channel stops, whatever the target says of warnings by itself."""
    pair = make_pair("mariadb-10.11", "mariadb-10.11", ["--max-error-count=0"])
    pair.run("e", "CREATE TABLE i (id INT PRIMARY KEY, n INT) ENGINE=InnoDB", "CREATE TABLE m (id INT PRIMARY KEY, n INT) ENGINE=MyISAM",
             "INSERT INTO i VALUES (1, 0)", "INSERT INTO m VALUES (1, 0)")
    holder = pair.target.connect(database="e", autocommit=False)
    with holder.cursor() as cursor:
        cursor.execute("SELECT * FROM i WHERE id=1 FOR UPDATE")
    pair.source.run("USE e", *STATEMENTS, "BEGIN", "UPDATE i SET n=n+1 WHERE id=99", "UPDATE m SET n=n+1 WHERE id=1",
                    "UPDATE i SET n=n+1 WHERE id=1", "COMMIT")
    status = pair.daemon.wait_stopped_by_error("c")
    holder.rollback()
    holder.close()
    assert int(status["Last_SQL_Errno"]) == 1205 and "without transactions" in status["Last_SQL_Error"], status
    assert pair.target.value("SELECT n FROM e.m") == 1


@pytest.mark.servers("mysql-9.7")
def test_rows_stay_behind_a_statement_that_may_read_their_table(make_pair):
    """A table that has transactions in the source only: its rows go ahead of others', but never of a statement."""
    pair = make_pair("mariadb-10.11", "mysql-9.7", ["--log-bin=binlog", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"])
    pair.run("o", "CREATE TABLE a (id INT PRIMARY KEY, n INT)", "CREATE TABLE m (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40))")
    pair.target.run("ALTER TABLE o.m ENGINE=MyISAM")
    pair.source.run("USE o", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET SESSION binlog_format=MIXED", "BEGIN",
                    "INSERT INTO a SELECT 1, COUNT(*) FROM m", "INSERT INTO m (v) VALUES (UUID())", "COMMIT")
    status = pair.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1785, status
    assert pair.target.query("SELECT * FROM o.a") == [] and pair.target.query("SELECT * FROM o.m") == []


@pytest.mark.servers("mysql-9.7", "mysql-5.6")
def test_the_error_of_a_transaction_that_defines_a_temporary_table(make_pair):
    pair = make_pair("mysql-5.6", "mysql-9.7")
    pair.run("diag", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(99)) ENGINE=InnoDB")
    pair.target.run("INSERT INTO diag.t VALUES (5, 'mine')")
    pair.source.run("USE diag", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET binlog_format=MIXED", "BEGIN",
                    "CREATE TEMPORARY TABLE w (a INT, b TIMESTAMP)", "INSERT INTO w VALUES (1, NULL)", "INSERT INTO t SELECT 5, UUID()", "COMMIT")
    status = pair.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1062 and "diag.t" in status["Last_SQL_Error"], status


@pytest.mark.servers("mysql-9.7")
def test_the_error_of_a_partial_update_whose_row_is_missing(make_pair):
    pair = make_pair("mysql-9.7", "mysql-9.7")
    pair.run("part", "CREATE TABLE t (id INT PRIMARY KEY, j JSON)", "INSERT INTO t VALUES (1, '{\"a\": \"xxxxxxxx\"}')")
    pair.target.run("DELETE FROM part.t")
    pair.source.run("USE part", "SET binlog_row_value_options=PARTIAL_JSON, binlog_row_image=MINIMAL", "UPDATE t SET j=JSON_SET(j, '$.a', 'yyyyyyyy')")
    status = pair.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1032 and "part.t" in status["Last_SQL_Error"], status


def test_differences_are_told_in_the_log(both):
    pair = both
    pair.run("told", "CREATE TABLE t (id INT)", *STATEMENTS, "INSERT INTO t VALUES (1)")
    other = pair.source.product.is_mariadb != pair.target.product.is_mariadb or pair.source.product.name == "mysql-5.6"
    assert ("binlog_format=ROW is safe" in pair.daemon.log_text()) == other
