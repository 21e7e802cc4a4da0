"""Resident memory of tributaryd with two busy channels whose transactions have 1,000 rows each."""

import threading

import common
import servers
from compare import assert_equal
from daemon import Tributary, make_target_account


def _write(source, database: str, transactions: int):
    with source.connect(database=database, autocommit=False) as connection, connection.cursor() as cursor:
        for number in range(transactions):
            first = number * 1000
            cursor.execute(f"INSERT INTO t SELECT seq, MD5(seq), REPEAT('m', 100) FROM seq_{first}_to_{first + 999}")
            connection.commit()
            if number % 3 == 2:
                cursor.execute(f"UPDATE t SET b=CONCAT(b, '!') WHERE id BETWEEN {first - 999} AND {first}")
                connection.commit()


def main():
    arguments = common.arguments(__doc__)
    transactions = max(50, arguments.transactions // 100)
    eu, us = servers.source("eu", 1), servers.source("us", 2)
    target = servers.target("target", options=["--innodb-buffer-pool-size=256M"])
    servers.start_all(eu, us, target)
    make_target_account(target)
    peaks = []
    for turn in range(arguments.repeat):
        daemon = Tributary(target, options=["--log-level=info", f"--parallel-workers={arguments.workers}"]).start()
        writers = []
        for source in (eu, us):
            source.make_replication_account()
            database = f"mem{turn}_{source.name}"
            source.run("RESET MASTER", f"CREATE DATABASE {database}",
                       f"CREATE TABLE {database}.t (id INT PRIMARY KEY, a CHAR(32), b VARCHAR(200))")
            daemon.replicate(source.name, source)
            writers.append(threading.Thread(target=_write, args=(source, database, transactions)))
        idle = daemon.child.resident_bytes()
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        for source in (eu, us):
            daemon.wait_caught_up(source.name, source, timeout=1200)
        peaks.append(daemon.child.resident_bytes(peak=True) / (1 << 20))
        common.note(f"turn {turn + 1}: {idle / (1 << 20):.1f} MiB at the start, peak {peaks[-1]:.1f} MiB")
        for source in (eu, us):
            assert_equal(source, target, [f"mem{turn}_{source.name}"])
        daemon.destroy()
    common.result("memory.two_channels.peak", common.median(peaks), "MiB")
    for server in (eu, us, target):
        server.destroy()


if __name__ == "__main__":
    main()
