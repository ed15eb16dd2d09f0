"""What is known before the layers are read, said at once on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ocianalyze.analysis import Observer
from ocianalyze.cli.output import load_writers
from ocianalyze.cli.remarks import remark
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocianalyze.cli.options import ReportFormat
    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.oci.image import Image
    from ocianalyze.rules.engine import Outcome


class EarlyAnswers(Observer):
    """Says what fails already, and uses the time to load what writes the reports."""

    def __init__(self, fail_on: str, outputs: Sequence[tuple[ReportFormat, Path]]) -> None:
        self._fail_on = fail_on
        self._outputs = outputs
        self._is_early = True

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:  # noqa: ARG002 - what an observer is told
        """Note that nothing is early any more."""
        self._is_early = False

    def foreseen(self, outcome: Outcome) -> None:
        """Say what is decisive."""
        if self._is_early:
            self._tell(outcome)
            load_writers(self._outputs)

    def _tell(self, outcome: Outcome) -> None:
        if sys.stderr is None or not sys.stderr.isatty():
            return
        if found := outcome.decisive(self._fail_on):
            first = found[0]
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            text = f"{first.severity} {first.rule.id}: {first.finding.message}{more}"
            remark(f"ocianalyze: found before reading the layers: {printable(text)}")
