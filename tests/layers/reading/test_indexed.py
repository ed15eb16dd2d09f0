"""A scan by the indexes of layers finds what one of all bytes does, says what it rests on, and keeps nothing of it."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.ztoc import HEAD, stated_layer_size
from ocianalyze.layers.reading import indexed
from ocianalyze.layers.reading.cache import LayerCache
from ocianalyze.reports.formats import render
from ocianalyze.reports.formats.findings import verdict_text
from ocianalyze.reports.report import Report
from ocianalyze.reports.screen import Screen
from ocianalyze.reports.table import print_report
from tests.support.indexed_images import FORMS
from tests.support.indexed_layers import SAMPLES, unpack_sample
from tests.test_cli import run

every_form = pytest.mark.parametrize("form", FORMS)
HERE = {"hidden": False}


@pytest.fixture(autouse=True)
def _small_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexed, "SMALL", 1)
    monkeypatch.setattr(indexed, "SHARE", 10)


def scan(form: str, **options: Any) -> Report:  # noqa: ANN401
    return analyze(Source(reference=str(SAMPLES / f"{form}.tar"), **options), Policy(inventory=True))


def found(report: Report) -> dict[str, Any]:
    """Return what a report says of the image, apart from how it was read."""
    said = report.model_dump(include={"verdict", "findings", "other_findings", "facts", "rules"})
    for name in ("findings", "other_findings", "rules"):  # which says that a ztoc was not compared
        said[name] = [one for one in said[name] if "SIZ006" not in (one.get("rule"), one.get("id"))]
    return said


@every_form
def test_the_outcome_is_that_of_a_full_scan(form: str) -> None:
    full, lazy = scan(form), scan(form, lazy=True)
    assert found(full) == found(lazy)
    for one, other in zip(full.layers, lazy.layers, strict=True):
        assert (one.read, one.index, one.verified) == ("full", None, ["digest"])
        assert (other.read, other.verified) == ("toc", [])
        assert one.entries == other.entries
        assert other.index is not None
        assert other.index.kind == form
        assert other.index.bound == ("referrer" if form == "soci-v1" else "annotation")
        assert other.index.spot_checked > 0
    assert not lazy.diagnostics


@every_form
def test_nothing_of_it_is_kept(form: str, tmp_path: Path) -> None:
    cache = LayerCache(tmp_path / "cache")
    assert {layer.read for layer in scan(form, lazy=True, cache=cache).layers} == {"toc"}
    assert {layer.read for layer in scan(form, cache=cache).layers} == {"full"}
    assert {layer.read for layer in scan(form, lazy=True, cache=cache).layers} == {"cache"}


def test_a_layer_without_an_index_is_read_in_whole() -> None:
    report = scan("plain", lazy=True)
    assert {layer.read for layer in report.layers} == {"full"}
    assert all(layer.verified for layer in report.layers)
    (remark,) = report.diagnostics
    assert (remark.code, remark.layer) == ("no-index", None)
    assert not scan("plain").diagnostics


def test_so_is_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexed, "SMALL", 1 << 20)
    report = scan("estargz", lazy=True)
    assert {layer.read for layer in report.layers} == {"full"}
    (remark,) = report.diagnostics
    assert (remark.code, remark.layer) == ("index-not-used", None)
    assert "too small" in remark.message


def test_so_is_an_archive_that_is_compressed_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "image.tar.gz"
    path.write_bytes(gzip.compress((SAMPLES / "estargz.tar").read_bytes(), mtime=0))
    report = analyze(Source(reference=str(path), lazy=True))
    assert {layer.read for layer in report.layers} == {"full"}
    (remark,) = report.diagnostics
    assert (remark.code, remark.layer) == ("index-not-used", None)
    assert "compressed as a whole" in remark.message


def test_errors_about_its_pieces_name_the_layer_and_say_what_to_do(tmp_path: Path) -> None:
    path = unpack_sample("zstd-chunked", tmp_path / "image")
    for layer in scan("zstd-chunked", lazy=True).layers:
        assert layer.digest is not None
        raw = bytearray(_blob(path, layer.digest).read_bytes())
        raw[100 : len(raw) // 2] = bytes(len(raw) // 2 - 100)
        _blob(path, layer.digest).write_bytes(raw)
    with pytest.raises(CorruptLayerError, match=r"^layer \d: .*cannot be inflated") as error:
        analyze(Source(reference=str(path), lazy=True))
    assert "without --lazy" in (error.value.hint or "")


def test_an_index_that_cannot_be_used_is_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise IndexUnusableError("its table of contents is odd")

    monkeypatch.setattr(indexed, "read_index", refuse)
    report = scan("estargz", lazy=True)
    assert {layer.read for layer in report.layers} == {"full"}
    (remark,) = report.diagnostics
    assert (remark.code, remark.layer) == ("index-not-used", None)
    assert remark.message == "2 layers were read without their indexes: its table of contents is odd"


def test_a_ztoc_that_is_not_there_is_a_remark(tmp_path: Path) -> None:
    path = unpack_sample("soci-v2", tmp_path / "image")
    blobs = list((path / "blobs" / "sha256").iterdir())
    ztocs = [blob for blob in blobs if stated_layer_size(blob.read_bytes()[:HEAD])]
    ztocs[0].unlink()
    report = analyze(Source(reference=str(path), lazy=True))
    assert sorted(layer.read for layer in report.layers) == ["full", "toc"]
    (remark,) = report.diagnostics
    assert remark.message == "the layer was read without its index: its ztoc cannot be found"
    assert remark.layer is not None


def test_an_index_of_another_layer_is_an_error(tmp_path: Path) -> None:
    """The annotations of the two layers are exchanged."""
    path = unpack_sample("zstd-chunked", tmp_path / "image")
    index = json.loads((path / "index.json").read_text())
    manifest = json.loads(_blob(path, index["manifests"][0]["digest"]).read_text())
    first, second = manifest["layers"][:2]
    first["annotations"], second["annotations"] = second["annotations"], first["annotations"]
    _replace(path, index, manifest)
    report = analyze(Source(reference=str(path), lazy=True))
    assert {item.code for item in report.diagnostics} == {"index-not-used"}
    assert {layer.read for layer in report.layers} == {"full"}


def _blob(path: Path, digest: str) -> Path:
    return path / "blobs" / "sha256" / digest.partition(":")[2]


def _replace(path: Path, index: dict[str, Any], manifest: dict[str, Any]) -> None:
    """Write another manifest for the image of a layout."""
    from hashlib import sha256

    raw = json.dumps(manifest).encode()
    digest = f"sha256:{sha256(raw).hexdigest()}"
    _blob(path, digest).write_bytes(raw)
    index["manifests"] = [{"mediaType": manifest["mediaType"], "digest": digest, "size": len(raw)}]
    (path / "index.json").write_text(json.dumps(index))


def test_the_verdict_says_what_it_rests_on() -> None:
    report = scan("estargz", lazy=True)
    with io.StringIO() as text:
        print_report(report, Screen(text))
        shown = text.getvalue()
    said = "based on the indexes of 2 of 2 layers, not on the layers themselves"
    assert " ".join(shown.split()).endswith(f"({said})")
    assert "0 verified, 2 read by an index of their files" in shown
    for form in ("markdown", "html", "sarif", "junit"):
        assert said in render(report, form).decode()
    assert said not in verdict_text(scan("estargz"))


def test_a_report_is_read_back_with_its_indexes() -> None:
    report = scan("soci-v1", lazy=True)
    assert Report.from_json(report.to_json()) == report


def test_lazy_and_verify_exclude_each_other() -> None:
    done = run("scan", str(SAMPLES / "estargz.tar"), "--lazy", "--verify")
    assert done.returncode == 2
    assert b"--verify reads every byte" in done.stderr
