"""Resident memory of tributaryd with eight busy channels whose transactions have 1,000 rows each."""

import common
import servers
from compare import assert_equal
from daemon import Tributary, make_target_account

_CHANNELS = 8


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
    transactions = max(20, arguments.transactions // 400)
    sources = [common.source(f"s{number}", number + 1, buffer_pool="64M") for number in range(_CHANNELS)]
    target = common.target()
    servers.start_all(*sources, target)
    make_target_account(target)
    for source in sources:
        source.make_replication_account()
    peaks = []
    for turn in range(arguments.repeat):
        daemon = Tributary(target, options=["--log-level=info", f"--parallel-workers={arguments.workers}"]).start()
        for source in sources:
            source.reset_binary_logs()
            source.run(f"CREATE DATABASE mem{turn}_{source.name}",
                       f"CREATE TABLE mem{turn}_{source.name}.t (id INT PRIMARY KEY, a CHAR(32), b VARCHAR(200))")
            daemon.replicate(source.name, source)
        idle = daemon.child.resident_bytes()
        common.in_parallel(*[lambda source=source: _write(source, f"mem{turn}_{source.name}", transactions) for source in sources])
        for source in sources:
            daemon.wait_caught_up(source.name, source, timeout=1200)
        peaks.append(daemon.child.resident_bytes(peak=True) / (1 << 20))
        common.note(f"turn {turn + 1}: {idle / (1 << 20):.1f} MiB at the start, peak {peaks[-1]:.1f} MiB")
        for source in sources:
            assert_equal(source, target, [f"mem{turn}_{source.name}"])
            source.run("SET sql_log_bin=0", f"DROP DATABASE mem{turn}_{source.name}")
            target.run(f"DROP DATABASE mem{turn}_{source.name}")
        daemon.destroy()
    common.result("memory.eight_channels.peak", common.median(peaks), "MiB")
    for server in (*sources, target):
        server.destroy()


if __name__ == "__main__":
    main()
