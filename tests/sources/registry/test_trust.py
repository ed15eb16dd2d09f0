"""Whom we trust: authorities are added to those that the machine has, and what is ours stays with the registry."""

import json
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ocianalyze.analysis import Source
from ocianalyze.errors import AuthenticationError, RegistryError
from ocianalyze.sources.registry.access import HostAccess, RegistryAccess
from ocianalyze.sources.registry.connections import certificates
from ocianalyze.sources.registry.connections.certificates import Trust
from tests.sources.registry.conftest import IMAGE
from tests.support.authorities import Authority, self_signed, serving_with
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.images import BuiltImage, build
from tests.support.registries import registry_access
from tests.support.served import serving_image
from tests.support.tools import requires, run

pytestmark = requires("openssl")


@pytest.fixture(scope="module")
def image() -> BuiltImage:
    return build(IMAGE, compression="gzip")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def private(root: Authority, image: BuiltImage) -> Iterator[FaultProxy]:
    """A registry whose certificate is of an authority that nobody knows."""
    with fault_proxy(None, serving_image(image), tls=serving_with(*root.issue("leaf"))) as registry:
        yield registry


def read(registry: FaultProxy, **options: object) -> None:
    """Read the manifest and the config."""
    source = Source(reference=f"{registry.host}/team/image:1.0", access=registry_access(**options))
    with source.open(read_layers=False):
        pass


@contextmanager
def refused(message: str) -> Iterator[None]:
    with pytest.raises(RegistryError, match=message) as error:
        yield
    assert error.value.one_line().isprintable()


def test_nobody_is_trusted_unasked(private: FaultProxy) -> None:
    with refused("not trusted: it was issued by 'root of the tests', which is unknown here"):
        read(private)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_files_that_variables_name(private: FaultProxy, root: Authority, variable: str) -> None:
    read(private, environment={variable: str(root.certificate)})


