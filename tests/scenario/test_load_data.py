"""LOAD DATA in statement format: the file travels in blocks, and the target gets the same rows as the source."""

import random

import pytest

from one_channel import OneChannel, Session
from processes import wait_until

PRODUCTS = ["mariadb-10.11", "mariadb-11.8", "mysql-5.6", "mysql-9.7"]


@pytest.fixture(scope="module", params=[pytest.param(product, marks=[] if product == "mariadb-10.11" else [pytest.mark.servers(product)])
                                        for product in PRODUCTS])
def channel(request):
    made = OneChannel(request.param, ["--local-infile=1"])
    try:
        yield made.start()
    finally:
        made.destroy()


def file_with(channel, content: bytes, name: str = "load.txt") -> str:
    """Where only the source can read it."""
    path = channel.source.directory / name
    path.write_bytes(content)
    path.chmod(0o644)
    channel.source.directory.chmod(0o755)
    return str(path)


def statements(channel, database: str) -> Session:
    return Session(channel.source, database).run("SET binlog_format=STATEMENT")


def table(channel, database: str, definition: str = "id INT PRIMARY KEY, v VARCHAR(100)"):
    channel.database(database, f"CREATE TABLE t ({definition}) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci")


def warnings_of(session: Session) -> list:
    with session.connection.cursor() as cursor:
        cursor.execute("SHOW WARNINGS")
        return list(cursor.fetchall())


def test_forms_of_the_statement(channel):
    table(channel, "forms", "id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100), w VARCHAR(100)")
    plain = file_with(channel, b"1\ta\tb\n2\t\\N\t\\0x\n3\tit's\tback\\\\slash\n", "plain")
    comma = file_with(channel, b'head\r\n"4","say ""hi""","x,y"\r\n5,b,\r\n', "comma")
    statements(channel, "forms").run(
        f"LOAD DATA INFILE '{plain}' INTO TABLE t", f"LOAD DATA LOW_PRIORITY INFILE '{plain}' REPLACE INTO TABLE t LINES STARTING BY ''",
        f"LOAD DATA INFILE '{comma}' INTO TABLE forms.t FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' "
        "LINES TERMINATED BY '\\r\\n' IGNORE 1 LINES",
        "SET @prefix='é', @n=100", f"LOAD DATA INFILE '{plain}' INTO TABLE t (@id, @a, w) SET id=@id+@n, v=CONCAT(@prefix, @a), w=UPPER(w)",
        f"LOAD DATA INFILE '{plain}' INTO TABLE t (@skip, v, w)",  # ids are given out
        "SET auto_increment_increment=10", f"LOAD DATA INFILE '{plain}' INTO TABLE t (@skip, v, @w) SET w=NOW(6)",
        "SET sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT'", f"LOAD DATA INFILE '{comma}' IGNORE INTO TABLE t FIELDS TERMINATED BY ',' (v, w)",
        "SET sql_mode='NO_AUTO_VALUE_ON_ZERO'", f"LOAD DATA CONCURRENT INFILE '{plain}' IGNORE INTO TABLE t (@id, v) SET id=0 - @id",
        "INSERT INTO t (v) VALUES ('last')").close()
    assert channel.compare("forms") > 15


def test_duplicates(channel):
    table(channel, "dups")
    path = file_with(channel, b"1\tnew\n2\tnew\n2\tagain\n3\tnew\n")
    session = statements(channel, "dups").run("INSERT INTO t VALUES (1,'old'),(9,'old')", f"LOAD DATA INFILE '{path}' IGNORE INTO TABLE t")
    channel.applied()
    assert channel.compare("dups") == 4
    session.run(f"LOAD DATA INFILE '{path}' REPLACE INTO TABLE t")
    assert channel.compare("dups") == 4
    with pytest.raises(Exception, match="Duplicate"):  # nothing of it stays, and its blocks are thrown away
        session.run(f"LOAD DATA INFILE '{path}' INTO TABLE t")
    session.run("BEGIN", "INSERT INTO t VALUES (20,'in between')")
    with pytest.raises(Exception, match="Duplicate"):
        session.run(f"LOAD DATA INFILE '{path}' INTO TABLE t")
    session.run("COMMIT").close()
    channel.source.client(f"SET binlog_format=STATEMENT; LOAD DATA LOCAL INFILE '{path}' INTO TABLE t; "
                          f"LOAD DATA LOCAL INFILE '{path}' REPLACE INTO TABLE t", "dups", ["--local-infile=1"])
    assert channel.compare("dups") == 5


