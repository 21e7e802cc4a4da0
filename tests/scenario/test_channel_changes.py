"""CHANGE MASTER and RESET SLAVE, and what must be true when they are cut short, refused, or meet other data than before."""

import shutil
import sqlite3

import pymysql
import pytest

import servers
from compare import assert_equal
from daemon import binary, has_exit_points, make_target_account
from processes import Failure, wait_until
from servers import REPLICATION_PASSWORD


@pytest.fixture
def running(pair, make_daemon):
    """A channel 'c' that has applied rows 1 and 2 of d.t, a table in which a repeated row shows."""
    source, target = pair
    source.run("CREATE DATABASE d", "CREATE TABLE d.t (a INT)", "INSERT INTO d.t VALUES (1)", "INSERT INTO d.t VALUES (2)")
    daemon = make_daemon(target)
    daemon.replicate("c", source)
    daemon.wait_caught_up("c", source)
    return source, target, daemon


def _rows(server) -> list:
    return [row[0] for row in server.query("SELECT a FROM d.t ORDER BY a")]


def _restart_with(daemon, **environment):
    daemon.terminate()
    daemon.environment.update(environment)
    daemon.start()


def test_cut_short_by_a_crash(running):
    """The configuration is saved and the old relay files are not yet removed: the new one counts, whole."""
    source, target, daemon = running
    if not has_exit_points():
        pytest.skip(f"{binary()} is built without exit points; the debug preset has them")
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    file, position = source.position()
    _restart_with(daemon, TRIBUTARY_CRASH_POINT="channel.begin_anew")
    with pytest.raises(pymysql.err.OperationalError):
        daemon.sql(f"CHANGE MASTER TO MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position} FOR CHANNEL 'c'")
    wait_until(lambda: not daemon.child.running(), "the daemon ends in CHANGE MASTER")
    source.run("INSERT INTO d.t VALUES (3)")
    daemon.environment["TRIBUTARY_CRASH_POINT"] = ""
    daemon.start()
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3]

    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    _restart_with(daemon, TRIBUTARY_CRASH_POINT="channel.begin_anew")
    with pytest.raises(pymysql.err.OperationalError):
        daemon.sql("RESET SLAVE FOR CHANNEL 'c'")
    wait_until(lambda: not daemon.child.running(), "the daemon ends in RESET SLAVE")
    daemon.environment["TRIBUTARY_CRASH_POINT"] = ""
    daemon.start()
    target.run("DROP DATABASE d")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")  # from the source's first file, as after any RESET SLAVE
    source.run("INSERT INTO d.t VALUES (4)")
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3, 4]


@pytest.mark.parametrize("statement", [
    "RESET SLAVE FOR CHANNEL 'c'",
    "CHANGE MASTER TO MASTER_LOG_FILE='binlog.000001', MASTER_LOG_POS=4, MASTER_USER='other' FOR CHANNEL 'c'",
    "CHANGE MASTER TO MASTER_HOST='other.example' FOR CHANNEL 'c'",
])
def test_refused_by_the_state_store(running, statement):
    """What the store does not take has not happened: the channel goes on as before."""
    source, target, daemon = running
    daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
    source.run("INSERT INTO d.t VALUES (3)")
    daemon.wait_received("c", source)
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    before = daemon.status("c")
    with sqlite3.connect(daemon.datadir / "state.db", isolation_level=None) as lock:
        lock.execute("BEGIN IMMEDIATE")
        with pytest.raises(pymysql.err.MySQLError) as refused:
            daemon.sql(statement)
        assert "state.db" in str(refused.value)
        lock.execute("ROLLBACK")
    after = daemon.status("c")
    for column in ("Master_Host", "Master_User", "Master_Log_File", "Read_Master_Log_Pos", "Exec_Master_Log_Pos",
                   "Relay_Log_File", "Relay_Log_Pos"):
        assert after[column] == before[column], column
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    source.run("INSERT INTO d.t VALUES (4)")
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3, 4]


