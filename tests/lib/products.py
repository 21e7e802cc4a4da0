"""What differs between the servers that the tests run: where their programs are, how a data directory is made, and which
options and statements each knows. Everything else about a server is in servers.py."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from processes import Failure


def cache_directory() -> Path:
    """Where tests/lib/install_servers.sh puts servers."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tributary-servers"
    return Path(os.environ.get("TRIBUTARY_SERVER_CACHE") or default)


def as_user() -> list:
    return ["--user=root"] if os.geteuid() == 0 else []


def _run(arguments: list, directory: Path, script: str = ""):
    """Runs what makes a data directory, with `script` as its input."""
    # A starting server removes what it takes for its own leftovers in the temporary directory, another's files included.
    with tempfile.TemporaryDirectory() as private:
        result = subprocess.run(arguments, input=script, capture_output=True, text=True, check=False,
                                env={**os.environ, "TMPDIR": private})
    if result.returncode != 0:
        shutil.rmtree(directory, ignore_errors=True)
        raise Failure(f"{arguments[0]} failed: {result.stdout}{result.stderr}")


class Product:
    """One vendor's server of one version. `prefix` is the directory of an installed one, or None for the machine's own."""

    daemon: str  # its program's name in sbin/
    share: str  # its folder's name in share/
    is_mariadb: bool
    has_json = True
    has_generated_columns = True
    has_vector = False
    keeps_negative_zero = True
    has_tls = False  # without being configured for it
    source_options: list = []
    target_options: list = []
    position_statement = "SHOW MASTER STATUS"
    reset_statement = "RESET MASTER"

    def __init__(self, name: str, system: bool = False):
        self.name = name
        self.system = system

    def __repr__(self) -> str:
        return self.name

    @property
    def prefix(self) -> Path:
        return cache_directory() / self.name

    def require(self):
        if not self.system and not (self.prefix / "version").is_file():
            raise Failure(f"{self.name} is not installed in {cache_directory()}: run tests/lib/install_servers.sh {self.name}")

    def program(self, name: str) -> str:
        """A program of this server's own: the server, its mysqlbinlog or mariadb-binlog."""
        self.require()
        if self.system:
            return name
        return str(self.prefix / ("sbin" if name == self.daemon else "bin") / name)

    def version(self) -> str:
        """As the server itself says, for instance 10.11.19-MariaDB-0+deb12u1."""
        if not self.system:
            self.require()
            return (self.prefix / "version").read_text().strip()
        return subprocess.run([self.daemon, "--no-defaults", "--version"], check=True, capture_output=True,
                              text=True).stdout.split(" Ver ")[1].split()[0]

    def directories(self) -> list:
        """Options that say where what belongs to the program is."""
        if self.system:
            return []
        share = self.prefix / "share" / self.share
        return [f"--basedir={self.prefix}", f"--lc-messages-dir={share}", f"--character-sets-dir={share}/charsets",
                f"--plugin-dir={self.prefix}/lib/plugin"]

    def command(self) -> list:
        """How the server is started, but for what the one instance says of itself."""
        return [self.program(self.daemon), "--no-defaults", *as_user(), *self.directories(), *self.start_options]

    # --- what each knows in its own way ---

    start_options: list

    def make_data_directory(self, directory: Path):
        """An empty one, in which root may log in without a password over the socket."""
        raise NotImplementedError

    def replication_account(self, user: str, password: str) -> list:
        """Statements that make, or make anew, an account for replicas; `password` is a quoted literal."""
        raise NotImplementedError

    def follow(self, source: "Product", port: int, user: str, password: str, file: str, position: int) -> list:
        """Statements that make it a native replica of a server on this host."""
        return [f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port}, MASTER_USER='{user}', "
                f"MASTER_PASSWORD={password}, MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position}" + self.follow_options(source),
                "START SLAVE"]

    def follow_options(self, source: "Product") -> str:
        return ""

    follow_status = "SHOW SLAVE STATUS"
    follow_wait = "MASTER_POS_WAIT"
    start_following = ["START SLAVE"]
    stop_following = ["STOP SLAVE"]

    def follow_by_gtid(self, source: "Product", port: int, user: str, password: str) -> list:
        """The same, by GTID from where it is."""
        return [f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port}, MASTER_USER='{user}', "
                f"MASTER_PASSWORD={password}, MASTER_AUTO_POSITION=1", "START SLAVE"]


