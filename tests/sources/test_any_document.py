"""Whatever stands in a document of an image: there is a verdict or one of our errors, and never an internal one.

Each value of each document is replaced by every kind of JSON, left out, and stated twice; digests are those of what
comes out, so that it is read.
"""

import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ocianalyze.analysis import Source, analyze, preview
from ocianalyze.errors import OcianalyzeError
from ocianalyze.reports import inspection
from ocianalyze.reports.report import Report
from ocianalyze.reports.screen import Screen
from ocianalyze.reports.table import print_report
from ocianalyze.reports.text import to_json
from tests.support.fit import fit_image
from tests.support.images import Blob, build
from tests.support.layouts import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, descriptor
from tests.support.tarballs import file, layer

Place: TypeAlias = tuple[str | int, ...]
Write: TypeAlias = Callable[[str, Any], bytes]
"""Returns the bytes of a document, which has a name and a value."""

VALUES = (
    *("null", "true", "0", "-1", "1.0", "1.5", "1e400", "9223372036854775807", "-9223372036854775809", "1" * 400),
    *('""', '"x"', '"\\ud800"', '"\\u0000"', '"\\u202e\\u001b[2J"', '"../../x"', '"unknown"', f'"sha256:{"0" * 64}"'),
    *(
        "[]",
        "[null]",
        '["x"]',
        "[{}]",
        "{}",
        '{"a":null}',
        '{"":{"b":[1]}}',
        "[" * 900 + "]" * 900,
        "[" * 5000 + "]" * 5000,
    ),
)
"""What a value is replaced by, as it is written."""

MARK = "\N{WHITE SQUARE}"
BUILT = build(
    fit_image(
        [file("opt/x", b"x")],
        config={
            "Entrypoint": ["/bin/sh"],
            "Cmd": ["-c", "x"],
            "ExposedPorts": {"8888/tcp": {}},
            "Labels": {"a": "b"},
            "StopSignal": "SIGTERM",
            "Healthcheck": {"Test": ["CMD", "true"], "Retries": 3},
        },
    ),
    compression="gzip",
)


def _layout(write: Write) -> bytes:
    """Return an OCI archive whose documents are those that `write` returns."""
    assert isinstance(BUILT.config.content, bytes)
    config = Blob.of(
        write(
            "config",
            json.loads(BUILT.config.content)
            | {"variant": "v1", "os.version": "1", "os.features": ["a"], "author": "me"}
            | {
                "history": [
                    {"created": "2026-01-02T03:04:05Z", "created_by": "RUN x", "comment": "c", "empty_layer": False}
                ]
                * 2
            },
        )
    )
    more = {"annotations": {"a": "b"}, "urls": ["https://example.com/x"]}
    layers = [descriptor(each.stored, OCI_LAYER["gzip"]) | more for each in BUILT.layers]
    body = {"mediaType": OCI_MANIFEST, "artifactType": "", "config": descriptor(config, OCI_CONFIG), "layers": layers}
    manifest = Blob.of(write("manifest", {"schemaVersion": 2, "annotations": {"a": "b"}} | body))
    platform = {"os": "linux", "architecture": "amd64", "variant": "", "os.version": "", "os.features": []}
    entry = descriptor(manifest, OCI_MANIFEST) | {"platform": platform, "annotations": {"a": "b"}, "artifactType": ""}
    other = descriptor(Blob.of(b"absent"), OCI_MANIFEST) | {"platform": {"os": "linux", "architecture": "arm64"}}
    index = Blob.of(write("index", {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry, other]}))
    named = descriptor(index, OCI_INDEX) | {"annotations": {"org.opencontainers.image.ref.name": "1.0"}}
    top = write("top", {"schemaVersion": 2, "manifests": [named, descriptor(manifest, OCI_MANIFEST)]})
    blobs = [config, manifest, index, *(each.stored for each in BUILT.layers)]
    return layer([file("index.json", top), *(file(f"blobs/sha256/{blob.encoded}", blob.content) for blob in blobs)])


def _saved(write: Write) -> bytes:
    """Return a docker archive whose ``manifest.json`` is what `write` returns."""
    sources = {each.tar.digest: descriptor(each.tar, OCI_LAYER["none"]) for each in BUILT.layers}
    layers = [file(f"{number}.tar", each.stored.content) for number, each in enumerate(BUILT.layers)]
    item = {"Config": "c.json", "RepoTags": ["a:1", "b:2"], "Layers": [each.path for each in layers]}
    listed = write("listed", [item | {"LayerSources": sources}])
    return layer([*layers, file("c.json", BUILT.config.content), file("manifest.json", listed)])


MAKERS = {"config": _layout, "manifest": _layout, "index": _layout, "top": _layout, "listed": _saved}


def _plain(_: str, value: object) -> bytes:
    return json.dumps(value).encode()


def _places(document: str) -> list[Place]:
    """Return where there is a value in a document; of a list, the first two."""
    found: dict[str, object] = {}

    def note(name: str, value: object) -> bytes:
        found[name] = value
        return _plain(name, value)

    MAKERS[document](note)

    def walk(value: object, place: Place) -> Iterator[Place]:
        yield place
        items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
        for key, item in items:
            yield from walk(item, (*place, key))

    return list(walk(found[document], ()))


def _altered(document: str, place: Place, change: str) -> bytes:
    """Return an archive with a value replaced by a text; left out if that is empty, stated twice if it is a mark."""

    def write(name: str, value: object) -> bytes:
        if name != document:
            return _plain(name, value)
        raw = json.dumps(_at(value, place, change), ensure_ascii=False)
        if change == MARK:
            key = json.dumps(str(place[-1]))
            return raw.replace(f'"{MARK}"', f"1, {key}: 1").encode()
        return raw.replace(f'"{MARK}"', change).encode("utf-8", "surrogatepass")

    return MAKERS[document](write)


def _at(value: Any, place: Place, change: str) -> object:  # noqa: ANN401
    """Return a value with a mark at some place, or without what is there."""
    if not place:
        return MARK
    key, rest = place[0], place[1:]
    copy = dict(value) if isinstance(value, dict) else list(value)
    if not rest and not change:
        del copy[key]  # type: ignore[arg-type]
    else:
        copy[key] = _at(value[key], rest, change)  # type: ignore[index]
    return copy


def _outcome(path: Path) -> list[str]:
    """Scan and inspect an image, write what comes of it in every way, and return the verdict and the errors."""
    said: list[str] = []
    source = Source(reference=str(path))
    try:
        report = analyze(source)
    except OcianalyzeError as error:
        return [error.one_line()]
    else:
        Report.model_validate_json(report.to_json())
        print_report(report, Screen(StringIO()))
        said.append(report.verdict)
    try:
        with source.open(read_layers=False) as image:
            outcome = preview(image)
            json.loads(to_json(inspection.record(image, outcome), indent=True))
            inspection.print_image(image, outcome, Screen(StringIO()))
    except OcianalyzeError as error:
        said.append(error.one_line())
    return said


@pytest.mark.parametrize("document", MAKERS)
def test_any_value_at_any_place(document: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(MAKERS[document](_plain))
    assert _outcome(path) == ["pass"]
    places = _places(document)
    assert len(places) > 10
    outcomes: set[str] = set()
    for place in places:
        changes = [*VALUES, *([""] if place else []), *([MARK] if place and isinstance(place[-1], str) else [])]
        for change in changes:
            path.write_bytes(_altered(document, place, change))
            outcomes.update(said := _outcome(path))
            if change == MARK:
                assert "duplicate key" in said[0]
    assert "pass" in outcomes
    assert len(outcomes) > 10
