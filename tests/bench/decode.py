"""How fast one core reads the binary log of a sysbench run: scanning, decoding rows, making BINLOG statements; with full and with minimal
row images."""

import os
import subprocess
import sys

from common import arguments, bench_source, note, write
from processes import Failure


def main():
    options = arguments(__doc__)
    program = os.environ["BENCH_DECODE"]
    source = bench_source("dec", 1)
    try:
        files = []
        for image in ("FULL", "MINIMAL"):
            source.run(f"SET GLOBAL binlog_row_image={image}")
            write(source, "dec", options.transactions)
            file = source.binlog_files()[-1]
            source.flush_logs()
            kept = source.directory / f"{image.lower()}.binlog"
            kept.write_bytes(file.read_bytes())
            note(f"{image}: {kept.stat().st_size} bytes, {options.transactions} transactions of sysbench oltp_write_only")
            files += [image.lower(), str(kept)]
        source.stop()
        done = subprocess.run([program, str(max(options.repeat, 3)), *files], stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise Failure(f"bench_decode ended with status {done.returncode}")
    finally:
        source.destroy()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"decode: {failure}")