def test_a_position_alone_is_one_of_the_present_file(running):
    source, target, daemon = running
    source.flush_logs()
    source.run("INSERT INTO d.t VALUES (3)")
    daemon.wait_caught_up("c", source)
    file, position = source.position()
    assert file == "binlog.000002"
    source.run("INSERT INTO d.t VALUES (4)")
    daemon.wait_received("c", source)
    daemon.wait_caught_up("c", source)
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    target.run("DELETE FROM d.t WHERE a = 4")
    daemon.sql(f"CHANGE MASTER TO MASTER_LOG_POS={position} FOR CHANNEL 'c'")
    assert daemon.status("c")["Master_Log_File"] == file
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3, 4]

    with pytest.raises(pymysql.err.MySQLError) as refused:
        daemon.sql("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_LOG_POS=444 FOR CHANNEL 'new'")
    assert refused.value.args[0] == 1210 and "444" in refused.value.args[1]


def test_the_same_source_once_more_keeps_everything(running):
    """Tools say host and port in every statement; only another one is another source."""
    source, target, daemon = running
    daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
    source.run("INSERT INTO d.t VALUES (3)")
    daemon.wait_received("c", source)
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    before = daemon.status("c")
    files = daemon.relay_files("c")
    daemon.change_master("c", source)
    assert daemon.relay_files("c") == files
    assert daemon.status("c")["Exec_Master_Log_Pos"] == before["Exec_Master_Log_Pos"]
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3]


def test_reset_slave_with_gtid_keeps_what_is_applied(running):
    source, target, daemon = running
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    daemon.sql("CHANGE MASTER TO MASTER_USE_GTID=slave_pos FOR CHANNEL 'c'")
    daemon.sql("RESET SLAVE FOR CHANNEL 'c'")
    source.run("INSERT INTO d.t VALUES (3)")
    daemon.restart()
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3]
    # And once more, with nothing applied since the last one but what came by GTID.
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    daemon.sql("RESET SLAVE FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    source.run("INSERT INTO d.t VALUES (4)")
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3, 4]


def test_relay_files_keep_their_name(running):
    """A host that gets another name, and with it another default for --relay-log-basename."""
    source, target, daemon = running
    files = daemon.relay_files("c")
    daemon.terminate()
    source.run("INSERT INTO d.t VALUES (3)")
    daemon.start(options=["--relay-log-basename=other-relay-bin"])
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3]
    assert daemon.relay_files("c") == files
    assert not list(daemon.datadir.glob("other-relay-bin*"))
    assert files[0].name.split(".")[0] in daemon.log_text()
    # New channels have the new one.
    daemon.change_master("later", source)
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'later'")
    daemon.wait_received("later", source)
    assert list(daemon.datadir.glob("other-relay-bin-later.0*"))


def test_a_relay_log_that_could_not_be_opened_is_tried_again(running):
    source, target, daemon = running
    (*_, newest) = daemon.relay_files("c")
    daemon.terminate()
    kept = daemon.directory / "kept"
    newest.rename(kept)
    newest.mkdir()
    daemon.start()
    with pytest.raises(pymysql.err.MySQLError) as refused:
        daemon.sql("START SLAVE FOR CHANNEL 'c'")
    assert refused.value.args[0] == 1872 and newest.name in refused.value.args[1]
    newest.rmdir()
    kept.rename(newest)
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    source.run("INSERT INTO d.t VALUES (3)")
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3]