@pytest.mark.parametrize("variable", ["SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_directories_that_variables_name(private: FaultProxy, root: Authority, tmp_path: Path, variable: str) -> None:
    (tmp_path / "any-name.pem").write_bytes(root.certificate.read_bytes())
    (tmp_path / "README").write_text("no certificate")
    value = f"/nowhere:{tmp_path}" if variable == "SSL_CERT_DIR" else str(tmp_path)
    read(private, environment={variable: value}, warn=lambda _: None)


def test_files_that_options_name(private: FaultProxy, root: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    both, der = tmp_path / "both.pem", tmp_path / "root.crt"
    both.write_bytes(b"# T\xc3\xbcrk\n" + other.certificate.read_bytes() + root.certificate.read_bytes())
    run("openssl", "x509", "-in", root.certificate, "-outform", "DER", "-out", der)
    for files in ((both,), (other.certificate, root.certificate), (der,)):
        read(private, ca_files=files)
    with refused("not trusted"):
        read(private, ca_files=(other.certificate,))
    for name in ("certs.d/ca.crt", "certs.d/other.crt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((root if "ca." in name else other).certificate.read_bytes())
    read(private, cert_dir=tmp_path / "certs.d", ca_files=(other.certificate,))


def test_the_machine_s_own_store_counts_whatever_is_added(
    root: Authority, private: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SSL_CERT_FILE` and its like name further authorities, here besides one that the machine trusts."""
    other = Authority(tmp_path, "other")
    machine = ssl.get_default_verify_paths()._replace(
        openssl_cafile=str(root.certificate), openssl_capath=str(tmp_path / "none")
    )
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: machine)
    monkeypatch.setattr(certificates, "_SYSTEM_FILES", ())
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(other.certificate))
        read(private, environment={variable: str(other.certificate)}, ca_files=(other.certificate,))


def test_a_machine_that_knows_nobody_trusts_whom_mozilla_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = ssl.get_default_verify_paths()._replace(openssl_cafile="/nowhere", openssl_capath="/nowhere")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
    monkeypatch.setattr(certificates, "_SYSTEM_FILES", ("/nowhere",))
    assert Trust().elsewhere(verify=True).cert_store_stats()["x509_ca"] > 50


def test_files_that_hold_nothing(private: FaultProxy, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    empty, wrong = tmp_path / "empty.pem", tmp_path / "wrong.pem"
    empty.write_text("")
    wrong.write_text("no certificate")
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        with refused(f"{variable}: /nowhere does not exist"):
            read(private, environment={variable: "/nowhere"})
        with refused(f"{variable}: {empty} is empty"):
            read(private, environment={variable: str(empty)})
    for file, message in ((empty, "is empty"), (tmp_path / "x", "does not exist"), (wrong, "no certificate in PEM")):
        with refused(message):
            read(private, ca_files=(file,))
    for environment in ({"SSL_CERT_FILE": "/nowhere"}, {"SSL_CERT_FILE": str(empty)}, {"SSL_CERT_DIR": "/nowhere"}):
        caplog.clear()
        with caplog.at_level(logging.WARNING), refused("not trusted"):
            read(private, environment=environment)
        assert "it is ignored" in caplog.text
    warnings: list[str] = []
    with refused("not trusted"):
        read(private, cert_dir=tmp_path, warn=warnings.append)
    assert "contains no *.crt" in warnings[0]


def test_a_chain_may_end_before_its_root(root: Authority, tmp_path: Path, image: BuiltImage) -> None:
    middle, other = Authority(tmp_path, "middle", root), Authority(tmp_path, "other", root)
    leaf, alone = middle.issue("leaf"), self_signed(tmp_path)
    with (
        fault_proxy(None, serving_image(image), tls=serving_with(*leaf)) as chained,
        fault_proxy(None, serving_image(image), tls=serving_with(*alone)) as single,
    ):
        for registry, trusted in ((chained, middle.certificate), (chained, leaf[0]), (single, alone[0])):
            read(registry, ca_files=(trusted,))
        with refused("issued by 'middle of the tests'"):
            read(chained, ca_files=(other.certificate,))
        with refused("it is self-signed"):
            read(single, ca_files=(other.certificate,))


# --- where the registry leads to --------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(root: Authority, image: BuiltImage) -> Iterator[FaultProxy]:
    """A token server and storage on another host, which would like to see our certificate."""

    def behave(seen: Seen) -> Answer | None:
        if seen.path.startswith("/token"):
            return Answer(status=200, body=json.dumps({"token": "good", "expires_in": 300}).encode())
        return serving_image(image)(seen)

    context = serving_with(*root.issue("elsewhere"), asks=root.certificate)
    with fault_proxy(None, behave, tls=context, address="127.0.0.2") as other:
        yield other


@contextmanager
def leading(to: FaultProxy, context: ssl.SSLContext, image: BuiltImage) -> Iterator[FaultProxy]:
    """Run a registry that wants a token of another host and redirects to it for blobs."""

    def behave(seen: Seen) -> Answer | None:
        if seen.headers.get("authorization") != "Bearer good":
            realm = f'Bearer realm="https://{to.host}/token",service="s"'
            return Answer(status=401, headers={"WWW-Authenticate": realm})
        if seen.is_blob:
            return Answer(status=307, headers={"Location": f"https://{to.host}{seen.path}"})
        return serving_image(image)(seen)

    with fault_proxy(None, behave, tls=context) as registry:
        yield registry


def test_the_authorities_go_along_and_nothing_else(
    root: Authority, elsewhere: FaultProxy, image: BuiltImage, tmp_path: Path
) -> None:
    ours = root.issue("ours")
    (tmp_path / "ca.crt").write_bytes(root.certificate.read_bytes())
    context = serving_with(*root.issue("registry"), asks=root.certificate, demands=True)
    with leading(elsewhere, context, image) as registry:
        headers = {"X-Tenant": "canary"}
        read(registry, cert_dir=tmp_path, client=ours, headers=headers)
        assert all(seen.certificate and seen.headers["x-tenant"] == "canary" for seen in registry.seen)
        assert len(elsewhere.seen) == 2
        for seen in elsewhere.seen:
            assert seen.certificate is None
            assert not {"authorization", "x-tenant"} & seen.headers.keys()
        with refused("the key does not belong to the certificate"):
            read(registry, cert_dir=tmp_path, client=(ours[0], root.key))


def test_credentials_go_to_nobody_who_is_not_verified(
    root: Authority, elsewhere: FaultProxy, image: BuiltImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`tls_verify=False` counts for the registry and what it leads to, but not for a login."""
    login = {"username": "me", "password": "canary", "tls_verify": False}
    with leading(elsewhere, serving_with(*root.issue("registry")), image) as registry:
        read(registry, tls_verify=False)
        elsewhere.seen.clear()
        with pytest.raises(AuthenticationError, match="not on the host"):
            read(registry, **login)
        with monkeypatch.context() as patch:
            patch.setattr("ocianalyze.sources.registry.login.realms.belongs", lambda host, *_: host == "127.0.0.2")
            with refused(r"certificate of https://127\.0\.0\.2:\d+ is not trusted"):
                read(registry, **login)
        assert elsewhere.seen == []
        for realm in ("127.0.0.2", elsewhere.host):
            elsewhere.seen.clear()
            read(registry, **login, allowed_realms=(realm,))
            token, config = elsewhere.seen
            assert token.headers["authorization"].startswith("Basic ")
            assert "authorization" not in config.headers


def test_a_key_that_is_missing(tmp_path: Path, root: Authority) -> None:
    how = HostAccess(client=(root.certificate, tmp_path / "missing.key"))
    with pytest.raises(RegistryError, match="has no key"):
        Trust.find("registry.example.com", how, RegistryAccess())
