"""The examples work."""

import os
import subprocess

from daemon import binary
from processes import REPOSITORY


def test_the_quickstart():
    result = subprocess.run([REPOSITORY / "examples" / "quickstart.sh", "--rows", "300"], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, check=False, env={**os.environ, "TRIBUTARYD": str(binary())})
    assert result.returncode == 0, result.stdout + result.stderr
    assert "DIFFERENT" not in result.stdout and result.stdout.count(" equal") > 10
