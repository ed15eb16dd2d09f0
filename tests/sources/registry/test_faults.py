"""What goes wrong on the way: it ends with the right report or with the right error, never with a pass on a guess."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import AnalysisError, DigestMismatchError, OcianalyzeError, RegistryError
from tests.sources.registry.conftest import Registries
from tests.support.fault_proxy import Answer, Behaviour, FaultProxy, Seen, fault_proxy
from tests.support.registries import registry_access
from tests.support.tools import requires
from tests.test_analysis import comparable

pytestmark = requires("docker-registry", "skopeo", "openssl", "htpasswd")

PLAIN = registry_access(plain_http=True, timeout=0.5)


@pytest.fixture(scope="module")
def expected(archive: Path) -> dict[str, Any]:
    return comparable(analyze(Source(reference=str(archive))).model_dump(by_alias=True))


def scan(proxy: FaultProxy) -> dict[str, Any]:
    source = Source(reference=f"{proxy.host}/team/image:1.0", access=PLAIN)
    return comparable(analyze(source).model_dump(by_alias=True))


def on_blobs(answer: Callable[[Seen], Answer | None]) -> Behaviour:
    return lambda seen: answer(seen) if seen.is_blob else None


def first_times(times: int, answer: Answer) -> Behaviour:
    """Answer so at first, for each path, and then let the registry answer."""
    seen_before: dict[str, int] = {}
    lock = threading.Lock()

    def behave(seen: Seen) -> Answer | None:
        with lock:
            seen_before[seen.path] = seen_before.get(seen.path, 0) + 1
            return answer if seen_before[seen.path] <= times else None

    return behave


PASSING: dict[str, Behaviour] = {
    "nothing": lambda _: None,
    "429": first_times(2, Answer(status=429, headers={"Retry-After": "0"})),
    "429 until a date": first_times(1, Answer(status=429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})),
    "502": first_times(2, Answer(status=502)),
    "503": first_times(3, Answer(status=503)),
    "cut every 100 kB": on_blobs(lambda _: Answer(cut_after=100_000)),
    "cut, without ranges": on_blobs(lambda seen: Answer(cut_after=100_000 * (seen.number + 1), whole=True)),
    "cut at once, now and then": on_blobs(lambda seen: Answer(cut_after=0) if seen.number % 3 == 0 else None),
    "an encoding that is none": on_blobs(lambda _: Answer(headers={"Content-Encoding": "gzip"})),
    "an unknown encoding that is none": on_blobs(lambda _: Answer(headers={"Content-Encoding": "x-layer"})),
    "stalls": first_times(1, Answer(stall_after=50_000)),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes(registries: Registries, expected: dict[str, Any], name: str) -> None:
    with fault_proxy(registries().host, PASSING[name]) as proxy:
        assert scan(proxy) == expected
        if name == "cut every 100 kB":
            assert sum("range" in request.headers for request in proxy.blobs) > 3


FAILING: dict[str, tuple[Behaviour, type[OcianalyzeError], str]] = {
    "always 503": (lambda _: Answer(status=503), RegistryError, "status 503"),
    "429 for an hour": (
        lambda _: Answer(status=429, headers={"Retry-After": "3600"}),
        RegistryError,
        "rate limit exceeded",
    ),
    "always cut at once": (on_blobs(lambda _: Answer(cut_after=0)), RegistryError, "closed the connection"),
    "always cut at the same byte": (
        on_blobs(lambda _: Answer(cut_after=1000, whole=True)),
        RegistryError,
        "closed the connection",
    ),
    "always stalled": (on_blobs(lambda _: Answer(stall_after=0)), RegistryError, "stopped answering"),
    "shorter than stated": (on_blobs(lambda _: Answer(status=200, body=b"short")), RegistryError, "too few bytes"),
    "longer than stated": (on_blobs(lambda _: Answer(append=b"more")), DigestMismatchError, "more"),
    "a wrong byte": (on_blobs(lambda _: Answer(flip=300)), AnalysisError, "damaged|digest"),
    "a wrong last byte": (on_blobs(lambda _: Answer(flip=600_000)), AnalysisError, "damaged|digest"),
    "a wrong byte in the manifest": (
        lambda seen: None if seen.is_blob else Answer(flip=40),
        OcianalyzeError,
        "digest|JSON",
    ),
    "redirects for ever": (
        lambda seen: Answer(status=307, headers={"Location": seen.path}),
        RegistryError,
        "redirects more than",
    ),
    "a redirect to a file": (
        lambda _: Answer(status=307, headers={"Location": "file:///etc/passwd"}),
        RegistryError,
        "an invalid URL",
    ),
    "a manifest without end": (
        lambda seen: None if seen.is_blob else Answer(append=bytes(17 << 20)),
        OcianalyzeError,
        "too large",
    ),
    "not a registry": (lambda _: Answer(status=200, body=b"<html>"), RegistryError, "web page"),
    "a status that is none": (lambda _: Answer(status=418), RegistryError, "418"),
}


@pytest.mark.parametrize("name", FAILING)
def test_what_fails(registries: Registries, name: str) -> None:
    behaviour, error, message = FAILING[name]
    with fault_proxy(registries().host, behaviour) as proxy, pytest.raises(error, match=message) as raised:
        scan(proxy)
    assert raised.value.exit_code in (3, 4)
    assert "\n" not in raised.value.one_line()


def test_a_blob_elsewhere(registries: Registries, expected: dict[str, Any]) -> None:
    """As with presigned URLs: another host gives the bytes, and loses the connection now and then."""
    with fault_proxy(registries().host, lambda _: Answer(cut_after=200_000)) as storage:

        def redirect(seen: Seen) -> Answer:
            return Answer(status=307, headers={"Location": f"http://{storage.host}{seen.path}?signature=canary"})

        with fault_proxy(registries().host, on_blobs(redirect)) as proxy:
            assert scan(proxy) == expected
            assert len(proxy.blobs) == len(storage.seen) > 3


def test_a_secret_in_a_redirect_is_not_told(registries: Registries) -> None:
    with fault_proxy(None, lambda _: Answer(status=403)) as storage:

        def redirect(_: Seen) -> Answer:
            return Answer(status=307, headers={"Location": f"http://{storage.host}/blob?signature=canary"})

        with fault_proxy(registries().host, on_blobs(redirect)) as proxy, pytest.raises(RegistryError) as error:
            scan(proxy)
        assert "canary" not in repr(error.value) + error.value.one_line()
        assert storage.host in error.value.message
