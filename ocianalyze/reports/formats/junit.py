"""JUnit XML: a suite for each profile, and in it a case for each rule, so that names and trends are stable.

A case fails if its rule found something that is severe enough for ``--fail-on``, so that red cases and the exit code
agree; what is less severe stands in its output.

Sources: ``junit-10.xsd`` of Jenkins' xUnit plugin; GitLab, "Unit test reports" (a name that occurs twice is dropped,
the text of an element is shown); Jenkins' JUnit plugin, ``CaseResult.java`` (the class name is split at its last dot).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from ocianalyze.reports.formats.findings import SEVERITIES, by_indexes, failure_text, image_name, text_of
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.reports.report import FindingReport, Report, RuleReport

_TOOL: Final = "ocianalyze"


def write(report: Report) -> bytes:
    """Return the document as UTF-8."""
    text = ET.tostring(_suites(report, _TOOL), encoding="unicode")
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{text}\n".encode()


def part(report: Report, name: str) -> bytes:
    """Return the suites of one of several images, whose name is in the names of its classes."""
    suites = _suites(report, f"{_TOOL}.{printable(name)}")
    return b"".join(b"  " + ET.tostring(suite, encoding="utf-8").strip() + b"\n" for suite in suites)


def _suites(report: Report, prefix: str) -> ET.Element:
    """Return the suites, whose names and those of their classes begin with `prefix`."""
    root = ET.Element("testsuites")
    if report.error is not None:
        suite = _suite(root, prefix, report)
        case = ET.SubElement(suite, "testcase", {"name": "analysis", "classname": prefix, "time": "0"})
        _add(case, "error", report.error.code, failure_text(report))
        suite.set("errors", "1")
    for profile in report.request.profiles if report.error is None else ():
        _profile(root, profile, report, prefix)
    for suite in root:
        for outcome in ("failure", "error", "skipped"):
            found = sum(case.find(outcome) is not None for case in suite.iter("testcase"))
            suite.set({"failure": "failures", "error": "errors"}.get(outcome, outcome), str(found))
        suite.set("tests", str(len(suite.findall("testcase"))))
    ET.indent(root)
    return root


def _suite(root: ET.Element, name: str, report: Report) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", {"name": name, "time": f"{report.timing.seconds:.3f}"})
    if report.timing.started is not None:
        suite.set("timestamp", report.timing.started.removesuffix("Z"))
    properties = ET.SubElement(suite, "properties")
    for key, value in (("image", image_name(report)), ("version", report.tool.version), ("verdict", report.verdict)):
        ET.SubElement(properties, "property", {"name": key, "value": printable(value)})
    if indexed := by_indexes(report):
        ET.SubElement(properties, "property", {"name": "verdict-rests-on", "value": indexed})
    return suite


def _profile(root: ET.Element, profile: str, report: Report, prefix: str) -> None:
    suite = _suite(root, f"{prefix}.{profile}", report)
    found: dict[str, list[FindingReport]] = {}
    for item in report.findings:
        if profile in item.severities:
            found.setdefault(item.rule, []).append(item)
    for rule in report.rules:
        if profile in rule.severities:
            case = {"name": f"{rule.id} {rule.name}", "classname": f"{prefix}.{profile}", "time": "0"}
            _judge(ET.SubElement(suite, "testcase", case), rule, found.get(rule.id, []), profile, report)


def _judge(case: ET.Element, rule: RuleReport, found: Sequence[FindingReport], profile: str, report: Report) -> None:
    """Add what came of a rule for a profile."""
    counted = [item for item in found if item.waived is None]
    severe = [item for item in counted if _is_severe(item, profile, report)]
    if severe:
        kind = "failure" if any(item.kind == "finding" for item in severe) else "error"
        _add(case, kind, severe[0].severities[profile], _text(severe), _headline(severe))
    elif rule.status == "not-applicable":
        ET.SubElement(case, "skipped", {"message": "not applicable"})
    elif found and not counted:
        reasons = dict.fromkeys(printable(item.waived.reason) for item in found if item.waived is not None)
        ET.SubElement(case, "skipped", {"message": f"accepted: {'; '.join(reasons)}"})
    if rest := [item for item in counted if item not in severe]:
        ET.SubElement(case, "system-out").text = _text(rest)


def _is_severe(finding: FindingReport, profile: str, report: Report) -> bool:
    least = report.request.fail_on
    if finding.baseline == "known" and finding.kind == "finding":
        return False
    return least != "never" and SEVERITIES.index(finding.severities[profile]) <= SEVERITIES.index(least)


def _headline(found: Sequence[FindingReport]) -> str:
    more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    return printable(found[0].message) + more


def _text(found: Sequence[FindingReport]) -> str:
    """Return what findings say; GitLab obeys ``[[ATTACHMENT|path]]``."""
    return "\n\n".join(map(text_of, found)).replace("[[", "[ [")


def _add(case: ET.Element, outcome: str, kind: str, text: str, message: str | None = None) -> None:
    ET.SubElement(case, outcome, {"message": message or text, "type": kind}).text = text
