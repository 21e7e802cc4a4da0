"""A TCP proxy between a daemon and a server, to cut, hang or refuse connections."""

import socket
import threading
import time

from processes import Failure

_LATE = 0.05  # seconds


class Proxy:
    """Listens on its own port of 127.0.0.1 and forwards to a server's port.

    mode 'pass':   forwards.
    mode 'refuse': closes what connects at once.
    mode 'hang':   accepts, and forwards nothing in either direction; existing connections go silent as well.
    mode 'slow':   forwards each piece late.
    """

    def __init__(self, server_port: int):
        self.server_port = server_port
        self.mode = "pass"
        self.accepted = 0
        self.forwarded = 0  # bytes from the server
        self._cut_after = None  # bytes still to be forwarded from the server before its connection is cut
        self._pairs = set()
        self._condition = threading.Condition()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def set_mode(self, mode: str):
        if mode not in ("pass", "refuse", "hang", "slow"):
            raise Failure(f"no proxy mode {mode}")
        with self._condition:
            self.mode = mode
            self._condition.notify_all()

    def cut(self):
        """Ends all connections now."""
        with self._condition:
            pairs = list(self._pairs)
        for pair in pairs:
            self._close(pair)

    def cut_after(self, count: int):
        """Ends the connection in the middle of things, once count more bytes came from the server."""
        with self._condition:
            self._cut_after = count

    def close(self):
        with self._condition:
            self._closed = True
            self._condition.notify_all()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self.cut()

    def _close(self, pair):
        with self._condition:
            self._pairs.discard(pair)
        for side in pair:
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            side.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.mode == "refuse":
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.server_port))
            except OSError:
                client.close()
                continue
            pair = (client, server)
            with self._condition:
                self._pairs.add(pair)
            threading.Thread(target=self._pump, args=(client, server, pair, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, pair, True), daemon=True).start()

    def _pump(self, reader, writer, pair, from_server):
        try:
            while True:
                data = reader.recv(65536)
                if not data:
                    break
                if self.mode == "slow":
                    time.sleep(_LATE)
                with self._condition:
                    while self.mode == "hang" and not self._closed and pair in self._pairs:
                        self._condition.wait(0.2)
                    self.forwarded += len(data) if from_server else 0
                    cut = False
                    if from_server and self._cut_after is not None:
                        cut = len(data) >= self._cut_after
                        data = data[:self._cut_after]
                        self._cut_after = None if cut else self._cut_after - len(data)
                writer.sendall(data)
                if cut:
                    break
        except OSError:
            pass
        self._close(pair)