class MariaDB(Product):
    daemon = "mariadbd"
    share = "mariadb"
    is_mariadb = True
    start_options = ["--innodb-log-file-size=32M", "--skip-slave-start"]

    def make_data_directory(self, directory: Path):
        _run([self.program("mariadb-install-db"), "--no-defaults", *as_user(), *self.directories(),
              f"--datadir={directory}", "--skip-test-db", "--auth-root-authentication-method=normal",
              "--innodb-log-file-size=32M"], directory)

    def replication_account(self, user: str, password: str) -> list:
        return [f"CREATE OR REPLACE USER {user}@'%' IDENTIFIED BY {password}",
                f"GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO {user}@'%'"]

    def follow_options(self, source: Product) -> str:
        # As a replica it has no other way to log in by caching_sha2_password.
        return f", MASTER_USE_GTID=no, MASTER_SSL={int(source.has_tls)}, MASTER_SSL_VERIFY_SERVER_CERT=0"


class MariaDB1011(MariaDB):
    keeps_negative_zero = False  # in a FLOAT or DOUBLE that is assigned a value: rows from elsewhere stay as they are


class MariaDB118(MariaDB):
    has_vector = True


class MySQL(Product):
    """From 8.4: without the words MASTER and SLAVE. As a replica it needs the gtid_mode of its source."""
    daemon = "mysqld"
    share = "mysql"
    is_mariadb = False
    has_tls = True
    has_vector = True
    start_options = ["--innodb-redo-log-capacity=32M", "--skip-replica-start", "--mysqlx=OFF", "--secure-file-priv="]
    # The binary log is on by default here. What a server may insist on for its users' tables must not count.
    target_options = ["--disable-log-bin", "--sql-require-primary-key=ON", "--sql-generate-invisible-primary-key=ON",
                      "--explicit-defaults-for-timestamp=OFF", "--print-identified-with-as-hex=ON"]
    position_statement = "SHOW BINARY LOG STATUS"
    reset_statement = "RESET BINARY LOGS AND GTIDS"
    follow_status = "SHOW REPLICA STATUS"
    follow_wait = "SOURCE_POS_WAIT"
    start_following = ["START REPLICA"]
    stop_following = ["STOP REPLICA"]

    def make_data_directory(self, directory: Path):
        _run([self.program(self.daemon), "--no-defaults", *as_user(), *self.directories(), f"--datadir={directory}",
              "--initialize-insecure", "--innodb-redo-log-capacity=32M"], directory)
        (directory / "auto.cnf").unlink()  # the server's uuid, which each copy is to make for itself

    def replication_account(self, user: str, password: str) -> list:
        return [f"DROP USER IF EXISTS {user}@'%'", f"CREATE USER {user}@'%' IDENTIFIED BY {password}",
                f"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user}@'%'"]

    def follow(self, source: Product, port: int, user: str, password: str, file: str, position: int) -> list:
        return [f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={port}, SOURCE_USER='{user}', "
                f"SOURCE_PASSWORD={password}, SOURCE_LOG_FILE='{file}', SOURCE_LOG_POS={position}, SOURCE_AUTO_POSITION=0, "
                "SOURCE_SSL=0, GET_SOURCE_PUBLIC_KEY=1", "START REPLICA"]

    def follow_by_gtid(self, source: Product, port: int, user: str, password: str) -> list:
        return [f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={port}, SOURCE_USER='{user}', "
                f"SOURCE_PASSWORD={password}, SOURCE_AUTO_POSITION=1, SOURCE_SSL=0, GET_SOURCE_PUBLIC_KEY=1", "START REPLICA"]


class MySQL56(MySQL):
    has_tls = False
    has_json = has_generated_columns = has_vector = False
    start_options = ["--innodb-log-file-size=32M", "--skip-slave-start"]
    target_options = []
    position_statement = MariaDB.position_statement
    reset_statement = MariaDB.reset_statement
    follow_status = MariaDB.follow_status
    follow_wait = MariaDB.follow_wait

    def make_data_directory(self, directory: Path):
        self.require()
        shutil.copytree(self.prefix / "data", directory)
        # The anonymous accounts are preferred to accounts for any host, and test databases are everybody's.
        _run([*self.command(), f"--datadir={directory}", "--bootstrap"], directory,
             "DELETE FROM mysql.user WHERE User='';\nDELETE FROM mysql.db;\n")

    def replication_account(self, user: str, password: str) -> list:
        return [f"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user}@'%' IDENTIFIED BY {password}"]

    start_following = Product.start_following
    stop_following = Product.stop_following
    follow = Product.follow
    follow_by_gtid = Product.follow_by_gtid


PRODUCTS = {product.name: product for product in (
    MariaDB1011("mariadb-10.11", system=True), MariaDB118("mariadb-11.8"), MySQL56("mysql-5.6"), MySQL("mysql-9.7"))}
DEFAULT = "mariadb-10.11"
