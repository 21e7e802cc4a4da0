"""Sources under load, one daemon with a channel for each, a target; and what goes wrong with them, chosen by a seed. Whatever it was,
everything must then be equal again without anybody's help."""

import os
import random
import re
import time
from collections import Counter

import servers
from compare import Schemas, assert_equal
from daemon import Tributary, has_exit_points, make_target_account
from processes import REPOSITORY, Failure, wait_until
from products import DEFAULT, PRODUCTS
from proxy import Proxy

from crash_load import CrashLoad
from disk import Disk

# Product, and how the channel finds its place.
_SOURCES = {"apt": [(DEFAULT, ""), (DEFAULT, ", MASTER_USE_GTID=slave_pos")]}
_SOURCES["all"] = [*_SOURCES["apt"], ("mysql-9.7", ", MASTER_AUTO_POSITION=1"), ("mysql-5.6", ""), ("mariadb-11.8", "")]
_TARGETS = {"apt": [DEFAULT], "all": [DEFAULT, "mysql-9.7"]}
_OPTIONS = {"mysql-9.7": ["--gtid-mode=ON", "--enforce-gtid-consistency=ON"],
            "mariadb-11.8": ["--character-set-collations=utf8mb4=utf8mb4_general_ci"]}
_ROUND_TIMEOUT = 120.0
# How often a kind lies in the deck from which rounds draw; twelve cards.
DECK = {"daemon": 1, "target": 1, "source": 1, "cut source": 1, "cut target": 1, "hang source": 1, "hang target": 1, "slow target": 1,
        "disk full": 1, "start on full disk": 1, "exit point": 2}
_NEED_A_DISK = ("disk full", "start on full disk")
# What may come on top: never two kinds that both start the daemon again or wait for it.
_BESIDE = {"exit point": ["cut source", "cut target", "slow target"],
           "start on full disk": ["target", "source", "cut source", "cut target"],
           "disk full": ["target", "source", "cut source", "cut target", "hang target", "slow target"]}
_BESIDE_OTHERS = ["daemon", "target", "source", "cut source", "cut target", "hang source", "hang target", "slow target"]
_COMBINED = 0.25


def exit_points() -> list:
    """Names of crash_point() in the code, but those that only statements reach."""
    found = set()
    for path in (REPOSITORY / "src").rglob("*.cpp"):
        found.update(re.findall(r'crash_point\("([^"]+)"', path.read_text()))
    return sorted(point for point in found if not point.startswith("channel."))


class _Deck:
    """Draws each card once in an order by the seed before any comes again."""

    def __init__(self, cards: list, seed: str):
        self._cards = cards
        self._chance = random.Random(seed)
        self._left = []

    def draw(self) -> str:
        if not self._left:
            self._left = list(self._cards)
            self._chance.shuffle(self._left)
        return self._left.pop()


class Channel:
    """One source with its load, and the proxy by which the daemon reaches it."""

    def __init__(self, number: int, product: str, extra: str, seed: int):
        self.name = f"s{number}"
        self.extra = extra
        self.source = servers.source(self.name, number, ["--collation-server=utf8mb4_general_ci", *_OPTIONS.get(product, [])],
                                     product=product)
        self.load = CrashLoad(self.source, f"db_{self.name}", seed * 100 + number)
        self.proxy = None

    def prepare(self):
        self.source.make_replication_account()
        self.load.prepare()
        self.proxy = Proxy(self.source.port)


