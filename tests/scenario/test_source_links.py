"""How a source is connected to: TLS, authentication, compression, the address of ours. What was asked for and cannot be had
ends the attempt with an error that names it; nothing weaker is used in its place."""

import pytest

import servers
from certificates import Authority
from compare import assert_equal
from daemon import make_target_account
from processes import Failure, scratch_directory, wait_until
from proxy import Proxy

products = pytest.mark.parametrize("product", ["mariadb-10.11", pytest.param("mysql-9.7", marks=pytest.mark.servers("mysql-9.7"))])
PASSWORD = servers.literal(servers.REPLICATION_PASSWORD)


@pytest.fixture(scope="module")
def authority():
    return Authority(scratch_directory("ca"))


@pytest.fixture
def make_source():
    made = []

    def make(product: str, certificate: tuple = None, options: list = (), tls: bool = True):
        if certificate:
            options = [*options, f"--ssl-cert={certificate[0]}", f"--ssl-key={certificate[1]}",
                       f"--ssl-ca={certificate[0].parent}/ca.pem"]
        if product == "mysql-9.7":
            options = [*options, "--collation-server=utf8mb4_general_ci", *([] if tls else ["--tls-version="])]
        server = servers.source("src", 1, options, product=product)
        made.append(server)
        server.start().make_replication_account()
        server.run("SET sql_log_bin=0", "CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, v LONGTEXT)")
        return server

    yield make
    for server in made:
        server.destroy()


def change(daemon, source, *options: str, host: str = "127.0.0.1", port: int = None, user: str = servers.REPLICATION_USER):
    daemon.sql("STOP SLAVE FOR CHANNEL 'c'" if daemon.sql("SHOW SLAVE STATUS") else "DO 0")
    daemon.sql(f"CHANGE MASTER TO MASTER_HOST='{host}', MASTER_PORT={port or source.port}, MASTER_USER='{user}', "
               f"MASTER_PASSWORD={PASSWORD}, {', '.join(['MASTER_CONNECT_RETRY=1', *options])} FOR CHANNEL 'c'")
    daemon.sql("START SLAVE IO_THREAD FOR CHANNEL 'c'")


def wait_received(daemon, source, number: int):
    """Writes a row, and waits until it is received."""
    source.run(f"INSERT INTO d.t VALUES ({number}, REPEAT('x', 1000))")
    daemon.wait_received("c", source, 30)
    assert daemon.status("c")["Slave_IO_Running"] == "Yes"


def wait_refused(daemon, code: int) -> str:
    """Waits for an error of connecting, which is tried again."""
    def refused():
        status = daemon.status("c")
        return status if int(status["Last_IO_Errno"]) == code else None

    try:
        status = wait_until(refused, f"error {code}", 30)
        assert status["Slave_IO_Running"] == "Connecting"
        wait_until(lambda: "attempt 2/" in daemon.status("c")["Last_IO_Error"], "it is tried again")
    except Failure as failure:
        raise Failure(f"{failure}\n{daemon.describe('c')}") from None
    assert servers.REPLICATION_PASSWORD not in daemon.log_text()
    return status["Last_IO_Error"]


@products
def test_certificates_are_verified(make_source, make_daemon, authority, product):
    certificate = authority.issue("server", "DNS:localhost,IP:127.0.0.1")
    source = make_source(product, certificate)
    source.run(f"ALTER USER {servers.REPLICATION_USER} REQUIRE SSL")
    daemon = make_daemon()
    trusted = ["MASTER_SSL=1", f"MASTER_SSL_CA='{authority.ca}'", "MASTER_SSL_VERIFY_SERVER_CERT=1"]
    change(daemon, source, *trusted, host="localhost")
    wait_received(daemon, source, 1)
    change(daemon, source, *trusted)
    wait_received(daemon, source, 2)
    status = daemon.status("c")
    assert [status[f"Master_SSL_{name}"] for name in ("Allowed", "CA_File", "Verify_Server_Cert")] == ["Yes", str(authority.ca), "Yes"]
    daemon.restart()
    wait_received(daemon, source, 3)
    change(daemon, source, "MASTER_TLS_VERSION='TLSv1.2'")
    wait_received(daemon, source, 4)
    # Another authority, and none: those of the system.
    other = Authority(scratch_directory("ca"), "other")
    change(daemon, source, f"MASTER_SSL_CA='{other.ca}'")
    assert "certificate" in wait_refused(daemon, 2026)
    change(daemon, source, "MASTER_SSL_CA=''")
    assert "certificate" in wait_refused(daemon, 2026)
    change(daemon, source, "MASTER_SSL_CA='/nowhere/ca.pem'")
    assert "MASTER_SSL_CA '/nowhere/ca.pem' cannot be read: No such file or directory" in wait_refused(daemon, 2026)
    # Without TLS the account is refused by the source.
    change(daemon, source, "MASTER_SSL=0", *([] if source.product.is_mariadb else ["GET_MASTER_PUBLIC_KEY=1"]))
    wait_refused(daemon, 1045)


