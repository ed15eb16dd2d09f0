"""What the command line writes: reports to wherever they are wanted, JSON, and a console for tables."""

from __future__ import annotations

import io
import logging
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from ocianalyze.cli.exits import discard_output
from ocianalyze.cli.options import Color, Format
from ocianalyze.cli.stopping import undisturbed
from ocianalyze.errors import UsageError
from ocianalyze.reports.text import printable, to_json, unheeded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from ocianalyze.reports.report import Report

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
            f"{len(outputs)} --output for {len(formats)} --format", hint="give one --format for each --output"
        )
    for where in outputs:
        if where != STDOUT and outputs.count(where) > 1:
            raise UsageError(f"two reports cannot both be written to {where}", hint="give each --output its own file")
    for how, where in zip(formats, outputs, strict=False):
        suffix = where.suffix.lower()
        if suffix in _SUFFIXES and _SUFFIXES[suffix] is not how:
            raise UsageError(
                f"{where} would not hold {_SUFFIXES[suffix].value.upper()}, but a {how.value}",
                hint=f"give it --format {_SUFFIXES[suffix].value}, or another name",
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
            print_report(report, console(color))
            return
        with io.StringIO() as text:
            print_report(report, console(Color.NEVER, file=text))
            content = text.getvalue().encode()
    try:
        with undisturbed() if where.is_file() or not where.exists() else nullcontext():  # a pipe may keep us waiting
            where.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{where} cannot be written: {error.strerror}") from error


def console(color: Color, file: IO[str] | None = None, *, width: int = 80) -> Console:
    """Return a console that neither guesses emoji nor highlights; `width` columns where that is not known."""
    from rich.console import Console

    class Plain(Console):
        """A console that leaves a closed pipe to the command, which knows its exit code."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    out = cast("IO[str]", _Unheeded(file or sys.stdout))
    known = out.isatty() or "COLUMNS" in os.environ
    return Plain(
        file=out,
        width=None if known else width,
        force_terminal={Color.ALWAYS: True, Color.NEVER: False}.get(color),
        no_color=color is Color.NEVER or None,
        highlight=False,
        markup=False,
        emoji=False,
    )


class _Unheeded(io.TextIOBase):
    """A file for lines that were laid out, none of which is to be a command; it is written whole lines at a time."""

    def __init__(self, file: IO[str]) -> None:
        self._file = cast("io.TextIOBase", file)

    def write(self, text: str) -> int:
        return self._file.write(unheeded(text))

    def flush(self) -> None:
        self._file.flush()

    def isatty(self) -> bool:
        return self._file.isatty()

    def fileno(self) -> int:
        return self._file.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override] # there it is an attribute
        return self._file.encoding


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
