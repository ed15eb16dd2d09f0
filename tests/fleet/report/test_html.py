"""The page as a document: well-formed, bounded, complete, and the same whatever images say."""

import re
from itertools import pairwise

import pytest
from lxml import etree

from ocianalyze.fleet.report import render
from ocianalyze.fleet.report.document import FleetReport
from tests.fleet.report.conftest import AskAbout
from tests.reports.formats.test_html import parsed, said
from tests.reports.test_output_is_data import obeyed
from tests.support.fleets import failed, finding, image, run

ROWS = 2_000


def page(report: FleetReport) -> str:
    """Return the page."""
    return render(report, "html").decode()


def rows_of(content: str, section: str) -> list[list[str]]:
    """Return the cells of all rows of a section."""
    found = parsed(content).find(f".//{{*}}section[@id='{section}']")
    return [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in found.iter("{*}tr")]


@pytest.fixture
def report(request: pytest.FixtureRequest, about: AskAbout) -> FleetReport:
    """Return a report by its name."""
    made = {
        "empty": run(),
        "unlisted": run(is_listed=0, finished=None),
        "pending": run(image("a", verdict=None), finished=None),
        "failed": run(failed("a", "registry", "no")),
        "single": run(image("a", "l", findings=[finding("KRN001", None, None, hint=None)])),
    }
    if request.param in made:
        return about(made[request.param])
    found: FleetReport = request.getfixturevalue(f"{request.param}_report")
    return found


@pytest.mark.parametrize(
    "report", ["sample", "hostile", "empty", "unlisted", "pending", "failed", "single"], indirect=True
)
def test_pages_are_well_formed(report: FleetReport) -> None:
    content = page(report)
    tree = parsed(content)
    names = [item.get("id") for item in tree.iter(etree.Element) if item.get("id")]
    assert len(names) == len(set(names))
    targets = {item.get("href").removeprefix("#") for item in tree.iter("{*}a")}
    assert targets <= set(names)
    levels = [int(item.tag[-1]) for item in tree.iter(etree.Element) if re.search(r"}h[1-6]$", str(item.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert not any(item.get("style") for item in tree.iter(etree.Element))
    assert len(list(tree.iter("{*}script"))) == len(list(tree.iter("{*}style"))) == 1
    assert not any(key.startswith("on") for item in tree.iter(etree.Element) for key in item.attrib)
    assert not list(tree.iter("{*}img", "{*}iframe", "{*}link", "{*}form"))
    assert list(obeyed(content)) == []


def test_every_question_is_answered(sample_report: FleetReport) -> None:
    content = said(page(sample_report))
    for text in (
        f"{sample_report.verdicts['pass']} of 46 images pass",
        "From run 2 of 2026-11-28T12:00:00Z.",
        "JupyterLab in SageMaker Studio studio-jupyterlab",
        "KRN005 kernel-interpreter-missing",
        "base registry.example.com/base/python:3.12",
        "COPY --chown=root",
        "Install Python there",
        "Compared with run 1 of 2026-11-21T12:00:00Z.",
        "saved/broken.tar",
        "layer 3 is truncated at byte 1234",
        "domain d-speech, space alice",
        "AppImageConfig speech-config",
        "base of 2",
        "The base of 2 images is not known",
        "Layers whose sharing saves most",
        "Which image brings what",
        "docker.io/debian:12",
    ):
        assert text in content, text


def test_the_matrix_has_images_and_drivers_that_differ(sample_report: FleetReport) -> None:
    head, *rows, sums = rows_of(page(sample_report), "drivers")
    assert head[1:] == [
        "580.65.06 to 610.43.02CUDA 13.0 to 13.3",
        "550.54.14 to 575.51.03CUDA 12.4 to 12.9",
        "525.60.13CUDA 12.0",
        "450.36.06 to 520.61.05CUDA 11.0 to 11.8",
        "440.33CUDA 10.2",
    ]
    assert {tuple(row[1:]) for row in rows} == {
        ("yes", "yes", "yes", "no", "no"),
        ("yes", "compat", "no", "no", "no"),
        ("yes", "yes", "yes", "yes", "no"),
    }
    assert sums[0] == "Images that it suffices for"


def test_failing_images_come_first_and_are_bounded(about: AskAbout) -> None:
    passing = [image(f"good-{n}") for n in range(ROWS)]
    failing = [
        image(f"bad-{n}", verdict="fail", findings=[finding(f"KRN{rule:03}") for rule in range(1, n + 2)])
        for n in range(3)
    ]
    content = page(about(run(*passing, image("unsure", verdict="undecided"), *failing)))
    _, *rows = rows_of(content, "images")
    assert [row[0] for row in rows[:5]] == ["bad-2", "bad-1", "bad-0", "unsure", "good-0"]
    assert len(rows) == ROWS
    assert "4 more images are left out here" in said(content)


def test_many_causes_are_bounded(about: AskAbout) -> None:
    findings = [finding("KRN001", f"/{n}", "l", hint="h" * 500) for n in range(3000)]
    report = about(run(image("a", "l", verdict="fail", findings=findings)))
    assert len(report.findings.causes) == 2000
    content = page(report)
    assert len(rows_of(content, "fixes")) == 51
    assert "2,950 more fixes are left out here" in said(content)


def test_a_page_without_anything_says_so(about: AskAbout) -> None:
    content = said(page(about(run())))
    assert "0 of 0 images pass" in content
    assert "Nothing was found." in content
    assert "There are no images." in content
