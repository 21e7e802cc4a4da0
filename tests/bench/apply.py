"""Applying what sources logged and what is received already: the server's own replication, serial and parallel, against tributaryd."""

import time

import common
import servers
from compare import Schemas
from daemon import Tributary, make_target_account
from native import Native
from processes import Failure
from workloads import WORKLOADS

_NATIVE = {"native.serial": 0, "native.parallel4": 4}


class Run:
    """What one turn cost."""

    def __init__(self, seconds: float, cpu: float, resident: int = 0):
        self.seconds, self.cpu, self.resident = seconds, cpu, resident


def native(target, sources: dict, threads: int) -> Run:
    replica = Native(target, sources)
    replica.receive()
    cpu, began = target.child.cpu_seconds(), time.monotonic()
    replica.apply(threads)
    return Run(time.monotonic() - began, target.child.cpu_seconds() - cpu)


def tributary(target, sources: dict, options: list) -> Run:
    daemon = Tributary(target, options=["--log-level=info", *options]).start()
    for name, source in sources.items():
        daemon.change_master(name, source)
        daemon.sql(f"START SLAVE IO_THREAD FOR CHANNEL '{name}'")
    for name, source in sources.items():
        daemon.wait_received(name, source, timeout=600)

    def cpu_seconds():
        return daemon.child.cpu_seconds() + target.child.cpu_seconds()

    cpu, began = cpu_seconds(), time.monotonic()
    for name in sources:
        daemon.sql(f"START SLAVE SQL_THREAD FOR CHANNEL '{name}'")
    for name, source in sources.items():
        daemon.wait_caught_up(name, source, timeout=2400)
    run = Run(time.monotonic() - began, cpu_seconds() - cpu, daemon.child.resident_bytes(peak=True))
    daemon.destroy()
    return run


def digests(server, parts: list) -> list:
    side = Schemas(server)
    try:
        return [side.digest(*part) for part in parts]
    finally:
        side.close()


class Bench:
    """The sources with their workload logged, and the target's data as they were before it."""

    def __init__(self, arguments, name: str):
        self.workload = WORKLOADS[name]
        product = common.TARGETS[arguments.target]
        count = 1 if arguments.target == "mysql" and self.workload.sources == 2 else self.workload.sources
        names = ("eu", "us") if count <= 2 else [f"s{number}" for number in range(count)]
        pool = "512M" if count <= 2 else "64M"
        self.sources = {names[number]: common.source(names[number], number + 1, product, pool) for number in range(count)}
        self.target = common.target(product)
        self.parts = []
        servers.start_all(*self.sources.values(), self.target)
        make_target_account(self.target)
        for number, (name_of_source, source) in enumerate(self.sources.items()):
            source.make_replication_account()
            self.workload.prepare(source, name_of_source, number)
            self.workload.prepare_target(source, self.target, name_of_source, number)
            self.workload.prepare_writing(source, name_of_source, number)
            parts = self.workload.parts(name_of_source, number)
            common.must(digests(source, parts) == digests(self.target, parts), f"{name}: the tables are not the same to begin with")
            self.parts.append(parts)
        self.target.stop()
        self.saved = common.save_data(self.target)
        for source in self.sources.values():
            source.reset_binary_logs()
        common.in_parallel(*[lambda source=source, of=of: self.workload.write(source, of, arguments.transactions)
                             for of, source in self.sources.items()])
        self.wanted = [digests(source, parts) for source, parts in zip(self.sources.values(), self.parts)]
        common.note(f"{name}, {arguments.target}: {len(self.sources)} sources, "
                    f"{sum(source.position()[1] for source in self.sources.values()) / 1e6:.1f} MB of binary log")

    def turn(self, flush: int, apply) -> Run:
        common.replace_data(self.target, self.saved)
        self.target.start(options=[f"--innodb-flush-log-at-trx-commit={flush}"])
        run = apply(self.target, self.sources)
        if [digests(self.target, parts) for parts in self.parts] != self.wanted:
            raise Failure("the target's tables differ from the sources'")
        self.target.kill()
        return run

    def destroy(self):
        for server in (*self.sources.values(), self.target):
            server.destroy()


def measure(arguments, name: str, writers: list):
    bench = Bench(arguments, name)
    appliers = {which: lambda target, sources, threads=threads: native(target, sources, threads)
                for which, threads in _NATIVE.items()}
    for writer in writers:
        options = [f"--parallel-workers={arguments.workers}"]
        if common.knows_option("--row-writer"):
            options.append(f"--row-writer={writer}")
        appliers[writer] = lambda target, sources, options=options: tributary(target, sources, options)
    for flush in arguments.flush:
        runs = {which: [] for which in appliers}
        for turn in range(arguments.repeat):
            for which, apply in appliers.items():
                runs[which].append(bench.turn(flush, apply))
            common.note(f"{name}, flush {flush}, turn {turn + 1}: "
                        + ", ".join(f"{which} {of[-1].seconds:.2f} s ({of[-1].cpu:.2f} s CPU)" for which, of in runs.items()))
        seconds = {which: common.median([run.seconds for run in of]) for which, of in runs.items()}
        cpu = {which: common.median([run.cpu for run in of]) for which, of in runs.items()}
        suffix = "" if name == "oltp_write_only" else f".{name}"
        case = f"apply.{arguments.target}.flush{flush}"
        for which in _NATIVE:
            common.result(f"{case}.{which}{suffix}", seconds[which], "s")
        better = min(_NATIVE, key=lambda which: seconds[which])
        for writer in writers:
            common.result(f"{case}.{writer}{suffix}", seconds[writer], "s", seconds[better])
            common.result(f"{case}.{writer}{suffix}.cpu", cpu[writer], "s", cpu[better])
            common.result(f"{case}.{writer}{suffix}.memory",
                          common.median([run.resident for run in runs[writer]]) / (1 << 20), "MiB")
    bench.destroy()


def _list(text: str) -> list:
    return list(WORKLOADS) if text == "all" else text.split(",")


def main():
    def extend(parser):
        parser.add_argument("--workload", type=_list, default=["oltp_write_only"], help="some of " + ", ".join(WORKLOADS) + ", or all")
        parser.add_argument("--writer", choices=("binlog", "sql", "both"), default=None)
        parser.add_argument("--flush", type=lambda text: [int(text)], default=[1, 2])

    arguments = common.arguments(__doc__, extend)
    can_choose = common.knows_option("--row-writer")
    if arguments.writer in ("sql", "both") and not can_choose:
        raise Failure("this tributaryd has no --row-writer")
    writers = {None: ["binlog", "sql"] if can_choose else ["binlog"], "both": ["binlog", "sql"]}.get(arguments.writer, [arguments.writer])
    for name in arguments.workload:
        common.must(name in WORKLOADS, f"no workload {name}; there are {', '.join(WORKLOADS)}")
        measure(arguments, name, writers)


if __name__ == "__main__":
    main()
