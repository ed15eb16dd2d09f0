"""Images whose layers are read by their indexes: what is asked for, where, and what if no pieces are to be had."""

import itertools
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import CorruptLayerError, IndexMismatchError, OcianalyzeError
from ocianalyze.layers.indexes import ztoc
from ocianalyze.layers.indexes.ztoc import HEAD, stated_layer_size
from ocianalyze.layers.reading import indexed
from ocianalyze.reports.formats.findings import verdict_text
from ocianalyze.reports.report import Report
from ocianalyze.sources.registry import retries
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
from ocianalyze.sources.registry.ranges import PlacedRanges
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.indexed_images import FORMS
from tests.support.indexed_layers import SAMPLES, unpack_sample
from tests.support.layout_pushes import push_layout
from tests.support.registries import PASSWORD, USER, Registry, registry, registry_access
from tests.support.tools import requires

pytestmark = requires("docker-registry", "htpasswd")
TAG = "1.0"
USES = 3
"""How often a signature is good."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexed, "SMALL", 1)
    monkeypatch.setattr(indexed, "SHARE", 10)
    monkeypatch.setattr(retries, "_FIRST_PAUSE", 0.01)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with a password that has the samples."""
    directory = tmp_path_factory.mktemp("registry")
    with registry(directory, "htpasswd") as running:
        for form in FORMS:
            layout = unpack_sample(form, directory / form)
            push_layout(running, form, layout, TAG)
        yield running


def scan(host: str, form: str, **options: Any) -> Report:  # noqa: ANN401
    access = registry_access(plain_http=True, username=USER, password=PASSWORD)
    return analyze(Source(reference=f"{host}/{form}:{TAG}", access=access, lazy=True, **options))


def blobs(proxy: FaultProxy, report: Report) -> dict[str, list[str]]:
    """Return the ranges that were asked for, by the layer."""
    digests = {layer.digest or "" for layer in report.layers}
    asked: dict[str, list[str]] = {}
    for seen in proxy.blobs:
        name = seen.path.rpartition("/")[2]
        if name in digests:
            asked.setdefault(name, []).append(seen.headers.get("range", "all"))
    return asked


@pytest.mark.parametrize("form", FORMS)
def test_the_outcome_is_that_of_the_layout(filled: Registry, form: str) -> None:
    with fault_proxy(filled.host) as proxy:
        report = scan(proxy.host, form)
    local = analyze(Source(reference=str(SAMPLES / f"{form}.tar"), lazy=True))
    assert report.facts == local.facts
    assert report.findings == local.findings
    assert [layer.index for layer in report.layers if layer.index] != []
    for one, other in zip(report.layers, local.layers, strict=True):
        assert one.index is not None
        assert other.index is not None
        assert (one.read, one.verified) == ("toc", [])
        assert (one.index.kind, one.index.digest, one.index.bound) == (form, other.index.digest, other.index.bound)
    assert all("all" not in ranges for ranges in blobs(proxy, report).values())


@pytest.mark.parametrize("form", ["estargz", "soci-v2"])
def test_a_registry_that_sends_no_pieces_is_read_in_whole(filled: Registry, form: str) -> None:
    with fault_proxy(filled.host, lambda _: Answer(whole=True)) as proxy:
        report = scan(proxy.host, form)
    assert {layer.read for layer in report.layers} == {"full"}
    assert all(layer.verified for layer in report.layers)
    messages = {item.message for item in report.diagnostics}
    assert messages == {"2 layers were read without their indexes: the registry does not support range requests"}


@pytest.mark.parametrize("said", ["bytes 0-9/10", "bytes 5-4/3", "rows 1-2/3", ""])
def test_so_is_one_that_sends_others(filled: Registry, said: str) -> None:
    def lie(seen: Seen) -> Answer | None:
        return Answer(headers={"Content-Range": said}) if seen.is_blob and "range" in seen.headers else None

    with fault_proxy(filled.host, lie) as proxy:
        report = scan(proxy.host, "zstd-chunked")
    assert {layer.read for layer in report.layers} == {"full"}


