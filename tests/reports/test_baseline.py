"""A report compared with an earlier one: what is new, known and fixed."""

from typing import Any

import pytest

from ocianalyze.reports.baseline import compare
from ocianalyze.reports.exit_codes import exit_code
from ocianalyze.reports.report import FindingReport, Report, Waiver
from tests.reports.formats.samples import report

DEMO = report("demo")


def with_findings(*found: FindingReport) -> Report:
    return DEMO.model_copy(update={"findings": list(found), "other_findings": []})


def changed(finding: FindingReport, **update: Any) -> FindingReport:  # noqa: ANN401 - any field
    return finding.model_copy(update=update)


def numbers(new: Report, old: Report) -> tuple[int, int, int]:
    baseline = compare(new, old).baseline
    assert baseline is not None
    return baseline.new, baseline.known, baseline.fixed


def test_the_same_image_has_nothing_new() -> None:
    same = compare(DEMO, DEMO)
    assert numbers(DEMO, DEMO) == (0, len(DEMO.findings), 0)
    assert {finding.baseline for finding in same.findings} == {"known"}
    assert (exit_code(DEMO), exit_code(same)) == (1, 0)
    assert same.verdict == "fail"
    assert Report.from_json(same.to_json()) == same


def test_what_is_new_and_what_is_fixed() -> None:
    first, second, *_ = DEMO.findings
    assert numbers(with_findings(first), with_findings(second)) == (1, 0, 1)
    assert exit_code(compare(with_findings(first), with_findings(second))) == 1
    assert numbers(with_findings(), DEMO) == (0, 0, len(DEMO.findings))


@pytest.mark.parametrize(
    ("before", "now", "known"),
    [
        ({}, {}, True),
        ({}, {"message": "another", "layer": None, "hint": "x"}, True),
        ({}, {"fingerprint": "0:1"}, False),
        ({"severities": {"studio-jupyterlab": "warning"}}, {}, False),
        ({"severities": {"studio-classic": "error"}}, {}, False),
        ({"kind": "undecided"}, {}, False),
        ({}, {"kind": "undecided"}, True),
        ({"waived": Waiver(reason="r", expires=None)}, {}, False),
    ],
)
def test_what_is_known(before: dict[str, Any], now: dict[str, Any], known: bool) -> None:  # noqa: FBT001 - a parameter
    finding = changed(DEMO.findings[0], severities={"studio-jupyterlab": "error"})
    new, old = with_findings(changed(finding, **now)), with_findings(changed(finding, **before))
    assert (compare(new, old).findings[0].baseline == "known") == known


def test_findings_of_other_profiles_were_known_too() -> None:
    finding = changed(DEMO.findings[0], severities={"studio-jupyterlab": "error"})
    old = DEMO.model_copy(update={"findings": [], "other_findings": [finding]})
    assert numbers(with_findings(finding), old) == (0, 1, 0)


def test_what_is_undecided_always_counts() -> None:
    finding = changed(DEMO.findings[0], kind="undecided")
    same = compare(with_findings(finding), with_findings(finding))
    assert same.findings[0].baseline == "known"
    assert exit_code(same) == 3


def test_another_app_is_not_compared_in_silence() -> None:
    """An image that no longer starts JupyterLab seems to be for Studio Classic: nothing new is no reason to pass."""
    before = with_findings()
    request = before.request.model_copy(update={"profiles": ["studio-classic"], "profiles_reason": "no other app"})
    now = before.model_copy(update={"request": request, "verdict": "pass"})
    compared = compare(now, before)
    assert compared.baseline is not None
    assert not compared.baseline.comparable
    assert exit_code(compared) == 3
    assert compared.diagnostics[-1].message == (
        "the earlier image was judged as studio-jupyterlab, this one as studio-classic: name the app with --profile"
    )
    meant = now.model_copy(update={"request": request.model_copy(update={"profiles_reason": "requested"})})
    assert exit_code(compare(meant, before)) == 0
