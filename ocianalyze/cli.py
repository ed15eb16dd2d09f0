"""The command line. Only this module prints, reads the environment, or exits."""

from __future__ import annotations

import inspect
import io
import logging
import os
import re
import sys
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final

import typer

from ocianalyze import __version__
from ocianalyze.errors import OcianalyzeError, UsageError
from ocianalyze.layers.limits import DEFAULT_LIMITS, MEANINGS, Limits
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from ocianalyze.analysis import Source
    from ocianalyze.reports.report import Report

EXIT_FINDINGS: Final = 1
EXIT_NOT_ANALYSED: Final = 3
EXIT_INTERRUPTED: Final = 130

_EPILOG = """Exit codes: 0 the image conforms, 1 findings at or above --fail-on, 2 wrong usage, 3 the image could not
be analysed, 4 a registry could not be reached or refused."""
_IMAGE_HELP = """A docker archive, an OCI archive or an OCI layout directory (told by content; gzip, zstd, xz or bzip2
around it is fine), '-' for standard input, or docker-archive:PATH[:NAME], oci-archive:PATH[:NAME],
oci:DIRECTORY[:NAME]."""
_UNITS: Final = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}

app = typer.Typer(
    name="ocianalyze",
    help="Tells whether a container image will work in SageMaker Studio, before it is pushed.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """The forms of a report."""

    TABLE = "table"
    JSON = "json"


class FailOn(StrEnum):
    """The least severity that makes a scan fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"


class Color(StrEnum):
    """Whether the table has colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def _size(text: str) -> int:
    """Return a number such as ``40000``, ``64MiB`` or ``300GB``."""
    match = re.fullmatch(r"(\d{1,18})\s*([kmgt]i?)?b?", text.strip().lower())
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a number such as 40000, 64MiB or 300GB")
    return int(match[1]) * _UNITS[match[2] or ""]


Image = Annotated[str, typer.Argument(metavar="IMAGE", help=_IMAGE_HELP, show_default=False)]
Platform = Annotated[
    str | None,
    typer.Option(help="Which platform, if there are several (default linux/amd64).", show_default=False),
]
ImageName = Annotated[
    str | None,
    typer.Option(
        "--image", metavar="NAME", help="Which of several images: a name, @POSITION or a digest.", show_default=False
    ),
]
Verify = Annotated[bool, typer.Option("--verify", help="Read and hash every byte, uncompressed layers too.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="How many layers are read at a time.", show_default="processors")]
Output = Annotated[Format, typer.Option("--format", "-f", help="How to print it.")]
ColorChoice = Annotated[Color, typer.Option(help="Whether the table has colours.", envvar="OCIANALYZE_COLOR")]


def _with_limits(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one ``--max-...`` option for each limit; they arrive as the keyword `limits`."""

    @wraps(command)
    def call(**arguments: Any) -> None:  # noqa: ANN401 - whatever the command takes
        given = {name: arguments.pop(name) for name in MEANINGS}
        command(limits=Limits(**{name: value for name, value in given.items() if value is not None}), **arguments)

    signature = inspect.signature(command, eval_str=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "limits"]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                int | None,
                typer.Option(
                    parser=_size,
                    metavar="N",
                    help=f"Limit: {meaning} (default {getattr(DEFAULT_LIMITS, name):,}).",
                    show_default=False,
                ),
            ],
        )
        for name, meaning in MEANINGS.items()
    ]
    call.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *added)}
    return call


# ---- commands ------------------------------------------------------------------------------------------------


