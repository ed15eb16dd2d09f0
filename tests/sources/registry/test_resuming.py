"""Blobs that come in pieces, in other ranges than were asked for, slowly, or labelled as what they are not."""

import gzip
import os
import re
import threading
from collections.abc import Callable

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import DigestMismatchError, OcianalyzeError, RegistryError
from ocianalyze.sources.registry import retries
from tests.support.fault_proxy import Answer, Behaviour, FaultProxy, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.images import BuiltImage, build
from tests.support.registries import registry_access
from tests.support.served import serving_image
from tests.support.tarballs import file

CUT = 300_000


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_FIRST_PAUSE", 0.01)


@pytest.fixture(scope="module")
def image() -> BuiltImage:
    return build(fit_image([file("opt/noise", os.urandom(1_000_000))]), compression="gzip")


def large(image: BuiltImage) -> tuple[str, bytes]:
    """Return the digest and the bytes of the layer with the noise."""
    blob = max((layer.stored for layer in image.layers), key=lambda blob: blob.size)
    assert isinstance(blob.content, bytes)
    return blob.digest, blob.content


def scan(proxy: FaultProxy, **options: object) -> None:
    access = registry_access(plain_http=True, **options)
    report = analyze(Source(reference=f"{proxy.host}/team/image:1.0", access=access))
    assert all(layer.verified for layer in report.layers)


def on_layer(image: BuiltImage, answer: Callable[[Seen, bytes], Answer]) -> Behaviour:
    digest, content = large(image)
    serve = serving_image(image)
    return lambda seen: answer(seen, content) if seen.path.endswith(digest) else serve(seen)


def ranged(seen: Seen) -> tuple[int, int] | None:
    """Return the range that was asked for, which has an end."""
    if "range" not in seen.headers:
        return None
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", seen.headers["range"])
    assert match, seen.headers["range"]
    return int(match[1]), int(match[2])


def test_ranges_have_an_end(image: BuiltImage) -> None:
    def answer(seen: Seen, content: bytes) -> Answer:
        wanted = ranged(seen)
        if wanted is None:
            return Answer(status=200, body=content, cut_after=CUT)
        first, last = wanted
        assert last == len(content) - 1
        headers = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        return Answer(status=206, headers=headers, body=content[first:], cut_after=CUT)

    with fault_proxy(None, on_layer(image, answer)) as proxy:
        scan(proxy)
        assert sum("range" in seen.headers for seen in proxy.seen) >= 2


BAD_RANGES: dict[str, Callable[[int, int, bytes], Answer]] = {
    "refused": lambda _first, _last, _content: Answer(status=416),
    "from the start": lambda _, last, content: Answer(
        status=206, headers={"Content-Range": f"bytes 0-{last}/{len(content)}"}, body=content
    ),
    "without a range": lambda first, _, content: Answer(status=206, body=content[first:]),
    "a range that is none": lambda first, _, content: Answer(
        status=206, headers={"Content-Range": "bytes */9"}, body=content[first:]
    ),
    "of another total": lambda first, last, content: Answer(
        status=206, headers={"Content-Range": f"bytes {first}-{last}/{len(content) + 1}"}, body=content[first:]
    ),
    "in parts": lambda first, last, content: Answer(
        status=206,
        headers={"Content-Type": "multipart/byteranges; boundary=x"},
        body=b"--x\r\nContent-Range: bytes %d-%d/%d\r\n\r\n" % (first, last, len(content)) + content[first:],
    ),
    "as a whole": lambda _first, _last, content: Answer(status=200, body=content),
}


@pytest.mark.parametrize("name", BAD_RANGES)
def test_what_is_known_is_passed_over_where_ranges_are_bad(image: BuiltImage, name: str) -> None:
    lost: list[Seen] = []

    def answer(seen: Seen, content: bytes) -> Answer:
        wanted = ranged(seen)
        if wanted is not None:
            return BAD_RANGES[name](*wanted, content)
        lost.append(seen)
        return Answer(status=200, body=content, cut_after=CUT if len(lost) == 1 else None)

    with fault_proxy(None, on_layer(image, answer)) as proxy:
        scan(proxy)
        assert sum("range" in seen.headers for seen in proxy.seen) == 1, "ranges are asked for once"


def test_a_registry_that_gives_no_range_and_never_the_whole(image: BuiltImage) -> None:
    def answer(seen: Seen, content: bytes) -> Answer:
        return Answer(status=416) if ranged(seen) else Answer(status=200, body=content, cut_after=1000)

    with fault_proxy(None, on_layer(image, answer)) as proxy, pytest.raises(RegistryError, match="closed the conn"):
        scan(proxy)


@pytest.mark.parametrize("label", ["gzip", "x-gzip", "GZIP", "br", "aws-chunked", "zstd"])
def test_a_label_changes_no_byte_of_a_blob(image: BuiltImage, label: str) -> None:
    serve = serving_image(image)

    def behave(seen: Seen) -> Answer | None:
        answer = serve(seen)
        if answer is not None and seen.is_blob:
            answer.headers["Content-Encoding"] = label
        return answer

    with fault_proxy(None, behave) as proxy:
        scan(proxy)


