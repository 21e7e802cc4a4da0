"""Rows of a binary log file as text: those that tributary events --verbose prints, those that a server's own program prints
with -vv, and the comparison of both."""

import json
import re
import struct
import subprocess

from processes import Failure
from products import cache_directory

VALUE = re.compile(rb"^###   @(\d+)=(.*?) (/\* .*? meta=\d+ nullable=[01] is_null=[01] \*/)(.*)$", re.DOTALL)
OTHER_LINES = (b"### ALTER TABLE ", b"### Extra row info ")  # about two-phase ALTER and partitions
PARTIAL_EVENT = re.compile(rb"^[# ].*\bUpdate_rows_partial\b")
UNKNOWN = re.compile(rb"^###   @(\d+)=!! Don't know how to handle column type=(\d+)")
NUMBER_OF_BOTH_SIGNS = re.compile(rb"^(-\d+) \((\d+)\)$")


class Row:
    """The lines of a row: what is done to which table, then the values in order, before and after."""

    def __init__(self, head: bytes):
        self.head = head
        self.sections = []  # (b"SET" or b"WHERE", [(column, value, comment)])
        self.unknown_type = None  # of the column at which the program gave up

    def __repr__(self):
        return f"{self.head} {self.sections}"


def rows_of(text: bytes, next_event) -> list:
    """The rows, one list for each event that has some. next_event(line) tells where an event begins. Rows of PARTIAL_UPDATE_ROWS
    are left out: mysqlbinlog prints calls of JSON functions there."""
    events = [[]]
    partial = False
    for line in text.split(b"\n"):
        if next_event(line):
            events.append([])
            partial = False
        partial = partial or PARTIAL_EVENT.search(line) is not None
        if partial:
            continue
        if not line.startswith(b"### ") or line.startswith(OTHER_LINES):
            continue
        if line.startswith((b"### INSERT INTO ", b"### UPDATE ", b"### DELETE FROM ")):
            events[-1].append(Row(line[4:]))
        elif line in (b"### SET", b"### WHERE"):
            events[-1][-1].sections.append((line[4:], []))
        elif match := UNKNOWN.match(line):
            events[-1][-1].unknown_type = int(match[2])
        elif match := VALUE.match(line):
            events[-1][-1].sections[-1][1].append((int(match[1]), match[2], match[3]))
        else:
            raise Failure(f"a line of rows that cannot be read: {line[:200]}")
    return [event for event in events if event]


def run(command: list) -> bytes:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0 and b"never reached expected GTID state" not in done.stderr:  # a list of GTIDs in a dump says that
        raise Failure(f"{command} ended with status {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def our_rows(tributary: str, file) -> list:
    return rows_of(run([tributary, "events", "--verbose", str(file)]), lambda line: line[:10].strip()[:1].isdigit())


def their_rows(program: str, file) -> list:
    return rows_of(run([program, "-vv", "--base64-output=decode-rows", str(file)]), lambda line: line.startswith(b"# at "))


ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}  # of mysqlbinlog


def unescaped(text: bytes) -> bytes:
    """What stands between the quotes of one of our strings, or one of mysqlbinlog's."""
    return re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda match: bytes([int(match[1][1:], 16)]) if match[1][:1] == b"x"
                  else ESCAPES.get(match[1], match[1]), text[1:-1])


def their_string(text: bytes, escaping: bool) -> bytes:
    """mariadb-binlog escapes control characters only, mysqlbinlog also quotes and backslashes."""
    if escaping:
        return unescaped(text)
    return re.sub(rb"\\x([01][0-9a-f])", lambda match: bytes([int(match[1], 16)]), text[1:-1])


def same_float(ours: bytes, theirs: bytes, precision: bytes) -> bool:
    return precision % struct.unpack("<f", struct.pack("<f", float(ours)))[0] == theirs.strip()


