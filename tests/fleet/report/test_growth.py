"""A fleet of hundreds of images is asked and shown; how long that takes is measured elsewhere."""

import csv
import io
import json
from pathlib import Path

import pytest

from ocianalyze.fleet.report import print_table, render
from ocianalyze.reports.screen import Screen
from tests.fleet.report.conftest import asked
from tests.reports.formats.test_html import parsed
from tests.support.fleets import write_large_fleet

IMAGES = 300
LONGEST_PAGE = 6_000_000


@pytest.mark.timeout(120)
def test_hundreds_of_images(tmp_path: Path) -> None:
    report = asked(write_large_fleet(tmp_path / "results.sqlite", IMAGES))
    assert len(report.images) == sum(report.verdicts.values()) == IMAGES
    assert report.changes is not None
    assert report.changes.images
    assert max(len(cause.images) for cause in report.findings.causes) > 1
    page = render(report, "html").decode()
    assert len(page) < LONGEST_PAGE
    parsed(page)
    assert len(json.loads(render(report, "json"))["images"]) == IMAGES
    assert len(list(csv.reader(io.StringIO(render(report, "csv").decode(), newline="")))) == IMAGES + 1
    file = io.StringIO()
    print_table(report, Screen(file, color=False))
    assert file.getvalue().count("\n") < 400
