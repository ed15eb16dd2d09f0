"""Where the reports on several images go: one after the other into a place, or each into a file of its own.

Nothing is kept: a report is written to all places and then forgotten.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ocianalyze.cli.growing import GrowingFile, StandardOutput
from ocianalyze.cli.options import Color, ReportFormat
from ocianalyze.cli.output import STDOUT, print_event, real_paths, screen, spare, write_report
from ocianalyze.errors import UsageError
from ocianalyze.reports.formats import FORMS, Joined, render_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from ocianalyze.cli.growing import Growing
    from ocianalyze.cli.targets import Target
    from ocianalyze.reports.report import Report
    from ocianalyze.reports.screen import Screen
    from ocianalyze.reports.summary import Row

NAME: Final = "{name}"
"""What stands for the name of the image in the name of a file."""


class Entry(NamedTuple):
    """The report on one of several images.

    Attributes:
        target: the image as it was asked for.
        report: the report, which may say why there is no other.
        heading: what stands above it where people read.
    """

    target: Target
    report: Report
    heading: str


class Place(Protocol):
    """Where reports go in one form.

    Attributes:
        where: the file, or the pattern of its name.
        is_table: whether people read there what went wrong.
        is_one: whether all reports stand in one place, which a failure spoils.
    """

    where: Path
    is_table: bool
    is_one: bool

    def add(self, entry: Entry) -> None:
        """Write a report; raises OSError for standard output, UsageError for a file."""

    def end(self, rows: Sequence[Row]) -> None:
        """Write what comes after all reports; raises as `add`."""

    def drop(self) -> None:
        """Take away what is not complete, if it is no use to anybody."""


def make_places(
    outputs: Iterable[tuple[ReportFormat, Path]],
    targets: Sequence[Target],
    *,
    inputs: Iterable[Path | None],
    color: Color,
    stream: bool,
) -> list[Place]:
    """Return the places for reports on several images; nothing is written yet.

    Raises:
        UsageError: a form is about one image and would get several, or a report would replace what is read.
    """
    read = real_paths(inputs)
    places: list[Place] = []
    for how, where in outputs:
        if NAME in str(where.parent):
            raise UsageError(f"{where}: {NAME} can only stand in the name of a file, not of a directory")
        joined = Joined() if how is ReportFormat.TABLE else FORMS[how.value].joined
        if NAME in where.name:
            place = _FilePerImage(how, where, color)
            for target in targets:
                spare(read, place.file_of(target))
            places.append(place)
        elif joined is None:
            raise UsageError(
                f"a report in the format {how.value} is about one image, but there may be several",
                hint=f"Write a file for each: --output 'reports/{NAME}.{how.value}'",
            )
        elif stream and (how, where) == (ReportFormat.JSON, STDOUT):
            places.append(_Stream())
        else:
            places.append(_OnePlace(how, where, joined, color))
    return places


class _FilePerImage:
    """A file for each image, which has the image's name in its own."""

    is_one = False

    def __init__(self, how: ReportFormat, where: Path, color: Color) -> None:
        self.where = where
        self.is_table = how is ReportFormat.TABLE
        self._how = how
        self._color = color

    def file_of(self, target: Target) -> Path:
        """Return the file about an image."""
        return self.where.with_name(self.where.name.replace(NAME, target.name))

    def add(self, entry: Entry) -> None:
        """Write a report as a whole or not at all."""
        write_report(entry.report, self._how, self.file_of(entry.target), self._color)

    def end(self, rows: Sequence[Row]) -> None:
        """Do nothing: the files are complete."""

    def drop(self) -> None:
        """Do nothing: the files are complete."""


class _Stream:
    """Standard output with events, each of which names its image."""

    where = STDOUT
    is_table = False
    is_one = True

    def add(self, entry: Entry) -> None:
        """Print the last event of an image."""
        from ocianalyze.reports.report import as_json
        from ocianalyze.reports.text import encodable

        print_event("report", reference=encodable(entry.target.reference), report=as_json(entry.report))

    def end(self, rows: Sequence[Row]) -> None:
        """Do nothing: all events were printed."""

    def drop(self) -> None:
        """Do nothing: whoever reads events has them."""


class _OnePlace:
    """Standard output or a file, for the reports on all images."""

    is_one = True

    def __init__(self, how: ReportFormat, where: Path, joined: Joined, color: Color) -> None:
        self.where = where
        self.is_table = how is ReportFormat.TABLE
        self._how = how
        self._joined = joined
        self._color = color
        self._out: Growing = StandardOutput() if where == STDOUT else GrowingFile(where, as_a_whole=bool(joined.tail))
        self._has_begun = False
        self._has_parts = False

    def add(self, entry: Entry) -> None:
        """Write a report behind those before it."""
        if self.is_table:
            from ocianalyze.reports.summary import print_entry

            self._show(lambda shown: print_entry(entry.report, entry.heading, shown))
            return
        part = render_part(entry.report, self._how.value, entry.target.name)
        head = b"" if self._has_begun else self._joined.head
        between = self._joined.between if self._has_parts and part else b""
        self._out.write(head + between + part)
        self._has_begun = True
        self._has_parts = self._has_parts or bool(part)

    def end(self, rows: Sequence[Row]) -> None:
        """Write the summary of a table, or the end of a document."""
        if self.is_table:
            from ocianalyze.reports.summary import print_summary

            self._show(lambda shown: print_summary(rows, shown))
        self._out.write(self._joined.tail)
        self._out.end()

    def drop(self) -> None:
        """Take away what has not got its name yet."""
        self._out.drop()

    def _show(self, show: Callable[[Screen], None]) -> None:
        if self.where == STDOUT:
            show(screen(self._color))
            self._out.write(b"")
            return
        with io.StringIO() as text:
            show(screen(Color.NEVER, text))
            self._out.write(text.getvalue().encode())
