"""SIZ006: layers that the ztocs of a SOCI index do not describe."""

import dataclasses
import gzip
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.errors import IndexMismatchError
from ocianalyze.facts.size import soci_differences
from ocianalyze.filesystem.ids import Ids
from ocianalyze.layers.reading import indexed
from ocianalyze.oci.soci import IMAGE_DIGEST, INDEX_DIGEST, LAYER_DIGEST, VERSION_2
from ocianalyze.reports.report import FindingReport, Report
from tests.support.fit import fit_image
from tests.support.images import Blob, build, platform_object
from tests.support.indexed_images import FORMS
from tests.support.indexed_layers import SAMPLES
from tests.support.layouts import OCI_INDEX, OCI_MANIFEST, blob_items, descriptor, image_blobs, index_items, manifest
from tests.support.tarballs import directory, file, opaque, symlink, whiteout
from tests.support.ztocs import GZIP, Checkpoint, Packed, draft

ITEMS = [
    directory("opt/app"),
    file("opt/app/run", b"#!/bin/sh\n" * 100, mode=0o755),
    file("opt/app/empty"),
    symlink("opt/app/link", "run"),
    whiteout("etc/motd"),
    opaque("srv"),
    file("opt/app/last", b"last"),
]
POLICY = Policy(profiles=["studio-jupyterlab"], select=["SIZ"])
Files = list[dict[int, Any]]
Change = Callable[[Files], object]
NAME, OFFSET, SIZE, TARGET, MODE, UID, TIME = 0, 2, 3, 4, 5, 6, 10
RUN, EMPTY, LINK, GONE, LAST = 1, 2, 3, 4, 6


def image(path: Path, change: Change = lambda _: None, *, cut: int | None = None) -> Path:
    """Write a layout whose last layer has a ztoc with changed entries, or only the first bytes of one."""
    built = build(fit_image(ITEMS), compression="gzip")
    layer = built.layers[-1]
    assert isinstance(layer.stored.content, bytes)
    assert isinstance(layer.tar.content, bytes)
    made = draft(Packed(layer.stored.content, layer.tar.content, [Checkpoint(len(GZIP), 0)]))
    change(made.files)
    ztoc = Blob.of(made.packed()[:cut])
    about = {"annotations": {LAYER_DIGEST: layer.stored.digest}}
    empty = Blob.of(b"{}")
    soci = Blob.of_json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(empty, VERSION_2),
            "layers": [descriptor(ztoc, "application/octet-stream") | about],
        }
    )
    plain = manifest(built)
    assert isinstance(plain.content, bytes)
    named = Blob.of(plain.content[:-1] + b',"annotations":{"%s":"%s"}}' % (INDEX_DIGEST.encode(), soci.digest.encode()))
    platform = {"platform": platform_object("linux/amd64")}
    index = Blob.of_json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [
                descriptor(named, OCI_MANIFEST) | platform,
                descriptor(soci, OCI_MANIFEST)
                | platform
                | {"artifactType": VERSION_2, "annotations": {IMAGE_DIGEST: named.digest}},
            ],
        }
    )
    blobs = [*image_blobs(built), named, soci, ztoc, empty, index]
    for item in [*blob_items(blobs), *index_items([descriptor(index, OCI_INDEX)])]:
        if item.kind == "directory":
            (path / item.path).mkdir(parents=True, exist_ok=True)
        else:
            assert isinstance(item.content, bytes)
            (path / item.path).write_bytes(item.content)
    return path


def scan(reference: Path, **options: Any) -> Report:  # noqa: ANN401
    return analyze(Source(reference=str(reference), **options), POLICY)


def differing(report: Report) -> list[FindingReport]:
    return [finding for finding in report.findings if finding.rule == "SIZ006"]


def status(report: Report) -> str:
    return next(rule.status for rule in report.rules if rule.id == "SIZ006")


def test_a_ztoc_that_describes_its_layer(tmp_path: Path) -> None:
    report = scan(image(tmp_path))
    assert differing(report) == []
    assert status(report) == "passed"


def replace(number: int, slot: int, value: object) -> Change:
    """Return a change of one field of one entry."""
    return lambda files: files[number].update({slot: value})


