"""A small file system of the harness's own for a daemon's data directory, to be filled up."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

_SIZE = 256 << 20


class Disk:
    """tests/crash.sh starts the harness in a mount namespace of its own: nobody else sees it, and it goes with the harness."""

    def __init__(self, directory: Path):
        self.directory = directory
        self._filler = directory / "filler"
        directory.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "none", str(directory)], check=True)

    def fill(self, left: int):
        """Leaves so many bytes free."""
        with open(self._filler, "wb", buffering=0) as filler:
            # Others write meanwhile: in ever smaller pieces, until nothing more goes.
            for piece in (bytes(1 << 20), bytes(os.sysconf("SC_PAGE_SIZE"))):
                try:
                    while filler.write(piece) == len(piece):
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
            filler.truncate(max(0, filler.tell() - left))

    def free(self):
        self._filler.unlink(missing_ok=True)

    def remove(self, keep: bool):
        """What is kept is in an ordinary directory of the same name afterwards."""
        self.free()
        copy = self.directory.with_name("kept")
        if keep:
            shutil.copytree(self.directory, copy)
        subprocess.run(["umount", str(self.directory)], check=True)
        if keep:
            self.directory.rmdir()
            copy.rename(self.directory)
