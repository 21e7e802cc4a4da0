"""A source that says what a test wants it to say: the server's side of the protocol, scripted, on a port of its own."""

import socket
import struct
import threading

_CAPABILITIES = 0x000FA285  # protocol 4.1, transactions, secure connection, plugin authentication, ...


def packet(sequence: int, payload: bytes) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([sequence & 0xFF]) + payload


def error(code: int, text: bytes, state: bytes = b"HY000") -> bytes:
    return b"\xff" + struct.pack("<H", code) + b"#" + state + text


OK = b"\x00\x00\x00\x02\x00\x00\x00"
EOF = b"\xfe\x00\x00\x02\x00"


def _text(value: bytes) -> bytes:
    return bytes([len(value)]) + value


def column(name: bytes = b"v") -> bytes:
    """The definition of a column of text."""
    return (_text(b"def") + _text(b"") * 3 + _text(name) * 2 + b"\x0c" + struct.pack("<HIBHB", 33, 1000, 253, 0, 0)
            + b"\0\0")


def row(value: bytes) -> list:
    """A result of one row and one column, as packets."""
    return [b"\x01", column(), EOF, _text(value), EOF]


class FakeSource:
    """Answers each connection in a thread. A test replaces what it wants to go wrong:

    `authenticate(connection, login)` after the client's login packet, to be ended by OK or an error;
    `answers`: pairs of a word and what a command is answered that has it, as a list of packets or a callable that is
    given the connection."""

    def __init__(self):
        self.answers = []
        self.commands = []  # of all connections
        self.received = b""  # every byte that clients sent
        self.connections = 0
        self.greeting_version = b"5.5.5-10.11.6-MariaDB"
        self.authenticate = lambda connection, login: connection.send(OK)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        connection = Connection(self, client)
        try:
            connection.sequence = 0
            connection.send(b"\x0a" + self.greeting_version + b"\0" + struct.pack("<I", self.connections) + b"a" * 8 + b"\0"
                            + struct.pack("<HBHH", _CAPABILITIES & 0xFFFF, 45, 2, _CAPABILITIES >> 16) + b"\x15"
                            + b"\0" * 10 + b"b" * 12 + b"\0" + b"mysql_native_password\0")
            self.authenticate(connection, connection.receive())
            while True:
                connection.sequence = 0
                command = connection.receive()
                self.commands.append(command)
                answer = next((told for word, told in self.answers if word in command), None)
                if answer is None:
                    answer = self._usual(command)
                if callable(answer):
                    answer(connection)
                else:
                    for payload in answer:
                        connection.send(payload)
        except OSError:
            pass
        client.close()

    @staticmethod
    def _usual(command: bytes) -> list:
        if b"server_id" in command:
            return row(b"4711")
        if b"SELECT @master_binlog_checksum" in command:
            return row(b"NONE")
        if command.startswith(b"\x03SELECT"):
            return row(b"0")
        return [OK]


class Connection:
    def __init__(self, source: FakeSource, client):
        self._source = source
        self._client = client
        self.sequence = 0

    def send(self, payload: bytes):
        self._client.sendall(packet(self.sequence, payload))
        self.sequence += 1

    def send_raw(self, data: bytes):
        self._client.sendall(data)

    def receive(self) -> bytes:
        header = self._take(4)
        self.sequence = header[3] + 1
        return self._take(int.from_bytes(header[:3], "little"))

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._client.recv(count - len(data))
            if not part:
                raise OSError("closed")
            self._source.received += part
            data += part
        return data