def test_an_older_data_directory_is_noticed(running):
    """File numbers are used again by it; the checkpoint in the target tells that they are not the same files."""
    source, target, daemon = running
    daemon.terminate()
    old = daemon.directory / "old"
    shutil.copytree(daemon.datadir, old, ignore=shutil.ignore_patterns("*.sock"))
    daemon.start()
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    source.flush_logs()
    source.flush_logs()
    file, position = source.position()
    daemon.sql(f"CHANGE MASTER TO MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position} FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    source.run("INSERT INTO d.t VALUES (3)")
    source.flush_logs()
    source.run("INSERT INTO d.t VALUES (4)")
    daemon.wait_caught_up("c", source)
    daemon.terminate()
    shutil.rmtree(daemon.datadir)
    old.rename(daemon.datadir)
    source.flush_logs()
    source.run("INSERT INTO d.t VALUES (5)")
    daemon.start()
    status = daemon.wait_stopped_by_error("c")
    assert "not the one that the target was filled from" in status["Last_SQL_Error"]
    assert _rows(target) == [1, 2, 3, 4]


def test_waiting_after_a_fail_over(running):
    """Positions of the former source say nothing about the new one's, whose file names are the same."""
    source, target, daemon = running
    other = servers.source("other", 77, ["--log-slave-updates"]).start()
    try:
        other.make_replication_account()
        # It holds the same transactions under other coordinates.
        other.run("RESET MASTER")
        password = pymysql.converters.escape_item(REPLICATION_PASSWORD, "utf8mb4")
        other.run(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, MASTER_USER='replication', "
                  f"MASTER_PASSWORD={password}, MASTER_USE_GTID=slave_pos")
        other.run("START SLAVE")
        for _ in range(3):
            source.flush_logs()
        source.run("INSERT INTO d.t VALUES (3)")
        daemon.wait_caught_up("c", source)
        wait_until(lambda: "0-1-5" in other.value("SELECT @@gtid_slave_pos"), "the other server has it all")
        other.run("STOP SLAVE")
        other.run("INSERT INTO d.t VALUES (4)")
        daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
        with target.connect() as blocker, blocker.cursor() as cursor:
            cursor.execute("LOCK TABLES d.t READ")
            daemon.sql(f"CHANGE MASTER TO MASTER_PORT={other.port}, MASTER_USE_GTID=slave_pos FOR CHANNEL 'c'")
            daemon.sql("START SLAVE FOR CHANNEL 'c'")
            file, position = other.position()
            with pytest.raises(Failure):
                daemon.wait_applied("c", file, position, timeout=2)
            cursor.execute("UNLOCK TABLES")
        daemon.wait_applied("c", file, position)
        assert _rows(target) == [1, 2, 3, 4]
    finally:
        other.destroy()


def test_status_follows_a_target_that_went_back(make_daemon, pair):
    """A target put back to an older state, with its checkpoint: what is shown and waited for is the target's truth."""
    source, _ = pair
    target = servers.target("back", 901).start()
    try:
        make_target_account(target)
        source.run("CREATE DATABASE d", "CREATE TABLE d.t (a INT)", "INSERT INTO d.t VALUES (1)")
        daemon = make_daemon(target)
        daemon.replicate("c", source)
        daemon.wait_caught_up("c", source)
        daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
        target.stop()
        saved = target.directory / "saved"
        shutil.copytree(target.datadir, saved)
        target.start()
        daemon.sql("START SLAVE FOR CHANNEL 'c'")
        source.run("INSERT INTO d.t VALUES (2)")
        daemon.wait_caught_up("c", source)
        daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
        target.stop()
        shutil.rmtree(target.datadir)
        saved.rename(target.datadir)
        target.start()
        file, position = source.position()
        with target.connect() as blocker, blocker.cursor() as cursor:
            cursor.execute("LOCK TABLES d.t READ")
            daemon.sql("START SLAVE FOR CHANNEL 'c'")
            with pytest.raises(Failure):
                daemon.wait_applied("c", file, position, timeout=2)
            assert int(daemon.status("c")["Exec_Master_Log_Pos"]) < position
            cursor.execute("UNLOCK TABLES")
        daemon.wait_applied("c", file, position)
        assert_equal(source, target)
    finally:
        target.destroy()


def test_a_target_that_has_lost_the_checkpoint(running):
    source, target, daemon = running
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    applied = daemon.status("c")
    target.run("DROP DATABASE tributary")
    source.run("INSERT INTO d.t VALUES (3)")
    daemon.restart()
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    error = daemon.wait_stopped_by_error("c")["Last_SQL_Error"]
    file, position = applied["Relay_Master_Log_File"], applied["Exec_Master_Log_Pos"]
    assert f"{file}:{position}" in error and "CHANGE MASTER" in error
    assert _rows(target) == [1, 2]
    # What it asks for mends it.
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    daemon.sql(f"CHANGE MASTER TO MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position} FOR CHANNEL 'c'")
    daemon.sql("START SLAVE FOR CHANNEL 'c'")
    daemon.wait_caught_up("c", source)
    assert _rows(target) == [1, 2, 3]
