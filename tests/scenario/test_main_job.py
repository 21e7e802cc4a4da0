"""The main job: two sources consolidated into one target, steered by SQL."""

import pytest

from compare import assert_equal
from load import Load
from processes import wait_until
from servers import REPLICATION_USER


def _shop(server, database, first_id, region):
    server.run(
        f"CREATE DATABASE {database}",
        f"CREATE TABLE {database}.customer (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80) NOT NULL, "
        "country CHAR(2), born DATE, newsletter BOOL DEFAULT FALSE, rank ENUM('new','regular','gold'), "
        "wants SET('mail','post','phone'), joined TIMESTAMP(6) DEFAULT NOW(6))",
        f"CREATE TABLE {database}.click (at DATETIME(6), page TEXT, seconds FLOAT)",
        f"INSERT INTO {database}.customer (name, country, born, rank, wants) VALUES "
        "('Åsa', 'SE', '1970-02-28', 'gold', 'mail,phone'), ('Zoë', NULL, NULL, NULL, '')",
        f"INSERT INTO {database}.click VALUES (NOW(6), '/start', 1.5), (NOW(6), '/start', 1.5), (NULL, NULL, NULL)",
        "CREATE DATABASE IF NOT EXISTS shop",
        "CREATE TABLE IF NOT EXISTS shop.orders (id BIGINT PRIMARY KEY, region CHAR(2), total DECIMAL(12,2))",
        "USE shop", f"INSERT INTO orders SELECT seq, '{region}', seq / 7 FROM seq_{first_id}_to_{first_id + 499}",
        "UPDATE shop.orders SET total=total*1.25 WHERE id % 3 = 0",
        "DELETE FROM shop.orders WHERE id % 5 = 0")


@pytest.mark.smoke
def test_two_sources_are_consolidated(clean_trio, make_daemon):
    eu, us, target = clean_trio
    _shop(eu, "shop_eu", 1, "eu")
    daemon = make_daemon(target)
    daemon.replicate("eu", eu)
    daemon.replicate("us", us)
    _shop(us, "shop_us", 1_000_001, "us")
    for channel, server in (("eu", eu), ("us", us)):
        daemon.wait_caught_up(channel, server)
    for server, region in ((eu, "eu"), (us, "us")):
        assert_equal(server, target, where={"shop.orders": f"region='{region}'"})
    assert target.value("SELECT COUNT(*) FROM shop.orders") == 800


def test_both_sources_write_while_it_replicates(clean_trio, make_daemon, seed):
    eu, us, target = clean_trio
    daemon = make_daemon(target)
    loads = [Load(eu, "db_eu", seed, ddl=True).prepare(), Load(us, "db_us", seed + 1, ddl=True).prepare()]
    daemon.replicate("eu", eu)
    daemon.replicate("us", us)
    for load in loads:
        load.start()
    wait_until(lambda: all(load.transactions > 400 or load.failure for load in loads), "400 transactions each")
    for load in loads:
        load.stop()
    for channel, server in (("eu", eu), ("us", us)):
        daemon.wait_caught_up(channel, server)
        assert assert_equal(server, target) > 0


@pytest.mark.smoke
def test_status_of_a_running_channel(clean_trio, make_daemon):
    eu, _, target = clean_trio
    daemon = make_daemon(target)
    daemon.replicate("eu", eu)
    eu.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    daemon.wait_caught_up("eu", eu)
    file, position = eu.position()

    def settled():
        status = daemon.status("eu")
        return status if status["Slave_IO_State"] else None

    status = wait_until(settled, "the IO thread tells its state")
    assert status["Slave_IO_Running"] == "Yes" and status["Slave_SQL_Running"] == "Yes"
    assert status["Slave_IO_State"] in ("Waiting for master to send event", "Waiting for source to send event")
    assert status["Master_Host"] == "127.0.0.1" and int(status["Master_Port"]) == eu.port
    assert status["Master_User"] == REPLICATION_USER and int(status["Connect_Retry"]) == 1
    assert status["Master_Log_File"] == status["Relay_Master_Log_File"] == file
    assert int(status["Read_Master_Log_Pos"]) == int(status["Exec_Master_Log_Pos"]) == position
    assert int(status["Master_Server_Id"]) == 1
    assert int(status["Last_IO_Errno"]) == int(status["Last_SQL_Errno"]) == int(status["Last_Errno"]) == 0
    assert status["Last_IO_Error"] == status["Last_SQL_Error"] == ""
    assert int(status["Seconds_Behind_Master"]) == 0
    assert "password" not in str(status).lower()
    assert status["Channel_Name"] == "eu"
    assert (daemon.datadir / status["Relay_Log_File"]).is_file()