def test_pieces_that_break_off_are_asked_for_again(filled: Registry) -> None:
    def cut(seen: Seen) -> Answer | None:
        return Answer(cut_after=3) if "range" in seen.headers and seen.number % 2 else None

    with fault_proxy(filled.host, cut) as proxy:
        report = scan(proxy.host, "estargz")
    assert {layer.read for layer in report.layers} == {"toc"}


@pytest.mark.parametrize("first", [0, 1, 2, 3, 4, 5, 6, 7])
def test_a_registry_that_sends_no_pieces_any_more(filled: Registry, first: int) -> None:
    """It may have done so for the index, and then it is too late to read the layer without."""
    count = itertools.count()

    def forget(seen: Seen) -> Answer | None:
        return Answer(whole=True) if "range" in seen.headers and next(count) >= first else None

    with fault_proxy(filled.host, forget) as proxy:
        outcome = _outcome(proxy.host, "estargz")
    assert_allowed(outcome)


def assert_allowed(outcome: str) -> None:
    """Check how layers were read of which no pieces could be had at some time."""
    ways = {f"{one}, {other}" for one in ("full", "toc") for other in ("full", "toc")}
    assert "not support range requests" in outcome or outcome in ways


def _outcome(host: str, form: str) -> str:
    """Return how layers were read, or why they could not be."""
    try:
        report = scan(host, form)
    except OcianalyzeError as error:
        return error.message
    return ", ".join(layer.read for layer in report.layers)


@pytest.mark.parametrize("form", ["estargz", "soci-v2"])
def test_pieces_that_are_shorter_than_asked_for_are_put_together(filled: Registry, form: str) -> None:
    def shorten(seen: Seen) -> Answer | None:
        if "range" not in seen.headers or "(shortened)" in seen.headers:
            return None
        start, end = map(int, seen.headers["range"].removeprefix("bytes=").split("-"))
        content = stored[seen.path.rpartition("/")[2]]
        end = min(end, start + 3999)
        said = {"Content-Range": f"bytes {start}-{end}/{len(content)}"}
        return Answer(status=206, headers=said, body=content[start : end + 1])

    with tempfile.TemporaryDirectory() as directory:
        stored = stored_blobs(form, Path(directory))
    with fault_proxy(filled.host, shorten) as proxy:
        report = scan(proxy.host, form)
    assert {layer.read for layer in report.layers} == {"toc"}


def test_a_ztoc_that_is_not_there_is_done_without(filled: Registry) -> None:
    with tempfile.TemporaryDirectory() as directory:
        stored = stored_blobs("soci-v2", Path(directory))
    ztocs = {name for name, raw in stored.items() if stated_layer_size(raw[:HEAD])}
    assert len(ztocs) == 2

    def lose(seen: Seen) -> Answer | None:
        return Answer(status=404) if seen.path.rpartition("/")[2] in ztocs else None

    with fault_proxy(filled.host, lose) as proxy:
        report = scan(proxy.host, "soci-v2")
    assert {layer.read for layer in report.layers} == {"full"}
    assert {item.code for item in report.diagnostics} == {"index-not-used"}


def soci_ztocs(directory: Path) -> set[str]:
    """Return the digests of the ztocs of the sample."""
    return {name for name, raw in stored_blobs("soci-v2", directory).items() if stated_layer_size(raw[:HEAD])}