@app.command(epilog=_EPILOG)
@_with_limits
def scan(
    *,
    image: Image,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Which profile decides (repeatable).", envvar="OCIANALYZE_PROFILE"),
    ] = None,
    platform: Platform = None,
    image_name: ImageName = None,
    select: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Only these rules; ids or prefixes.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Not these rules; ids or prefixes.")] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="The least severity that gives exit code 1.", envvar="OCIANALYZE_FAIL_ON")
    ] = FailOn.ERROR,
    format_: Annotated[
        list[Format] | None, typer.Option("--format", "-f", help="How to report (repeatable).", show_default="table")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", help="Where to write the report of the --format at the same place ('-': stdout)."
        ),
    ] = None,
    verify: Verify = False,
    jobs: Jobs = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no report; the exit code tells.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say on standard error what is done.")] = False,
    color: ColorChoice = Color.AUTO,
    limits: Limits,
) -> None:
    """Tell whether IMAGE will work in SageMaker Studio; if not: what, where, which build step, and how to fix it."""
    from ocianalyze.analysis import DEFAULT_PROFILE, analyze

    if verbose:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(name)s: %(message)s")
    formats = format_ or [Format.TABLE]
    outputs = [*(output or []), *[Path("-")] * (len(formats) - len(output or []))]
    if len(outputs) > len(formats):
        raise UsageError(
            f"{len(outputs)} --output for {len(formats)} --format", hint="give one --format for each --output"
        )
    report = analyze(
        _source(image, platform, image_name, limits, verify=verify, jobs=jobs),
        profiles=profile or [DEFAULT_PROFILE],
        select=select or (),
        ignore=ignore or (),
        fail_on=fail_on,
    )
    for how, where in zip(formats, outputs, strict=True):
        if quiet and where == Path("-"):
            continue
        try:
            _write_report(report, how, where, color)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever does not want to read this one still gets the others, and the exit code
            _discard_output()
    raise typer.Exit({"pass": 0, "fail": EXIT_FINDINGS, "error": EXIT_NOT_ANALYSED}[report.verdict])


@app.command("inspect", epilog=_EPILOG)
@_with_limits
def inspect_(
    *,
    image: Image,
    platform: Platform = None,
    image_name: ImageName = None,
    format_: Output = Format.TABLE,
    color: ColorChoice = Color.AUTO,
    limits: Limits,
) -> None:
    """Show what IMAGE is: platform, configuration, layers with their sizes and build steps. No layer is read."""
    from ocianalyze.reports import inspection

    with _source(image, platform, image_name, limits).open(read_layers=False) as opened:
        if format_ is Format.JSON:
            _print_json(inspection.record(opened))
        else:
            inspection.print_image(opened, _console(color))


@app.command(epilog=_EPILOG)
@_with_limits
def files(
    *,
    image: Image,
    glob: Annotated[
        str | None,
        typer.Argument(
            metavar="[GLOB]", help="Absolute paths to show: '*' stands for no '/', a leading '**/' for any directory."
        ),
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show which layers wrote, changed or deleted each path.")
    ] = False,
    platform: Platform = None,
    image_name: ImageName = None,
    format_: Output = Format.TABLE,
    jobs: Jobs = None,
    limits: Limits,
) -> None:
    """List the files that a container of IMAGE would see: mode, owner, size, layer, path."""
    from ocianalyze.reports import listing

    source = _source(image, platform, image_name, limits, jobs=jobs)
    with source.open() as opened:
        layers, _ = source.read(opened)
        filesystem = source.merge(layers)
    if history:
        steps = [layer.created_by for layer in opened.layers]
        records = listing.histories(filesystem, steps, glob)
        lines = listing.history_lines(filesystem, steps, glob)
    else:
        records = listing.records(filesystem, glob)
        lines = listing.lines(filesystem, glob)
    found = False
    for item in records if format_ is Format.JSON else lines:
        found = True
        _print_json_line(item) if isinstance(item, dict) else typer.echo(item)
    if not found and glob is not None:
        raise UsageError(
            f"nothing in the image matches {glob}",
            hint="a pattern is an absolute path, such as '/opt/**' or '**/kernel.json'",
        )


@app.command()
def rules(*, format_: Output = Format.TABLE, color: ColorChoice = Color.AUTO) -> None:
    """List all rules, a line each."""
    from ocianalyze.reports import catalogue

    if format_ is Format.JSON:
        _print_json(catalogue.records())
    else:
        catalogue.print_rules(_console(color))


