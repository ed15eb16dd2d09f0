"""JUnit XML: what is red is what gives an exit code other than 0."""

from xml.etree import ElementTree as ET

import pytest

from ocianalyze.reports.formats import render
from tests.reports.formats.samples import report


def cases(name: str) -> dict[str, list[ET.Element]]:
    """Return the cases of each suite."""
    root = ET.fromstring(render(report(name), "junit"))  # noqa: S314 - our own
    return {suite.get("name", ""): list(suite.iter("testcase")) for suite in root}


def red(found: list[ET.Element]) -> set[str]:
    return {case.get("name", "")[:6] for case in found if case.find("failure") is not None}


def test_a_case_for_each_rule() -> None:
    suites = cases("all-profiles")
    assert len(suites) == 5
    for name, found in suites.items():
        profile = name.removeprefix("ocianalyze.")
        assert [case.get("name", "")[:6] for case in found] == [
            rule.id for rule in report("all-profiles").rules if profile in rule.severities
        ]


@pytest.mark.parametrize("name", ["demo", "all-profiles", "waived"])
def test_what_is_red_is_what_counts(name: str) -> None:
    counts = ("error",) if name != "all-profiles" else ("error", "warning")
    for suite, found in cases(name).items():
        profile = suite.removeprefix("ocianalyze.")
        assert red(found) == {
            finding.rule
            for finding in report(name).findings
            if finding.severities.get(profile) in counts and finding.waived is None and finding.kind == "finding"
        }
        for case in found:
            failure = case.find("failure")
            assert failure is None or failure.text


def test_what_is_accepted_is_skipped() -> None:
    (found,) = cases("waived").values()
    skipped = {case.get("name", "")[:6]: case.find("skipped") for case in found if case.find("skipped") is not None}
    accepted = skipped["KRN001"]
    assert accepted is not None
    assert accepted.get("message", "").startswith("accepted: known ")
    assert skipped["CFG001"] is not None


def test_what_could_not_be_analysed_is_an_error() -> None:
    (found,) = cases("not-analysed").values()
    (case,) = found
    assert case.find("error") is not None