class Harness:
    def __init__(self, seed: int, which: str, kinds: list, with_disk: bool, options: list):
        self.seed = seed
        self.counts = Counter()
        points = exit_points() if has_exit_points() else []
        chosen_points = [kind.split("=")[1] for kind in kinds if kind.startswith("exit point=")]
        cards = [kind for kind, often in DECK.items() for _ in range(often)
                 if (not kinds or kind in [name.split("=")[0] for name in kinds])
                 and (with_disk or kind not in _NEED_A_DISK) and (points or kind != "exit point")]
        if not cards:
            raise Failure(f"no kind of {', '.join(kinds)} can be had here; there are: {', '.join(DECK)}")
        self.kinds = sorted(set(cards))
        self._deck = _Deck(cards, f"{seed}:kinds")
        self._points = _Deck(chosen_points or points, f"{seed}:points")
        self._combine = not kinds or len(kinds) > 1
        self.channels = [Channel(number + 1, product, extra, seed) for number, (product, extra) in enumerate(_SOURCES[which])]
        product = _TARGETS[which][seed % len(_TARGETS[which])]
        self.target = servers.target("target", options=["--innodb-flush-log-at-trx-commit=1"], product=product)
        self._with_disk, self._options = with_disk, options
        self.target_proxy = self.daemon = self.disk = None
        self._log_read = 0
        self._exited = False

    # --- life ---

    def start(self):
        servers.start_all(*[channel.source for channel in self.channels], self.target)
        make_target_account(self.target)
        self.target_proxy = Proxy(self.target.port)
        self.daemon = Tributary(self.target, options=self._options, target_port=self.target_proxy.port)
        if self._with_disk:
            self.disk = Disk(self.daemon.datadir)
        self.daemon.start()
        for channel in self.channels:
            channel.prepare()
            self.daemon.replicate(channel.name, channel.source, port=channel.proxy.port, extra=channel.extra)
        return self

    def destroy(self):
        for channel in self.channels:
            channel.load.give_up()
        if self.daemon is not None and self.daemon.child is not None:
            self.daemon.child.kill()
        if self.disk is not None:
            self.disk.remove(keep="TRIBUTARY_KEEP" in os.environ)
        for server in (*[channel.source for channel in self.channels], self.target):
            server.destroy()

    def directories(self) -> str:
        return " ".join(str(owner.directory) for owner in
                        (self.daemon, self.target, *[channel.source for channel in self.channels]) if owner is not None)

    def _start_daemon(self, environment: dict = None, chance: random.Random = None, wait: bool = True):
        if self.daemon.child.running():
            return
        self.daemon.environment.pop("TRIBUTARY_CRASH_POINT", None)
        self.daemon.environment.update(environment or {})
        purge = environment is not None and "purge" in environment["TRIBUTARY_CRASH_POINT"]
        if purge or (chance is not None and chance.random() < 0.5):
            self.daemon.start(["--relay-log-purge"], wait=wait)
        else:
            self.daemon.start(wait=wait)

    # --- kinds: each does something, yields while the load goes on, and lets things be well again ---

    def _daemon(self, chance):
        self.daemon.kill9()
        yield
        self._start_daemon(chance=chance)

    def _target(self, _):
        self.target.kill()
        yield
        self.target.start()

    def _source(self, chance):
        channel = chance.choice(self.channels)
        with channel.load.between_ddl:
            channel.source.kill()
        yield
        channel.source.start()

    def _cut_source(self, chance):
        for channel in chance.sample(self.channels, chance.randrange(1, len(self.channels) + 1)):
            if chance.random() < 0.5:
                channel.proxy.cut()
            else:
                channel.proxy.cut_after(chance.randrange(1, 20000))
        yield

    def _cut_target(self, chance):
        if chance.random() < 0.5:
            self.target_proxy.cut()
        else:
            self.target_proxy.cut_after(chance.randrange(1, 2000))
        yield
        self.target_proxy.cut()

    def _hang_source(self, chance):
        hung = chance.sample(self.channels, chance.randrange(1, len(self.channels) + 1))
        for channel in hung:
            channel.proxy.set_mode("hang")
        yield
        time.sleep(chance.random())
        for channel in hung:
            if chance.random() < 0.5:
                channel.proxy.cut()
            channel.proxy.set_mode("pass")

    def _hang_target(self, chance):
        """Where the connection is cut in the end, what was asked of the target is done or not: nobody has said."""
        self.target_proxy.set_mode("hang")
        yield
        time.sleep(chance.random() * 2)
        if chance.random() < 0.7:
            self.target_proxy.cut()
        self.target_proxy.set_mode("pass")

    def _slow_target(self, chance):
        self.target_proxy.set_mode("slow")
        yield
        time.sleep(chance.random())
        self.target_proxy.set_mode("pass")

    def _disk_full(self, chance):
        self.disk.fill(chance.choice([0, 4096, 50_000, 300_000]))
        for channel in self.channels:
            if chance.random() < 0.5:  # a new relay file, which SQLite is to record
                self._flush_logs(channel)
        yield
        if chance.random() < 0.3:
            self.daemon.kill9()
            self._start_daemon(wait=False)
            time.sleep(chance.random() * 0.5)
        self.disk.free()
        self._start_daemon_at_last()

    def _start_on_full_disk(self, chance):
        if chance.random() < 0.5:
            self.daemon.kill9()
        else:
            self.daemon.terminate()
        self.disk.fill(chance.choice([0, 0, 4096, 30_000]))
        self._start_daemon(wait=False)
        yield
        time.sleep(chance.random() * 0.5)
        self.disk.free()
        self._start_daemon_at_last()

    def _start_daemon_at_last(self):
        """It ends where it cannot write its own state while it starts; whoever looks after it starts it again."""
        try:
            self.daemon.wait_ready()
        except Failure:
            if self.daemon.child.running():
                raise
            self._start_daemon()

    def _exit_point(self, chance):
        point = self._points.draw()
        self.counts[f"exit point={point}"] += 1
        self.detail = f"={point}"
        self.daemon.kill9()
        self._start_daemon({"TRIBUTARY_CRASH_POINT": f"{point}:{chance.randrange(1, 6)}"}, wait=False)
        yield

        def ended():
            for channel in self.channels:
                self._flush_logs(channel)
            return not self.daemon.child.running()

        wait_until(ended, f"{point} is reached", timeout=_ROUND_TIMEOUT, interval=0.3)
        if self.daemon.child.process.returncode != 137:
            raise Failure(f"the daemon ended with status {self.daemon.child.process.returncode} instead of at {point}")
        self._start_daemon(chance=chance)

    @staticmethod
    def _flush_logs(channel):
        if channel.source.child.running():
            channel.source.run("FLUSH LOGS" if channel.source.product is PRODUCTS["mysql-5.6"] else "FLUSH BINARY LOGS")

    # --- rounds ---

    def round(self, number: int) -> str:
        """Returns what was done and seen; raises Failure."""
        chance = random.Random(f"{self.seed}:{number}")
        kinds = [self._deck.draw()]
        if self._combine and chance.random() < _COMBINED:
            beside = [kind for kind in _BESIDE.get(kinds[0], _BESIDE_OTHERS) if kind != kinds[0] and kind in self.kinds]
            kinds += [chance.choice(beside)] if beside else []
        self.detail = ""
        began = time.monotonic()
        self.what = " and ".join(kinds)
        before = self._transactions()
        for channel in self.channels:
            channel.load.keep_small()
            channel.load.start()
        time.sleep(0.1 + chance.random() * 0.5)
        under_way = [getattr(self, "_" + kind.replace(" ", "_"))(chance) for kind in kinds]
        for trouble in under_way:
            next(trouble)
            time.sleep(chance.random() * 0.3)
        self.what = " and ".join(kinds) + self.detail
        time.sleep(chance.random() * 0.4)
        for trouble in reversed(under_way):
            next(trouble, None)
        time.sleep(chance.random() * 0.3)
        for channel in self.channels:
            channel.load.stop()
        for kind in kinds:
            self.counts[kind] += 1
        healed = time.monotonic()
        self._catch_up(number)
        caught_up = time.monotonic()
        rows = self._compare()
        return (f"{self.what}: {self._transactions() - before} transactions, {rows} rows equal, "
                f"{time.monotonic() - began:.1f} s ({caught_up - healed:.1f} s to catch up)")

    def _transactions(self) -> int:
        return sum(channel.load.transactions for channel in self.channels)

    def _catch_up(self, number: int):
        for channel in self.channels:
            channel.load.mark(f"round {number}")
        for channel in self.channels:
            self.daemon.wait_caught_up(channel.name, channel.source, timeout=_ROUND_TIMEOUT)
        self._check_no_error()

    def _compare(self) -> int:
        rows = 0
        for channel in self.channels:
            self._check_ledger(channel)
            rows += assert_equal(channel.source, self.target)
            self._check_checkpoint(channel)
            self._purge(channel.source)
        wanted = sorted(name for channel in self.channels for name in self._databases(channel.source))
        if self._databases(self.target) != wanted:
            raise Failure(f"databases in the target: {self._databases(self.target)}, in the sources: {wanted}")
        return rows

    @staticmethod
    def _purge(source):
        """Hundreds of rounds log much. What was received lately stays, as it may be asked for again."""
        files = [name for name, *_ in source.query("SHOW BINARY LOGS")]
        if len(files) > 20:
            source.run(f"PURGE BINARY LOGS TO '{files[-10]}'")

    @staticmethod
    def _databases(server) -> list:
        side = Schemas(server)
        try:
            return sorted(side.databases())
        finally:
            side.close()

    def _check_no_error(self):
        for channel in self.channels:
            status = self.daemon.status(channel.name)
            if status["Slave_SQL_Running"] != "Yes" or status["Slave_IO_Running"] != "Yes":
                raise Failure(f"channel '{channel.name}' does not run:\n{self.daemon.describe(channel.name)}")
        log = self.daemon.log_text()
        new, self._log_read = log[self._log_read:], len(log)
        stopped = [line for line in new.splitlines() if "the applier stops:" in line]
        if stopped:
            raise Failure("an error that needs an administrator was shown:\n" + "\n".join(stopped))

    def _check_ledger(self, channel):
        count, distinct = self.target.query(f"SELECT COUNT(*), COUNT(DISTINCT n) FROM `{channel.load.database}`.ledger")[0]
        wanted = channel.source.value(f"SELECT COUNT(*) FROM `{channel.load.database}`.ledger")
        if count != wanted or count != distinct:
            raise Failure(f"channel '{channel.name}': {wanted} transactions in the source's ledger, {count} in the target's, "
                          f"{distinct} different ones")

    def _check_checkpoint(self, channel):
        file, offset, gtid = self.target.query(
            "SELECT CAST(source_file AS CHAR), source_offset, CAST(gtid AS CHAR) FROM tributary.applier_checkpoint "
            "WHERE channel=%s ORDER BY relay_file_number DESC, relay_offset DESC LIMIT 1", channel.name)[0]
        product = channel.source.product
        end = channel.source.position()
        # What MariaDB writes by itself, at any time, is no transaction.
        behind = channel.source.query(f"SHOW BINLOG EVENTS IN '{end[0]}' FROM {offset}") if file == end[0] and offset < end[1] else []
        if file != end[0] or offset > end[1] or {event[2] for event in behind} - {"Binlog_checkpoint"}:
            raise Failure(f"channel '{channel.name}': the checkpoint is {file}:{offset}, the source at {end}")
        if product is PRODUCTS["mysql-5.6"]:
            return
        wanted = channel.source.value("SELECT @@gtid_binlog_pos" if product.is_mariadb else "SELECT @@gtid_executed")
        if gtid.replace("\n", "").replace(" ", "") != wanted.replace("\n", "").replace(" ", ""):
            raise Failure(f"channel '{channel.name}': the checkpoint's GTIDs are {gtid}, the source's {wanted}")
        intents = self.target.value(f"SELECT COUNT(*) FROM tributary.ddl_intent WHERE channel='{channel.name}'")
        if intents:
            raise Failure(f"channel '{channel.name}': an intent of a DDL is left")


def keep_directories():
    os.environ["TRIBUTARY_KEEP"] = "1"
