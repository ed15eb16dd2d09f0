"""What the command line writes: reports to wherever they are wanted, JSON, and tables."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocianalyze.cli.exits import discard_output
from ocianalyze.cli.options import Color, Format
from ocianalyze.cli.stopping import undisturbed
from ocianalyze.errors import UsageError
from ocianalyze.reports.text import printable, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from ocianalyze.reports.report import Report
    from ocianalyze.reports.screen import Screen

STDOUT = Path("-")


_SUFFIXES: Final = {".json": Format.JSON}
"""What a report is written as whose file is called so; a table, if it is called otherwise."""


def pair_outputs(
    formats: Sequence[Format], outputs: Sequence[Path], *, usual: Sequence[Format] = ()
) -> list[tuple[Format, Path]]:
    """Return the forms of the report, each with its place: standard output where none is given.

    Where no format is given, that of a file follows from its name, and otherwise is the `usual` one.

    Raises:
        UsageError: there are more files than formats, or a file is called like another format than its own.
    """
    if not formats:
        usual = usual or [Format.TABLE]
        formats = [_SUFFIXES.get(where.suffix.lower(), usual[0]) for where in outputs] or usual
    if len(outputs) > len(formats):
        raise UsageError(
            f"{len(outputs)} --output, but only {len(formats)} --format", hint="Give one --format for each --output"
        )
    for where in outputs:
        if where != STDOUT and outputs.count(where) > 1:
            raise UsageError(f"two reports cannot both be written to {where}", hint="Give each --output its own file")
    for how, where in zip(formats, outputs, strict=False):
        suffix = where.suffix.lower()
        if suffix in _SUFFIXES and _SUFFIXES[suffix] is not how:
            raise UsageError(
                f"{where} is named like {_SUFFIXES[suffix].value.upper()}, but --format is {how.value}",
                hint=f"Use --format {_SUFFIXES[suffix].value}, or another file name",
            )
    return list(zip(formats, [*outputs, *[STDOUT] * (len(formats) - len(outputs))], strict=True))


def load_writers(outputs: Iterable[tuple[Format, Path]]) -> None:
    """Import what writes these reports, which takes long enough to be done while others read layers."""
    if any(how is Format.TABLE for how, _ in outputs):
        from ocianalyze.reports import table  # noqa: F401 - only loaded here


def write_reports(report: Report, outputs: Iterable[tuple[Format, Path]], color: Color, *, quiet: bool) -> None:
    """Write the report in each form to its place; with `quiet` nothing goes to standard output."""
    for how, where in outputs:
        if quiet and where == STDOUT:
            continue
        try:
            _write_report(report, how, where, color)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever does not want to read this one still gets the others, and the exit code
            discard_output()


def _write_report(report: Report, how: Format, where: Path, color: Color) -> None:
    if how is Format.JSON:
        content = report.to_json()
        if where == STDOUT:
            sys.stdout.buffer.write(content)
            return
    else:
        from ocianalyze.reports.table import print_report

        if where == STDOUT:
            print_report(report, screen(color))
            return
        with io.StringIO() as text:
            print_report(report, screen(Color.NEVER, text))
            content = text.getvalue().encode()
    try:
        with undisturbed() if where.is_file() or not where.exists() else nullcontext():  # a pipe may keep us waiting
            where.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{where} cannot be written: {error.strerror}") from error


def screen(color: Color, file: TextIO | None = None, *, width: int = 80) -> Screen:
    """Return where to print for people; `width` columns where that is not known."""
    from ocianalyze.reports.screen import Screen

    shows = {Color.ALWAYS: True, Color.NEVER: False}.get(color)
    return Screen(file or sys.stdout, width=width, color=shows)


def log_to_stderr() -> None:
    """Print what this package logs, and only that: other libraries log URLs and headers that hold secrets."""

    class Printable(logging.Formatter):
        """Lines that no terminal obeys."""

        def format(self, record: logging.LogRecord) -> str:
            return printable(super().format(record))

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Printable("%(name)s: %(message)s"))
    log = logging.getLogger("ocianalyze")
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    sys.stdout.buffer.write(to_json(value, indent=True) + b"\n")


def print_json_line(value: object) -> None:
    """Print a value as JSON on a line of its own."""
    sys.stdout.buffer.write(to_json(value) + b"\n")
