"""A comment on a pull request or a job summary: the verdict, what to fix first, and the rest folded.

Text of an image stands in code spans only, where it is no link, image, mention or markup (CommonMark, "Code spans";
GitHub Flavored Markdown, "Tables").
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from ocianalyze.reports.code_spans import code
from ocianalyze.reports.formats.findings import counted, counts, failure_text, image_name, verdict_text
from ocianalyze.reports.pages import web_address
from ocianalyze.reports.steps import build_step
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.reports.report import FindingReport, Report

_MARKS: Final = {"pass": "✅", "fail": "❌", "undecided": "❓", "error": "💥"}
_SHOWN: Final = 10
"""How many findings are shown unfolded."""
_MOST: Final = 200
"""How many are listed at all: GitHub refuses comments of more than 65,536 characters."""


def write(report: Report) -> bytes:
    """Return the Markdown as UTF-8."""
    return ("\n".join(_lines(report)) + "\n").encode()


def _lines(report: Report) -> Iterator[str]:
    yield f"### {_MARKS[report.verdict]} ocianalyze: {code(image_name(report))} {verdict_text(report)}"
    yield ""
    if report.error is not None:
        yield f"Not analysed: {code(failure_text(report))}"
        return
    yield from _verdicts(report)
    found = sorted(counted(report), key=lambda finding: finding.baseline == "known")
    first, rest = found[:_SHOWN], found[_SHOWN:]
    if first:
        yield from _table(first)
    if rest:
        yield from ("", f"<details><summary>{len(rest):,} more</summary>", "")
        yield from _table(rest[: _MOST - _SHOWN])
        if len(found) > _MOST:
            yield from ("", f"{len(found) - _MOST:,} are left out; the JSON report has all.")
        yield from ("", "</details>")
    yield from _footer(report)


def _verdicts(report: Report) -> Iterator[str]:
    for name, judged in report.profiles.items():
        if judged.selected:
            yield f"- **{judged.title or name}**: {judged.verdict} ({counts(judged)})"
    if report.baseline is not None:
        compared = report.baseline
        yield f"- Since the baseline: {compared.new:,} new, {compared.known:,} known, {compared.fixed:,} fixed"
    yield ""


def _table(found: Sequence[FindingReport]) -> Iterator[str]:
    yield from ("| | rule | finding | fix |", "|---|---|---|---|")
    for finding in found:
        what = finding.severity if finding.kind == "finding" else f"undecided ({finding.severity})"
        what = f"{what}, known" if finding.baseline == "known" else what
        yield f"| {what} | {_rule(finding)} | {_said(finding)} | {code(finding.hint or '')} |"


def _rule(finding: FindingReport) -> str:
    url = web_address(finding.url)
    return finding.rule if url is None else f"[{finding.rule}]({escape(url)})"


def _said(finding: FindingReport) -> str:
    said = [code(finding.message)]
    if finding.path and finding.path not in finding.message:
        said.append(code(finding.path))
    if finding.layer is not None:
        step = f": {code(build_step(finding.layer.created_by))}" if finding.layer.created_by else ""
        said.append(f"layer {finding.layer.position}{step}")
    return "<br>".join(said)


def _footer(report: Report) -> Iterator[str]:
    size = f"{human(report.facts.size.docker_image_size)}, " if report.facts is not None else ""
    waived = f", {report.summary.waived} waived" if report.summary.waived else ""
    rules = f"{report.summary.rules} rules{waived}"
    yield ""
    yield f"<sub>{size}{len(report.layers)} layers, {rules}; ocianalyze {report.tool.version}</sub>"
