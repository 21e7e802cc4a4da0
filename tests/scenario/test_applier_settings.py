"""Settings of appliers: a global value, a channel's own over it, kept, and in effect from the applier's next START."""

import pymysql
import pytest


def _refused(daemon, statement: str) -> int:
    with pytest.raises(pymysql.err.MySQLError) as refused:
        daemon.sql(statement)
    return refused.value.args[0]


def _value(daemon, variable: str):
    return list(daemon.sql(f"SELECT @@GLOBAL.{variable}")[0].values())[0]


def test_kept_over_a_restart(pair, make_daemon):
    source, target = pair
    daemon = make_daemon(target, options=["--parallel-workers=2"])
    daemon.change_master("c", source)
    assert int(_value(daemon, "slave_parallel_workers")) == 2
    daemon.sql("SET GLOBAL replica_parallel_workers = 3, slave_transaction_retries = 4")
    daemon.sql("SET GLOBAL `c`.slave_parallel_workers = 1, `c`.slave_parallel_type = 'database'")
    daemon.sql("SET GLOBAL `c`.replica_exec_mode = 'idempotent', slave_skip_errors = 1062, `c`.slave_skip_errors = '1050, 1032'")
    daemon.sql("CHANGE MASTER TO ROW_WRITER = BINLOG, BATCH_TRANSACTIONS = 7 FOR CHANNEL 'c'")
    daemon.restart()
    assert int(_value(daemon, "replica_parallel_workers")) == 3
    assert int(_value(daemon, "`c`.slave_parallel_workers")) == 1
    assert int(_value(daemon, "`c`.slave_transaction_retries")) == 4
    assert _value(daemon, "`c`.slave_parallel_type") == "DATABASE"
    assert _value(daemon, "slave_parallel_type") == "WRITESET"
    assert (_value(daemon, "`c`.slave_exec_mode"), _value(daemon, "replica_exec_mode")) == ("IDEMPOTENT", "STRICT")
    assert (_value(daemon, "`c`.slave_skip_errors"), _value(daemon, "slave_skip_errors")) == ("1032,1050", "1062")
    assert _value(daemon, "`c`.row_writer") == "BINLOG"
    assert int(_value(daemon, "`c`.batch_transactions")) == 7
    shown = {row["Variable_name"]: row["Value"] for row in daemon.sql("SHOW GLOBAL VARIABLES LIKE '%parallel%'")}
    assert shown == {"slave_parallel_workers": "3", "replica_parallel_workers": "3", "slave_parallel_type": "WRITESET",
                     "replica_parallel_type": "WRITESET"}
    daemon.sql("SET GLOBAL `c`.slave_parallel_workers = DEFAULT")
    assert int(_value(daemon, "`c`.slave_parallel_workers")) == 3
    daemon.sql("SET GLOBAL slave_parallel_workers = DEFAULT")
    assert int(_value(daemon, "slave_parallel_workers")) == 2


def test_what_is_refused(pair, make_daemon):
    source, target = pair
    daemon = make_daemon(target)
    daemon.replicate("c", source)
    assert _refused(daemon, "SET slave_parallel_workers = 2") == 1229
    assert _refused(daemon, "SET GLOBAL slave_parallel_workers = 'many'") == 1232
    assert _refused(daemon, "SET GLOBAL row_writer = 'NONE'") == 1231
    assert _refused(daemon, "SET GLOBAL slave_exec_mode = 'LOOSE'") == 1231
    assert _refused(daemon, "SET GLOBAL slave_skip_errors = 'some'") == 1231
    assert _refused(daemon, "SET GLOBAL slave_parallel_type = 'DATABASE'") == 3017
    assert _refused(daemon, "SET GLOBAL `c`.slave_parallel_type = DEFAULT") == 3085
    assert _refused(daemon, "SET GLOBAL `x`.slave_parallel_workers = 2") == 3074
    assert _refused(daemon, "SET GLOBAL `c`.wait_timeout = 2") == 1272
    assert _refused(daemon, "SELECT @@SESSION.slave_parallel_type") == 1238
    assert _refused(daemon, "CHANGE MASTER TO BATCH_ROWS = 10 FOR CHANNEL 'c'") == 3085
    daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
    assert _refused(daemon, "CHANGE MASTER TO ROW_WRITER = FAST FOR CHANNEL 'c'") == 1210
    assert _refused(daemon, "CHANGE MASTER TO BATCH_TRANSACTIONS = 0 FOR CHANNEL 'c'") == 1210
    # All of a statement or nothing.
    assert _refused(daemon, "SET GLOBAL slave_parallel_workers = 9, slave_exec_mode = 'NONE'") == 1231
    assert int(_value(daemon, "slave_parallel_workers")) == 4
    with daemon.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL slave_parallel_workers = 5000")
        cursor.execute("SHOW WARNINGS")
        assert [row[1] for row in cursor.fetchall()] == [1292]
    assert int(_value(daemon, "slave_parallel_workers")) == 1024


@pytest.mark.parametrize("limit, rows", [("BATCH_TRANSACTIONS = 3", 1), ("BATCH_ROWS = 6", 2), ("BATCH_BYTES = 100", 3)])
def test_limits_of_a_batch(pair, make_daemon, limit, rows):
    """Behind, no target transaction is larger than the limit says: seen by the commits of the target."""
    source, target = pair
    source.run("CREATE DATABASE d", "CREATE TABLE d.t (a INT, b INT, KEY (a))")
    daemon = make_daemon(target)
    daemon.replicate("c", source)
    daemon.wait_caught_up("c", source)
    daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
    for number in range(24):
        source.run("INSERT INTO d.t VALUES " + ", ".join([f"({number}, {row})" for row in range(rows)]))
    daemon.wait_received("c", source)
    begin = target.value("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'COM_COMMIT'")
    daemon.sql(f"CHANGE MASTER TO {limit} FOR CHANNEL 'c'")
    daemon.sql("START SLAVE SQL_THREAD FOR CHANNEL 'c'")
    daemon.wait_caught_up("c", source)
    end = target.value("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'COM_COMMIT'")
    least = {"BATCH_TRANSACTIONS = 3": 8, "BATCH_ROWS = 6": 8, "BATCH_BYTES = 100": 12}[limit]
    assert int(end) - int(begin) >= least
    assert target.value("SELECT COUNT(*) FROM d.t") == 24 * rows
