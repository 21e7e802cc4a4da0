"""A source of any product, a MariaDB target, a daemon, and one channel between them, for tests of what a source can write."""

import servers
from compare import assert_equal
from daemon import Tributary, make_target_account

# MariaDB 10.11 has none of the collations that are MySQL 9.7's default.
TARGET = {"mariadb-10.11": "mariadb-10.11", "mariadb-11.8": "mariadb-11.8", "mysql-5.6": "mariadb-10.11", "mysql-9.7": "mariadb-11.8"}


class OneChannel:
    """Begins at the source's position of then."""

    def __init__(self, product: str, source_options: list = (), daemon_options: list = (), target_options: list = ()):
        self.source = servers.source("source", 1, list(source_options), product=product)
        self.target = servers.target("target", product=TARGET[product], options=list(target_options))
        self.daemon_options = list(daemon_options)
        self.daemon = None

    def start(self) -> "OneChannel":
        servers.start_all(self.source, self.target)
        self.source.make_replication_account()
        make_target_account(self.target)
        file, position = self.source.position()
        self.daemon = Tributary(self.target, options=self.daemon_options).start()
        self.daemon.replicate("c", self.source, file=file, position=position)
        return self

    def database(self, name: str, *statements: str):
        """A database with what the statements make, on both sides."""
        self.source.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", f"USE {name}", *statements)

    def applied(self):
        self.daemon.wait_caught_up("c", self.source)

    def compare(self, *databases: str) -> int:
        self.applied()
        return assert_equal(self.source, self.target, databases=list(databases), definitions=False)

    def stop(self):
        self.daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")

    def go_on(self):
        self.daemon.sql("START SLAVE SQL_THREAD FOR CHANNEL 'c'")

    def destroy(self):
        try:
            if self.daemon is not None:
                self.daemon.destroy()
        finally:
            self.source.destroy()
            self.target.destroy()


class Session:
    """One session of a server, for transactions that stand open."""

    def __init__(self, server, database: str):
        self.connection = server.connect(database=database)

    def run(self, *statements: str) -> "Session":
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        return self

    def close(self):
        if self.connection.open:
            self.connection.close()