@pytest.mark.parametrize("mode", ["", "STRICT_ALL_TABLES"])
def test_bent_values(channel, mode):
    name = "bent" + mode[:6].lower()
    table(channel, name, "id INT PRIMARY KEY, v VARCHAR(3), n TINYINT NOT NULL DEFAULT 5, d DATE")
    path = file_with(channel, b"1\ttoo long\t1000\t2024-02-30\n2\tfew\n3\ta\tx\t2024-01-01\tmany\n")
    session = statements(channel, name).run(f"SET sql_mode='{mode}'")
    session.run(f"LOAD DATA INFILE '{path}' IGNORE INTO TABLE t")
    assert len(warnings_of(session)) > 3
    good = file_with(channel, b"11\tok\t1\t2024-01-01\n", "good")
    session.run(f"LOAD DATA INFILE '{good}' INTO TABLE t")
    if not mode:
        session.run("DELETE FROM t", f"LOAD DATA INFILE '{path}' INTO TABLE t")
        assert len(warnings_of(session)) > 3
    session.close()
    assert channel.compare(name) == (4 if mode else 3)


def test_character_sets(channel):
    table(channel, "charsets", "id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(40), l VARCHAR(40) CHARACTER SET latin1, g VARCHAR(40) CHARACTER SET gbk")
    session = statements(channel, "charsets")
    for charset, codec, text in (("latin1", "cp1252", "Åäö"), ("utf8mb4", "utf-8", "日本 😀"), ("gbk", "gbk", "誠中文"), ("sjis", "shift_jis", "表ソ能"),
                                 ("binary", "latin1", "\x01\x02z"), ("cp1251", "cp1251", "Русский")):
        path = file_with(channel, f"{text}\n".encode(codec), charset)
        session.run(f"LOAD DATA INFILE '{path}' IGNORE INTO TABLE t CHARACTER SET {charset} (v)")
    latin = file_with(channel, "Ünï\tÅ\n".encode("cp1252"), "by_variable")
    # Without a clause it is the database's character set that counts, or the session's variable of it.
    session.run("SET character_set_database=latin1", f"LOAD DATA INFILE '{latin}' INTO TABLE t (v,l)", "SET NAMES latin1",
                f"LOAD DATA INFILE '{latin}' INTO TABLE t (v,l)", "USE mysql", "USE charsets",
                f"LOAD DATA INFILE '{file_with(channel, '誠é'.encode(), 'utf8')}' INTO TABLE t (v)")
    session.run("CREATE DATABASE db_latin CHARACTER SET latin1", "CREATE TABLE db_latin.t (v VARCHAR(40) CHARACTER SET utf8 COLLATE utf8_general_ci)", "USE db_latin",
                f"LOAD DATA INFILE '{latin}' INTO TABLE t (v,@l)").close()
    assert channel.compare("charsets", "db_latin") == 10


def test_odd_names(channel):
    table(channel, "odd", "`a b` INT PRIMARY KEY, `sel``ect` VARCHAR(20), `tö` VARCHAR(20)")
    path = file_with(channel, b"1,x,y\n2,x,y\n")
    statements(channel, "odd").run("CREATE TABLE `it's ``t``` LIKE t", f"LOAD DATA INFILE '{path}' INTO TABLE `it's ``t``` FIELDS TERMINATED BY ','",
                                   f"LOAD DATA INFILE '{path}' INTO TABLE t FIELDS TERMINATED BY ',' (`a b`, `sel``ect`, @`v ö`) SET `tö`=@`v ö`").close()
    assert channel.compare("odd") == 4