def test_stop_and_start(clean_trio, make_daemon):
    eu, us, target = clean_trio
    daemon = make_daemon(target)
    for server in (eu, us):
        server.run(f"CREATE DATABASE {server.name}", f"CREATE TABLE {server.name}.t (id INT PRIMARY KEY)")
        daemon.replicate(server.name, server)
        daemon.wait_caught_up(server.name, server)

    daemon.sql("STOP SLAVE FOR CHANNEL 'eu'")
    status = daemon.status("eu")
    assert (status["Slave_IO_Running"], status["Slave_SQL_Running"]) == ("No", "No")
    assert status["Seconds_Behind_Master"] is None
    for server in (eu, us):
        server.run(f"INSERT INTO {server.name}.t VALUES (1)")
    daemon.wait_caught_up("us", us)  # the other channel goes on
    assert target.value("SELECT COUNT(*) FROM eu.t") == 0

    # Receiving without applying, and the other way round.
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'eu'")
    daemon.wait_received("eu", eu)
    assert daemon.status("eu")["Slave_SQL_Running"] == "No"
    assert target.value("SELECT COUNT(*) FROM eu.t") == 0
    daemon.sql("STOP SLAVE IO_THREAD FOR CHANNEL 'eu'")
    daemon.sql("START SLAVE SQL_THREAD FOR CHANNEL 'eu'")
    daemon.wait_caught_up("eu", eu)
    assert daemon.status("eu")["Slave_IO_Running"] == "No"
    assert_equal(eu, target)

    # Without a channel the statement is for every channel.
    daemon.sql("STOP SLAVE")
    assert [row["Slave_SQL_Running"] for row in daemon.sql("SHOW ALL SLAVES STATUS")] == ["No", "No"]
    daemon.sql("START SLAVE")
    for server in (eu, us):
        server.run(f"INSERT INTO {server.name}.t VALUES (2)")
        daemon.wait_caught_up(server.name, server)
        assert_equal(server, target)


def test_reset_slave_all_removes_the_channel(clean_trio, make_daemon):
    eu, _, target = clean_trio
    daemon = make_daemon(target)
    eu.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    daemon.replicate("gone", eu)
    daemon.wait_caught_up("gone", eu)
    files = daemon.relay_files("gone")
    assert files and all(path.is_file() for path in files)
    daemon.sql("STOP SLAVE FOR CHANNEL 'gone'")
    daemon.sql("RESET SLAVE ALL FOR CHANNEL 'gone'")
    assert daemon.sql("SHOW ALL SLAVES STATUS") == []
    assert not any(path.exists() for path in files)
    assert not [path for path in daemon.datadir.iterdir() if "gone" in path.name]
    daemon.restart()
    assert daemon.sql("SHOW ALL SLAVES STATUS") == []

    # The name can be used again, from coordinates of one's own: nothing of the former channel is remembered.
    file, position = eu.position()
    eu.run("INSERT INTO d.t VALUES (2)")
    daemon.replicate("gone", eu, file=file, position=position)
    daemon.wait_caught_up("gone", eu)
    assert_equal(eu, target)


def test_reset_slave_keeps_the_connection(clean_trio, make_daemon):
    eu, _, target = clean_trio
    daemon = make_daemon(target)
    eu.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)")
    daemon.replicate("eu", eu)
    daemon.wait_caught_up("eu", eu)
    daemon.sql("STOP SLAVE FOR CHANNEL 'eu'")
    daemon.sql("RESET SLAVE FOR CHANNEL 'eu'")
    status = daemon.status("eu")
    assert status["Master_Host"] == "127.0.0.1" and int(status["Master_Port"]) == eu.port
    assert status["Master_Log_File"] == "" and int(status["Read_Master_Log_Pos"]) == 4
    # It begins at the source's first file again: everything is applied anew.
    target.run("DROP DATABASE d")
    eu.run("INSERT INTO d.t VALUES (1)")
    daemon.sql("START SLAVE FOR CHANNEL 'eu'")
    daemon.wait_caught_up("eu", eu)
    assert_equal(eu, target)


def test_the_default_channel(clean_trio, make_daemon):
    eu, _, target = clean_trio
    daemon = make_daemon(target)
    daemon.replicate("", eu)
    eu.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    daemon.wait_caught_up("", eu)
    assert_equal(eu, target)
    (status,) = daemon.sql("SHOW SLAVE STATUS")
    assert status["Slave_SQL_Running"] == "Yes"


def test_a_change_of_the_source_keeps_positions(clean_trio, make_daemon):
    """New credentials only: no HOST or PORT, so receiving goes on where applying ended."""
    eu, _, target = clean_trio
    daemon = make_daemon(target)
    eu.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    daemon.replicate("eu", eu)
    daemon.wait_caught_up("eu", eu)
    daemon.sql("STOP SLAVE FOR CHANNEL 'eu'")
    eu.run("SET sql_log_bin=0", "CREATE OR REPLACE USER other@'%' IDENTIFIED BY 'other'",
           "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO other@'%'")
    daemon.sql("CHANGE MASTER TO MASTER_USER='other', MASTER_PASSWORD='other' FOR CHANNEL 'eu'")
    eu.run("INSERT INTO d.t VALUES (2)")
    daemon.sql("START SLAVE FOR CHANNEL 'eu'")
    daemon.wait_caught_up("eu", eu)
    assert daemon.status("eu")["Master_User"] == "other"
    assert_equal(eu, target)


def test_applied_relay_files_are_purged_on_request(clean_trio, make_daemon):
    eu, us, target = clean_trio
    purging, keeping = make_daemon(target, options=["--relay-log-purge"]), make_daemon(target)
    for daemon, server in ((purging, eu), (keeping, us)):
        daemon.replicate("c", server)
        server.run(f"CREATE DATABASE {server.name}", f"CREATE TABLE {server.name}.t (id INT PRIMARY KEY)")
        for number in range(4):
            server.run(f"INSERT INTO {server.name}.t VALUES ({number})")
            server.flush_logs()
            daemon.wait_caught_up("c", server)
    wait_until(lambda: len(purging.relay_files("c")) <= 2, "applied relay files are removed")
    assert all(path.is_file() for path in purging.relay_files("c"))
    assert len(keeping.relay_files("c")) == 5
    purging.restart()
    eu.run("INSERT INTO eu.t VALUES (100)")
    purging.wait_caught_up("c", eu)
    assert_equal(eu, target)
