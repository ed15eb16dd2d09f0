"""The whole program: one image, whatever its form, gives one report."""

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from ocianalyze.analysis import FailOn, Policy, Source, analyze
from ocianalyze.errors import DigestMismatchError, LimitExceededError, UsageError
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.rules.profiles import PROFILES
from tests.conftest import SaveImage
from tests.support.compress import Compression, compress
from tests.support.fit import fit_image
from tests.support.forms import FORMS, LAYOUT_FORMS, FormName, write_archive, write_directory
from tests.support.images import ImageSpec
from tests.support.tarballs import directory, file, symlink, whiteout

TROUBLED = fit_image(
    [
        directory("opt/ml/code"),
        file("opt/ml/code/train.py", b"print()\n"),
        file("usr/lib/x86_64-linux-gnu/libcuda.so.535.104.05", b"\x7fELF" + bytes(2_000_000)),
        symlink("usr/lib/x86_64-linux-gnu/libcuda.so.1", "libcuda.so.535.104.05"),
        file("opt/scratch", bytes(3_000_000)),
    ],
    [whiteout("opt/scratch"), file("usr/local/share/jupyter/kernels/other/kernel.json", b'{"argv": ["/nowhere"]}')],
    config={"User": "1001", "Cmd": ["jupyter", "lab"], "ExposedPorts": {"8888/tcp": {}}},
)

_OF_THE_SOURCE = {"digest", "media_type", "compression", "size", "read", "verified"}
ABOUT_THE_SOURCE = ("IMG003", "IMG004")
"""The rules about the form in which an image is stored."""


