"""Annotations of GitHub Actions: workflow commands, which the runner turns into messages of the job.

Source: GitHub, "Workflow commands for GitHub Actions"; actions/toolkit, ``command.ts`` (escaping); actions/runner,
``ExecutionContext.cs`` (a message is cut at 4,096 characters). Ten annotations of each kind are shown for a step.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from ocianalyze.reports.formats.findings import counted, failure_text, image_name, text_of, title
from ocianalyze.reports.text import cut, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.reports.report import Report, Severity, SourceLines

_COMMANDS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "note": "notice"}
_SHOWN: Final = 10
_LONGEST: Final = 4096
_TITLE: Final = "ocianalyze"


def write(report: Report) -> bytes:
    """Return a line for each annotation; none if nothing was found."""
    return "".join(f"{line}\n" for line in _annotations(report)).encode()


def part(report: Report, name: str) -> bytes:  # noqa: ARG001 - people know the image by its reference
    """Return the lines about one of several images, which their titles begin with."""
    return "".join(f"{line}\n" for line in _annotations(report, f"{image_name(report)}: ")).encode()


def _annotations(report: Report, image: str = "") -> Iterator[str]:
    if report.error is not None:
        yield _command("error", f"{image}{_TITLE}", failure_text(report))
    new = (finding for finding in counted(report) if finding.baseline != "known")
    for severity, group in groupby(new, key=lambda finding: finding.severity):
        found = list(group)
        shown = found if len(found) <= _SHOWN else found[: _SHOWN - 1]
        for finding in shown:
            yield _command(_COMMANDS[severity], f"{image}{title(finding)}", text_of(finding), finding.source)
        if len(found) > len(shown):
            more = len(found) - len(shown)
            yield _command(
                _COMMANDS[severity], f"{image}{_TITLE}", f"{more} more of severity {severity}: see the report"
            )


def _command(name: str, title: str, message: str, source: SourceLines | None = None) -> str:
    text = "%0A".join(_escaped(line) for line in cut(message, _LONGEST).split("\n"))
    place = ""
    if source is not None:
        place = f"file={_escaped(source.file, in_property=True)},line={source.line},endLine={source.end_line},"
    return f"::{name} {place}title={_escaped(title, in_property=True)}::{text}"


def _escaped(text: str, *, in_property: bool = False) -> str:
    escaped = printable(text).replace("%", "%25")
    return escaped.replace(":", "%3A").replace(",", "%2C") if in_property else escaped
