"""Throw-away servers on loopback, each with its own data directory, for tests and benchmarks."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pymysql
import pymysql.cursors

from processes import REPOSITORY, ChildProcess, Failure, free_port, scratch_directory, wait_until
from products import DEFAULT, PRODUCTS, Product

REPLICATION_USER = "replication"
REPLICATION_PASSWORD = "repl-s3cret'\\\"p"

_template_lock = threading.Lock()


def literal(text: str) -> str:
    return pymysql.converters.escape_item(text, "utf8mb4")


def _template(product: Product) -> Path:
    """An empty data directory, made once per server version and kept below build/."""
    with _template_lock:
        cache = REPOSITORY / "build" / "servers"
        version = product.version()
        template = cache / (f"{product.name}-{version}")
        if template.is_dir():
            return template
        cache.mkdir(parents=True, exist_ok=True)
        made = cache / f"making-{os.getpid()}-{time.monotonic_ns()}"
        product.make_data_directory(made)
        try:
            made.rename(template)
        except OSError:  # another process was faster
            shutil.rmtree(made, ignore_errors=True)
        return template


class Server:
    """One server of any product. Its root account has no password and is reachable over the socket."""

    def __init__(self, name: str, server_id: int, options: list = (), directory: Path = None, product: str = DEFAULT):
        self.name = name
        self.server_id = server_id
        self.product = PRODUCTS[product]
        self.options = list(options)
        template = _template(self.product)
        self.directory = directory or scratch_directory(name)
        self.datadir = self.directory / "data"
        self.socket = self.directory / "sock"
        self.port = free_port()
        self.child = None
        self.session_mode = None  # sql_mode of the tests' own sessions; None: the server's default
        shutil.copytree(template, self.datadir)
        (self.directory / "tmp").mkdir()

    # --- life ---

    def start(self, wait: bool = True, options: list = ()):
        self.child = ChildProcess(
            [*self.product.command(), f"--datadir={self.datadir}", f"--socket={self.socket}",
             f"--port={self.port}", "--bind-address=127.0.0.1", f"--server-id={self.server_id}",
             # A starting server removes what it takes for its own leftovers in the temporary directory.
             f"--tmpdir={self.directory}/tmp", f"--pid-file={self.directory}/pid", "--skip-name-resolve",
             "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=2", "--max-allowed-packet=64M",
             "--performance-schema=OFF", *self.options, *options],
            self.directory / "log").start()
        return self.wait_ready() if wait else self

    def wait_ready(self, timeout: float = 90.0):
        def ready():
            if not self.child.running():
                raise Failure(f"{self.name} ended with status {self.child.process.returncode}:\n"
                              + self.child.log_text()[-3000:])
            try:
                self.connect().close()
                return True
            except pymysql.err.OperationalError:
                return False

        wait_until(ready, f"{self.name} accepts connections on port {self.port}", timeout)
        return self

    def kill(self):
        self.child.kill()

    def stop(self):
        if self.child is not None:
            self.child.terminate(timeout=120)

    def restart(self):
        self.stop()
        return self.start()

    def destroy(self):
        if self.child is not None:
            self.child.kill()
        if not os.environ.get("TRIBUTARY_KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)

    # --- statements ---

    def connect(self, user: str = "root", password: str = "", database: str = None, **arguments):
        return pymysql.connect(unix_socket=str(self.socket), user=user, password=password, database=database,
                               **{"charset": "utf8mb4", "autocommit": True, "sql_mode": self.session_mode, **arguments})

    def query(self, sql: str, *arguments, database: str = None) -> list:
        """One statement's rows, as tuples."""
        with self.connect(database=database) as connection, connection.cursor() as cursor:
            cursor.execute(sql, arguments or None)
            return list(cursor.fetchall())

    def row(self, sql: str) -> dict:
        """The first row of one statement, by column name; {} when there is none."""
        with self.connect(cursorclass=pymysql.cursors.DictCursor) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone() or {}

    def value(self, sql: str, database: str = None):
        return self.query(sql, database=database)[0][0]

    def run(self, *statements: str, database: str = None, session: str = None):
        """Runs statements in one session, without %-formatting."""
        with self.connect(database=database) as connection, connection.cursor() as cursor:
            for statement in ([session] if session else []) + list(statements):
                cursor.execute(statement)

    def client(self, script: str, database: str = "", options: list = ()) -> str:
        """Runs a script through the `mariadb` client (DELIMITER and all); returns its output."""
        result = subprocess.run(
            ["mariadb", "--no-defaults", "-uroot", f"--socket={self.socket}", "--batch", "--skip-column-names",
             "--default-character-set=utf8mb4", *options, *([database] if database else [])],
            input=script.encode(), capture_output=True, check=False)
        if result.returncode != 0:
            raise Failure(f"{self.name}: {result.stderr.decode(errors='replace')}")
        return result.stdout.decode(errors="replace")

    # --- as a source ---

    def make_replication_account(self):
        self.run("SET sql_log_bin=0", *self.product.replication_account(REPLICATION_USER, literal(REPLICATION_PASSWORD)))
        return self

    def position(self) -> tuple:
        """(file, offset) of the end of the binary log."""
        status = self.row(self.product.position_statement)
        return status["File"], int(status["Position"])

    def reset_binary_logs(self):
        self.run(self.product.reset_statement)

    def lose_binlog(self, name: str):
        """As if a binary log file had been removed by hand, or was not restored: the server does not know of it."""
        self.stop()
        index = self.datadir / "binlog.index"
        index.write_text("".join(line for line in index.read_text().splitlines(True) if name not in line))
        (self.datadir / name).unlink()
        self.start()

    def flush_logs(self):
        self.run("FLUSH BINARY LOGS")

    def binlog_files(self) -> list:
        """Paths of the binary log files, oldest first."""
        return [self.datadir / name for name, *_ in self.query("SHOW BINARY LOGS")]

    # --- as a native replica, to compare with ---

    def follow(self, source: "Server", file: str, position: int):
        """Makes it a replica of a source with a replication account, by file and position, and starts it."""
        self.run(*self.product.follow(source.product, source.port, REPLICATION_USER, literal(REPLICATION_PASSWORD), file, position))
        return self

    def wait_followed(self, source: "Server", timeout: float = 60.0):
        """Waits until it has applied everything that the source has logged so far."""
        file, position = source.position()
        waited = self.value(f"SELECT {self.product.follow_wait}('{file}', {position}, {timeout:.0f})")
        if waited is None or waited < 0:
            status = self.row(self.product.follow_status)
            raise Failure(f"{self.name} did not reach {file}:{position} of {source.name}: {status['Last_IO_Error']} "
                          f"{status['Last_SQL_Error']}")


def source(name: str, server_id: int, options: list = (), product: str = DEFAULT) -> Server:
    """A server that writes a binary log, not yet started."""
    return Server(name, server_id, ["--log-bin=binlog", "--binlog-format=ROW", "--binlog-checksum=CRC32",
                                    "--log-bin-trust-function-creators=1", "--character-set-server=utf8mb4",
                                    *PRODUCTS[product].source_options, *options], product=product)


def target(name: str, server_id: int = 900, options: list = (), product: str = DEFAULT) -> Server:
    """A server with defaults unlike the sources', on which nothing that is applied may depend."""
    server = Server(name, server_id, [
        "--character-set-server=latin1", "--collation-server=latin1_german2_ci", "--default-time-zone=-03:30",
        "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,PIPES_AS_CONCAT",
        "--auto-increment-increment=7", "--auto-increment-offset=3", "--div-precision-increment=2",
        "--lc-time-names=de_DE", *PRODUCTS[product].target_options, *options], product=product)
    server.session_mode = ""
    return server


def start_all(*servers: Server):
    """Starts them side by side."""
    for server in servers:
        server.start(wait=False)
    for server in servers:
        server.wait_ready()
