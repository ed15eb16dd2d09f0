"""Real registry servers (Debian's docker-registry) on 127.0.0.1: open, with passwords, TLS or a token server."""

import base64
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
from tests.support.go_programs import go_program
from tests.support.tools import run

USER, PASSWORD = "user", "not-so-secret"
ROBOT = "robot$team+ci"
"""What Harbor calls a robot account of a project."""
Guard: TypeAlias = Literal["open", "htpasswd", "token", "harbor"]
_TOKENS = {"token": ("token", "test-registry", USER), "harbor": ("service/token", "harbor-registry", ROBOT)}
"""The path of the token server, the service that it is for, and who may log in."""
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
"""A name that the certificates are for, besides this machine's: a proxy may lead there."""
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Registry:
    """A running registry; `authority` is the certificate that signed its own, if it has one.

    `cert_dir` holds that, and the certificate of a client that it demands, as containers-certs.d(5) has it.
    """

    host: str
    guard: Guard
    authority: Path | None = None
    cert_dir: Path | None = None
    tokens: "TokenServer | None" = None
    lists_referrers: bool = False

    def push(self, source: str, name: str, *options: str) -> None:
        """Have skopeo copy an image, given in skopeo's terms, into the registry."""
        tls = "--dest-tls-verify=false" if self.cert_dir is None else f"--dest-cert-dir={self.cert_dir}"
        login = (
            () if self.guard == "open" else (f"--dest-creds={ROBOT if self.guard == 'harbor' else USER}:{PASSWORD}",)
        )
        run("skopeo", "copy", "--quiet", tls, *login, *options, source, f"docker://{self.host}/{name}")


@contextmanager
def registry(
    directory: Path,
    guard: Guard = "open",
    *,
    tls: bool = False,
    mutual: bool = False,
    program: str = "docker-registry",
    cache_of: str = "",
) -> Iterator[Registry]:
    """Run a registry that keeps its images below `directory` as long as the context lasts.

    With `mutual` it demands TLS certificates of its clients. `program` is another version of the server. With
    `cache_of` it is a pull-through cache of the registry with that URL.
    """
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port()
    http = [f"  addr: 127.0.0.1:{port}"]
    authority = cert_dir = None
    if tls or mutual:
        authority, certificate, key = certificates(directory)
        http += ["  tls:", f"    certificate: {certificate}", f"    key: {key}"]
        if mutual:
            http += ["    clientcas:", f"      - {authority}"]
            cert_dir = directory / "certs.d"
            cert_dir.mkdir()
            for source, name in ((authority, "ca.crt"), (certificate, "client.cert"), (key, "client.key")):
                (cert_dir / name).write_bytes(source.read_bytes())
    lines = [
        "version: 0.1",
        "log:",
        "  level: warn",
        "storage:",
        "  filesystem:",
        f"    rootdirectory: {directory}/data",
    ]
    lines += ["http:", *http]
    if cache_of:
        lines += ["proxy:", f"  remoteurl: {cache_of}"]
    tokens = None
    if guard == "htpasswd":
        (directory / "htpasswd").write_bytes(run("htpasswd", "-Bbn", USER, PASSWORD))
        lines += ["auth:", "  htpasswd:", "    realm: test", f"    path: {directory}/htpasswd"]
    elif guard in _TOKENS:
        path, service, user = _TOKENS[guard]
        tokens = TokenServer.start(directory, user)
        lines += [
            "auth:",
            "  token:",
            f"    realm: http://127.0.0.1:{tokens.port}/{path}",
            f"    service: {service}",
            "    issuer: test-issuer",
            f"    rootcertbundle: {tokens.certificate}",
        ]
    (directory / "config.yml").write_text("\n".join(lines) + "\n")
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", f"{directory}/config.yml"], stdout=log, stderr=log)
    try:
        _await(process, port, directory)
        yield Registry(f"127.0.0.1:{port}", guard, authority, cert_dir, tokens)
    finally:
        process.terminate()
        process.wait(_PATIENCE)
        if tokens is not None:
            tokens.stop()


