"""What is printed on a terminal."""

import io
import re

import pytest

from ocianalyze.fleet.report import print_table
from ocianalyze.fleet.report.document import FleetReport
from ocianalyze.reports.screen import Screen
from tests.fleet.report.conftest import AskAbout
from tests.reports.test_output_is_data import obeyed
from tests.support.fleets import failed, finding, image, run


def printed(report: FleetReport, *, width: int = 80, color: bool = False) -> str:
    """Return what is printed."""
    file = io.StringIO()
    print_table(report, Screen(file, width=width, color=color))
    return file.getvalue()


def words(report: FleetReport) -> str:
    """Return what is printed on one line."""
    return " ".join(printed(report).split())


@pytest.fixture(autouse=True)
def _no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.mark.parametrize("width", [80, 120])
def test_lines_are_as_wide_as_the_terminal(sample_report: FleetReport, width: int) -> None:
    lines = printed(sample_report, width=width).splitlines()
    assert all(len(line) <= width or line.rindex(" ") < width for line in lines), "only a name may be longer"
    assert len(lines) < 250


def test_every_question_is_answered(sample_report: FleetReport) -> None:
    said = words(sample_report)
    for text in (
        "docker://registry.example.com/*",
        "run 2 of 2026-11-28T12:00:00Z",
        "sharing saves",
        "Layers whose sharing saves most",
        "Largest layers that only one image has",
        "NVIDIA drivers of the host",
        "What images are built on",
        "docker.io/debian:12",
        "Base not known: 2 images, 1 of them the base of others",
        "Changes since run 1 of 2026-11-21T12:00:00Z",
        "4 new, 42 with the same verdict",
        "Not analysed: 3 images",
        "404 Not Found next Check the name",
        "Images that do not pass",
        "KRN005 kernel-interpreter-missing",
        "from base registry.example.com/base/python:3.12",
        "fix Install Python there",
        "(not decided)",
        "studio-jupyterlab",
    ):
        assert text in said, text
    assert said.rindex("46 images: ") > said.index("KRN005")


def test_nothing_is_said_of_nothing(about: AskAbout) -> None:
    said = printed(about(run()))
    assert [line.split() for line in said.splitlines() if line] == [
        ["images.txt"],
        ["run", "run", "1", "of", "2026-11-28T12:00:00Z,", "by", "ocianalyze", "0.1.0"],
        ["images", "0,", "0", "distinct", "layers"],
        ["time", "0", "s"],
        ["0", "images"],
    ]


def test_what_has_to_be_known_is_said(about: AskAbout) -> None:
    old = run(image("a"), version="0.0.9", sources='["other.txt"]')
    said = words(about(old, run(image("a"), image("b", verdict=None), is_listed=0, finished=None)))
    assert "The run ended before all images were known" in said
    assert "1 image not judged yet: run the same 'ocianalyze fleet' command again to go on." in said
    assert "The run before had other sources" in said
    assert "made by version 0.0.9, this one by 0.1.0" in said
    assert "not judged yet 1" in said


def test_what_is_left_out_is_said(about: AskAbout) -> None:
    images = [
        image(f"image-{n:02}", "base", f"own {n}", verdict="fail", findings=[finding("KRN001", f"/{n}", f"own {n}")])
        for n in range(30)
    ]
    said = words(about(run(*images)))
    assert "Errors to fix (30), those of most images first" in said
    assert "and 20 more: see the report as JSON (-f json)" in said
    assert "and 15 more: see the report as JSON (-f json)" in said
    assert "only in image-00" in said


def test_where_nothing_is_known_of_a_layer(about: AskAbout) -> None:
    findings = [finding("KRN001", "/x", "none"), finding("USR001", None, None)]
    said = words(about(run(image("a", "l", findings=findings), image("b", "l", "m", findings=findings[1:]))))
    assert "from a layer that no image of this run has" in said
    assert "from no layer, set by a; inherited by 1 image" in said


def test_bars_are_ascii_where_nothing_else_can_be_shown(sample_report: FleetReport) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    print_table(sample_report, Screen(file, color=False))
    assert b" fail           30  ####################----------  65%" in raw.getvalue()


def test_failures_name_their_images(about: AskAbout) -> None:
    said = words(about(run(*(failed(f"r/{n}", "registry", f"r/{n}: 404 Not Found") for n in range(5)))))
    assert "Not analysed: 5 images 5 r/0: 404 Not Found r/0, r/1, r/2 and 2 more" in said


@pytest.mark.parametrize("width", [20, 80, 200])
@pytest.mark.parametrize("color", [True, False])
def test_nothing_is_obeyed(hostile_report: FleetReport, width: int, *, color: bool) -> None:
    said = printed(hostile_report, width=width, color=color)
    assert list(obeyed(re.sub(r"\x1b\[[0-9;]*m", "", said))) == []
    assert "pwned" in said
