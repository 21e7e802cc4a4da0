#!/usr/bin/python3
"""Writes NAME.events beside each binary log file of tests/data/binlogs: what tributary events --verbose says of it. First the rows
are compared with those that the file's own server's program prints (mysqlbinlog, mariadb-binlog).

    tests/data/make_events.py TRIBUTARY [FILE...]

What changed is to be read before it is committed: a comparison cannot know more than the other program tells."""

import subprocess
import sys
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent
sys.path.insert(0, str(DIRECTORY.parent / "lib"))
# pylint: disable=wrong-import-position
import binlog_rows  # noqa: E402
from processes import Failure  # noqa: E402


def main() -> int:
    tributary, *names = sys.argv[1:]
    tributary = str(Path(tributary).resolve())
    files = [Path(name) for name in names] or sorted(
        file for file in (DIRECTORY / "binlogs").rglob("*") if file.is_file() and file.suffix != ".events")
    total = 0
    failed = False
    for file in files:
        try:
            compared = binlog_rows.compare_file(tributary, file)
        except Failure as failure:
            print(f"{file}: {failure}", file=sys.stderr)
            failed = True
            continue
        total += compared
        text = subprocess.run([tributary, "events", "--verbose", file.name], cwd=file.parent, stdin=subprocess.DEVNULL,
                              capture_output=True, check=True).stdout
        file.with_name(file.name + ".events").write_bytes(text)
        print(f"{file.relative_to(DIRECTORY)}: {compared} values compared")
    print(f"{len(files)} files, {total} values compared")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