def test_a_large_file(channel, seed):
    """Many blocks: 40 MiB, more than a packet of the target; memory stays bounded."""
    table(channel, "large", "id INT PRIMARY KEY, v LONGTEXT")
    noise = random.Random(seed).randbytes(500).hex()
    path = file_with(channel, b"".join(b"%d\t%s\n" % (number, noise[number % 100:].encode()) for number in range(42_000)))
    channel.applied()
    before = channel.daemon.child.resident_bytes(peak=True)
    statements(channel, "large").run(f"LOAD DATA INFILE '{path}' INTO TABLE t").close()
    assert channel.compare("large") == 42_000
    assert channel.daemon.child.resident_bytes(peak=True) - before < 30 << 20


def test_several_at_once(channel):
    """Sessions whose loads run side by side, two in one transaction, rolled back ones, and tables without transactions."""
    channel.database("many", "CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(20))", "CREATE TABLE b LIKE a", "CREATE TABLE c LIKE a",
                     "CREATE TABLE m (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=MyISAM")
    files = [file_with(channel, b"".join(b"%d\tv\n" % (start + number) for number in range(100)), f"file{start}") for start in range(0, 1000, 100)]
    one, two, three = (statements(channel, "many").run("BEGIN") for _ in range(3))
    one.run(f"LOAD DATA INFILE '{files[0]}' INTO TABLE a")
    two.run(f"LOAD DATA INFILE '{files[1]}' INTO TABLE b")
    one.run(f"LOAD DATA INFILE '{files[2]}' INTO TABLE a")
    three.run(f"LOAD DATA INFILE '{files[3]}' INTO TABLE c")
    two.run(f"LOAD DATA INFILE '{files[4]}' INTO TABLE b", "SAVEPOINT s", f"LOAD DATA INFILE '{files[5]}' INTO TABLE b", "ROLLBACK TO s",
            f"LOAD DATA INFILE '{files[6]}' INTO TABLE b", "COMMIT")
    three.run("ROLLBACK", f"LOAD DATA INFILE '{files[7]}' INTO TABLE m", f"LOAD DATA INFILE '{files[8]}' INTO TABLE c")
    one.run("COMMIT", f"LOAD DATA INFILE '{files[9]}' REPLACE INTO TABLE m")
    for session in (one, two, three):
        session.close()
    assert channel.compare("many") == 800


def test_empty_file(channel):
    table(channel, "nothing")
    statements(channel, "nothing").run(f"LOAD DATA INFILE '{file_with(channel, b'')}' INTO TABLE t", "INSERT INTO t VALUES (1,'a')").close()
    assert channel.compare("nothing") == 1


def test_the_target_differs(channel):
    """Without IGNORE and REPLACE a row that is there already is an error, which LOCAL would make a warning of."""
    table(channel, "differs")
    channel.applied()
    channel.target.run("INSERT INTO differs.t VALUES (2,'only here')")
    statements(channel, "differs").run(f"LOAD DATA INFILE '{file_with(channel, b'1	a'+chr(10).encode()+b'2	b'+chr(10).encode())}' INTO TABLE t").close()
    status = channel.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1062 and "LOAD DATA" in status["Last_SQL_Error"]
    assert channel.target.query("SELECT * FROM differs.t") == [(2, "only here")]
    channel.target.run("DELETE FROM differs.t")
    channel.go_on()
    assert channel.compare("differs") == 2


