"""The peers: a server that is itself the replica of some sources, of its own product."""

from processes import Failure, wait_until
from servers import REPLICATION_PASSWORD, REPLICATION_USER, literal


def channel_name(product, statement: str, name: str) -> str:
    """A statement about one channel, where '{}' in it stands for what it names the connection."""
    if product.is_mariadb:
        return statement.format(f" '{name}'", "")
    return statement.replace("SLAVE", "REPLICA").format("", f" FOR CHANNEL '{name}'")


class Native:
    def __init__(self, target, sources: dict):
        self.target, self.sources = target, sources
        self.product = target.product

    def _run(self, statement: str, name: str):
        self.target.run(channel_name(self.product, statement, name))

    def receive(self):
        """Makes the channels and lets each receive all that its source has logged."""
        for name, source in self.sources.items():
            words = [f"MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, MASTER_USER='{REPLICATION_USER}', "
                     f"MASTER_PASSWORD={literal(REPLICATION_PASSWORD)}"]
            if self.product.is_mariadb:
                self.target.run(f"CHANGE MASTER '{name}' TO {words[0]}, MASTER_USE_GTID=no")
            else:
                self.target.run(f"CHANGE REPLICATION SOURCE TO {words[0].replace('MASTER_', 'SOURCE_')}, SOURCE_SSL=0, "
                                f"GET_SOURCE_PUBLIC_KEY=1 FOR CHANNEL '{name}'")
            self._run("START SLAVE{} IO_THREAD{}", name)
        for name, source in self.sources.items():
            wait_until(lambda name=name, at=source.position(): self._received(name) == at, f"native replica has received {name}",
                       timeout=600)

    def status(self, name: str) -> dict:
        return self.target.row(channel_name(self.product, "SHOW SLAVE{} STATUS{}", name))

    def _received(self, name: str) -> tuple:
        status = self.status(name)
        if self.product.is_mariadb:
            return status["Master_Log_File"], int(status["Read_Master_Log_Pos"])
        return status["Source_Log_File"], int(status["Read_Source_Log_Pos"])

    def apply(self, threads: int):
        """Returns when all is applied; `threads` apply each channel (MariaDB: together), 0 or 1 is serial."""
        if self.product.is_mariadb:
            self.target.run(f"SET GLOBAL slave_parallel_threads={threads}", "SET GLOBAL slave_parallel_mode='optimistic'")
        else:
            self.target.run(f"SET GLOBAL replica_parallel_workers={max(1, threads)}")
        self.start()
        for name, source in self.sources.items():
            self.wait(name, source)

    def start(self):
        for name in self.sources:
            self._run("START SLAVE{} SQL_THREAD{}", name)

    def stop(self):
        for name in self.sources:
            self._run("STOP SLAVE{} SQL_THREAD{}", name)

    def wait(self, name: str, source, timeout: int = 2400):
        file, position = source.position()
        waited = self.target.value(f"SELECT {self.product.follow_wait}('{file}', {position}, {timeout}, '{name}')")
        if waited is None or waited < 0:
            raise Failure(f"native channel {name}: {self.status(name)}")