@pytest.mark.parametrize(
    ("label", "compress", "said"),
    [
        ("gzip", gzip.compress, None),
        ("x-gzip", gzip.compress, None),
        ("gzip", lambda raw: raw, None),
        ("identity", lambda raw: raw, None),
        ("br", lambda raw: raw, "unexpected content encoding: br"),
        ("gzip", lambda raw: gzip.compress(raw)[:-9], "unexpected content encoding: gzip"),
        ("\x1b]0;x", lambda raw: raw, r"unexpected content encoding: \\x1b\]0;x"),
        ("gzip", lambda _: gzip.compress(bytes(64 << 20)), "too large"),
    ],
)
def test_a_manifest_that_was_compressed_on_the_way(
    image: BuiltImage, label: str, compress: Callable[[bytes], bytes], said: str | None
) -> None:
    serve = serving_image(image)

    def behave(seen: Seen) -> Answer | None:
        answer = serve(seen)
        if answer is not None and not seen.is_blob:
            assert isinstance(answer.body, bytes)
            answer.headers["Content-Encoding"] = label
            answer.body = compress(answer.body)
        return answer

    with fault_proxy(None, behave) as proxy:
        if said is None:
            scan(proxy)
        else:
            with pytest.raises(OcianalyzeError, match=said):
                scan(proxy)


def test_a_blob_that_was_compressed_on_the_way(image: BuiltImage) -> None:
    """Whether it was is seen by its size: what is too short or too long is no blob, and its label says why."""
    serve = serving_image(image)
    for compress in (gzip.compress, lambda raw: raw + bytes(9)):

        def behave(seen: Seen, compress: Callable[[bytes], bytes] = compress) -> Answer | None:
            answer = serve(seen)
            if answer is not None and seen.path.endswith(image.config.digest):
                assert isinstance(answer.body, bytes)
                answer.headers["Content-Encoding"] = "gzip"
                answer.body = compress(answer.body)
            return answer

        with (
            fault_proxy(None, behave) as proxy,
            pytest.raises((RegistryError, DigestMismatchError), match="content encoding"),
        ):
            scan(proxy)


def test_a_page_instead_of_a_blob(image: BuiltImage) -> None:
    page = b"\n<!DOCTYPE html><html><head><title>Sign in</title>" + b"x" * 9000

    def answer(_: Seen, __: bytes) -> Answer:
        return Answer(status=200, headers={"Content-Type": "text/html; charset=utf-8"}, body=page)

    with (
        fault_proxy(None, on_layer(image, answer)) as proxy,
        pytest.raises(RegistryError, match="not a part of an image but a web page, 'Sign in'"),
    ):
        scan(proxy)


def test_how_long_nothing_may_come(image: BuiltImage) -> None:
    """Who is given up is told of the option; what comes in time is waited for."""
    stop = threading.Event()
    slow: list[Seen] = []

    def answer(seen: Seen, content: bytes) -> Answer:
        slow.append(seen)
        return Answer(status=200, body=content, delay=0.8 if len(slow) == 1 else 0)

    with fault_proxy(None, on_layer(image, answer)) as proxy:
        scan(proxy, timeout=5)
        assert len(slow) == 1
        slow.clear()
        scan(proxy, timeout=0.3)
        assert len(slow) == 2
        proxy.behaviour = on_layer(image, lambda _, content: Answer(status=200, body=content, delay=2))
        with pytest.raises(RegistryError, match=r"nothing came for 0\.2 seconds") as error:
            scan(proxy, timeout=0.2)
        assert "--timeout" in error.value.one_line()
    stop.set()


def test_connections_are_kept(image: BuiltImage) -> None:
    """Through challenges and redirects, too: what little they say is read to its end."""
    with fault_proxy(None, serving_image(image)) as storage, fault_proxy(None) as proxy:

        def behave(seen: Seen) -> Answer | None:
            if seen.path.startswith("/token"):
                return Answer(status=200, body=b'{"token": "t", "expires_in": 300}')
            if "authorization" not in seen.headers:
                realm = f'Bearer realm="http://{proxy.host}/token",service="s"'
                return Answer(status=401, headers={"WWW-Authenticate": realm}, body=b'{"errors": []}')
            if seen.is_blob:
                return Answer(status=307, headers={"Location": f"http://{storage.host}{seen.path}"}, body=b"moved")
            return serving_image(image)(seen)

        proxy.behaviour = behave
        access = registry_access(plain_http=True)
        analyze(Source(reference=f"{proxy.host}/team/image:1.0", access=access, jobs=1))
        for server in (proxy, storage):
            assert len(server.seen) >= len(image.layers)
            assert len({seen.port for seen in server.seen}) == 1