def test_large_ztocs_are_read_in_parts(filled: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = scan(filled.host, "soci-v2")
    assert all(layer.index is not None and layer.index.verified for layer in whole.layers)
    monkeypatch.setattr(ztoc, "WORTH_PARTS", 0)
    with fault_proxy(filled.host) as proxy:
        report = scan(proxy.host, "soci-v2")
    ztocs = soci_ztocs(tmp_path)
    seen = [one for one in proxy.blobs if one.path.rpartition("/")[2] in ztocs]
    assert len(seen) >= 2 * len(ztocs)
    assert all("range" in one.headers for one in seen)
    assert (report.facts, report.findings) == (whole.facts, whole.findings)
    assert not any(layer.index is None or layer.index.verified for layer in report.layers)
    said = "not on the layers themselves; 2 of these indexes were not compared with their digests"
    assert said in verdict_text(report)
    assert report.timing.bytes_read >= sum(map(_size_asked, seen))


def _size_asked(seen: Seen) -> int:
    start, end = map(int, seen.headers["range"].removeprefix("bytes=").split("-"))
    return end - start + 1


def test_ztocs_of_a_registry_with_mirrors_are_compared_with_their_digests(
    filled: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror is not trusted with what nobody verifies."""
    monkeypatch.setattr(ztoc, "WORTH_PARTS", 0)
    with fault_proxy(filled.host, lambda _: Answer(status=404)) as mirror:
        own = HostSettings(plain_http=True, mirrors=(f"http://{mirror.host}",))
        access = RegistryAccess(own=own, username=USER, password=PASSWORD, warn=lambda _: None)
        report = analyze(Source(reference=f"{filled.host}/soci-v2:{TAG}", access=access, lazy=True))
    assert all(layer.index is not None and layer.index.verified for layer in report.layers)


@pytest.mark.parametrize("first", range(6))
def test_a_registry_that_sends_no_parts_of_a_ztoc_any_more(
    filled: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: int
) -> None:
    monkeypatch.setattr(ztoc, "WORTH_PARTS", 0)
    ztocs = soci_ztocs(tmp_path)
    count = itertools.count()

    def forget(seen: Seen) -> Answer | None:
        is_part = "range" in seen.headers and seen.path.rpartition("/")[2] in ztocs
        return Answer(whole=True) if is_part and next(count) >= first else None

    with fault_proxy(filled.host, forget) as proxy:
        outcome = _outcome(proxy.host, "soci-v2")
    assert_allowed(outcome)


def test_wrong_pieces_of_all_places_end_the_scan(tmp_path: Path) -> None:
    """Wherever the bytes are from, they are altered: nobody asks again and again."""
    stored = stored_blobs("zstd-chunked", tmp_path)
    manifest = json.loads((tmp_path / "index.json").read_text())["manifests"][0]
    give = serve_from(stored)

    def alter(seen: Seen) -> Answer:
        if not seen.is_blob:
            return Answer(status=200, headers={"Content-Type": manifest["mediaType"]}, body=stored[manifest["digest"]])
        answer = give(seen)
        assert answer is not None
        if "range" in seen.headers:
            answer.flip = int(re.findall(r"\d+", seen.headers["range"])[0])
        return answer

    with fault_proxy(None, alter) as mirror, fault_proxy(None, alter) as proxy:
        hosts = {proxy.host: HostSettings(plain_http=True, mirrors=(f"http://{mirror.host}",))}
        access = RegistryAccess(hosts=hosts, warn=lambda _: None)
        report = analyze(Source(reference=f"{proxy.host}/image:{TAG}", access=access, lazy=True))
        assert len(proxy.seen) + len(mirror.seen) < 40
    assert {layer.read for layer in report.layers} == {"full"}  # the indexes do not match their digests


def test_an_altered_piece_is_no_pass(filled: Registry) -> None:
    clean = scan(filled.host, "zstd-chunked")
    outcomes = set()
    for at in range(600, 20_000, 2477):

        def alter(seen: Seen, at: int = at) -> Answer | None:
            return Answer(flip=at) if "range" in seen.headers else None

        with fault_proxy(filled.host, alter) as proxy:
            try:
                report = scan(proxy.host, "zstd-chunked")
            except (CorruptLayerError, IndexMismatchError):
                outcomes.add("refused")
                continue
        assert report.facts == clean.facts
        outcomes.add("not asked for")
    assert "refused" in outcomes


def redirecting(storage: FaultProxy) -> Callable[[Seen], Answer | None]:
    """Return the behaviour of a registry that redirects blobs to a storage of another name."""

    def redirect(seen: Seen) -> Answer | None:
        if not seen.is_blob:
            return None
        url = f"http://{storage.host}{seen.path}?X-Amz-Signature=secret{seen.number}"
        return Answer(status=307, headers={"Location": url})

    return redirect


def serve_from(stored: dict[str, bytes]) -> Callable[[Seen], Answer | None]:
    """Return the behaviour of a storage, which wants no login and knows ranges."""

    def answer(seen: Seen) -> Answer:
        content = stored[seen.path.partition("?")[0].rpartition("/")[2]]
        if "range" not in seen.headers:
            return Answer(status=200, body=content)
        start, end = map(int, seen.headers["range"].removeprefix("bytes=").split("-"))
        said = {"Content-Range": f"bytes {start}-{end}/{len(content)}"}
        return Answer(status=206, headers=said, body=content[start : end + 1])

    return answer


def stored_blobs(form: str, to: Path) -> dict[str, bytes]:
    unpack_sample(form, to)
    return {f"sha256:{path.name}": path.read_bytes() for path in (to / "blobs" / "sha256").iterdir()}


def test_a_storage_is_asked_at_once_the_next_time_and_gets_no_login(filled: Registry, tmp_path: Path) -> None:
    stored = stored_blobs("estargz", tmp_path)
    with (
        fault_proxy(None, serve_from(stored)) as storage,
        fault_proxy(filled.host, redirecting(storage)) as proxy,
    ):
        report = scan(proxy.host, "estargz")
    assert {layer.read for layer in report.layers} == {"toc"}
    at_registry, at_storage = blobs(proxy, report), [seen for seen in storage.seen if "range" in seen.headers]
    assert all("authorization" not in seen.headers for seen in storage.seen)
    assert sum(map(len, at_registry.values())) < len(at_storage) / 2
    assert all("authorization" in seen.headers for seen in proxy.blobs)


def test_a_storage_that_is_gone_is_asked_for_again(filled: Registry, tmp_path: Path) -> None:
    serve = serve_from(stored_blobs("estargz", tmp_path))
    with fault_proxy(None, serve) as other, fault_proxy(None, serve) as storage:
        place = [storage]

        def redirect(seen: Seen) -> Answer | None:
            answer = redirecting(place[0])(seen)
            place[0] = other  # where the next one is sent to
            return answer

        def drop(seen: Seen) -> Answer | None:
            return Answer(cut_after=0, status=200) if seen.number > 1 else serve(seen)

        storage.behaviour = drop
        with fault_proxy(filled.host, redirect) as proxy:
            report = scan(proxy.host, "estargz")
    assert {layer.read for layer in report.layers} == {"toc"}
    assert other.seen


def test_a_signature_that_has_run_out_is_renewed(filled: Registry, tmp_path: Path) -> None:
    serve = serve_from(stored_blobs("estargz", tmp_path))
    uses: Counter[str] = Counter()

    def refuse(seen: Seen) -> Answer | None:
        uses[seen.path] += 1
        return serve(seen) if uses[seen.path] <= USES else Answer(status=403)

    with (
        fault_proxy(None, refuse) as storage,
        fault_proxy(filled.host, redirecting(storage)) as proxy,
    ):
        report = scan(proxy.host, "estargz")
    assert {layer.read for layer in report.layers} == {"toc"}
    assert max(uses.values()) > USES


# Which pieces go together


def test_neighbours_are_asked_for_together() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(start: int, end: int) -> bytes:
        asked.append((start, end))
        return bytes(n % 251 for n in range(start, end))

    ranges = PlacedRanges(fetch, 10**6)
    pieces = [(500_000, 500_010), (0, 10), (20, 30), (5, 5), (10, 25), (500_005, 500_500)]
    found = ranges.read(pieces)
    assert found == [bytes(n % 251 for n in range(start, end)) for start, end in pieces]
    assert sorted(asked) == [(0, 30), (500_000, 500_500)]
    assert ranges.read([]) == []
    assert ranges.read([(7, 7)]) == [b""]
