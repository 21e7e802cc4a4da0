"""What the benchmarks share: arguments, servers, the RESULT lines."""

import argparse
import shutil
import statistics
import subprocess
import threading

import servers
from daemon import binary
from processes import Failure
from products import DEFAULT

# Source and target of each, of one version: what a native replica does is what Tributary is measured by.
TARGETS = {"mariadb": DEFAULT, "mysql": "mysql-9.7"}


def arguments(description: str, extend=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--transactions", type=int, default=60_000, help="per source")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--target", choices=TARGETS, default="mariadb")
    if extend:
        extend(parser)
    # tests/bench.sh gives all cases the same ones.
    return parser.parse_known_args()[0]


def result(case: str, value: float, unit: str, peer: float = None, more_is_better: bool = False):
    line = f"RESULT {case} {value:.4g} {unit}"
    if peer is not None and value:
        ratio = value / peer if more_is_better else peer / value
        line += f" ratio={ratio:.3g} peer={peer:.4g}"
    print(line, flush=True)


def median(values: list) -> float:
    return statistics.median(values)


def note(text: str):
    print(f"# {text}", flush=True)


def knows_option(option: str) -> bool:
    """Whether the tributaryd that is measured has it."""
    return option in subprocess.run([binary(), "--help"], check=True, capture_output=True, text=True).stdout


def in_parallel(*functions):
    """Runs each in a thread; raises what the first of them that failed raised."""
    failures = []

    def run(function):
        try:
            function()
        except Exception as failure:  # raised again below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


# --- servers ---


def _large_redo_log(product: str) -> str:
    return "--innodb-log-file-size=512M" if TARGETS["mariadb"] == product else "--innodb-redo-log-capacity=1G"


def source(name: str, server_id: int, product: str = DEFAULT, buffer_pool: str = "512M") -> servers.Server:
    """A source whose whole workload stays in one binary log file; not yet started."""
    return servers.source(name, server_id, ["--max-binlog-size=1G", f"--innodb-buffer-pool-size={buffer_pool}", "--sync-binlog=0",
                                            "--innodb-flush-log-at-trx-commit=0", _large_redo_log(product)], product=product)


def target(product: str = DEFAULT) -> servers.Server:
    """A target as large as one should be; without the traps of the tests' targets that a native replica falls into too."""
    own = [] if TARGETS["mariadb"] == product else ["--sql-require-primary-key=OFF", "--sql-generate-invisible-primary-key=OFF"]
    return servers.target("target", product=product,
                          options=["--auto-increment-increment=1", "--auto-increment-offset=1", "--innodb-buffer-pool-size=1G",
                                   "--max-connections=3000", _large_redo_log(product), *own])


def bench_source(name: str, server_id: int) -> servers.Server:
    """A started source with sysbench's tables, for what only reads its binary log."""
    from workloads import WORKLOADS
    server = source(name, server_id).start()
    server.make_replication_account()
    WORKLOADS["oltp_write_only"].prepare(server, name, 0)
    return server


def write(server, name: str, transactions: int):
    """The measured workload, alone in the binary log."""
    from workloads import WORKLOADS
    server.reset_binary_logs()
    WORKLOADS["oltp_write_only"].write(server, name, transactions)


def save_data(server):
    """A copy of a stopped server's data directory."""
    saved = server.directory / "saved"
    shutil.copytree(server.datadir, saved)
    return saved


def replace_data(server, saved):
    """Puts a stopped server's data directory back to a saved copy."""
    shutil.rmtree(server.datadir)
    shutil.copytree(saved, server.datadir)


def must(condition: bool, text: str):
    if not condition:
        raise Failure(text)
