#!/usr/bin/python3
"""Runs clang-tidy on all of src/, several translation units at a time.

Most of the time goes into reading headers, so it reads src/ as a unity build: some eight files as one.

Tests are left to the compiler's warnings: they take as long as the rest, and GoogleTest's macros trip checks.

A unit that was clean is not looked at again until something that its result depends on changes: its text, the project
headers that it includes (transitively), its compile command, .clang-tidy or clang-tidy itself."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def project_headers(unit: Path, build: Path, seen: dict):
    """Adds unit and the project's own files that it includes to seen, as path to bytes."""
    if unit in seen:
        return
    seen[unit] = unit.read_bytes()
    for name in INCLUDE.findall(seen[unit]):
        relative = name.decode()
        folders = [unit.parent, REPOSITORY / "include", REPOSITORY / "src"]
        for folder in folders:
            header = (folder / relative).resolve()
            if header.is_file():
                project_headers(header, build, seen)
                break
        else:  # generated below the build directory
            for header in build.rglob(relative):
                project_headers(header.resolve(), build, seen)


def key_of(entry: dict, build: Path, tool: bytes) -> str:
    files = {}
    project_headers(Path(entry["file"]), build, files)
    digest = hashlib.sha256(tool + entry["command"].encode())
    for path in sorted(files):
        digest.update(str(path).encode() + b"\0" + files[path] + b"\0")
    return digest.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path, help="build directory to configure for this; nothing is compiled in it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--clang-tidy", default="clang-tidy-14")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    subprocess.run(["cmake", "--preset", "debug", "-B", str(build), "-DCMAKE_UNITY_BUILD=ON"], cwd=REPOSITORY, check=True,
                   stdout=subprocess.DEVNULL)

    cache = REPOSITORY / "build" / "tidy-cache"
    cache.mkdir(parents=True, exist_ok=True)
    tool = subprocess.run([arguments.clang_tidy, "--version"], check=True, capture_output=True).stdout
    tool += (REPOSITORY / ".clang-tidy").read_bytes()

    entries = [entry for entry in json.loads((build / "compile_commands.json").read_text())
               if Path(entry["file"]).is_relative_to(build / "src") and "/Unity/" in entry["file"]]
    todo = []
    for entry in entries:
        mark = cache / key_of(entry, build, tool)
        if not mark.exists():
            todo.append((entry["file"], mark))

    def check(item) -> bool:
        file, mark = item
        result = subprocess.run([arguments.clang_tidy, "-p", str(build), "--quiet", file], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, check=False)
        if result.returncode == 0:
            mark.touch()
            return True
        complaints = re.sub(r"^\d+ warnings? .*generated\.\n", "", result.stdout + result.stderr, flags=re.MULTILINE)
        print(f"--- clang-tidy {shlex.quote(file)}\n{complaints}", flush=True)
        return False

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(check, todo))
    bad = results.count(False)
    print(f"clang-tidy: {len(entries)} units, {len(entries) - len(todo)} unchanged since they were clean, "
          f"{results.count(True)} checked clean, {bad} with findings")
    return 1 if bad or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
