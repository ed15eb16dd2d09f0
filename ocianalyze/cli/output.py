"""What the command line writes: reports to wherever they are wanted, JSON, and tables."""

from __future__ import annotations

import io
import logging
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.cli.exits import EXIT_REGISTRY, discard_output
from ocianalyze.cli.growing import write_file
from ocianalyze.cli.options import Color, ReportFormat
from ocianalyze.errors import AnalysisError, OcianalyzeError, UsageError
from ocianalyze.paths import is_dir
from ocianalyze.reports.exit_codes import EXIT_NOT_ANALYSED
from ocianalyze.reports.formats import FORMS, form_of, render
from ocianalyze.reports.formats.findings import counts
from ocianalyze.reports.text import printable, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from typing import TextIO

    from typer import Context

    from ocianalyze.reports.report import Report
    from ocianalyze.reports.screen import Screen
    from ocianalyze.rules.policy import Policy

STDOUT = Path("-")
FORMATS: Final = "format_"
"""What commands call the parameter of --format."""


def usual_formats(ctx: Context, formats: Sequence[ReportFormat] | None) -> list[ReportFormat]:
    """Return the formats that the environment states, and none that the command line does.

    Those are what is usual: the name of a file that is given with --output counts for more.
    """
    source = ctx.get_parameter_source(FORMATS)
    return list(formats or ()) if getattr(source, "name", "") == "ENVIRONMENT" else []


def pair_outputs(
    formats: Sequence[ReportFormat],
    outputs: Sequence[Path],
    *,
    usual: Sequence[ReportFormat] = (),
    inputs: Iterable[Path | None] = (),
) -> list[tuple[ReportFormat, Path]]:
    """Return the forms of the report, each with its place: standard output where none is given.

    Where no format is given, that of a file follows from its name, and otherwise is the `usual` one. `inputs` are files
    that are read, and that a report must not replace.

    Raises:
        UsageError: there are more files than formats, a file is called like another format than its own, cannot be
            made or is read itself, or standard output would get several reports of which a program could read none.
    """
    if not formats:
        usual = usual or [ReportFormat.TABLE]
        formats = [_format_of(where) or usual[0] for where in outputs] or usual
    if len(outputs) > len(formats):
        raise UsageError(
            f"{len(outputs)} --output, but only {len(formats)} --format", hint="Give one --format for each --output"
        )
    read = real_paths(inputs)
    for how, where in zip(formats, outputs, strict=False):
        if where != STDOUT:
            _check_file(how, where, outputs, read)
    pairs = list(zip(formats, [*outputs, *[STDOUT] * (len(formats) - len(outputs))], strict=True))
    printed = [how for how, where in pairs if where == STDOUT]
    machine = next((how for how in printed if not _is_for_people(how)), None)
    if machine is not None and len(printed) > 1:
        raise UsageError(
            f"{machine.value} cannot share standard output with another format",
            hint="Give an --output for each --format",
        )
    return pairs


def real_paths(files: Iterable[Path | None]) -> set[str]:
    """Return where files really are, whatever links lead to them."""
    return {os.path.realpath(path) for path in files if path is not None}


def spare(read: Collection[str], where: Path) -> None:
    """Raise UsageError if a report would replace what is read; `read` has the `real_paths` of that."""
    if os.path.realpath(where) in read:
        raise UsageError(f"{where} is read, so no report can be written to it", hint="Choose another --output")


def _check_file(how: ReportFormat, where: Path, outputs: Sequence[Path], read: Collection[str]) -> None:
    """Raise UsageError if a report cannot be written to a file, or would not be what it is called."""
    spare(read, where)
    place = os.path.realpath(where)
    shared = [os.path.realpath(other) for other in outputs if other != STDOUT].count(place) > 1
    if shared and (os.path.isfile(place) or not os.path.exists(place)):  # noqa: PTH110, PTH113 - they never fail
        raise UsageError(f"two reports cannot both be written to {where}", hint="Give each --output its own file")
    named = _format_of(where)
    if named not in (None, how):
        raise UsageError(
            f"{where} is named like {named}, but --format is {how.value}",
            hint=f"Use --format {named}, or another file name",
        )
    try:
        if is_dir(where):
            raise UsageError(f"{where} cannot be written: it is a directory", hint="Add the name of a file")
        if not is_dir(where.parent):
            raise UsageError(f"{where} cannot be written: there is no directory {where.parent}", hint="Make it first")
    except OSError as error:
        raise UsageError(f"{where} cannot be written: {error.strerror}") from error