def test_a_value_does_not_fit_the_target(channel):
    """In strict mode that is an error in the source."""
    table(channel, "narrow")
    channel.applied()
    channel.target.run("SET sql_log_bin=0", "ALTER TABLE narrow.t MODIFY v VARCHAR(2)")
    statements(channel, "narrow").run("SET sql_mode='STRICT_ALL_TABLES'", f"LOAD DATA INFILE '{file_with(channel, b'1	three')}' INTO TABLE t").close()
    status = channel.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) in (1265, 1406)
    channel.target.run("ALTER TABLE narrow.t MODIFY v VARCHAR(100)")
    channel.go_on()
    assert channel.compare("narrow") == 1


def skip_errors(channel, which: str):
    channel.daemon.sql("STOP SLAVE SQL_THREAD FOR CHANNEL 'c'")
    channel.daemon.sql(f"SET GLOBAL `c`.slave_skip_errors='{which}'")
    channel.go_on()


@pytest.mark.parametrize("skips", ["OFF", "ALL"])
def test_the_target_refuses_local_files(channel, skips):
    """Nothing of it can be run: that is no error to pass over."""
    database = f"refused_{skips.lower()}"
    table(channel, database)
    channel.applied()
    skip_errors(channel, skips)
    channel.target.run("SET GLOBAL local_infile=OFF")
    try:
        statements(channel, database).run(f"LOAD DATA INFILE '{file_with(channel, b'1	a')}' INTO TABLE t").close()
        status = channel.daemon.wait_stopped_by_error("c")
        assert int(status["Last_SQL_Errno"]) == 3948 and "local_infile" in status["Last_SQL_Error"]
    finally:
        channel.target.run("SET GLOBAL local_infile=ON")
    channel.daemon.restart()
    skip_errors(channel, "OFF")
    assert channel.compare(database) == 1


def test_failed_half_way(channel):
    """Into a table without transactions: the rows before the error stay, and where the error came cannot be repeated."""
    channel.database("half", "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=MyISAM", "INSERT INTO t VALUES (3)")
    session = statements(channel, "half")
    with pytest.raises(Exception, match="Duplicate"):
        session.run(f"LOAD DATA INFILE '{file_with(channel, bytes(chr(10).join('12345'), 'ascii'))}' INTO TABLE t")
    session.close()
    status = channel.daemon.wait_stopped_by_error("c")
    assert int(status["Last_SQL_Errno"]) == 1593 and "1062" in status["Last_SQL_Error"]
    file, position = channel.source.position()
    channel.daemon.sql("STOP SLAVE FOR CHANNEL 'c'")
    channel.target.run("INSERT INTO half.t VALUES (1),(2)")
    channel.daemon.change_master("c", channel.source, file=file, position=position)
    channel.daemon.sql("START SLAVE FOR CHANNEL 'c'")
    assert channel.compare("half") == 3


def test_everything_is_killed(channel, seed, rounds):
    """A table without a key shows every row that is loaded twice."""
    table(channel, "killed", "id INT, v VARCHAR(100)")
    chance = random.Random(seed)
    session = statements(channel, "killed")
    for number in range(rounds):
        for _ in range(5):
            path = file_with(channel, b"".join(b"%d\t%d\n" % (chance.randrange(99), row) for row in range(chance.randrange(3000))))
            session.run("BEGIN", f"LOAD DATA INFILE '{path}' INTO TABLE t", "UPDATE t SET v=CONCAT(v,'+') WHERE id=5", "COMMIT")
        victim = channel.target if number % 3 == 2 else channel.daemon
        victim.kill() if victim is channel.target else victim.kill9()
        victim.start()
    session.close()
    assert channel.compare("killed") > 0


def test_in_a_prepared_transaction(channel):
    table(channel, "xa_load")
    path = file_with(channel, b"1\ta\n2\tb\n")
    session = statements(channel, "xa_load").run("XA START 'l'", f"LOAD DATA INFILE '{path}' INTO TABLE t", f"LOAD DATA INFILE '{path}' REPLACE INTO TABLE t",
                                                 "XA END 'l'", "XA PREPARE 'l'")
    channel.source.flush_logs()
    session.run("XA COMMIT 'l'").close()
    assert channel.compare("xa_load") == 2
