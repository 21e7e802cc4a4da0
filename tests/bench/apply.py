"""Applying what two sources logged and what is received already: MariaDB's own multi-source replication against tributaryd."""

import shutil
import time

import common
import servers
from daemon import Tributary, make_target_account
from processes import Failure, wait_until

SHARDS = ("eu", "us")


def _target(flush: int) -> list:
    return [f"--innodb-flush-log-at-trx-commit={flush}", "--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"]


def native(target, sources: dict, threads: int) -> float:
    for name, source in sources.items():
        password = servers.REPLICATION_PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        target.run(f"CHANGE MASTER '{name}' TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, "
                   f"MASTER_USER='{servers.REPLICATION_USER}', MASTER_PASSWORD='{password}', MASTER_USE_GTID=no")
        target.run(f"START SLAVE '{name}' IO_THREAD")
    for name, source in sources.items():
        file, position = source.position()

        def received(name=name, file=file, position=position):
            status = target.row(f"SHOW SLAVE '{name}' STATUS")
            return (status["Master_Log_File"], int(status["Read_Master_Log_Pos"])) == (file, position)

        wait_until(received, f"native replica has received {name}", timeout=300)
    target.run(f"SET GLOBAL slave_parallel_threads={threads}", "SET GLOBAL slave_parallel_mode='optimistic'")
    began = time.monotonic()
    for name in sources:
        target.run(f"START SLAVE '{name}' SQL_THREAD")
    for name, source in sources.items():
        file, position = source.position()
        if int(target.value(f"SELECT IFNULL(MASTER_POS_WAIT('{file}', {position}, 1200, '{name}'), -1)")) < 0:
            raise Failure(f"native channel {name}: {target.row(f'SHOW SLAVE {chr(39)}{name}{chr(39)} STATUS')}")
    return time.monotonic() - began


def tributary(target, sources: dict, workers: int) -> float:
    daemon = Tributary(target, options=["--log-level=info", f"--parallel-workers={workers}"]).start()
    for name, source in sources.items():
        daemon.change_master(name, source)
        daemon.sql(f"START SLAVE IO_THREAD FOR CHANNEL '{name}'")
    for name, source in sources.items():
        daemon.wait_received(name, source, timeout=300)
    began = time.monotonic()
    for name in sources:
        daemon.sql(f"START SLAVE SQL_THREAD FOR CHANNEL '{name}'")
    for name, source in sources.items():
        daemon.wait_caught_up(name, source, timeout=1200)
    elapsed = time.monotonic() - began
    daemon.destroy()
    return elapsed


def main():
    arguments = common.arguments(__doc__)
    sources = {name: common.bench_source(name, number + 1) for number, name in enumerate(SHARDS)}
    target = servers.target("target")
    target.start()
    make_target_account(target)
    for name, source in sources.items():
        common.copy_tables(source, f"sb_{name}", target)
    target.stop()
    saved = target.directory / "saved"
    shutil.copytree(target.datadir, saved)
    for name, source in sources.items():
        common.write(source, name, arguments.transactions)
    wanted = {}
    for name, source in sources.items():
        wanted.update(common.checksums(source, [f"sb_{name}"]))
    common.note(f"{arguments.transactions} transactions per source, "
                f"{sum(source.position()[1] for source in sources.values()) / 1e6:.0f} MB of binary log")

    appliers = {
        "native.serial": lambda: native(target, sources, 0),
        "native.parallel4": lambda: native(target, sources, 4),
        "binlog": lambda: tributary(target, sources, arguments.workers),
    }
    for flush in (1, 2):
        seconds = {name: [] for name in appliers}
        for turn in range(arguments.repeat):
            for name, apply in appliers.items():
                common.replace_data(target, saved)
                target.start(options=_target(flush))
                seconds[name].append(apply())
                if common.checksums(target, [f"sb_{shard}" for shard in SHARDS]) != wanted:
                    raise Failure(f"{name}: the target's tables differ from the sources'")
                target.kill()
            common.note(f"flush {flush}, turn {turn + 1}: "
                        + ", ".join(f"{name} {values[-1]:.2f} s" for name, values in seconds.items()))
        medians = {name: common.median(values) for name, values in seconds.items()}
        for name in ("native.serial", "native.parallel4"):
            common.result(f"apply.mariadb.flush{flush}.{name}", medians[name], "s")
        common.result(f"apply.mariadb.flush{flush}.binlog", medians["binlog"], "s",
                      min(medians["native.serial"], medians["native.parallel4"]))
    for server in (*sources.values(), target):
        server.destroy()


if __name__ == "__main__":
    main()
