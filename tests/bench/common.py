"""What the benchmarks share: the workload of two sharded sources, and the RESULT lines."""

import argparse
import shutil
import statistics
import subprocess

import servers
from processes import Failure

TABLES = 4
TABLE_SIZE = 50_000


def arguments(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--transactions", type=int, default=60_000, help="per source")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    return parser.parse_args()


def result(case: str, value: float, unit: str, peer: float = None, more_is_better: bool = False):
    line = f"RESULT {case} {value:.4g} {unit}"
    if peer is not None:
        ratio = value / peer if more_is_better else peer / value
        line += f" ratio={ratio:.3g} peer={peer:.4g}"
    print(line, flush=True)


def median(values: list) -> float:
    return statistics.median(values)


def note(text: str):
    print(f"# {text}", flush=True)


def sysbench(server, database: str, command: str, *options):
    done = subprocess.run(
        ["sysbench", "oltp_write_only", f"--mysql-socket={server.socket}", "--mysql-user=root", "--mysql-password=",
         f"--mysql-db={database}", f"--tables={TABLES}", f"--table-size={TABLE_SIZE}", "--rand-seed=4711", *options,
         command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"sysbench {command} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def bench_source(name: str, server_id: int) -> servers.Server:
    """A source whose whole workload stays in one binary log file."""
    server = servers.source(name, server_id, ["--max-binlog-size=1G", "--innodb-buffer-pool-size=512M",
                                              "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=256M"])
    server.start().make_replication_account()
    server.run("SET sql_log_bin=0", f"CREATE DATABASE sb_{name}")
    sysbench(server, f"sb_{name}", "prepare")
    return server


def write(server, name: str, transactions: int):
    """The measured workload, alone in the binary log."""
    server.run("RESET MASTER")
    sysbench(server, f"sb_{name}", "run", "--threads=4", f"--events={transactions}", "--time=0")


def checksums(server, databases: list) -> dict:
    tables = ", ".join(f"`{database}`.sbtest{number + 1}" for database in databases for number in range(TABLES))
    found = dict(server.query(f"CHECKSUM TABLE {tables} EXTENDED"))
    if None in found.values():
        raise Failure(f"{server.name} lacks a table: {found}")
    return found


def copy_tables(source, database: str, target):
    """The tables as they are before the workload."""
    target.run(f"CREATE DATABASE {database}")
    with subprocess.Popen(["mariadb-dump", "--no-defaults", "-uroot", f"--socket={source.socket}", database],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as dump:
        subprocess.run(["mariadb", "--no-defaults", "-uroot", f"--socket={target.socket}", database], stdin=dump.stdout,
                       check=True)
    if dump.returncode != 0:
        raise Failure(f"mariadb-dump of {database} ended with status {dump.returncode}")


def replace_data(server, saved):
    """Puts a stopped server's data directory back to a saved copy."""
    shutil.rmtree(server.datadir)
    shutil.copytree(saved, server.datadir)
