"""Several images, scanned one after the other in the order given: each uses all processors.

An image that cannot be analysed does not stop the others. Its report says why; the exit code is the highest of all.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.analysis.leftovers import Leftovers
from ocianalyze.cli.exits import EXIT_USAGE, discard_output
from ocianalyze.cli.output import STDOUT
from ocianalyze.cli.places import Entry, make_places
from ocianalyze.cli.stopping import raise_if_told
from ocianalyze.cli.targets import find_targets
from ocianalyze.errors import OcianalyzeError, UsageError, unforeseen
from ocianalyze.layers.reading.stores import RecentLayers
from ocianalyze.oci.platforms import Wanted
from ocianalyze.reports.exit_codes import EXIT_NOT_ANALYSED, exit_code
from ocianalyze.reports.failing import failure_report
from ocianalyze.reports.formats.findings import counts
from ocianalyze.reports.summary import Row, summary_text
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from ocianalyze.analysis import Source
    from ocianalyze.cli.options import ReportFormat
    from ocianalyze.cli.places import Place
    from ocianalyze.cli.scanning import Scanning
    from ocianalyze.cli.targets import Target
    from ocianalyze.reports.report import Report


def scan_all(
    references: Sequence[str],
    source: Source,
    scanning: Scanning,
    outputs: Sequence[tuple[ReportFormat, Path]],
    *,
    inputs: Iterable[Path | None],
) -> int:
    """Scan all images that the references stand for, and return the exit code.

    Layers that they share are read once: the cache has them, or where there is none, this process.

    Raises:
        UsageError: what is asked is wrong for every image.
    """
    from ocianalyze.sources.registry.access import RegistryAccess

    scanning.policy.checked()
    if source.platform is not None:
        Wanted.parse(source.platform)
    access = RegistryAccess() if source.access is None else source.access
    targets = find_targets(references, access, offline=source.offline)
    places = make_places(outputs, targets, inputs=inputs, color=scanning.color, stream=scanning.stream)
    cache = RecentLayers() if source.cache is None else source.cache
    return scan_several(targets, replace(source, cache=cache), scanning, places)


def scan_several(targets: Sequence[Target], source: Source, scanning: Scanning, places: Sequence[Place]) -> int:
    """Scan the images, write their reports as they come, and return the exit code.

    `source` says how each is read, and has standard input if that is one of them.

    Raises:
        BrokenPipeError: nobody reads standard output any more, and there is no other place.
        UsageError: the only place for reports cannot be written to.
    """
    rows: list[Row] = []
    writing = _Writing(places, scanning)
    leftovers = Leftovers()
    try:
        for position, target in enumerate(targets, start=1):
            answer = _answer(target, source, scanning)
            heading = f"image {position} of {len(targets)}: {target.reference}"
            code = writing.add(Entry(target, answer.report, heading), answer)
            summary = answer.report.summary
            rows.append(Row(target.reference, answer.report.verdict, summary.errors, summary.warnings, code))
            del answer
            leftovers.remove()
        code = writing.end(rows)
    finally:
        writing.drop()
    return max(code, *(row.exit_code for row in rows))


class _Answer(NamedTuple):
    """The report on an image, the exit code that it would have alone, and why there is no other report."""

    report: Report
    code: int
    error: OcianalyzeError | None = None


def _answer(target: Target, source: Source, scanning: Scanning) -> _Answer:
    """Scan an image; whatever goes wrong becomes its report."""
    from ocianalyze.cli.events import Events

    own = replace(source, reference=target.reference, stdin=source.stdin if target.reference == "-" else None)
    events = Events(target.reference) if scanning.stream else None
    if target.error is not None:
        return _failed(target, target.error, scanning)
    try:
        report = scanning.report(own, title=target.reference, events=events)
    except OcianalyzeError as error:
        known = error
    except BrokenPipeError:
        raise
    except Exception as error:
        if _wants_traceback() and not isinstance(error, MemoryError):
            raise
        known = unforeseen(error)
    else:
        return _Answer(report, exit_code(report))
    raise_if_told()
    return _failed(target, known, scanning)


def _failed(target: Target, error: OcianalyzeError, scanning: Scanning) -> _Answer:
    return _Answer(failure_report(error, target.reference, scanning.policy), error.exit_code, error)


class _Writing:
    """Writes reports to all places, and says on standard error what people read in none of them."""

    def __init__(self, places: Sequence[Place], scanning: Scanning) -> None:
        self._places = [place for place in places if not (scanning.quiet and place.where == STDOUT)]
        self._all = tuple(self._places)
        self._tells = not scanning.quiet and all(place.where != STDOUT for place in places)
        self._shows_errors = any(place.is_table and place.where == STDOUT for place in self._places)
        self._scanning = scanning

    def add(self, entry: Entry, answer: _Answer) -> int:
        """Write a report, and return the exit code of its image: a report that cannot be written counts, too."""
        code = max([answer.code, *(self._try(place, partial(place.add, entry)) for place in tuple(self._places))])
        if answer.error is None:
            if self._tells:
                _say(f"{entry.target.reference}: {answer.report.verdict}: {counts(answer.report.summary)}")
            self._scanning.tell_timing(answer.report, entry.target.reference)
        elif not self._shows_errors:
            text = answer.error.one_line()
            _say(text if entry.target.reference in text else f"{entry.target.reference}: {text}")
        return code

    def end(self, rows: Sequence[Row]) -> int:
        """Write what comes after all reports, and return the exit code of that."""
        code = max([0, *(self._try(place, partial(place.end, rows)) for place in tuple(self._places))])
        if self._tells:
            _say(summary_text(rows))
        return code

    def drop(self) -> None:
        """Take away what is not complete."""
        for place in self._all:
            place.drop()

    def _try(self, place: Place, write: Callable[[], None]) -> int:
        """Write to a place; if that fails, the others go on, and one that is spoilt by it is given up."""
        try:
            write()
        except BrokenPipeError:  # whoever does not want to read any more still gets the files
            discard_output()
            self._places.remove(place)
            if not self._places:
                raise
        except UsageError as error:
            if place.is_one:
                self._places.remove(place)
            if not self._places:
                raise
            _say(error.one_line())
            return EXIT_USAGE
        except OSError:  # of standard output
            raise
        except Exception as error:
            if _wants_traceback():
                raise
            _say(f"the report cannot be written: internal error: {error!r}")
            return EXIT_NOT_ANALYSED
        return 0


def _wants_traceback() -> bool:
    return bool(os.environ.get("OCIANALYZE_DEBUG"))


def _say(text: str) -> None:
    sys.stderr.write(f"ocianalyze: {printable(text)}\n")
