"""tributary events on the binary logs of real servers: its rows are those that the server's own program prints."""

import subprocess
from pathlib import Path

import pytest

import binlog_rows
import servers
from daemon import binary
from products import DEFAULT, cache_directory
from test_types import GROUPS

DATA = Path(__file__).resolve().parent.parent / "data" / "binlogs"
IMAGES = ("FULL", "MINIMAL", "NOBLOB")


def tributary() -> str:
    return str(binary().parent.parent / "tools" / "tributary")


def events(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([tributary(), "events", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="surrogateescape", check=False)


def _golden():
    for file in sorted(DATA.rglob("*")):
        if not file.is_file() or file.suffix == ".events":
            continue
        program = binlog_rows.program_for(file)[0]
        installed = [name for name in ("mysql-9.7", "mariadb-11.8") if f"/{name}/" in program]
        yield pytest.param(file, id=str(file.relative_to(DATA)), marks=[pytest.mark.servers(*installed)] if installed else [])


@pytest.mark.parametrize("file", _golden())
def test_rows_of_the_golden_files(file):
    compared = binlog_rows.compare_file(tributary(), file)
    if file.stem in ("rows", "types", "charsets", "minimal_image", "json"):
        assert compared > 10


@pytest.fixture(scope="module", params=[DEFAULT, pytest.param("mariadb-11.8", marks=pytest.mark.servers("mariadb-11.8")),
                                        pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"))])
def source(request):
    options = {"mysql-9.7": ["--sql-mode="]}.get(request.param, [])
    server = servers.source("src", 1, options, product=request.param).start()
    server.run("CREATE DATABASE z")
    yield server
    server.destroy()


def _program(server) -> tuple:
    if server.product.name == DEFAULT:
        return "mariadb-binlog", ()
    if server.product.is_mariadb:
        return str(cache_directory() / server.product.name / "bin" / "mariadb-binlog"), ()
    return str(cache_directory() / server.product.name / "bin" / "mysqlbinlog"), (255,)


def _accepted(server, kind: str) -> bool:
    """Some types are of MariaDB only."""
    try:
        server.run(f"CREATE TABLE z.probe (c {kind})", "DROP TABLE z.probe")
        return True
    except Exception:  # pylint: disable=broad-except
        return False


@pytest.mark.parametrize("group", GROUPS)
def test_rows_of_every_type(source, group):
    """Each type's edge values, inserted, updated and deleted with every row image."""
    kinds = [(kind, values) for kind, values in GROUPS[group]() if _accepted(source, kind)]
    if not kinds:
        pytest.skip(f"{source.product.name} has none of these types")
    source.flush_logs()
    path = source.binlog_files()[-1]
    written = 0
    for number, (kind, values) in enumerate(kinds):
        table = f"z.{group}{number}"
        source.run(f"CREATE TABLE {table} (id INT PRIMARY KEY, c {kind}, n INT)")
        for row, value in enumerate(values):
            image = IMAGES[row % len(IMAGES)]
            try:
                source.run(f"INSERT INTO {table} VALUES ({row}, {value}, NULL)",
                           session=f"SET SESSION binlog_row_image={image}")
            except Exception:  # pylint: disable=broad-except
                continue  # a value that the other vendor refuses
            written += 1
            source.run(f"UPDATE {table} SET n=1 WHERE id={row}", session=f"SET SESSION binlog_row_image={image}")
        source.run(f"DELETE FROM {table}")
    assert written > len(kinds)
    source.flush_logs()
    program, unknown_types = _program(source)
    compared = binlog_rows.compare(binlog_rows.our_rows(tributary(), path), binlog_rows.their_rows(program, path), unknown_types)
    assert compared >= 2 * written
    verified = events("--verify", path)
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.endswith("no damage\n")


def test_a_file_in_use_and_a_cut_one(source, tmp_path):
    source.run("CREATE TABLE z.used (id INT PRIMARY KEY, c LONGBLOB)", "INSERT INTO z.used VALUES (1, REPEAT('x', 1000000))")
    file = source.binlog_files()[-1]
    verified = events("--verify", file)
    assert verified.returncode == 0, verified.stderr
    assert "in use" in verified.stdout
    cut = tmp_path / "cut"
    cut.write_bytes(file.read_bytes()[:-500_000])
    verified = events("--verify", cut)
    assert verified.returncode == 1
    assert "the file ends inside a" in verified.stderr
    assert str(cut) in verified.stderr


def test_an_encrypted_file_is_told(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("1;770A8A65DA156D24EE2A093277530142\n")
    server = servers.source("enc", 1, ["--plugin-load-add=file_key_management", "--encrypt-binlog=ON",
                                       f"--file-key-management-filename={keys}"]).start()
    try:
        server.run("CREATE DATABASE z", "CREATE TABLE z.t (id INT PRIMARY KEY)")
        server.flush_logs()
        listed = events(server.binlog_files()[0])
        assert listed.returncode == 1
        assert "Start_encryption" in listed.stdout
        assert "encrypted by MariaDB" in listed.stderr
    finally:
        server.destroy()


@pytest.mark.parametrize("arguments, status, said", [
    ([], 2, "no file is named"), (["--frob", "x"], 2, "unrecognised option"), (["/nonexistent"], 1, "/nonexistent"),
    (["--start-position=3", "x"], 2, "--start-position must be 4 or more"),
    (["--verify", "--stop-position=9", "x"], 2, "--verify checks whole files"), (["/etc/passwd"], 1, "no binary log")])
def test_wrong_calls(arguments, status, said):
    done = events(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr


def test_help_and_standard_input():
    assert "Exit status" in events("--help").stdout
    content = (DATA / "mariadb-10.11" / "stop.binlog").read_bytes()
    done = subprocess.run([tributary(), "events", "-"], input=content, capture_output=True, check=False)
    assert (done.returncode, done.stdout.count(b"\n")) == (0, 11)
