"""Certificate authorities and the certificates that they issue, made by openssl."""

import ssl
from pathlib import Path

from tests.support.tools import run

NAMES = "IP:127.0.0.1,IP:127.0.0.2,DNS:localhost"
_NEW_KEY = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """An authority in a directory of its own; with an `issuer` it is an intermediate one."""

    def __init__(self, directory: Path, name: str = "root", issuer: "Authority | None" = None) -> None:
        self._place = directory / f"authority-{name}"
        self._place.mkdir(parents=True)
        constraints = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
        self.certificate, self.key = self._make(name, constraints, issuer)

    def issue(
        self, name: str, *, names: str = NAMES, begins: str | None = None, ends: str | None = None
    ) -> tuple[Path, Path]:
        """Return the files of a certificate and its key; it is valid for two days, or between two times."""
        return self._make(
            name, f"basicConstraints=critical,CA:FALSE\nsubjectAltName={names}\n", self, begins=begins, ends=ends
        )

    def _make(
        self,
        name: str,
        extensions: str,
        issuer: "Authority | None",
        *,
        begins: str | None = None,
        ends: str | None = None,
    ) -> tuple[Path, Path]:
        certificate, key, request, file = (self._place / f"{name}.{end}" for end in ("crt", "key", "csr", "ext"))
        file.write_text(f"[extensions]\n{extensions}subjectKeyIdentifier=hash\n")
        run(*_NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/O=Test/CN={name} of the tests")
        if begins and ends and issuer is not None:  # only "openssl ca" knows both times
            self._sign_between(request, certificate, file, issuer, begins, ends)
            return certificate, key
        signing = ("-signkey", key) if issuer is None else ("-CA", issuer.certificate, "-CAkey", issuer.key)
        more = () if issuer is None else ("-CAcreateserial",)
        run(
            *("openssl", "x509", "-req", "-in", request, "-out", certificate, "-days", "2"),
            *("-extfile", file, "-extensions", "extensions", *signing, *more),
        )
        return certificate, key

    def _sign_between(
        self, request: Path, certificate: Path, file: Path, issuer: "Authority", begins: str, ends: str
    ) -> None:
        settings = self._place / "ca.cnf"
        (self._place / "index.txt").write_text("")
        (self._place / "serial").write_text("1000\n")
        settings.write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={self._place}/index.txt\nserial={self._place}/serial\n"
            f"new_certs_dir={self._place}\ndefault_md=sha256\npolicy=any\nunique_subject=no\n"
            "[any]\norganizationName=optional\ncommonName=supplied\n"
        )
        run(
            *("openssl", "ca", "-batch", "-config", settings, "-in", request, "-out", certificate, "-notext"),
            *("-cert", issuer.certificate, "-keyfile", issuer.key, "-startdate", begins, "-enddate", ends),
            *("-extfile", file, "-extensions", "extensions"),
        )


def self_signed(directory: Path, names: str = NAMES) -> tuple[Path, Path]:
    """Return the files of a certificate that signed itself, and of its key."""
    certificate, key = directory / "alone.crt", directory / "alone.key"
    run(
        *(*_NEW_KEY, "-x509", "-days", "2", "-subj", "/CN=alone", "-addext", f"subjectAltName={names}"),
        *("-keyout", key, "-out", certificate),
    )
    return certificate, key


def serving_with(certificate: Path, key: Path, *, asks: Path | None = None, demands: bool = False) -> ssl.SSLContext:
    """Return the context of a server; it asks its clients for certificates of the authority `asks`, or demands them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if asks is not None:
        context.load_verify_locations(asks)
        context.verify_mode = ssl.CERT_REQUIRED if demands else ssl.CERT_OPTIONAL
    return context