LONG_AGO = b"2001-02-03T04:05:06Z"
CHANGES: dict[str, tuple[Change, list[tuple[str, str]]]] = {
    "a file is left out": (lambda files: files.pop(EMPTY), [("/opt/app/empty", "is missing in the ztoc")]),
    "a whiteout is left out": (lambda files: files.pop(GONE), [("/etc/motd", "is missing in the ztoc")]),
    "a file is renamed": (
        replace(RUN, NAME, b"opt/app/ran"),
        [("/opt/app/run", "is missing in the ztoc"), ("/opt/app/ran", "is only in the ztoc")],
    ),
    "a mode": (replace(RUN, MODE, ("q", 0o644)), [("/opt/app/run", "has another mode in the ztoc")]),
    "an owner": (replace(RUN, UID, ("I", 7)), [("/opt/app/run", "has another owner in the ztoc")]),
    "a size": (replace(RUN, SIZE, ("q", 999)), [("/opt/app/run", "has another size in the ztoc")]),
    "a target": (replace(LINK, TARGET, b"/bin/sh"), [("/opt/app/link", "has another target in the ztoc")]),
    "a type": (replace(EMPTY, 1, b"fifo"), [("/opt/app/empty", "has another type in the ztoc")]),
    "extended attributes": (
        replace(LAST, 13, [{0: b"SCHILY.xattr.user.a", 1: b"b"}]),
        [("/opt/app/last", "has another extended attributes in the ztoc")],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_ztoc_that_lists_something_else(case: str, tmp_path: Path) -> None:
    change, paths = CHANGES[case]
    report = scan(image(tmp_path, change))
    (finding,) = differing(report)
    assert finding.severity == "error"
    assert report.verdict == "fail"
    assert finding.layer is not None
    assert finding.layer.position == 3
    assert [(item["path"], item["difference"]) for item in finding.data["paths"]] == paths
    assert finding.data["count"] == len(paths)
    assert finding.path == paths[0][0]
    assert f"layer 3: {paths[0][0]} {paths[0][1]}" in finding.message
    assert finding.hint


def test_times_are_not_compared(tmp_path: Path) -> None:
    assert differing(scan(image(tmp_path, replace(RUN, TIME, LONG_AGO)))) == []


def test_a_ztoc_is_compared_from_a_stream_as_well(tmp_path: Path) -> None:
    layout = image(tmp_path / "layout", replace(RUN, MODE, ("q", 0o644)))
    archive = tmp_path / "image.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(layout, ".")
    packed = tmp_path / "image.tar.gz"
    packed.write_bytes(gzip.compress(archive.read_bytes()))
    reports = [scan(layout), scan(archive), scan(packed)]
    with archive.open("rb") as stdin:
        reports.append(analyze(Source(reference="-", stdin=stdin), POLICY))
    assert [len(differing(report)) for report in reports] == [1, 1, 1, 1]
    assert len({differing(report)[0].message for report in reports}) == 1


def test_a_ztoc_that_is_damaged_is_a_warning(tmp_path: Path) -> None:
    report = scan(image(tmp_path, cut=1000))
    (finding,) = differing(report)
    assert finding.severity == "warning"
    assert finding.message.startswith("the SOCI index cannot be used for layer 3: the ztoc cannot be read")
    assert finding.data["problem"]
    assert report.verdict == "pass"


def test_a_layer_that_is_read_by_its_ztoc_is_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexed, "SMALL", 1)
    monkeypatch.setattr(indexed, "SHARE", 1000)
    report = scan(image(tmp_path / "right"), lazy=True)
    assert report.layers[3].read == "toc"
    (note,) = differing(report)
    assert (note.severity, note.data["layers"]) == ("note", [3])
    assert report.verdict == "pass"
    with pytest.raises(IndexMismatchError, match="it lists 'opt/app/run'"):
        scan(image(tmp_path / "wrong", replace(RUN, MODE, ("q", 0o644))), lazy=True)


@pytest.mark.parametrize("form", FORMS)
def test_what_real_producers_make_is_right(form: str) -> None:
    report = scan(SAMPLES / f"{form}.tar")
    assert differing(report) == []
    assert status(report) == ("passed" if form == "soci-v2" else "not-applicable")


def test_one_ztoc_for_two_layers_is_compared_with_both(tmp_path: Path) -> None:
    source = Source(reference=str(image(tmp_path)))
    with source.open() as opened:
        filesystem = source.merge(source.read(opened)[0])
        first, second = opened.layers[2], opened.layers[3]
        twice = opened._replace(layers=(second, second._replace(digest=first.digest)))
        both = dataclasses.replace(
            filesystem,
            ids=Ids(filesystem.changesets[3:1:-1]),
            contents=filesystem.contents[3:1:-1],
        )
        (difference,) = soci_differences(twice, both)
    assert difference.layer.digest == first.digest
