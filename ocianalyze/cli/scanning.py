"""How one image is scanned, be it the only one or one of several."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.cli.output import screen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.analysis import Observer, Policy, Source
    from ocianalyze.cli.events import Events
    from ocianalyze.cli.extras import Extras
    from ocianalyze.cli.options import Color
    from ocianalyze.reports.report import Report
    from ocianalyze.settings.model import Settings

_WIDE: Final = 120


class Scanning(NamedTuple):
    """What is asked of an image, and what is told meanwhile.

    Attributes:
        policy: what it is held against.
        extras: what is added to the report.
        settings: the settings, whose file the report names.
        color: whether there are colours.
        quiet: whether nothing is printed.
        verbose: whether more is told.
        timing: whether to say where the time went.
        stream: whether events are printed.
    """

    policy: Policy
    extras: Extras
    settings: Settings
    color: Color
    quiet: bool
    verbose: bool
    timing: bool
    stream: bool

    def report(
        self, source: Source, *, title: str = "", events: Events | None = None, observers: Iterable[Observer] = ()
    ) -> Report:
        """Analyse an image and return its report; `title` names it in bars, if there are several."""
        from ocianalyze.analysis import analyze
        from ocianalyze.cli.progress import showing_progress

        with showing_progress(
            quiet=self.quiet, verbose=self.verbose, color=self.color, title=title, events=events
        ) as progress:
            observers = observers if events is None else [*observers, events]
            report = analyze(replace(source, progress=progress), self.policy, observers=observers)
        if self.settings.file:
            report = report.model_copy(update={"settings": str(self.settings.file)})
        return self.extras.add_to(report)

    def tell_timing(self, report: Report, title: str = "") -> None:
        """Say where the time went, if that was asked for."""
        if not (self.timing or self.verbose):
            return
        from ocianalyze.reports.text import printable
        from ocianalyze.reports.timing import print_timing

        if sys.stderr.isatty() and not self.quiet:  # the report is above
            sys.stderr.write("\n")
        if title:
            sys.stderr.write(f"{printable(title)}\n")
        print_timing(report, screen(self.color, sys.stderr, width=_WIDE))
