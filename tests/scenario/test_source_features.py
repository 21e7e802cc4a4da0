"""What only some sources write: ALTER TABLE in two phases, and sessions of other defaults."""

import threading

import pytest

from one_channel import OneChannel, Session
from processes import wait_until


def _parameters(*products: str) -> list:
    return [pytest.param(product, marks=[] if product == "mariadb-10.11" else [pytest.mark.servers(product)]) for product in products]


@pytest.fixture
def channel(request):
    made = OneChannel(*request.param) if isinstance(request.param, tuple) else OneChannel(request.param)
    try:
        yield made.start()
    finally:
        made.destroy()


def events(source) -> list:
    """(type, text) of the events of the source's current file."""
    file, _ = source.position()
    return [(row[2], row[5]) for row in source.query(f"SHOW BINLOG EVENTS IN '{file}'")]


def _place(found: list, text: str) -> int:
    (place,) = [number for number, (_, info) in enumerate(found) if text in info]
    return place


two_phase = pytest.mark.parametrize("channel", _parameters("mariadb-10.11", "mariadb-11.8"), indirect=True)


@two_phase
def test_alter_in_two_phases(channel):
    """START ALTER tells nothing, COMMIT ALTER runs the statement: rows between them have the former form."""
    channel.source.run("SET GLOBAL binlog_alter_two_phase=ON")
    channel.database("phases", "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1,1),(2,1)", "CREATE TABLE u (id INT PRIMARY KEY)")
    reader = Session(channel.source, "phases").run("BEGIN", "SELECT * FROM t")
    alter = Session(channel.source, "phases")
    # It copies, and then waits for the reader before it puts the copy in the table's place.
    thread = threading.Thread(target=alter.run, args=("SET lock_wait_timeout=3600", "ALTER TABLE t ADD w INT DEFAULT 7, ALGORITHM=COPY"))
    thread.start()
    wait_until(lambda: any("START ALTER" in info for _, info in events(channel.source)), "the ALTER has begun")
    channel.source.run("INSERT INTO phases.u VALUES (1)")
    channel.applied()
    channel.daemon.kill9()
    channel.daemon.start()
    channel.source.run("INSERT INTO phases.u VALUES (2)")
    channel.applied()
    assert channel.target.query("SELECT * FROM phases.t") == [(1, 1), (2, 1)]
    reader.run("COMMIT").close()
    thread.join()
    alter.close()
    channel.source.run("INSERT INTO phases.t VALUES (3,1,3)")
    found = events(channel.source)
    assert _place(found, "START ALTER") < len(found) - 1 and any("COMMIT ALTER" in info for _, info in found)
    assert channel.compare("phases") == 5
    session = Session(channel.source, "phases")
    with pytest.raises(Exception, match="Duplicate"):
        session.run("ALTER TABLE t ADD UNIQUE KEY (v)")
    session.run("INSERT INTO t VALUES (4,1,4)", "SET binlog_alter_two_phase=OFF", "ALTER TABLE t DROP w", "SET binlog_alter_two_phase=ON",
                "ALTER TABLE t ADD x INT FIRST, ADD KEY (x)", "INSERT INTO t VALUES (5,5,5)", "ALTER TABLE t RENAME TO renamed",
                "CREATE TABLE parted (id INT) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10))",
                "ALTER TABLE parted ADD PARTITION (PARTITION b VALUES LESS THAN (20))", "INSERT INTO parted VALUES (15)").close()
    assert any("ROLLBACK ALTER" in info for _, info in events(channel.source))
    assert channel.compare("phases") == 8


@two_phase
def test_rows_during_an_alter_in_place(channel):
    """DML of the same table while it is altered in place."""
    channel.source.run("SET GLOBAL binlog_alter_two_phase=ON")
    channel.database("during", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v CHAR(100))", "INSERT INTO t (v) VALUES ('first')")
    for _ in range(16):
        channel.source.run("INSERT INTO during.t (v) SELECT CONCAT(id, UUID()) FROM during.t")
    writer = Session(channel.source, "during")
    between = False
    for number in range(20):
        thread = threading.Thread(target=channel.source.run, args=(f"ALTER TABLE during.t ADD KEY k{number} (v), ALGORITHM=INPLACE, LOCK=NONE",))
        thread.start()
        while thread.is_alive():
            writer.run(f"INSERT INTO t (v) VALUES ('during {number}')", "UPDATE t SET v='changed' WHERE id=1", f"DELETE FROM t WHERE v='during {number}' LIMIT 1")
        thread.join()
        found = events(channel.source)
        start = max(place for place, (_, info) in enumerate(found) if "START ALTER" in info)
        commit = max(place for place, (_, info) in enumerate(found) if "COMMIT ALTER" in info)
        between = any("Write_rows" in kind for kind, _ in found[start:commit])
        if between:
            break
    writer.close()
    assert between
    assert channel.compare("during") == 65536


@pytest.mark.parametrize("channel", _parameters("mariadb-10.11", "mariadb-11.8", "mysql-5.6", "mysql-9.7"), indirect=True)
@pytest.mark.parametrize("explicit", ["ON", "OFF"])
def test_timestamps_without_a_default(channel, explicit):
    """explicit_defaults_for_timestamp decides what a plain TIMESTAMP column is."""
    channel.target.run("SET GLOBAL explicit_defaults_for_timestamp=ON")
    setting = f"SET SESSION explicit_defaults_for_timestamp={explicit}"
    if channel.source.product.name == "mysql-5.6":  # it is read only there, and OFF
        setting = "DO 0"
    channel.database("stamps", setting, "SET sql_mode=''", "CREATE TABLE t (id INT PRIMARY KEY, a TIMESTAMP, b TIMESTAMP)",
                     "SET binlog_format=STATEMENT", "INSERT INTO t (id) VALUES (1)", "ALTER TABLE t ADD c TIMESTAMP", "INSERT INTO t (id) VALUES (2)")
    assert channel.compare("stamps") == 2
