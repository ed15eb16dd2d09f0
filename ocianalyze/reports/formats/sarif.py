"""SARIF 2.1.0, as GitHub code scanning, GitLab, Azure and Jenkins read it.

Sources: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub, "SARIF support for code
scanning" (limits; of ``partialFingerprints``, ``primaryLocationLineHash`` is used); GitLab, "SARIF" (a result is known
by its rule, file and lines, so that those of one place need different lines).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ocianalyze.regex import regex
from ocianalyze.reports.formats import SARIF_SCHEMA
from ocianalyze.reports.formats.findings import by_indexes, counted, failure_text, image_name, placed, text_of
from ocianalyze.reports.pages import web_address
from ocianalyze.reports.text import cut, printable, to_json
from ocianalyze.rules.registry import all_rules

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    from ocianalyze.reports.formats.findings import Place
    from ocianalyze.reports.report import DiagnosticReport, FindingReport, Report, RuleReport, Severity
    from ocianalyze.rules.rule import Rule

_LONGEST: Final = 1024
"""How long GitHub lets a description be."""
_MESSAGE: Final = 2048
"""How long GitLab lets a message be."""
_RANKS: Final[Sequence[Severity]] = ("note", "warning", "error")
_PRECISION: Final = "high"
_SPECIAL: Final = regex(r"[\\\[\]]")
_EXIT_ERROR: Final = 3


def write(report: Report) -> bytes:
    """Return the log, of one run."""
    return to_json({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [_run(report)]}, indent=True) + b"\n"


def part(report: Report, name: str) -> bytes:
    """Return the run on one of several images: GitHub tells runs apart by what comes before the last slash."""
    run = _run(report)
    run["automationDetails"]["id"] += f"{printable(name)}/"
    return to_json(run)


def _run(report: Report) -> dict[str, Any]:
    found = counted(report)
    rules = {rule.id: rule for rule in report.rules}
    positions = {id_: position for position, id_ in enumerate(rules)}
    installed = {rule.id: rule for rule in all_rules()}
    return {
        "tool": {
            "driver": {
                "name": report.tool.name,
                "semanticVersion": report.tool.version,
                "version": report.tool.version,
                "rules": [_rule(rule, installed) for rule in rules.values()],
            }
        },
        "automationDetails": {"id": f"{report.tool.name}/{','.join(report.request.profiles) or 'all'}/"},
        "artifacts": [_artifact(report)],
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(place, positions) for place in placed(found, report)],
        "properties": {"verdict": report.verdict, "image": printable(image_name(report))},
    }


def _rule(rule: RuleReport, installed: Mapping[str, Rule]) -> dict[str, Any]:
    level: Severity = max(rule.severities.values(), key=_RANKS.index, default="note")
    described: dict[str, Any] = {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": cut(rule.summary, _LONGEST)},
        "fullDescription": {"text": cut(rule.summary, _LONGEST)},
        "help": _help(rule, installed.get(rule.id)),
        "defaultConfiguration": {"level": level},
        "properties": {"precision": _PRECISION, "problem.severity": _problem(level), "tags": sorted(rule.severities)},
    }
    if (url := web_address(rule.url)) is not None:
        described["helpUri"] = url
    return described


def _problem(level: Severity) -> str:
    """Return what GitHub calls a severity."""
    return "recommendation" if level == "note" else level


def _help(rule: RuleReport, installed: Rule | None) -> dict[str, str]:
    """Return the page of a rule that is installed here, otherwise its summary."""
    if installed is None or installed.name != rule.name:
        return {"text": rule.summary}
    page = installed.page
    sections = "\n\n".join(f"## {title}\n\n{text}" for title, text in page.sections.items())
    plain = page.sections.get("How to fix", "")
    return {"text": f"{page.summary}\n\n{plain}".strip(), "markdown": f"{page.summary}\n\n{sections}".strip()}


def _artifact(report: Report) -> dict[str, Any]:
    artifact: dict[str, Any] = {"description": {"text": printable(image_name(report)) or "-"}}
    if report.image.config_digest is not None:
        algorithm, _, digest = report.image.config_digest.partition(":")
        artifact["hashes"] = {algorithm.replace("sha", "sha-"): digest}
    return artifact


def _invocation(report: Report) -> dict[str, Any]:
    """Return how the scan went; whatever kept it from an answer is an error of it."""
    notifications = [_notification(item) for item in report.diagnostics]
    if indexed := by_indexes(report):
        text = {"text": f"the verdict is {indexed}"}
        notifications.append({"descriptor": {"id": "read-by-index"}, "level": "note", "message": text})
    if report.error is not None:
        text = {"text": _message(failure_text(report))}
        notifications.append({"descriptor": {"id": report.error.code}, "level": "error", "message": text})
    invocation: dict[str, Any] = {
        "executionSuccessful": report.verdict != "error",
        "toolExecutionNotifications": notifications,
    }
    if report.error is not None:
        invocation["exitCode"] = _EXIT_ERROR
    if report.timing.started is not None:
        invocation["startTimeUtc"] = report.timing.started
    return invocation


def _notification(item: DiagnosticReport) -> dict[str, Any]:
    return {"descriptor": {"id": item.code}, "level": "note", "message": {"text": _message(item.message)}}


def _result(place: Place, positions: dict[str, int]) -> dict[str, Any]:
    finding = place.findings[0]
    text = "\n\n".join(map(_text, place.findings))
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": _message(text)},
        "locations": [_location(place)],
        "partialFingerprints": {
            "primaryLocationLineHash": finding.fingerprint,
            "ocianalyze/v1": finding.fingerprint,
        },
        "properties": {"kind": finding.kind, "profiles": list(finding.profiles)},
    }
    if finding.baseline is not None:
        known = all(item.baseline == "known" for item in place.findings)
        result["baselineState"] = "unchanged" if known else "new"
    if finding.rule in positions:
        result["ruleIndex"] = positions[finding.rule]
    return result


def _text(finding: FindingReport) -> str:
    return f"Could not be decided: {text_of(finding)}" if finding.kind == "undecided" else text_of(finding)


def _location(place: Place) -> dict[str, Any]:
    finding = place.findings[0]
    region = {"startLine": place.line, "endLine": place.end_line, "startColumn": 1, "endColumn": 2}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": place.uri}, "region": region}}
    names = []
    if finding.path:
        names.append({"fullyQualifiedName": printable(finding.path), "kind": "resource"})
    if finding.layer is not None:
        layer = finding.layer
        names.append({"name": f"layer {layer.position}", "fullyQualifiedName": layer.diff_id, "kind": "module"})
    if names:
        location["logicalLocations"] = names
    return location


def _message(text: str) -> str:
    """Return a message as plain text: brackets would begin a link (SARIF, 3.11.6)."""
    return cut(_SPECIAL.sub(_escape, text), _MESSAGE)


def _escape(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
