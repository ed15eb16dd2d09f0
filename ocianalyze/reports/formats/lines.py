"""One line for each finding, as compilers print them: ``IMAGE:PATH: SEVERITY RULE: MESSAGE (layer N)``.

If the line of a Dockerfile is known, ``DOCKERFILE:LINE:`` comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.reports.formats.findings import counted, failure_text, image_name
from ocianalyze.reports.text import printable, unheeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.reports.report import Report


def write(report: Report) -> bytes:
    """Return the lines; none if nothing was found."""
    return "".join(f"{unheeded(line)}\n" for line in _lines(report)).encode()


def _lines(report: Report) -> Iterator[str]:
    if report.error is not None:
        yield f"error: {failure_text(report)}"
    name = printable(image_name(report))
    for finding in counted(report):
        known = "known " if finding.baseline == "known" else ""
        severity = f"{known}{'undecided' if finding.kind == 'undecided' else finding.severity}"
        layer = f" (layer {finding.layer.position})" if finding.layer is not None else ""
        path = printable(finding.path or "")
        place = f"{name}:{path}" if path else name
        if finding.source is not None:
            place = f"{printable(finding.source.file)}:{finding.source.line}: {place}"
        yield f"{place}: {severity} {finding.rule}: {printable(finding.message)}{layer}"
