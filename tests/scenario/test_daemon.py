"""The program: options, files and their modes, accounts, signals, restarts."""

import os
import re
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

import servers
from compare import assert_equal
from daemon import TARGET_PASSWORD, binary, make_target_account
from load import Load
from processes import scratch_directory, wait_until
from proxy import Proxy
from servers import REPLICATION_PASSWORD


def _run(*arguments, **keywords) -> subprocess.CompletedProcess:
    return subprocess.run([binary(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False, **keywords)


def test_help_names_every_option():
    result = _run("--help")
    assert result.returncode == 0
    for option in ("datadir", "bind-address", "port", "socket", "target", "target-password-file", "server-id",
                   "report-host", "relay-log-basename", "log-level", "log-file", "parallel-workers", "max-parallel-workers",
                   "skip-slave-start", "config", "help", "version"):
        assert f"--{option}" in result.stdout, option
    assert "127.0.0.1" in result.stdout and "3307" in result.stdout


def test_version():
    result = _run("--version")
    assert result.returncode == 0 and re.search(r"\d+\.\d+\.\d+", result.stdout)


@pytest.mark.parametrize("arguments, words", [
    (["--no-such-option"], ["no-such-option"]),
    (["--port=seventy"], ["port", "seventy"]),
    (["--port=70000"], ["port", "70000"]),
    (["--log-level=loud"], ["loud", "info"]),
    (["--target=http://x"], ["target"]),
    (["--target=mysql://user:secret@host"], ["password"]),
    (["--config=/nonexistent/file"], ["/nonexistent/file"]),
    (["--config=/tmp"], ["/tmp", "directory"]),
    (["--target=mysql://u@127.0.0.1:1", "--target-password-file=/nonexistent/pw"], ["/nonexistent/pw", "no such file"]),
    (["--target=mysql://u@127.0.0.1:1", "--target-password-file=/tmp"], ["/tmp", "directory"]),
    (["--bind-address=192.0.2.1"], ["192.0.2.1", "no interface"]),
])
def test_wrong_options_are_named(arguments, words):
    directory = scratch_directory("opt")
    result = _run(f"--datadir={directory}/data", *arguments)
    assert result.returncode not in (0, -6, -11)
    for word in words:
        assert word in result.stderr, result.stderr
    assert "secret" not in result.stderr + result.stdout


def test_an_option_file(make_daemon):
    daemon = make_daemon(start=False)
    file = daemon.directory / "tributary.cnf"
    file.write_text("# all of it is explained by --help\n" + "".join(
        argument[2:] + "\n" for argument in daemon.arguments) + "report-host = here.example  # a comment\n")
    daemon.arguments = [f"--config={file}"]
    daemon.start()
    assert daemon.sql("SHOW SLAVE STATUS") == []


def test_the_command_line_wins_over_the_option_file(make_daemon):
    daemon = make_daemon(start=False)
    file = daemon.directory / "tributary.cnf"
    file.write_text("port = 1\nlog-level = error\n")
    daemon.arguments.append(f"--config={file}")
    daemon.start()


def test_an_unknown_name_in_the_option_file_is_refused(make_daemon):
    daemon = make_daemon(start=False)
    file = daemon.directory / "tributary.cnf"
    for line in ("sever-id = 5", "help = 1", f"config = {file}"):
        file.write_text(line + "\n")
        result = _run(*daemon.arguments, f"--config={file}")
        assert result.returncode != 0 and line.split()[0] in result.stderr


@pytest.mark.smoke
def test_a_fresh_data_directory(make_daemon):
    old_mask = os.umask(0)
    try:
        daemon = make_daemon()
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE(daemon.datadir.stat().st_mode) == 0o700
    for path in daemon.datadir.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077 or stat.S_ISSOCK(path.stat().st_mode), path
    assert stat.S_IMODE(daemon.client_cnf.stat().st_mode) == 0o600
    text = daemon.client_cnf.read_text()
    assert "[client]" in text
    password = re.search(r"^password\s*=\s*\"?([^\"\n]+)", text, re.MULTILINE).group(1)
    assert len(password) >= 16
    log = daemon.log_text()
    assert f"mariadb --defaults-file={daemon.client_cnf}" in log
    assert password not in log
    # The account and its password stay.
    daemon.restart()
    assert daemon.client_cnf.read_text() == text
    assert daemon.client("SELECT 1").returncode == 0


def test_it_listens_on_loopback_only(make_daemon):
    daemon = make_daemon()
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    port = f"{daemon.port:04X}"
    addresses = re.findall(rf"([0-9A-F]+):{port} [0-9A-F]+:0000 0A", listening)
    assert addresses == ["0100007F"]


def test_a_data_directory_in_use_is_refused(make_daemon):
    daemon = make_daemon()
    result = _run(f"--datadir={daemon.datadir}", "--port=0")
    assert result.returncode not in (0, -6, -11)
    assert str(daemon.datadir) in result.stderr and "use" in result.stderr
    assert daemon.client("SELECT 1").returncode == 0
    daemon.kill9()
    daemon.start()  # a lock does not outlive its process


def test_a_port_in_use_is_told(make_daemon):
    daemon = make_daemon()
    result = _run(f"--datadir={daemon.directory}/other", f"--port={daemon.port}")
    assert result.returncode not in (0, -6, -11) and str(daemon.port) in result.stderr


def test_any_free_port(trio, make_daemon):
    """With --port=0, client.cnf, the variables and the source's list of replicas tell the port that was found."""
    source = trio[0]
    daemon = make_daemon(start=False)
    daemon.start(options=["--port=0"], wait=False)
    wait_until(daemon.client_cnf.exists, "client.cnf is written")
    port = int(re.search(r"^port\s*=\s*(\d+)", daemon.client_cnf.read_text(), re.MULTILINE).group(1))
    assert port != 0
    assert daemon.sql("SELECT @@port AS port, @@report_port AS report_port") == [{"port": port, "report_port": port}]
    daemon.change_master("c", source)
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")
    daemon.wait_received("c", source)
    assert [int(row[2]) for row in source.query("SHOW SLAVE HOSTS") if row[0] == 777] == [port]


def _ends_quickly(daemon):
    """SIGTERM ends it cleanly. The issue allows five seconds; the limit here only tells a hang from slowness."""
    began = time.monotonic()
    assert daemon.terminate(timeout=30) == 0, daemon.log_text()[-3000:]
    print(f"ended {time.monotonic() - began:.2f} s after SIGTERM")


@pytest.mark.smoke
def test_sigterm_with_a_hung_source(clean_trio, make_daemon):
    eu, us, target = clean_trio
    never, silent = Proxy(eu.port), Proxy(us.port)
    never.set_mode("hang")
    daemon = make_daemon(target)
    daemon.replicate("never", eu, port=never.port)
    daemon.replicate("silent", us, port=silent.port)
    us.run("CREATE DATABASE d")
    daemon.wait_caught_up("silent", us)
    silent.set_mode("hang")
    wait_until(lambda: never.accepted > 0, "the channel connects to the source that never answers")
    _ends_quickly(daemon)
    for proxy in (never, silent):
        proxy.close()


def test_sigterm_with_a_hung_target(make_daemon, trio):
    source = trio[0]
    source.run("RESET MASTER")
    target = servers.target("hung", 901).start()
    try:
        make_target_account(target)
        daemon = make_daemon(target)
        load = Load(source, "hung", 5).prepare()
        daemon.replicate("c", source)
        load.write(20)
        daemon.wait_caught_up("c", source)
        target.child.signal(signal.SIGSTOP)
        load.write(20)
        daemon.wait_received("c", source)
        _ends_quickly(daemon)
        target.child.signal(signal.SIGCONT)
        daemon.start()
        daemon.wait_caught_up("c", source)
        assert_equal(source, target, ["hung"])
    finally:
        target.child.signal(signal.SIGCONT)
        target.destroy()


def test_stop_slave_with_a_hung_source(clean_trio, make_daemon):
    eu, _, target = clean_trio
    proxy = Proxy(eu.port)
    proxy.set_mode("hang")
    daemon = make_daemon(target)
    daemon.replicate("c", eu, port=proxy.port)
    wait_until(lambda: proxy.accepted > 0, "the channel connects")
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    assert daemon.status("c")["Slave_IO_Running"] == "No"
    proxy.close()


def test_a_hung_source_does_not_hold_up_the_others(clean_trio, make_daemon):
    eu, us, target = clean_trio
    proxy = Proxy(eu.port)
    proxy.set_mode("hang")
    daemon = make_daemon(target)
    daemon.replicate("hung", eu, port=proxy.port)
    daemon.replicate("us", us)
    us.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    daemon.wait_caught_up("us", us)
    assert_equal(us, target)
    assert daemon.status("hung")["Slave_IO_Running"] == "Connecting"
    proxy.close()


def test_passwords_are_nowhere_to_be_seen(clean_trio, make_daemon):
    eu, _, target = clean_trio
    daemon = make_daemon(target)
    daemon.replicate("c", eu)
    eu.run("CREATE DATABASE d")
    daemon.wait_caught_up("c", eu)
    with pytest.raises(Exception):
        daemon.sql("CHANGE MASTER TO MASTER_PASSWORD='typed-in-vain', NONSENSE=1 FOR CHANNEL 'c'")
    command_line = Path(f"/proc/{daemon.child.pid}/cmdline").read_bytes().decode()
    seen = daemon.log_text() + command_line + str(daemon.sql("SHOW SLAVE STATUS")) + str(daemon.sql("SHOW ALL SLAVES STATUS"))
    for password in (REPLICATION_PASSWORD, TARGET_PASSWORD, "typed-in-vain"):
        assert password not in seen
    daemon.restart()
    for password in (REPLICATION_PASSWORD, TARGET_PASSWORD, "typed-in-vain"):
        assert password not in daemon.log_text()


def test_log_lines_name_channel_source_and_position(clean_trio, make_daemon):
    eu, _, target = clean_trio
    daemon = make_daemon(target)
    daemon.replicate("named", eu)
    eu.run("CREATE DATABASE d")
    daemon.wait_caught_up("named", eu)
    daemon.sql("STOP SLAVE FOR CHANNEL 'named'")
    lines = [line for line in daemon.log_text().splitlines() if "named" in line]
    assert any(f"127.0.0.1:{eu.port}" in line and "binlog.000001" in line for line in lines), lines


def test_a_log_file(make_daemon):
    daemon = make_daemon(start=False)
    file = daemon.directory / "tributary.log"
    daemon.start([f"--log-file={file}"])
    assert str(daemon.client_cnf) in file.read_text()


@pytest.mark.smoke
def test_channels_that_ran_start_again(clean_trio, make_daemon):
    eu, us, target = clean_trio
    daemon = make_daemon(target)
    daemon.replicate("runs", eu)
    daemon.replicate("stopped", us)
    eu.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)")
    daemon.wait_caught_up("runs", eu)
    daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'stopped'")
    for end in ("terminate", "kill9"):
        getattr(daemon, end)()
        daemon.start()
        for row, wanted in (("runs", ("Yes", "Yes")), ("stopped", ("Yes", "No"))):
            wait_until(lambda row=row, wanted=wanted: (daemon.status(row)["Slave_IO_Running"],
                                                       daemon.status(row)["Slave_SQL_Running"]) == wanted,
                       f"'{row}' is {wanted} after {end}")
        eu.run(f"INSERT INTO d.t VALUES ({len(end)})")
        daemon.wait_caught_up("runs", eu)
    assert_equal(eu, target)

    daemon.restart(["--skip-slave-start"])
    for row in ("runs", "stopped"):
        assert (daemon.status(row)["Slave_IO_Running"], daemon.status(row)["Slave_SQL_Running"]) == ("No", "No")
    daemon.sql("START SLAVE FOR CHANNEL 'runs'")
    eu.run("INSERT INTO d.t VALUES (1000)")
    daemon.wait_caught_up("runs", eu)
    assert_equal(eu, target)


def test_a_channel_that_cannot_be_started_is_tried_again(clean_trio, make_daemon):
    eu, _, target = clean_trio
    eu.run("CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)")
    daemon = make_daemon(target)
    daemon.replicate("eu", eu)
    daemon.wait_caught_up("eu", eu)
    assert daemon.terminate() == 0
    # Nobody can write the list of the relay files now: as on a full disk, the relay log does not open.
    index, = daemon.datadir.rglob("*.index")
    index.unlink()
    index.mkdir()
    (index / "in-the-way").touch()
    daemon.start()
    status = daemon.status("eu")
    assert status["Slave_IO_Running"] == "No" and status["Last_IO_Errno"] == 1872 and index.name in status["Last_IO_Error"]
    eu.run("INSERT INTO shop.t VALUES (1)")
    (index / "in-the-way").unlink()
    index.rmdir()
    wait_until(lambda: daemon.status("eu")["Slave_SQL_Running"] == "Yes", "the channel runs again")
    daemon.wait_caught_up("eu", eu)
    assert target.value("SELECT COUNT(*) FROM shop.t") == 1
    assert index.is_file()


def test_the_source_may_be_down_at_start(clean_trio, make_daemon):
    _, _, target = clean_trio
    source = servers.source("late", 5).start().make_replication_account()
    try:
        daemon = make_daemon(target)
        daemon.replicate("late", source)
        source.run("CREATE DATABASE late", "CREATE TABLE late.t (id INT PRIMARY KEY)")
        daemon.wait_caught_up("late", source)
        source.stop()
        daemon.restart()
        assert daemon.client("SHOW SLAVE STATUS").returncode == 0
        source.start()
        source.run("INSERT INTO late.t VALUES (1)")
        daemon.wait_caught_up("late", source)
        assert_equal(source, target)
    finally:
        source.destroy()


def test_the_target_may_be_down_at_start(make_daemon, clean_trio):
    source = clean_trio[0]
    target = servers.target("late", 902).start()
    try:
        make_target_account(target)
        daemon = make_daemon(target)
        daemon.replicate("c", source)
        source.run("CREATE DATABASE late", "CREATE TABLE late.t (id INT PRIMARY KEY)")
        daemon.wait_caught_up("c", source)
        target.stop()
        daemon.restart()
        source.run("INSERT INTO late.t VALUES (1)")
        daemon.wait_received("c", source)
        status = daemon.status("c")
        assert status["Master_Log_File"] == "binlog.000001"
        target.start()
        daemon.wait_caught_up("c", source)
        assert_equal(source, target)
    finally:
        target.destroy()


def test_two_daemons_share_a_target(clean_trio, make_daemon):
    """Same channel name, other daemon: neither takes the other's checkpoint for its own."""
    eu, us, target = clean_trio
    eu.run("CREATE DATABASE a", "CREATE TABLE a.t (id INT PRIMARY KEY)", "INSERT INTO a.t VALUES (1)")
    us.run("CREATE DATABASE b", "CREATE TABLE b.t (id INT PRIMARY KEY)", "INSERT INTO b.t VALUES (1)")
    for server in (eu, us):
        daemon = make_daemon(target)
        daemon.replicate("c", server)
        daemon.wait_caught_up("c", server)
        assert_equal(server, target)
