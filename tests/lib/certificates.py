"""Certificates for tests, made with openssl: authorities, servers' and clients' certificates, revocation lists."""

import subprocess
from pathlib import Path


def _openssl(*arguments, directory: Path):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


class Authority:
    """A certificate authority with its own directory; `ca` is its certificate."""

    def __init__(self, directory: Path, name: str = "authority"):
        self.directory = directory / name
        self.directory.mkdir(parents=True)
        self.ca = self.directory / "ca.pem"
        self._key = self.directory / "ca-key.pem"
        (self.directory / "index.txt").touch()
        (self.directory / "openssl.cnf").write_text(
            "[ca]\ndefault_ca=here\n[here]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
            "policy=any\ndefault_crl_days=30\nunique_subject=no\n[any]\ncommonName=supplied\n")
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}", "-keyout", "ca-key.pem",
                 "-out", "ca.pem", directory=self.directory)

    def issue(self, name: str, alternative: str = "", expired: bool = False) -> tuple:
        """(certificate, key) for a server or client; `alternative` as in 'DNS:localhost,IP:127.0.0.1'."""
        certificate, key = self.directory / f"{name}.pem", self.directory / f"{name}-key.pem"
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key.name, "-out", "request.pem",
                 directory=self.directory)
        extensions = self.directory / "extensions"
        extensions.write_text(f"subjectAltName={alternative}\n" if alternative else "")
        begin, end = ("20200101000000Z", "20200102000000Z") if expired else ("20200101000000Z", "20450101000000Z")
        _openssl("ca", "-config", "openssl.cnf", "-batch", "-create_serial", "-notext", "-cert", "ca.pem", "-keyfile", "ca-key.pem",
                 "-startdate", begin, "-enddate", end, "-extfile", extensions.name, "-in", "request.pem", "-out",
                 certificate.name, directory=self.directory)
        key.chmod(0o644)  # for a server that is run as another user
        return certificate, key

    def revoke(self, certificate: Path):
        _openssl("ca", "-config", "openssl.cnf", "-cert", "ca.pem", "-keyfile", "ca-key.pem", "-revoke", certificate.name,
                 directory=self.directory)

    def revocation_list(self) -> Path:
        _openssl("ca", "-config", "openssl.cnf", "-cert", "ca.pem", "-keyfile", "ca-key.pem", "-gencrl", "-out", "crl.pem",
                 directory=self.directory)
        return self.directory / "crl.pem"
