"""A tributaryd under test: its own data directory, steered through client.cnf as a user would."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pymysql
import pymysql.cursors

from processes import REPOSITORY, ChildProcess, Failure, free_port, scratch_directory, wait_until
from products import DEFAULT, PRODUCTS, Product
from servers import REPLICATION_PASSWORD, REPLICATION_USER, Server

TARGET_USER = "tributary"
TARGET_PASSWORD = "targ3t s'cret"


def binary() -> Path:
    """The program under test: TRIBUTARYD, or the newest of the usual builds."""
    if "TRIBUTARYD" in os.environ:
        found = Path(os.environ["TRIBUTARYD"])
        if not found.is_file():
            raise Failure(f"TRIBUTARYD={found} is not a file")
        return found
    candidates = [REPOSITORY / "build" / preset / "src" / "daemon" / "tributaryd" for preset in ("debug", "release")]
    built = [path for path in candidates if path.is_file()]
    if not built:
        raise Failure("tributaryd is not built: cmake --preset debug && cmake --build --preset debug")
    return max(built, key=lambda path: path.stat().st_mtime)


def has_exit_points() -> bool:
    """Whether the daemon was built with the points at which TRIBUTARY_CRASH_POINT=<point>:<time> ends it (the debug preset)."""
    cache = binary().parents[2] / "CMakeCache.txt"
    return cache.is_file() and "TRIBUTARY_CRASH_POINTS:BOOL=ON" in cache.read_text()


def target_account_statements(product: Product = PRODUCTS[DEFAULT]) -> list:
    """The statements of docs/target.md that make the target's account: what is documented is what is tested."""
    text = (REPOSITORY / "docs" / "target.md").read_text()
    vendor = "MariaDB" if product.is_mariadb else "MySQL"
    for block in text.split("```sql\n")[1:]:
        said_before = text[:text.index(block)].removesuffix("```sql\n").rstrip().splitlines()[-1]
        script = block.split("```")[0]
        if "CREATE USER" in script and "GRANT" in script and said_before.startswith(vendor):
            lines = [line.split("--")[0].strip() for line in script.splitlines()]
            return [" ".join(statement.split()) for statement in " ".join(lines).split(";") if statement.strip()]
    raise Failure(f"docs/target.md has no sql block with CREATE USER and GRANT for {vendor}")


def make_target_account(server: Server):
    """The documented account with the tests' own name and password."""
    server.run(*target_account_statements(server.product),
               f"ALTER USER {TARGET_USER} IDENTIFIED BY "
               + pymysql.converters.escape_item(TARGET_PASSWORD, "utf8mb4"))


