"""Child processes, ports and directories of the tests. Only what was started here is ever signalled."""

import atexit
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class Failure(AssertionError):
    """Something outside the code under test, or a wait in it, did not come true; the message says what."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, below the range from which the kernel picks client ports."""
    for _ in range(200):
        port = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failure("no free port found between 20000 and 32000")


def scratch_directory(label: str) -> Path:
    """A new directory with a short path (a unix socket's path has at most 107 characters), removed at exit unless
    TRIBUTARY_KEEP is set."""
    path = Path(tempfile.mkdtemp(prefix=f"tb-{label[:12]}-", dir=os.environ.get("TRIBUTARY_TMP", "/tmp")))
    owner = os.getpid()

    def remove():
        if os.getpid() == owner and not os.environ.get("TRIBUTARY_KEEP"):
            shutil.rmtree(path, ignore_errors=True)

    atexit.register(remove)
    return path


def wait_until(condition, what: str, timeout: float = 60.0, interval: float = 0.05):
    """Polls until condition() is true and returns its value; raises Failure naming what after timeout seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"not true within {timeout:.0f} s: {what}")
        time.sleep(interval)


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class ChildProcess:
    """One program started by the tests, with its output in a log file. Start it from the main thread: the kernel
    kills it when the thread that started it ends."""

    def __init__(self, arguments: list, log: Path, environment: dict = None):
        self.arguments = [str(argument) for argument in arguments]
        self.log = log
        self.environment = environment
        self.process = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self):
        if self.running():
            raise Failure(f"already running: {self.arguments[0]}")
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, **(self.environment or {})}, preexec_fn=_die_with_parent, start_new_session=True)
        return self

    def signal(self, number: int):
        if self.running():
            self.process.send_signal(number)

    def wait(self, timeout: float = 60.0) -> int:
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.arguments[0]} (pid {self.pid}) still runs after {timeout:.0f} s; "
                          f"log: {self.log}") from None

    def kill(self):
        """SIGKILL, and reaped."""
        if self.running():
            self.process.kill()
            self.process.wait()

    def terminate(self, timeout: float = 60.0) -> int:
        """SIGTERM; returns the exit status."""
        if self.process is None:
            return 0
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def cpu_seconds(self) -> float:
        """User and system time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self, peak: bool = False) -> int:
        name = "VmHWM:" if peak else "VmRSS:"
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        raise Failure(f"no {name} of pid {self.pid}")

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""