def same_value(ours: bytes, theirs: bytes, type_name: bytes) -> bool:
    if ours == theirs:
        return True
    if type_name == b"FLOAT":  # six digits there
        return same_float(ours, theirs, b"%g")
    if type_name.startswith(b"VECTOR") and ours[:1] == b"[":  # and here
        return all(same_float(*pair, b"%.5e") for pair in zip(ours[1:-1].split(b","), theirs[1:-1].split(b","), strict=True))
    if type_name.startswith(b"SET"):  # byte for byte there
        return b"'%s'" % b"".join(reversed(re.findall(b"[01]{8}", theirs))) == ours[1:]
    if type_name == b"YEAR":
        return (ours, theirs) == (b"0000", b"1900")
    if type_name == b"DOUBLE":
        return float(ours) == float(theirs)
    if both := NUMBER_OF_BOTH_SIGNS.match(theirs):
        return ours in both.groups()  # optional metadata told us the sign
    if type_name == b"JSON":
        document = unescaped(ours)
        their_text = their_string(theirs, True)
        # mysqlbinlog leaves out the quotes of a document that is one string.
        return document == their_text or (document[:1] == b'"' and json.loads(document) == their_text.decode())
    if ours[:1] == b"'" and theirs[:1] == b"'":
        return unescaped(ours) in (their_string(theirs, False), their_string(theirs, True))
    return False


def compare(ours: list, theirs: list, unknown_types: tuple = ()) -> int:
    """How many values were compared. `unknown_types` are column types that the other program does not know: it gives the event
    up there."""
    values = 0
    if not any(row.unknown_type for event in theirs for row in event):
        ours, theirs = [[row for event in rows for row in event] for rows in (ours, theirs)]
        ours, theirs = [ours], [theirs]
    if len(ours) != len(theirs):
        raise Failure(f"{len(ours)} events with rows, {len(theirs)} there")
    for our_event, their_event in zip(ours, theirs):
        gave_up = their_event[-1].unknown_type if their_event else None
        if gave_up is not None and gave_up not in unknown_types:
            raise Failure(f"the program does not know column type {gave_up}")
        if len(our_event) != len(their_event) and gave_up is None:
            raise Failure(f"{len(our_event)} rows, {len(their_event)} there")
        for our_row, their_row in zip(our_event, their_event):
            values += compare_rows(our_row, their_row)
    return values


def compare_rows(ours: Row, theirs: Row) -> int:
    values = 0
    if ours.head != theirs.head:
        raise Failure(f"{ours.head} is {theirs.head} there")
    if theirs.unknown_type is None and [name for name, _ in ours.sections] != [name for name, _ in theirs.sections]:
        raise Failure(f"{ours} is {theirs} there")
    for (_, our_cells), (_, their_cells) in zip(ours.sections, theirs.sections):
        if theirs.unknown_type is None and len(our_cells) != len(their_cells):
            raise Failure(f"{our_cells} is {their_cells} there")
        for our_cell, their_cell in zip(our_cells, their_cells):
            type_name = our_cell[2].split(b" ")[1]
            if our_cell[::2] != their_cell[::2] or not same_value(our_cell[1], their_cell[1], type_name):
                raise Failure(f"{ours.head}: {our_cell} is {their_cell} there")
            values += 1
    return values


def program_for(file) -> tuple:
    """The program that knows a file of tests/data/binlogs best, and the column types that it does not know."""
    name = f"{file.parent.name}/{file.name}"
    cache = cache_directory()
    if "/mysql97-" in name or name.startswith("mysql-9.7/"):
        return str(cache / "mysql-9.7/bin/mysqlbinlog"), (255,)
    if "/mariadb118-" in name or name.startswith("mariadb-11.8/"):
        return str(cache / "mariadb-11.8/bin/mariadb-binlog"), ()
    return "mariadb-binlog", ()  # of 10.11; mysqlbinlog of 9.7 knows no row events of version 1


# TIME, DATETIME and TIMESTAMP with fractions and mysql56_temporal_format=OFF: mariadb-binlog ends with an error.
UNREADABLE = ("old_temporal.binlog", "mariadb1011-bin.000010", "mariadb1011-bin.000015", "mariadb118-bin.000017")


def compare_file(tributary: str, file) -> int:
    """How many values of the file were compared."""
    if file.name in UNREADABLE:
        return 0
    program, unknown_types = program_for(file)
    return compare(our_rows(tributary, file), their_rows(program, file), unknown_types)