def comparable(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report without what depends on the form in which the image came."""
    del report["timing"]
    for key in ("reference", "source", "names", "digest", "read_from"):
        del report["image"][key]
    for key in ("containerd_estimate", "compressed"):
        del report["facts"]["size"][key]
    for layer in report["layers"]:
        for key in _OF_THE_SOURCE:
            del layer[key]
    for finding in (*report["findings"], *report["other_findings"]):
        if finding["layer"]:
            del finding["layer"]["digest"]
    return report


def dump(source: Source) -> dict[str, Any]:
    policy = Policy(ignore=ABOUT_THE_SOURCE, profiles=["studio-classic"])
    return analyze(source, policy).model_dump(by_alias=True)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = write_directory(tmp_path_factory.mktemp("reference") / "layout", TROUBLED, "oci", compression="none")
    return comparable(dump(Source(reference=str(path))))


def test_the_reference_report_is_worth_comparing_with(expected: dict[str, Any]) -> None:
    assert expected["verdict"] == "fail"
    assert {finding["rule"] for finding in expected["findings"]} >= {
        "USR001",
        "GPU001",
        "FSR001",
        "KRN005",
        "SIZ003",
        "APP010",
    }
    assert expected["facts"]["nvidia"]["driver_versions"] == ["535.104.05"]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("form", FORMS)
def test_archives_of_every_form(
    save_image: SaveImage, expected: dict[str, Any], form: FormName, compression: Compression
) -> None:
    path = save_image(TROUBLED, form, compression=compression)
    assert comparable(dump(Source(reference=str(path)))) == expected


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("form", LAYOUT_FORMS)
def test_layout_directories(tmp_path: Path, expected: dict[str, Any], form: FormName, compression: Compression) -> None:
    path = write_directory(tmp_path / "layout", TROUBLED, form, compression=compression)
    assert comparable(dump(Source(reference=f"oci:{path}"))) == expected


@pytest.mark.parametrize("order", ["metadata-first", "metadata-last"])
@pytest.mark.parametrize("form", FORMS)
def test_standard_input(save_image: SaveImage, expected: dict[str, Any], form: FormName, order: Any) -> None:  # noqa: ANN401
    data = save_image(TROUBLED, form, order=order).read_bytes()
    report = dump(Source(reference="-", stdin=io.BytesIO(data)))
    assert report["image"]["source"] == "stdin"
    assert comparable(report) == expected


_SERVED = fit_image(
    [
        file("usr/local/bin/jupyter-lab", b"#!/usr/local/bin/python3\n", mode=0o755),
        file("opt/start.sh", b"#!/bin/bash\n" + b"# why\n" * 200 + b"exec jupyter-lab --ip=0.0.0.0\n", mode=0o755),
        file("etc/jupyter/jupyter_server_config.py", b"c.ServerApp.token = ''\nc.ServerApp.port = 8889\n"),
    ],
    config={"Entrypoint": ["/opt/start.sh"]},
)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_what_starts_the_image_is_read_from_every_form(save_image: SaveImage, compression: Compression) -> None:
    data = save_image(_SERVED, "oci", compression=compression).read_bytes()
    report = analyze(
        Source(reference="-", stdin=io.BytesIO(data)), Policy(profiles=["studio-jupyterlab"], select=["APP002"])
    )
    assert [finding.data["cause"] for finding in report.findings] == ["port", "base-url", "origin"]


@pytest.mark.parametrize("outer", ["gzip", "zstd", "xz", "bzip2"])
def test_compression_around_the_archive(save_image: SaveImage, expected: dict[str, Any], outer: Compression) -> None:
    path = save_image(TROUBLED, "docker-25")
    packed = path.with_suffix(".packed")
    packed.write_bytes(compress(path.read_bytes(), outer))
    report = dump(Source(reference=str(packed)))
    assert report["image"]["source"] == "docker-archive"
    assert comparable(report) == expected


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_the_number_of_jobs_makes_no_difference(save_image: SaveImage, expected: dict[str, Any], jobs: int) -> None:
    path = save_image(TROUBLED, "oci", compression=["none", "gzip", "zstd", "gzip", "none"])
    assert comparable(dump(Source(reference=str(path), jobs=jobs))) == expected


def test_a_conforming_image_passes_without_a_word(save_image: SaveImage) -> None:
    report = analyze(Source(reference=str(save_image(fit_image()))))
    assert report.verdict == "pass"
    assert report.findings == []
    assert report.facts is not None
    assert report.facts.kernels is not None
    assert report.facts.kernels[0].usable


def test_what_was_read_and_verified_is_said(save_image: SaveImage) -> None:
    path = save_image(fit_image(), "oci", compression=["none", "gzip", "zstd"])
    assert list(_read(path)) == [("headers", []), ("full", ["digest"]), ("full", ["digest"])]


def test_verify_reads_and_hashes_everything(save_image: SaveImage) -> None:
    path = save_image(fit_image(), "oci", compression=["none", "gzip", "zstd"])
    assert list(_read(path, verify=True)) == [("full", ["digest", "diff_id"])] * 3


@pytest.mark.parametrize("form", ["docker-legacy", "podman-save", "kaniko"])
def test_archives_without_digests_are_verified_by_diff_ids(save_image: SaveImage, form: FormName) -> None:
    assert list(_read(save_image(fit_image(), form), verify=True)) == [("full", ["diff_id"])] * 3


def test_an_altered_plain_layer_is_noticed_with_verify(save_image: SaveImage) -> None:
    path = save_image(fit_image([file("marker", b"MARKER")]), "docker-legacy")
    path.write_bytes(path.read_bytes().replace(b"MARKER", b"marker"))
    with pytest.raises(DigestMismatchError, match="layer 3"):
        analyze(Source(reference=str(path), verify_all=True))


def test_sha512_digests_are_verified_too(tmp_path: Path) -> None:
    path = write_directory(tmp_path / "layout", fit_image(), "oci", compression="gzip")
    with_sha512(path)
    assert list(_read(path)) == [("full", ["digest"])] * 3


def _read(path: Path, *, verify: bool = False) -> Iterator[tuple[str, list[str]]]:
    for layer in analyze(Source(reference=str(path), verify_all=verify)).layers:
        yield layer.read, list(layer.verified)


def with_sha512(layout: Path) -> None:
    """Rewrite a layout so that its layers are referred to by sha512 digests."""
    blobs = layout / "blobs"
    index = json.loads((layout / "index.json").read_text())
    old = blobs / "sha256" / index["manifests"][0]["digest"].partition(":")[2]
    manifest = json.loads(old.read_text())
    (blobs / "sha512").mkdir()
    for layer in manifest["layers"]:
        blob = blobs / "sha256" / layer["digest"].partition(":")[2]
        digest = hashlib.sha512(blob.read_bytes()).hexdigest()
        if blob.exists():
            blob.rename(blobs / "sha512" / digest)
        layer["digest"] = f"sha512:{digest}"
    raw = json.dumps(manifest).encode()
    digest = hashlib.sha256(raw).hexdigest()
    (blobs / "sha256" / digest).write_bytes(raw)
    index["manifests"][0] |= {"digest": f"sha256:{digest}", "size": len(raw)}
    (layout / "index.json").write_text(json.dumps(index))


def test_unknown_profiles_and_rules_are_usage_errors(save_image: SaveImage) -> None:
    path = str(save_image(fit_image()))
    with pytest.raises(UsageError, match="unknown profile 'studio'"):
        analyze(Source(reference=path), Policy(profiles=["studio"]))
    with pytest.raises(UsageError, match="unknown rule 'KRN999'"):
        analyze(Source(reference=path), Policy(select=["KRN999"]))


@pytest.mark.parametrize("fail_on", get_args(FailOn))
def test_fail_on_is_no_part_of_the_verdict(save_image: SaveImage, fail_on: FailOn) -> None:
    path = save_image(fit_image(config={"Cmd": ["jupyter", "lab"]}))
    report = analyze(Source(reference=str(path)), Policy(fail_on=fail_on, profiles=["studio-classic"]))
    assert report.verdict == "pass"
    assert report.summary.notes > 0
    assert report.request.fail_on == fail_on
    troubled = analyze(
        Source(reference=str(save_image(TROUBLED))), Policy(fail_on=fail_on, profiles=["studio-classic"])
    )
    assert troubled.verdict == "fail"


def test_what_is_selected_must_be_able_to_say_something(save_image: SaveImage) -> None:
    source = Source(reference=str(save_image(fit_image())))
    with pytest.raises(UsageError, match="no rule is left"):
        analyze(source, Policy(select=["APP001"]))
    report = analyze(source, Policy(select=["APP001"], profiles=["studio-jupyterlab"]))
    assert report.request.select == ["APP001"]
    assert report.summary.rules == 1


def test_what_came_as_a_stream_is_judged_as_what_it_is(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "image.tar", fit_image(), "oci")
    from_file = analyze(Source(reference=str(path)), Policy(select=["IMG003"]))
    with path.open("rb") as stream:
        from_stream = analyze(Source(reference="-", stdin=stream), Policy(select=["IMG003"]))
    assert [item.message for item in from_file.findings] == [item.message for item in from_stream.findings] != []


def test_the_profiles_asked_for_decide_and_the_others_are_told(save_image: SaveImage) -> None:
    source = Source(reference=str(save_image(fit_image(config={"User": "1001:100"}))))
    classic = analyze(source)
    assert classic.verdict == classic.profiles["studio-classic"].verdict == "fail"
    assert list(classic.profiles) == list(PROFILES)
    assert "closed for onboarding" in (classic.profiles["studio-classic"].notice or "")
    assert [id_ for id_, judged in classic.profiles.items() if judged.selected] == ["studio-classic"]
    user = next(finding for finding in classic.findings if finding.rule == "USR001")
    assert (user.severity, user.severities["studio-jupyterlab"]) == ("error", "warning")
    newer = analyze(source, Policy(profiles=["studio-jupyterlab"], select=["USR"]))
    assert (newer.verdict, newer.summary.errors, newer.summary.warnings) == ("pass", 0, 1)
    assert newer.profiles["studio-classic"].verdict == "fail"
    assert newer.findings[0].severity == "warning"
    both = analyze(source, Policy(profiles=["studio-jupyterlab", "studio-classic"]))
    assert (both.verdict, sum(judged.selected for judged in both.profiles.values())) == ("fail", 2)


def test_every_verdict_is_explained_by_the_findings_and_the_other_findings(save_image: SaveImage) -> None:
    report = analyze(Source(reference=str(save_image(TROUBLED))), Policy(profiles=["studio-code-editor"]))
    for profile, judged in report.profiles.items():
        every = (*report.findings, *report.other_findings)
        found = [finding.severities.get(profile) for finding in every if finding.kind == "finding"]
        assert (judged.errors, judged.warnings, judged.notes) == tuple(
            found.count(severity) for severity in ("error", "warning", "note")
        )
    assert all("studio-code-editor" in finding.profiles for finding in report.findings)
    assert report.other_findings
    assert not any("studio-code-editor" in finding.profiles for finding in report.other_findings)


def test_a_content_that_is_not_kept_is_undecided_in_every_form(save_image: SaveImage) -> None:
    """A kernel.json behind a link to an odd name is not kept from a stream, and so is not read from a file either."""
    odd = fit_image(
        [whiteout("usr/local/share/jupyter/kernels/python3/kernel.json")],
        [
            file("opt/odd/spec.data", b'{"argv": ["/usr/local/bin/python3.11", "{connection_file}"]}'),
            file("opt/odd/noise", bytes(n * n % 251 for n in range(4096))),
            symlink("usr/local/share/jupyter/kernels/python3/kernel.json", "/opt/odd/spec.data"),
        ],
    )
    told = set()
    for form in ("docker-25", "docker-29"):
        path = save_image(odd, form)
        for source in (Source(reference=str(path)), Source(reference="-", stdin=io.BytesIO(path.read_bytes()))):
            report = analyze(source)
            assert report.verdict == "undecided"
            assert report.facts is not None
            assert report.facts.kernels is None
            undecided = [item for item in report.findings if item.kind == "undecided"]
            assert {item.path for item in undecided} == {"/opt/odd/spec.data"}
            assert {item.layer.position for item in undecided if item.layer} == {4}
            told.add(tuple((item.rule, item.message, item.hint) for item in report.findings))
    assert len(told) == 1


def test_limits_hold_over_all_layers_together(save_image: SaveImage) -> None:
    spec = ImageSpec(layers=[[file(f"{layer}-{n}") for n in range(200)] for layer in range(4)])
    with pytest.raises(LimitExceededError, match="entries") as caught:
        analyze(Source(reference=str(save_image(spec)), limits=Limits(max_memory=200_000)))
    assert caught.value.option == "--max-memory"


def test_every_form_is_tested() -> None:
    assert set(FORMS) == set(get_args(FormName))