@products
@pytest.mark.parametrize("flaw, words", [("name", "not for the host '127.0.0.1'"), ("expired", "certificate has expired"),
                                         ("revoked", "certificate revoked")])
def test_certificates_that_must_not_be_trusted(make_source, make_daemon, product, flaw, words):
    authority = Authority(scratch_directory("ca"))
    alternative = "DNS:elsewhere.example" if flaw == "name" else "IP:127.0.0.1"
    certificate = authority.issue("server", alternative, expired=flaw == "expired")
    source = make_source(product, certificate)
    daemon = make_daemon()
    options = ["MASTER_SSL=1", f"MASTER_SSL_CA='{authority.ca}'", "MASTER_SSL_VERIFY_SERVER_CERT=1"]
    if flaw == "revoked":
        options.append(f"MASTER_SSL_CRL='{authority.revocation_list()}'")
        change(daemon, source, *options)
        wait_received(daemon, source, 1)
        authority.revoke(certificate[0])
        authority.revocation_list()
    change(daemon, source, *options)
    assert words in wait_refused(daemon, 2026)
    if flaw == "name":
        change(daemon, source, "MASTER_SSL_VERIFY_SERVER_CERT=0")
        wait_received(daemon, source, 2)


@products
def test_our_own_certificate(make_source, make_daemon, authority, product):
    source = make_source(product, authority.issue("server"))
    certificate, key = authority.issue("daemon")
    source.run(f"ALTER USER {servers.REPLICATION_USER} REQUIRE X509")
    daemon = make_daemon()
    change(daemon, source, "MASTER_SSL=1")
    wait_refused(daemon, 1045)
    change(daemon, source, f"MASTER_SSL_CERT='{certificate}'", f"MASTER_SSL_KEY='{key}'")
    wait_received(daemon, source, 1)


@products
def test_a_source_without_tls_is_not_followed_in_clear(make_source, make_daemon, product):
    source = make_source(product, tls=False)
    daemon = make_daemon()
    change(daemon, source, "MASTER_SSL=1", "GET_MASTER_PUBLIC_KEY=1")
    assert "MASTER_SSL is on, but the source does not offer TLS" in wait_refused(daemon, 2026)
    change(daemon, source, "MASTER_SSL=0")
    wait_received(daemon, source, 1)


@pytest.mark.servers("mysql-9.7")
def test_caching_sha2_password(make_source, make_daemon):
    source = make_source("mysql-9.7")
    daemon = make_daemon()
    # The source does not have the password in its cache: it must be sent, and without TLS a key is needed for that.
    change(daemon, source)
    assert "Authentication requires secure connection." in wait_refused(daemon, 2061)
    change(daemon, source, "MASTER_PUBLIC_KEY_PATH='/nowhere/key.pem'")
    assert "MASTER_PUBLIC_KEY_PATH '/nowhere/key.pem' cannot be read" in wait_refused(daemon, 2061)
    change(daemon, source, f"MASTER_PUBLIC_KEY_PATH='{source.datadir}/public_key.pem'")
    wait_received(daemon, source, 1)
    # From the cache no key is needed.
    change(daemon, source, "MASTER_PUBLIC_KEY_PATH=''")
    wait_received(daemon, source, 2)
    source.run("FLUSH PRIVILEGES")
    change(daemon, source)
    wait_refused(daemon, 2061)
    change(daemon, source, "GET_MASTER_PUBLIC_KEY=1")
    wait_received(daemon, source, 3)
    assert int(daemon.status("c")["Get_master_public_key"]) == 1
    source.run("FLUSH PRIVILEGES")
    change(daemon, source, "GET_MASTER_PUBLIC_KEY=0", "MASTER_SSL=1")
    wait_received(daemon, source, 4)


def test_ed25519(make_source, make_daemon):
    source = make_source("mariadb-10.11")
    source.run("SET sql_log_bin=0", "INSTALL SONAME 'auth_ed25519'", f"CREATE USER ed IDENTIFIED VIA ed25519 USING PASSWORD({PASSWORD})",
               "GRANT REPLICATION SLAVE ON *.* TO ed")
    daemon = make_daemon()
    change(daemon, source, user="ed")
    wait_received(daemon, source, 1)


