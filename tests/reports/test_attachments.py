"""Which reports can be attached to an image, and which image they say they are about."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Source, analyze, measure
from ocianalyze.errors import InvalidImageError, UsageError
from ocianalyze.reports.attachments import ARTIFACT_TYPE, created, read_attachment, titles
from ocianalyze.reports.failing import failure_report
from ocianalyze.reports.formats import render
from ocianalyze.rules.policy import Policy

DEMO = Path(__file__).parents[2] / "testdata" / "demo.tar.gz"
REPORT = analyze(DEMO)
JSON, SARIF = REPORT.to_json(), render(REPORT, "sarif")


def test_a_json_report() -> None:
    found = read_attachment(JSON, what="r.json")
    image = REPORT.image
    assert found.about == ((image.digest, image.config_digest, "linux/amd64"),)
    assert (found.content, found.media_type, found.created) == (JSON, ARTIFACT_TYPE, REPORT.timing.started)


def test_a_sarif_log() -> None:
    found = read_attachment(SARIF, what="r.sarif")
    assert found.about == ((None, REPORT.image.config_digest, ""),)
    assert (found.content, found.media_type, found.created) == (SARIF, "application/sarif+json", REPORT.timing.started)


def test_a_report_of_a_newer_version_is_kept_as_it_is() -> None:
    newer = json.dumps({**json.loads(JSON), "new": 2**70}).encode()
    assert read_attachment(newer, what="r").content == newer


def test_names_do_not_depend_on_names_or_order() -> None:
    second = JSON.replace(b'"fail_on": "error"', b'"fail_on": "note"')
    assert second != JSON
    given = [read_attachment(raw, what=f"{number}") for number, raw in enumerate((SARIF, JSON, second, JSON))]
    named = [(title, one.content) for title, one in titles(given)]
    assert [title for title, _ in named] == ["ocianalyze.json", "ocianalyze-2.json", "ocianalyze.sarif"]
    assert named == [(title, one.content) for title, one in titles(given[::-1])]


def test_the_time_is_that_of_the_reports() -> None:
    one = read_attachment(JSON, what="r")
    assert created([one._replace(created=None)]) is None
    assert created([one._replace(created=f"202{year}-01-01T00:00:00Z") for year in (5, 7, 6)]) == "2027-01-01T00:00:00Z"


def sarif(change: Callable[[Any], object]) -> bytes:
    value = json.loads(SARIF)
    change(value)
    return json.dumps(value).encode()


FAILED = failure_report(InvalidImageError("no image"), "image.tar", Policy().checked())


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "r is not valid JSON"),
        (JSON[:-10], "r is not valid JSON"),
        (JSON + JSON, "r is not valid JSON"),
        (b"[" * 100_000, "r is not valid JSON"),
        (b"{}", "r has the schema 'None'"),
        (b"[]", "r has the schema 'None'"),
        (measure(Source(reference=str(DEMO))).to_json(), "r has the schema 'ocianalyze.size/1'"),
        (JSON.replace(b'"verdict": "fail"', b'"verdict": "good"'), "r is not valid at"),
        (JSON.replace(b'"config_digest": "sha256', b'"config_digest": "sha257'), "r is damaged: invalid digest"),
        (FAILED.to_json(), "r is about no image: it could not be analysed"),
        (render(FAILED, "sarif"), "r is about no image: it could not be analysed"),
        (sarif(lambda log: log.update(version="2.0.0")), "r is not SARIF 2.1.0"),
        (sarif(lambda log: log.update(runs=[])), "r is not SARIF 2.1.0"),
        (sarif(lambda log: log.update(runs={})), "r is not SARIF 2.1.0"),
        (sarif(lambda log: log["runs"].append(5)), "r is a SARIF log of another tool"),
        (sarif(lambda log: log["runs"][0]["tool"]["driver"].update(name="trivy")), "r is a SARIF log of another tool"),
        (sarif(lambda log: log["runs"][0].update(artifacts=[])), "r is about no image"),
        (sarif(lambda log: log["runs"][0]["artifacts"][0].update(hashes={"sha-256": "x"})), "r is damaged: invalid"),
        (sarif(lambda log: log["runs"][0]["artifacts"][0].update(hashes={"sha-256": 5})), "r is damaged: invalid"),
    ],
)
def test_what_is_no_report_of_ours_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        read_attachment(raw, what="r")
    assert error.value.hint is not None


def test_a_log_of_several_images_names_them_all() -> None:
    other = sarif(lambda log: log["runs"].append(json.loads(json.dumps(log["runs"][0]).replace(digest(), "0" * 64))))
    about = read_attachment(other, what="r").about
    assert [one.config_digest for one in about] == [f"sha256:{digest()}", f"sha256:{'0' * 64}"]


def digest() -> str:
    assert REPORT.image.config_digest is not None
    return REPORT.image.config_digest[7:]
