#!/usr/bin/python3
"""Makes inputs for the fuzzers from the binary log files of tests/data and from what the unit tests know: DIRECTORY/<fuzzer>/*.
tests/fuzz/corpus/<fuzzer> holds those that libFuzzer kept of them (-merge=1), and what it found since.

    tests/fuzz/make_seeds.py DIRECTORY"""

import hashlib
import re
import struct
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
ROWS_TYPES = [23, 24, 25, 30, 31, 32, 166, 167, 168, 169, 170, 171, 39]


def events(content: bytes):
    offset = 4
    while offset < len(content):
        size, = struct.unpack_from("<I", content, offset + 9)
        yield content[offset:offset + size]
        offset += size


def literals(path: Path) -> list:
    """The texts between quotes in a C++ or Python file."""
    found = re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text(errors="replace"))
    return [text.encode().decode("unicode_escape", errors="replace").encode("utf-8", errors="replace") for text in found]


def main():
    directory = Path(sys.argv[1])

    def seed(fuzzer: str, content: bytes):
        place = directory / fuzzer
        place.mkdir(parents=True, exist_ok=True)
        (place / hashlib.sha1(content).hexdigest()[:16]).write_bytes(content)

    for file in sorted((TESTS / "data" / "binlogs").rglob("*")):
        if not file.is_file() or file.suffix == ".events":
            continue
        content = file.read_bytes()
        mysql = "mysql" in str(file.relative_to(TESTS))
        source = bytes([(2 if "5" in file.parent.name + file.name[:7] else 1) if mysql else 0])
        if len(content) < 8192:
            for odd in (b"\0", b"\1"):
                seed("relay_file", odd + content)
            seed("binlog_statement", source + content)
        if len(content) < 4000:
            # The ROTATE that a source makes up before a file, the file as events, and as packets.
            first = struct.pack("<IBIIIH", 0, 4, 1, 19 + 8 + 10 + 4, 0, 0x20) + struct.pack("<Q", 4) + b"bin.000001" + bytes(4)
            choice = (0 if mysql else 1) | (2 if next(events(content))[-5] == 1 else 0)
            for gtid in (0, 4):
                seed("dump", bytes([choice | gtid, 0]) + first + content[4:])
                packets = b"".join(struct.pack("<I", len(event) + 1 | (1 + number) % 256 << 24) + b"\0" + event
                                   for number, event in enumerate([first, *events(content)]))
                seed("dump", bytes([choice | gtid | 8, 255]) + packets)
        description = next(events(content))
        checksum = 4 if description[-5] == 1 else 0
        group = b""
        tables = {}
        for event in events(content):
            kind = event[4]
            if len(event) > 4096:
                continue
            if kind != 15:
                seed("events", source + description + event)
            group = event if kind in (33, 34, 42, 162) else group + event
            if kind in (16, 38) and len(group) < 4096:
                seed("events", source + description + group)
                seed("binlog_statement", source + description + group)
            body = event[19:len(event) - checksum]
            if kind == 19:
                tables[body[:6]] = body
            if kind in ROWS_TYPES and body[:6] in tables:
                table = tables[body[:6]]
                seed("rows", source + bytes([ROWS_TYPES.index(kind)]) + struct.pack("<H", len(table)) + table + body)
            if kind in (2, 18):
                seed("statement", b"\0" + body[-200:].split(b"\0")[-1])
            if kind == 35:
                seed("gtid", body)
    for kind, metadata, value in ((1, 0, "80"), (246, 14 | 4 << 8, "7ef204c72dfb2d"), (19, 3, "4b9105d8fa"), (18, 6, "99b2bcc80a0c0a14"),
                                  (17, 6, "65a5b3c40c0a14"), (15, 20, "6162"), (247, 1, "02"), (248, 8, "0100000000000080"),
                                  (16, 12, "0abc"), (4, 4, "0000c03f"), (13, 0, "7c"), (10, 0, "5dcc0f")):
        seed("values", struct.pack("<BHB", kind, metadata, 7) + bytes.fromhex(value))
    for document in ("000100 0c00 0b00 0100 05 0100 61", "0203001500050100040100040200", "0c0161", "0f f6 04 02 80 0150"):
        raw = bytes.fromhex(document.replace(" ", "")[:len(document.replace(" ", "")) // 2 * 2])
        seed("json", struct.pack("<H", len(raw)) + raw + bytes.fromhex("0004 242e6162 03050400".replace(" ", "")))
    for text in (b'{"a": [1, -2.5e3, true, null, "x\\u00fc"], "b": {}}', b"[18446744073709551615]", b'""', b"1e400"):
        seed("json", b"\0\0" + text)
    for path in sorted((TESTS / "unit").rglob("*_test.cpp")):
        for text in literals(path):
            if path.parent.name == "gtid":
                seed("gtid", text)
            if path.parent.name == "admin" and len(text) < 400:
                seed("admin_sql", text)
            if path.name == "executor_select_test.cpp":
                seed("status_select", b"SELECT " + text + b" FROM t" if b"FROM" not in text else text.replace(b"tributary.applier_tables", b"t"))
            if path.name in ("sql_tokenizer_test.cpp", "statement_scan_test.cpp", "ddl_decision_test.cpp",
                             "ignored_constraints_test.cpp", "axis_order_test.cpp"):
                seed("statement", b"\0" + text)
    handshake = bytes.fromhex("85a69f0020000000012d00000000000000000000000000000000000000000000000000") + b"root\0\x14" + bytes(
        range(20)) + b"db\0mysql_native_password\0" + b"\x0c\x04_pid\x0312x"
    seed("wire", handshake)
    seed("wire", struct.pack("<I", 0x00ffa685) + b"root\0\x14" + bytes(range(20)) + b"db\0\x2d\0mysql_native_password\0")
    seed("wire", b"\x05" + b"\x03\0\0\0abc" + b"\x01\0\0\0\x0e")


if __name__ == "__main__":
    main()