def _format_of(where: Path) -> ReportFormat | None:
    """Return the format that a file is named after; None if its name says nothing."""
    name = form_of(where)
    return None if name is None else ReportFormat(name)


def _is_for_people(how: ReportFormat) -> bool:
    return how is ReportFormat.TABLE or FORMS[how.value].for_people


def load_writers(outputs: Iterable[tuple[ReportFormat, Path]]) -> None:
    """Import what writes these reports, which takes long enough to be done while others read layers."""
    if any(how is ReportFormat.TABLE for how, _ in outputs):
        from ocianalyze.reports import table  # noqa: F401 - only loaded here


def write_reports(
    report: Report,
    outputs: Iterable[tuple[ReportFormat, Path]],
    color: Color,
    *,
    quiet: bool,
    stream: bool = False,
) -> None:
    """Write the report in each form to its place; with `quiet` nothing goes to standard output.

    With `stream`, JSON on standard output is the last event of a stream.

    If all go to files, the verdict is said on standard error. What cannot be written keeps no other report from being
    written; the first such error is raised at the end.
    """
    outputs = list(outputs)
    failed: list[UsageError | OSError] = []
    for how, where in outputs:
        if quiet and where == STDOUT:
            continue
        try:
            if stream and (how, where) == (ReportFormat.JSON, STDOUT):
                from ocianalyze.reports.report import as_json

                print_event("report", report=as_json(report))
            else:
                write_report(report, how, where, color)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever does not want to read this one still gets the others, and the exit code
            discard_output()
        except OSError as error:
            discard_output()
            failed.append(error)
        except UsageError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    if not quiet and report.error is None and all(where != STDOUT for _, where in outputs):
        sys.stderr.write(f"ocianalyze: {report.verdict}: {counts(report.summary)}\n")


@contextmanager
def reporting_failure(
    reference: str,
    policy: Policy,
    outputs: Iterable[tuple[ReportFormat, Path]],
    *,
    quiet: bool,
    stream: bool = False,
) -> Iterator[None]:
    """Where the image cannot be analysed, write reports that say so, so that no older one stays in place.

    The table is left out on standard output: standard error says the same.
    """
    try:
        yield
    except Exception as error:
        known = error if isinstance(error, OcianalyzeError) else AnalysisError(f"internal error: {error!r}")
        if known.exit_code in (EXIT_NOT_ANALYSED, EXIT_REGISTRY):
            from ocianalyze.reports.failing import failure_report

            rest = [item for item in outputs if item != (ReportFormat.TABLE, STDOUT)]
            try:
                report = failure_report(known, reference, policy)
                write_reports(report, rest, Color.NEVER, quiet=quiet, stream=stream)
            except (UsageError, OSError) as unwritten:  # why the image could not be analysed matters more
                text = unwritten.one_line() if isinstance(unwritten, UsageError) else unwritten.strerror
                sys.stderr.write(f"ocianalyze: {printable(text or '')}\n")
        raise


def write_report(report: Report, how: ReportFormat, where: Path, color: Color) -> None:
    """Write the report in one form to one place; raises OSError for standard output, UsageError for a file."""
    if how is not ReportFormat.TABLE:
        content = render(report, how.value)
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
    write_file(where, content)


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


def print_event(event: str, **more: Any) -> None:  # noqa: ANN401 - JSON values
    """Print an event of a stream, so that whoever reads it has it at once."""
    print_json_line({"event": event, **more})
    sys.stdout.flush()
