"""From a commit on the source to its row in the target, on an idle system: a native replica and tributaryd in turn.

A loop asks the target for the row over a connection of its own, for both in the same way: the time between two answers, some tenth of a
millisecond, is in both."""

import random
import time

import common
import servers
from daemon import Tributary, make_target_account
from native import Native
from processes import Failure

_PATIENCE = 10.0


def measure(source, target, first: int, count: int, chance: random.Random) -> list:
    """Seconds from the end of each of `count` commits to the row in the target, the ids from `first` on."""
    seconds = []
    with source.connect() as writing, target.connect() as reading, writing.cursor() as write, reading.cursor() as read:
        for number in range(first, first + count):
            time.sleep(0.005 + chance.random() * 0.01)  # until nothing is under way, and not in anybody's rhythm
            write.execute(f"INSERT INTO latency.t VALUES ({number}, 'a row', NOW(6))")
            committed = time.perf_counter()
            while True:
                read.execute(f"SELECT 1 FROM latency.t WHERE id={number}")
                if read.fetchone():
                    break
                if time.perf_counter() - committed > _PATIENCE:
                    raise Failure(f"row {number} is not in the target after {_PATIENCE:.0f} s")
            seconds.append(time.perf_counter() - committed)
    return seconds


def percentile(values: list, part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def main():
    def extend(parser):
        parser.add_argument("--commits", type=int, default=500, help="in each turn")

    arguments = common.arguments(__doc__, extend)
    product = common.TARGETS[arguments.target]
    source = common.source("src", 1, product)
    peers = {name: common.target(product) for name in ("native", "tributary")}
    servers.start_all(source, *peers.values())
    for server in peers.values():
        server.run("SET GLOBAL innodb_flush_log_at_trx_commit=1")
    source.make_replication_account()
    make_target_account(peers["tributary"])
    source.run("CREATE DATABASE latency", "CREATE TABLE latency.t (id INT PRIMARY KEY, what VARCHAR(20), at DATETIME(6)) ENGINE=InnoDB")
    native = Native(peers["native"], {"src": source})
    native.receive()
    daemon = Tributary(peers["tributary"], options=["--log-level=info", f"--parallel-workers={arguments.workers}"]).start()
    daemon.replicate("src", source)
    chance = random.Random(4711)
    seconds = {name: [] for name in peers}
    first = 0
    for turn in range(arguments.repeat):
        for name, target in peers.items():
            # One follows at a time: what the other does would be no idle system.
            if name == "native":
                daemon.sql("STOP SLAVE")
                native.start()
                native.wait("src", source)
            else:
                native.stop()
                daemon.sql("START SLAVE")
                daemon.wait_caught_up("src", source)
            first += arguments.commits
            seconds[name].append(measure(source, target, first, arguments.commits, chance))
        common.note(f"turn {turn + 1}: " + ", ".join(f"{name} median {percentile(of[-1], 0.5) * 1000:.2f} ms, "
                                                     f"99th {percentile(of[-1], 0.99) * 1000:.2f} ms" for name, of in seconds.items()))
    for what, part in (("median", 0.5), ("p99", 0.99)):
        ours, peer = (common.median([percentile(of, part) * 1000 for of in seconds[name]]) for name in ("tributary", "native"))
        common.result(f"latency.{arguments.target}.{what}", ours, "ms", peer)
    daemon.destroy()
    for server in (source, *peers.values()):
        server.destroy()


if __name__ == "__main__":
    main()
