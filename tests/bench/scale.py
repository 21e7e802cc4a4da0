"""The same work by 1, 2, 4, … channels: CPU time of tributaryd and the target for each transaction, and for the start of each channel.

One source serves all channels. It writes the part of one channel alone into its binary log, and that channel receives it; then the next."""

import time

import common
from apply import digests
from daemon import Tributary, make_target_account
from processes import Failure

_ROWS = 64_000


def _tables(channels: int) -> list:
    """The same rows in as many tables as there are channels."""
    return [statement for number in range(channels) for statement in (
        f"CREATE TABLE t{number} (id INT PRIMARY KEY, n INT, pad CHAR(60), KEY (n)) ENGINE=InnoDB DEFAULT CHARSET=latin1",
        f"INSERT INTO t{number} SELECT v, v, 'pad' FROM numbers WHERE v < {_ROWS // channels}")]


def _prepare(server, channels: int):
    server.run("DROP DATABASE IF EXISTS scale", "CREATE DATABASE scale", "USE scale", "CREATE TABLE numbers (v INT PRIMARY KEY)",
               "INSERT INTO numbers VALUES (0)", *[f"INSERT INTO numbers SELECT v + {1 << bit} FROM numbers" for bit in range(16)],
               *_tables(channels))


def _write(source, number: int, channels: int, numbers: range):
    rows = _ROWS // channels
    source.run("USE scale", "DROP PROCEDURE IF EXISTS work", "CREATE PROCEDURE work(i INT, n INT) BEGIN WHILE i < n DO START TRANSACTION; "
               f"UPDATE t{number} SET n = n + 1 WHERE id = i * 7919 % {rows}; "
               f"UPDATE t{number} SET pad = i WHERE id = (i * 104729 + 1) % {rows}; INSERT INTO t{number} VALUES ({rows} + i, i, 'more'); "
               "COMMIT; SET i = i + 1; END WHILE; END")
    source.reset_binary_logs()
    source.run(f"CALL work({numbers.start}, {numbers.stop})", database="scale")


class Cost:
    """Of all channels together."""

    def __init__(self, seconds: float, own: float, targets: float):
        self.seconds, self.own, self.cpu = seconds, own, own + targets


def apply(arguments, source, target, channels: int, numbers: range) -> Cost:
    """By a new daemon: so many transactions of each channel."""
    daemon = Tributary(target, options=["--log-level=warning", f"--parallel-workers={arguments.workers}"]).start()
    ends = {}
    for number in range(channels):
        _write(source, number, channels, numbers)
        name = f"c{number}"
        daemon.change_master(name, source)
        daemon.sql(f"START SLAVE IO_THREAD FOR CHANNEL '{name}'")
        daemon.wait_received(name, source)
        daemon.sql(f"STOP SLAVE IO_THREAD FOR CHANNEL '{name}'")
        ends[name] = source.position()
    tables = [("scale", f"t{number}", "TRUE") for number in range(channels)]
    wanted = digests(source, tables)
    before = [of.child.cpu_seconds() for of in (daemon, target)]
    began = time.monotonic()
    daemon.sql("START SLAVE SQL_THREAD")
    for name, (file, position) in ends.items():
        daemon.wait_applied(name, file, position, timeout=1200)
    cost = Cost(time.monotonic() - began, *[of.child.cpu_seconds() - since for of, since in zip((daemon, target), before)])
    if digests(target, tables) != wanted:
        raise Failure(f"{channels} channels: the target's tables differ from the source's")
    daemon.destroy()
    return cost


def turn(arguments, source, target, channels: int) -> tuple:
    """(what it costs to start the channels, with a transaction for each; what it costs to do the same and the work)"""
    for server in (source, target):
        _prepare(server, channels)
    target.run("SET GLOBAL innodb_flush_log_at_trx_commit=1")
    return (apply(arguments, source, target, channels, range(1)),
            apply(arguments, source, target, channels, range(1, 2 + arguments.transactions // channels)))


def main():
    def extend(parser):
        parser.add_argument("--channels", type=lambda text: [int(one) for one in text.split(",")], default=[1, 2, 4, 8, 32, 128])

    arguments = common.arguments(__doc__, extend)
    product = common.TARGETS[arguments.target]
    source, target = common.source("src", 1, product), common.target(product)
    for server in (source, target):
        server.start()
    source.make_replication_account()
    make_target_account(target)
    one = None
    for channels in arguments.channels:
        turns = [turn(arguments, source, target, channels) for _ in range(arguments.repeat)]
        count = arguments.transactions // channels * channels
        started = common.median([start.cpu for start, _ in turns])
        cpu, own, seconds = (common.median([getattr(work, what) for _, work in turns]) for what in ("cpu", "own", "seconds"))
        common.note(f"{channels} channels: {seconds:.2f} s, {cpu:.2f} s CPU, {own:.2f} s of it the daemon's, {started:.2f} s to start, "
                    f"{count} transactions")
        each = max(cpu - started, 0) / count * 1e6
        common.result(f"scale.{channels}", each, "us/transaction", one)
        common.result(f"scale.{channels}.start", started / channels * 1e3, "ms/channel")
        one = one or each
    for server in (source, target):
        server.destroy()


if __name__ == "__main__":
    main()
