"""SARIF as GitHub and GitLab read it, within the limits that they state."""

import gzip
import json
from typing import Any

import pytest

from ocianalyze.reports.formats import render
from tests.reports.formats.samples import NAMES, report

LIMITS = {
    "compressed": 10_000_000,
    "runs": 20,
    "results": 25_000,
    "rules": 25_000,
    "tags": 10,
    "name": 255,
    "description": 1_024,
    "message": 2_048,
}
"""GitHub, "SARIF support for code scanning", "Validating your SARIF file"; GitLab, "SARIF" (message)."""


def run(name: str) -> dict[str, Any]:
    """Return the only run of a log."""
    (only,) = json.loads(render(report(name), "sarif"))["runs"]
    return dict(only)


@pytest.mark.parametrize("name", NAMES)
def test_limits(name: str) -> None:
    assert len(gzip.compress(render(report(name), "sarif"))) < LIMITS["compressed"]
    found = run(name)
    rules = found["tool"]["driver"]["rules"]
    assert len(found["results"]) <= LIMITS["results"]
    assert len(rules) <= LIMITS["rules"]
    for rule in rules:
        assert len(rule["name"]) <= LIMITS["name"]
        assert 0 < len(rule["shortDescription"]["text"]) <= LIMITS["description"]
        assert 0 < len(rule["fullDescription"]["text"]) <= LIMITS["description"]
        assert rule["help"]["text"]
        assert len(rule["properties"]["tags"]) <= LIMITS["tags"]
        assert rule.get("helpUri", "https://").startswith("https://")
    for result in found["results"]:
        assert 0 < len(result["message"]["text"]) <= LIMITS["message"]
        assert "{" not in result["message"].get("arguments", [])
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        assert not location["physicalLocation"]["artifactLocation"]["uri"].startswith("/")


@pytest.mark.parametrize("name", NAMES)
def test_results_are_told_apart(name: str) -> None:
    results = run(name)["results"]
    marks = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
    assert len(set(marks)) == len(marks), "GitHub tells alerts apart by it"
    places = []
    for result in results:
        physical = result["locations"][0]["physicalLocation"]
        line = physical["region"]["startLine"]
        places.append((result["ruleId"], physical["artifactLocation"]["uri"], line))
    assert len(set(places)) == len(places), "GitLab tells findings apart by rule, file and lines"


def test_what_is_waived_is_no_result() -> None:
    rules = {result["ruleId"] for result in run("waived")["results"]}
    assert "USR001" in rules
    assert not rules & {"KRN001", "APP007"}


def test_how_the_scan_went() -> None:
    (passed,) = run("fit")["invocations"]
    assert passed["executionSuccessful"]
    assert passed["startTimeUtc"].endswith("Z")
    (failed,) = run("not-analysed")["invocations"]
    assert not failed["executionSuccessful"]
    assert failed["exitCode"] == 3
    assert [item["level"] for item in failed["toolExecutionNotifications"]] == ["error"]


def test_text_of_an_image_is_no_link() -> None:
    for result in run("hostile")["results"]:
        assert "[" not in result["message"]["text"].replace("\\[", "")