@products
@pytest.mark.parametrize("tls", [False, True])
def test_compression(make_source, make_daemon, authority, product, tls):
    source = make_source(product, authority.issue("server") if tls else None)
    target = servers.target("target").start()
    make_target_account(target)
    target.run("CREATE DATABASE d CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    source.reset_binary_logs()
    source.run("SET sql_log_bin=0", "DROP TABLE d.t", "SET sql_log_bin=1", "CREATE TABLE d.t (id INT PRIMARY KEY, v LONGTEXT) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    try:
        proxy = Proxy(source.port)
        daemon = make_daemon(target)
        change(daemon, source, "MASTER_COMPRESSION_ALGORITHMS='zlib'", f"MASTER_SSL={int(tls)}", "GET_MASTER_PUBLIC_KEY=1",
               port=proxy.port)
        daemon.sql("START SLAVE FOR CHANNEL 'c'")
        # Small packets in one frame, packets over several frames, an event over several packets.
        source.run("SET NAMES utf8mb4 COLLATE utf8mb4_general_ci", *(f"INSERT INTO d.t VALUES ({number}, REPEAT('{number}', {size}))"
                     for number, size in enumerate([1, 10, 49, 50, 51, 1000, 70_000, 3_000_000, 20_000_000, 7])))
        source.run("SET NAMES utf8mb4 COLLATE utf8mb4_general_ci", "INSERT INTO t SELECT id + 100, UUID() FROM t", database="d")
        daemon.wait_caught_up("c", source)
        assert_equal(source, target, databases=["d"])
        assert proxy.forwarded < 2_000_000, "23 MB of the same characters"
    finally:
        target.destroy()


@pytest.mark.servers("mysql-9.7")
def test_compression_that_the_source_does_not_offer(make_source, make_daemon):
    source = make_source("mysql-9.7", options=["--protocol-compression-algorithms=uncompressed"])
    daemon = make_daemon()
    change(daemon, source, "MASTER_SSL=1", "MASTER_COMPRESSION_ALGORITHMS='zlib'")
    assert "MASTER_COMPRESSION_ALGORITHMS" in wait_refused(daemon, 2066)
    change(daemon, source, "MASTER_COMPRESSION_ALGORITHMS='zlib,uncompressed'")
    wait_received(daemon, source, 1)


@products
def test_bind(make_source, make_daemon, product):
    source = make_source(product)
    daemon = make_daemon()
    change(daemon, source, "MASTER_BIND='127.0.0.2'", "GET_MASTER_PUBLIC_KEY=1")
    wait_received(daemon, source, 1)
    hosts = [row[0] for row in source.query("SELECT host FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'")]
    assert [host.split(":")[0] for host in hosts] == ["127.0.0.2"]
    assert daemon.status("c")["Master_Bind"] == "127.0.0.2"
    change(daemon, source, "MASTER_BIND='192.0.2.1'")
    wait_refused(daemon, 2004)


@pytest.mark.parametrize("product", ["mariadb-10.11", pytest.param("mariadb-11.8", marks=pytest.mark.servers("mariadb-11.8"))])
def test_the_target_is_verified(make_source, make_daemon, authority, product):
    source = make_source("mariadb-10.11")
    certificate, key = authority.issue("target", "IP:127.0.0.1")
    ca, other = authority.ca, Authority(scratch_directory("ca"), "other").ca
    tls = [f"--ssl-cert={certificate}", f"--ssl-key={key}", f"--ssl-ca={ca}"]
    target = servers.target("target", options=tls, product=product).start()
    try:
        make_target_account(target)
        target.run("ALTER USER tributary REQUIRE SSL", "CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, v LONGTEXT)")
        url = f"mysql://tributary@127.0.0.1:{target.port}"
        daemon = make_daemon(target, start=False)
        daemon.start([f"--target={url}?ssl-ca={ca}"])
        daemon.replicate("c", source)
        source.run("INSERT INTO d.t VALUES (1, 'x')")
        daemon.wait_caught_up("c", source)
        daemon.restart([f"--target={url}?ssl-ca={other}"])
        wait_until(lambda: int(daemon.status("c")["Last_SQL_Errno"]) == 2026, "another authority is not trusted")
        daemon.restart([f"--target=mysql://tributary@localhost:{target.port}?ssl-ca={ca}"])
        wait_until(lambda: int(daemon.status("c")["Last_SQL_Errno"]) == 2026, "another host's certificate is not trusted")
        daemon.restart([f"--target={url}"])
        wait_until(lambda: int(daemon.status("c")["Last_SQL_Errno"]) == 1045, "the account needs TLS")
        # A target that does not offer TLS.
        target.stop()
        target.options = [option for option in target.options if option not in tls] + ["--skip-ssl"]
        target.start()
        target.run("ALTER USER tributary REQUIRE NONE")
        daemon.restart([f"--target={url}?ssl-ca={ca}"])
        wait_until(lambda: int(daemon.status("c")["Last_SQL_Errno"]) == 2026, "TLS is needed")
        source.run("INSERT INTO d.t VALUES (2, 'x')")
        assert target.query("SELECT id FROM d.t") == [(1,)]
        daemon.restart([f"--target={url}"])
        daemon.wait_caught_up("c", source)
    finally:
        target.destroy()
