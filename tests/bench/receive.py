"""Receiving one file: tributaryd against mariadb-binlog --read-from-remote-server --raw, wall time and CPU time."""

import filecmp
import os
import subprocess
import time

import common
import servers
from daemon import Tributary
from processes import Failure, scratch_directory


def by_mariadb_binlog(source, file) -> tuple:
    directory = scratch_directory("raw")
    began = time.monotonic()
    process = subprocess.Popen(
        ["mariadb-binlog", "--no-defaults", "--read-from-remote-server", "--raw", "--host=127.0.0.1",
         f"--port={source.port}", f"--user={servers.REPLICATION_USER}", f"--result-file={directory}/", file.name],
        stdin=subprocess.DEVNULL, env={**os.environ, "MYSQL_PWD": servers.REPLICATION_PASSWORD})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode != 0 or not filecmp.cmp(directory / file.name, file, shallow=False):
        raise Failure(f"mariadb-binlog did not fetch {file}")
    (directory / file.name).unlink()
    return wall, usage.ru_utime + usage.ru_stime


def by_tributary(source, file) -> tuple:
    daemon = Tributary(options=["--log-level=info"]).start()
    size = file.stat().st_size
    daemon.change_master("bench", source)
    before = set(daemon.datadir.iterdir())
    cpu = daemon.child.cpu_seconds()
    began = time.monotonic()
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'bench'")
    relay = None
    # The file's size is asked of the file system, since asking the daemon would be part of what is measured.
    while relay is None or relay.stat().st_size < size:
        if relay is None:
            found = [path for path in daemon.datadir.iterdir()
                     if path not in before and path.suffix == ".000001"]
            relay = found[0] if found else None
        if time.monotonic() - began > 600:
            raise Failure(f"not received within 600 s:\n{daemon.describe('bench')}")
        time.sleep(0.002)
    wall = time.monotonic() - began
    cpu = daemon.child.cpu_seconds() - cpu
    daemon.wait_received("bench", source)
    if not filecmp.cmp(relay, file, shallow=False):
        raise Failure(f"{relay} is not {file}")
    daemon.destroy()
    return wall, cpu


def main():
    arguments = common.arguments(__doc__)
    source = common.bench_source("src", 1)
    common.write(source, "src", arguments.transactions * 3 // 2)
    source.flush_logs()
    file = source.binlog_files()[0]
    megabytes = file.stat().st_size / 1e6
    common.note(f"{file.name}: {megabytes:.0f} MB")
    with open(file, "rb") as warm:
        while warm.read(1 << 20):
            pass
    peer, ours = [], []
    for turn in range(arguments.repeat):
        peer.append(by_mariadb_binlog(source, file))
        ours.append(by_tributary(source, file))
        common.note(f"turn {turn + 1}: mariadb-binlog {peer[-1][0]:.2f} s wall, {peer[-1][1]:.2f} s CPU; "
                    f"tributaryd {ours[-1][0]:.2f} s wall, {ours[-1][1]:.2f} s CPU")
    rates = [common.median([megabytes / wall for wall, _ in runs]) for runs in (ours, peer)]
    cpus = [common.median([cpu for _, cpu in runs]) for runs in (ours, peer)]
    common.result("receive.mariadb.rate", rates[0], "MB/s", rates[1], more_is_better=True)
    common.result("receive.mariadb.cpu", cpus[0], "s", cpus[1])
    source.destroy()


if __name__ == "__main__":
    main()
