"""What an applier cannot do stops its channel, says what, where and which row, and goes on once mended."""

import pytest

from compare import assert_equal
from products import DEFAULT

# Each with a target of either vendor.
pytestmark = pytest.mark.parametrize(
    "trio", [DEFAULT, pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"))], indirect=True)

SETUP = ["CREATE DATABASE d",
         "CREATE TABLE d.t (id INT PRIMARY KEY, name VARCHAR(20), n INT, UNIQUE KEY (n))",
         "INSERT INTO d.t VALUES (1,'one',10),(2,'two',20),(42,'forty-two',420)"]


@pytest.fixture
def running(clean_trio, make_daemon):
    """Both channels run and are caught up; returns (daemon, eu, us, target)."""
    eu, us, target = clean_trio
    daemon = make_daemon(target)
    eu.run(*SETUP)
    us.run("CREATE DATABASE other", "CREATE TABLE other.t (id INT PRIMARY KEY)")
    for server in (eu, us):
        daemon.replicate(server.name, server)
        daemon.wait_caught_up(server.name, server)
    return daemon, eu, us, target


CASES = {
    # name: (damage in the target, statements in the source, number, words of the message, mending)
    "missing row for an update": (
        ["DELETE FROM d.t WHERE id=42"], ["UPDATE d.t SET name='changed' WHERE id=42"],
        1032, ["d", "t", "42"], ["INSERT INTO d.t VALUES (42,'forty-two',420)"]),
    "missing row for a delete": (
        ["DELETE FROM d.t WHERE id=42"], ["DELETE FROM d.t WHERE id=42"],
        1032, ["d", "t", "42"], ["INSERT INTO d.t VALUES (42,'forty-two',420)"]),
    "duplicate primary key": (
        ["INSERT INTO d.t VALUES (77,'in the way',1)"], ["INSERT INTO d.t VALUES (77,'mine',770)"],
        1062, ["d", "t", "77", "PRIMARY"], ["DELETE FROM d.t WHERE id=77"]),
    "duplicate unique key": (
        ["INSERT INTO d.t VALUES (1000,'in the way',880)"], ["INSERT INTO d.t VALUES (88,'mine',880)"],
        1062, ["d", "t", "880"], ["DELETE FROM d.t WHERE id=1000"]),
    "missing table": (
        ["RENAME TABLE d.t TO d.away"], ["INSERT INTO d.t VALUES (5,'five',50)"],
        1146, ["d", "t"], ["RENAME TABLE d.away TO d.t"]),
    "missing database": (
        ["CREATE DATABASE keep", "RENAME TABLE d.t TO keep.t", "DROP DATABASE d"],
        ["INSERT INTO d.t VALUES (5,'five',50)"],
        (1049, 1146), ["d", "t"], ["CREATE DATABASE d", "RENAME TABLE keep.t TO d.t", "DROP DATABASE keep"]),
    "another type": (
        ["ALTER TABLE d.t MODIFY n VARCHAR(30)"], ["INSERT INTO d.t VALUES (5,'five',50)"],
        1677, ["d.t", "olumn"], ["ALTER TABLE d.t MODIFY n INT"]),
    "statement on a missing table": (
        ["RENAME TABLE d.t TO d.away"], ["SET binlog_format=STATEMENT", "UPDATE d.t SET name='x' WHERE id=1"],
        1146, ["d", "t"], ["RENAME TABLE d.away TO d.t"]),
    "table exists already": (
        ["CREATE TABLE d.made (other INT)"], ["CREATE TABLE d.made (id INT PRIMARY KEY)"],
        1050, ["made"], ["DROP TABLE d.made"]),
    "row too long for the target": (
        ["ALTER TABLE d.t MODIFY name VARCHAR(9)"], ["INSERT INTO d.t VALUES (6,'six is too long',60)"],
        1677, ["d.t", "olumn"], ["ALTER TABLE d.t MODIFY name VARCHAR(20)"]),
}


@pytest.mark.parametrize("case", CASES)
def test_stops_tells_and_goes_on(running, case):
    daemon, eu, us, target = running
    damage, statements, number, words, mending = CASES[case]
    target.run(*damage)
    file, before = eu.position()
    eu.run(*statements)
    _, after = eu.position()
    eu.run("INSERT INTO d.t VALUES (500,'later',5000)")

    status = daemon.wait_stopped_by_error("eu")
    assert int(status["Last_SQL_Errno"]) in (number if isinstance(number, tuple) else (number,))
    assert int(status["Last_Errno"]) == int(status["Last_SQL_Errno"])
    message = status["Last_SQL_Error"]
    for word in words:
        assert word in message, message
    assert file in message, message
    assert any(str(position) in message for position in range(before, after + 1)), (before, after, message)
    assert status["Last_SQL_Error_Timestamp"] not in ("", None)
    assert int(status["Exec_Master_Log_Pos"]) == before, "the position stays before what failed"
    assert status["Slave_IO_Running"] == "Yes", "receiving goes on"

    us.run("INSERT INTO other.t VALUES (1)")
    daemon.wait_caught_up("us", us)
    assert daemon.status("us")["Slave_SQL_Running"] == "Yes"
    assert_equal(us, target, ["other"])

    # Starting again without mending fails in the same way; a restart of the daemon does not hide it.
    daemon.sql("START SLAVE SQL_THREAD FOR CHANNEL 'eu'")
    again = daemon.wait_stopped_by_error("eu")
    assert again["Last_SQL_Errno"] == status["Last_SQL_Errno"]

    target.run(*mending)
    daemon.sql("START SLAVE SQL_THREAD FOR CHANNEL 'eu'")
    daemon.wait_caught_up("eu", eu)
    status = daemon.status("eu")
    assert int(status["Last_SQL_Errno"]) == 0 and status["Last_SQL_Error"] == ""
    assert_equal(eu, target, ["d"])


def test_a_failing_transaction_leaves_nothing_behind(running):
    """The failing row is the last of a large transaction, after transactions that share its batch."""
    daemon, eu, _, target = running
    daemon.sql("STOP SLAVE FOR CHANNEL 'eu'")
    target.run("INSERT INTO d.t VALUES (3000,'in the way',-1)")
    for number in range(100, 110):
        eu.run(f"INSERT INTO d.t VALUES ({number},'before',{number})")
    eu.run("USE d", "BEGIN", "INSERT INTO t SELECT seq,'inside',-seq FROM seq_2000_to_2999",
           "UPDATE d.t SET name='touched' WHERE id=1", "INSERT INTO d.t VALUES (3000,'mine',3000)", "COMMIT")
    daemon.sql("START SLAVE FOR CHANNEL 'eu'")
    status = daemon.wait_stopped_by_error("eu")
    assert int(status["Last_SQL_Errno"]) == 1062 and "3000" in status["Last_SQL_Error"]
    assert target.value("SELECT COUNT(*) FROM d.t WHERE name='before'") == 10
    assert target.value("SELECT COUNT(*) FROM d.t WHERE name IN ('inside','touched')") == 0
    target.run("DELETE FROM d.t WHERE id=3000")
    daemon.sql("START SLAVE FOR CHANNEL 'eu'")
    daemon.wait_caught_up("eu", eu)
    assert_equal(eu, target, ["d"])


def test_a_row_missing_in_a_table_without_a_key(running):
    daemon, eu, _, target = running
    eu.run("CREATE TABLE d.keyless (a INT, b VARCHAR(10))", "INSERT INTO d.keyless VALUES (1,'x'),(1,'x'),(2,NULL)")
    daemon.wait_caught_up("eu", eu)
    target.run("DELETE FROM d.keyless WHERE a=2")
    eu.run("DELETE FROM d.keyless WHERE a=2")
    status = daemon.wait_stopped_by_error("eu")
    assert int(status["Last_SQL_Errno"]) == 1032 and "keyless" in status["Last_SQL_Error"]
    target.run("INSERT INTO d.keyless VALUES (2,NULL)")
    daemon.sql("START SLAVE FOR CHANNEL 'eu'")
    daemon.wait_caught_up("eu", eu)
    assert_equal(eu, target, ["d"])


def test_target_that_lacks_a_privilege(clean_trio, make_daemon):
    eu, _, target = clean_trio
    target.run("REVOKE INSERT ON *.* FROM tributary")
    try:
        daemon = make_daemon(target)
        eu.run(*SETUP)
        daemon.replicate("eu", eu)
        status = daemon.wait_stopped_by_error("eu")
        assert int(status["Last_SQL_Errno"]) in (1142, 1143, 1227, 1044), status["Last_SQL_Error"]
        assert "INSERT" in status["Last_SQL_Error"]
    finally:
        target.run("GRANT INSERT ON *.* TO tributary")
    daemon.sql("START SLAVE FOR CHANNEL 'eu'")
    daemon.wait_caught_up("eu", eu)
    assert_equal(eu, target, ["d"])


def test_lock_in_the_target_is_waited_for(running):
    """A lock held by a user of the target is retried, not an error."""
    daemon, eu, _, target = running
    holder = target.connect(autocommit=False)
    with holder.cursor() as cursor:
        cursor.execute("SELECT * FROM d.t WHERE id=1 FOR UPDATE")
    eu.run("UPDATE d.t SET name='later' WHERE id=1")
    daemon.wait_received("eu", eu)
    file, position = eu.position()
    waited = daemon.sql(f"SELECT MASTER_POS_WAIT('{file}', {position}, 3, 'eu') AS w")[0]["w"]
    assert waited is not None and int(waited) == -1
    holder.rollback()
    holder.close()
    daemon.wait_caught_up("eu", eu)
    assert_equal(eu, target, ["d"])


def test_target_that_is_lost_while_it_is_asked_for_columns(running):
    """Not only the workers' connections: the one by which it is asked may be the first to notice."""
    daemon, eu, _, target = running
    # Whether the last column ends a row's life can only be told by the target.
    eu.run(*[f"CREATE TABLE d.asked{number} (id INT PRIMARY KEY, one TIMESTAMP(6) NULL, two TIMESTAMP(6) NULL)" for number in (1, 2)],
           "INSERT INTO d.asked1 VALUES (1, NOW(6), NOW(6))")
    daemon.wait_caught_up("eu", eu)
    connections = target.query("SELECT id FROM information_schema.processlist WHERE user='tributary'")
    assert connections
    target.run(*[f"KILL {number}" for (number,) in connections])
    eu.run("INSERT INTO d.asked2 VALUES (2, NOW(6), NOW(6))")
    daemon.wait_caught_up("eu", eu)
    assert_equal(eu, target)