@contextmanager
def listing_registry(directory: Path) -> Iterator[Registry]:
    """Run a registry in memory that lists referrers by itself (go-containerregistry's)."""
    host = f"127.0.0.1:{free_port()}"
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([go_program("referrers_registry"), host], stdout=log, stderr=log)
    try:
        _await(process, int(host.rpartition(":")[2]), directory)
        yield Registry(host, "open", lists_referrers=True)
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def certificates(directory: Path) -> tuple[Path, Path, Path]:
    """Make an authority, and a certificate for 127.0.0.1 and localhost; return their files and the key's."""
    authority, certificate, key = directory / "ca.crt", directory / "server.crt", directory / "server.key"
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    constraints = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    run(*new, "-subj", "/CN=test authority", "-keyout", directory / "ca.key", "-out", authority, *constraints)
    names = ("-addext", f"subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:{ECR}")
    issuer = ("-CA", authority, "-CAkey", directory / "ca.key", "-addext", "basicConstraints=critical,CA:FALSE")
    run(*new, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate, *names, *issuer)
    return authority, certificate, key


@dataclass(slots=True)
class TokenServer:
    """A token server as distribution's specification has it; its tokens live as long as it says."""

    server: ThreadingHTTPServer
    certificate: Path
    key: Path
    user: str = USER
    lifetime: int = 60
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @classmethod
    def start(cls, directory: Path, user: str = USER) -> "TokenServer":
        """Start one on a free port."""
        certificate, key = directory / "token.crt", directory / "token.key"
        run(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=test-issuer", "-keyout", key, "-out", certificate),
        )
        server = ThreadingHTTPServer(("127.0.0.1", 0), _TokenHandler)
        tokens = cls(server, certificate, key, user)
        server.tokens = tokens  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return tokens

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.server.server_port

    def stop(self) -> None:
        """Stop it."""
        self.server.shutdown()
        self.server.server_close()

    def token(self, scopes: list[str], service: str) -> str:
        """Return a signed token for scopes; for none, as at a login, one that allows nothing."""
        allowed = [scope.split(":") for scope in scopes]
        now = int(time.time())
        der = run("openssl", "x509", "-in", self.certificate, "-outform", "DER")
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        claims = {
            "iss": "test-issuer",
            "aud": service,
            "sub": self.user,
            "exp": now + self.lifetime,
            "nbf": now - 10,
            "iat": now,
            "jti": str(now),
            "access": [{"type": kind, "name": name, "actions": actions.split(",")} for kind, name, actions in allowed],
        }
        parts = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = run("openssl", "dgst", "-sha256", "-sign", self.key, stdin=parts.encode())
        return f"{parts}.{_base64url(signature)}"


class _TokenHandler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        tokens: TokenServer = self.server.tokens  # type: ignore[attr-defined]
        tokens.requests.append((self.path, dict(self.headers.items())))
        query = parse_qs(urlsplit(self.path).query)
        expected = "Basic " + base64.b64encode(f"{tokens.user}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        token = tokens.token(query.get("scope", []), query["service"][0])
        body = json.dumps({"token": token, "expires_in": tokens.lifetime}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _await(process: subprocess.Popen[bytes], port: int, directory: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"docker-registry did not start: {(directory / 'log').read_text()}")


def registry_access(**options: Any) -> RegistryAccess:  # noqa: ANN401 - as the two classes have them
    """Return how to reach registries.

    What is an option of one host holds for the registry of the image; `mirror` is one of Docker Hub.
    """
    if (mirror := options.pop("mirror", None)) is not None:
        options["hosts"] = {"docker.io": HostSettings(mirrors=(mirror,))}
    own = {field.name for field in fields(HostSettings)}
    here = {name: value for name, value in options.items() if name in own}
    return RegistryAccess(
        own=HostSettings(**here), **{name: value for name, value in options.items() if name not in own}
    )