@app.command()
def explain(
    *,
    rule: Annotated[str, typer.Argument(metavar="RULE", help="An id, such as KRN006.")],
    color: ColorChoice = Color.AUTO,
) -> None:
    """Print the page of a rule: what it checks, why it matters, how to fix what it finds."""
    from ocianalyze.reports import catalogue

    catalogue.print_page(rule, _console(color))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    from ocianalyze.reports.report import json_schema

    _print_json(json_schema())


# ---- printing ------------------------------------------------------------------------------------------------


def _source(
    image: str, platform: str | None, name: str | None, limits: Limits, *, verify: bool = False, jobs: int | None = None
) -> Source:
    from ocianalyze.analysis import Source

    if image == "-" and sys.stdin is None:
        raise UsageError("standard input is closed")
    stdin = sys.stdin.buffer if image == "-" else None
    if stdin is not None and stdin.isatty():
        raise UsageError(
            "standard input is a terminal", hint="pipe an archive into it: docker save IMAGE | ocianalyze scan -"
        )
    return Source(
        reference=image, platform=platform, name=name, stdin=stdin, verify_all=verify, jobs=jobs, limits=limits
    )


def _write_report(report: Report, how: Format, where: Path, color: Color) -> None:
    if how is Format.JSON:
        content = report.to_json()
        if where == Path("-"):
            sys.stdout.buffer.write(content)
            return
    else:
        from ocianalyze.reports.table import print_report

        if where == Path("-"):
            print_report(report, _console(color))
            return
        with io.StringIO() as text:
            print_report(report, _console(Color.NEVER, file=text))
            content = text.getvalue().encode()
    try:
        where.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{where} cannot be written: {error.strerror}") from error


def _console(color: Color, file: IO[str] | None = None) -> Console:
    """Return a console that neither guesses emoji nor highlights; 80 columns where the width is not known."""
    from rich.console import Console

    class Plain(Console):
        """A console that leaves a closed pipe to the command, which knows its exit code."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    out = file or sys.stdout
    width = None if out.isatty() or "COLUMNS" in os.environ else 80
    return Plain(
        file=out,
        width=width,
        force_terminal={Color.ALWAYS: True, Color.NEVER: False}.get(color),
        no_color=color is Color.NEVER or None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _print_json(value: object) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")


def _print_json_line(value: object) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value) + b"\n")


def _version(value: bool) -> None:  # noqa: FBT001 - typer's callback
    if value:
        typer.echo(f"ocianalyze {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and exit with its code; whatever goes wrong is said in one line on standard error."""
    _prepare_output()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OcianalyzeError as error:
        sys.exit(_complain(error.one_line(), error.exit_code))
    except KeyboardInterrupt:
        os._exit(_complain("interrupted", EXIT_INTERRUPTED))  # at once: threads may be deep in a layer
    except BrokenPipeError:
        _discard_output()
        sys.exit(EXIT_NOT_ANALYSED)
    except OSError as error:
        _discard_output()
        sys.exit(_complain(f"the output cannot be written: {error.strerror}", EXIT_NOT_ANALYSED))
    except MemoryError:
        sys.exit(_complain("out of memory; lower --max-entries or --jobs, or give it more", EXIT_NOT_ANALYSED))
    except Exception as error:  # nobody is to see a traceback who did not ask for it
        if os.environ.get("OCIANALYZE_DEBUG"):
            raise
        what = f"internal error: {type(error).__name__}: {error}; set OCIANALYZE_DEBUG=1 for a traceback, and report it"
        sys.exit(_complain(what, EXIT_NOT_ANALYSED))


def _prepare_output() -> None:
    """Make sure that there is something to print to, and that every text can be printed in its encoding."""
    if sys.stdout is None or sys.stderr is None:
        sys.exit(EXIT_NOT_ANALYSED)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Let whatever is still to be written to standard output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str, code: int) -> int:
    print(f"ocianalyze: {printable(message)}", file=sys.stderr)  # noqa: T201
    return code


if __name__ == "__main__":
    main()