class Tributary:
    """One daemon. `target` is a started Server with the documented account, or None for receiving only."""

    def __init__(self, target: Server = None, options: list = (), environment: dict = None,
                 target_port: int = None):
        self.directory = scratch_directory("d")
        self.datadir = self.directory / "data"
        self.socket = self.directory / "sock"
        self.port = free_port()
        self.target = target
        self.options = list(options)
        self.child = None
        self.environment = {"ASAN_OPTIONS": "exitcode=99:" + os.environ.get("ASAN_OPTIONS", ""),
                            "TSAN_OPTIONS": "exitcode=99:" + os.environ.get("TSAN_OPTIONS", ""),
                            **(environment or {})}
        self.arguments = [f"--datadir={self.datadir}", f"--port={self.port}", f"--socket={self.socket}",
                          "--server-id=777", "--log-level=debug",
                          f"--row-writer={os.environ.get('TRIBUTARY_ROW_WRITER', 'auto')}"]
        if target is not None:
            password_file = self.directory / "password"
            password_file.touch(mode=0o600)
            password_file.write_text(TARGET_PASSWORD + "\n")
            self.arguments += [f"--target=mysql://{TARGET_USER}@127.0.0.1:{target_port or target.port}",
                               f"--target-password-file={password_file}"]

    # --- life ---

    def start(self, options: list = (), wait: bool = True):
        by_name = {argument.split("=")[0]: argument for argument in (*self.arguments, *self.options, *options)}
        self.child = ChildProcess([binary(), *by_name.values()], self.directory / "log",
                                  self.environment).start()
        return self.wait_ready() if wait else self

    def wait_ready(self, timeout: float = 60.0):
        def ready():
            if not self.child.running():
                raise Failure(f"tributaryd ended with status {self.child.process.returncode}:\n"
                              + self.child.log_text()[-3000:])
            if not self.client_cnf.exists():
                return False
            try:
                self.connect().close()
                return True
            except (pymysql.err.OperationalError, FileNotFoundError):
                return False

        wait_until(ready, f"tributaryd accepts connections on port {self.port}", timeout)
        return self

    def kill9(self):
        self.child.kill()

    def terminate(self, timeout: float = 60.0) -> int:
        return self.child.terminate(timeout)

    def restart(self, options: list = ()):
        status = self.terminate()
        if status != 0:
            raise Failure(f"tributaryd ended with status {status} on SIGTERM:\n{self.child.log_text()[-3000:]}")
        return self.start(options)

    def destroy(self):
        """Ends it cleanly, so that a sanitizer gets to say what it found, and removes its directory."""
        try:
            if self.child is not None and self.child.running():
                self.child.signal(signal.SIGCONT)
                status = self.child.terminate()
                if status != 0:
                    raise Failure(f"tributaryd ended with status {status}:\n{self.child.log_text()[-6000:]}")
        finally:
            if self.child is not None:
                self.child.kill()
            if not os.environ.get("TRIBUTARY_KEEP"):
                shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def client_cnf(self) -> Path:
        return self.datadir / "client.cnf"

    def log_text(self) -> str:
        return self.child.log_text()

    # --- statements ---

    def connect(self, **arguments):
        return pymysql.connect(read_default_file=str(self.client_cnf), **{"autocommit": True, **arguments})

    def sql(self, statement: str) -> list:
        """One statement's rows as dictionaries by column name."""
        with self.connect(cursorclass=pymysql.cursors.DictCursor) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def client(self, statement: str, options: list = ()) -> subprocess.CompletedProcess:
        """Through the real `mariadb` client."""
        return subprocess.run(["mariadb", f"--defaults-file={self.client_cnf}", *options, "-e", statement],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    # --- channels ---

    def change_master(self, channel: str, source: Server, port: int = None, file: str = None,
                      position: int = None, extra: str = ""):
        options = ["MASTER_HOST='127.0.0.1'", f"MASTER_PORT={port or source.port}",
                   f"MASTER_USER='{REPLICATION_USER}'",
                   "MASTER_PASSWORD=" + pymysql.converters.escape_item(REPLICATION_PASSWORD, "utf8mb4"),
                   "MASTER_CONNECT_RETRY=1"]
        if isinstance(source, Server) and not source.product.is_mariadb and "MASTER_SSL" not in extra:
            options += ["GET_MASTER_PUBLIC_KEY=1"]  # caching_sha2_password without TLS
        if file is not None:
            options += [f"MASTER_LOG_FILE='{file}'", f"MASTER_LOG_POS={position or 4}"]
        self.sql(f"CHANGE MASTER TO {', '.join(options)}{extra} FOR CHANNEL '{channel}'")

    def replicate(self, channel: str, source: Server, **arguments):
        """Makes a channel and starts it."""
        self.change_master(channel, source, **arguments)
        self.sql(f"START SLAVE FOR CHANNEL '{channel}'")

    def status(self, channel: str) -> dict:
        return self.sql(f"SHOW SLAVE STATUS FOR CHANNEL '{channel}'")[0]

    def wait_caught_up(self, channel: str, source: Server, timeout: float = 120.0):
        """Waits until everything that the source has logged so far is applied."""
        file, position = source.position()
        self.wait_applied(channel, file, position, timeout)

    def wait_applied(self, channel: str, file: str, position: int, timeout: float = 120.0):
        rows = self.sql(f"SELECT MASTER_POS_WAIT('{file}', {position}, {timeout:.0f}, '{channel}') AS waited")
        if rows[0]["waited"] is None or int(rows[0]["waited"]) < 0:
            raise Failure(f"channel '{channel}' did not reach {file}:{position} "
                          f"(MASTER_POS_WAIT gave {rows[0]['waited']}):\n{self.describe(channel)}")

    def wait_received(self, channel: str, source: Server, timeout: float = 120.0):
        """Waits until everything that the source has logged so far is stored."""
        file, position = source.position()

        def received():
            status = self.status(channel)
            return status["Master_Log_File"] == file and int(status["Read_Master_Log_Pos"]) >= position

        try:
            wait_until(received, f"channel '{channel}' has received {file}:{position}", timeout)
        except Failure as failure:
            raise Failure(f"{failure}\n{self.describe(channel)}") from None

    def wait_stopped_by_error(self, channel: str, timeout: float = 60.0) -> dict:
        """Waits until the SQL thread has stopped with an error; returns the status."""
        def stopped():
            status = self.status(channel)
            return status if status["Slave_SQL_Running"] == "No" and int(status["Last_SQL_Errno"]) else None

        try:
            return wait_until(stopped, f"the SQL thread of channel '{channel}' stops with an error", timeout)
        except Failure as failure:
            raise Failure(f"{failure}\n{self.describe(channel)}") from None

    def describe(self, channel: str) -> str:
        status = self.status(channel)
        lines = [f"{key}: {value}" for key, value in status.items() if value not in (None, "")]
        return "\n".join(lines) + "\n--- end of the daemon's log ---\n" + self.log_text()[-3000:]

    def relay_files(self, channel: str) -> list:
        """Paths of a channel's relay files, oldest first, found through its index file. The channel's name must be
        one that needs no escaping in a file name."""
        (index,) = self.datadir.glob(f"*-relay-bin-{channel}.index" if channel else "*-relay-bin.index")
        return [self.datadir / Path(line).name for line in index.read_text().split()]
