"""The commands that judge an image: scan, and inspect, which reads no layer."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocianalyze.cli import EXIT_NOT_ANALYSED
from ocianalyze.cli.app import EPILOG, app
from ocianalyze.cli.input import either, process_age, read_app_image_config, read_severities, several
from ocianalyze.cli.options import (
    AppImageConfigFile,
    Color,
    ColorChoice,
    DriverVersion,
    FailFast,
    FailOn,
    FailOnChoice,
    Format,
    Formats,
    Ignore,
    Output,
    Outputs,
    Profiles,
    Select,
    Severities,
    SizeLimit,
    Verify,
)
from ocianalyze.cli.output import (
    console,
    load_writers,
    log_to_stderr,
    pair_outputs,
    print_json,
    tell_early,
    write_reports,
)
from ocianalyze.cli.source import with_declaration, with_source

if TYPE_CHECKING:
    from ocianalyze.analysis import Source
    from ocianalyze.reports.report import Report
    from ocianalyze.rules.engine import Outcome
    from ocianalyze.settings.model import Settings

_RANKS: Final = {"error": 0, "warning": 1, "note": 2, "never": -1}
_UNWRAPPED: Final = 10_000
"""How wide a table is that other programs read: no value is broken."""
_WIDE: Final = 120


@app.command(epilog=EPILOG)
@with_source
def scan(
    *,
    profile: Profiles = None,
    select: Select = None,
    ignore: Ignore = None,
    severity: Severities = None,
    fail_on: FailOnChoice = None,
    fail_fast: FailFast = False,
    format_: Formats = None,
    output: Outputs = None,
    app_image_config: AppImageConfigFile = None,
    size_limit: SizeLimit = None,
    driver_version: DriverVersion = None,
    verify: Verify = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no report; the exit code tells.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say on standard error what is done, and where the bytes are.")
    ] = False,
    timing: Annotated[
        bool, typer.Option("--timing", help="Say on standard error where the time went, by phase and by layer.")
    ] = False,
    color: ColorChoice = None,
    settings: Settings,
    source: Source,
) -> None:
    """Tell whether IMAGE will work in SageMaker Studio; if not: what, where, which build step, and how to fix it."""
    from ocianalyze.analysis import DEFAULT_PROFILE, analyze
    from ocianalyze.cli.progress import showing_progress
    from ocianalyze.rules.rule import SIZE_LIMIT

    if verbose:
        log_to_stderr()
    color = either(color, settings.color, Color.AUTO)
    outputs = pair_outputs(format_ or [Format(name) for name in settings.format], output or [])
    config = app_image_config or settings.app_image_config
    threshold = either(fail_on, settings.fail_on, FailOn.ERROR)
    age = process_age()

    def use_the_time(early: Outcome) -> None:
        tell_early(early, fail_on=threshold)
        load_writers(outputs)

    with showing_progress(quiet=quiet, verbose=verbose, color=Color(color)) as progress:
        report = analyze(
            replace(source, verify_all=bool(either(verify, settings.verify)), progress=progress),
            profiles=several(profile) or settings.profile or [DEFAULT_PROFILE],
            select=several(select) or settings.select,
            ignore=several(ignore) or settings.ignore,
            fail_on=threshold,
            app_image_config=read_app_image_config(config, image=source.reference) if config else None,
            size_limit=either(size_limit, settings.size_limit, SIZE_LIMIT),
            driver_version=either(driver_version, settings.driver_version),
            severity={**settings.severity, **read_severities(several(severity))},
            waivers=settings.waivers,
            details=verbose,
            fail_fast=fail_fast,
            on_early=None if quiet or fail_fast else use_the_time,
        )
    if settings.file:
        report = report.model_copy(update={"settings": str(settings.file)})
    if age is not None:
        report = report.model_copy(update={"timing": report.timing.with_start(age)})
    write_reports(report, outputs, Color(color), quiet=quiet)
    if timing or verbose:
        from ocianalyze.reports.timing import print_timing

        if sys.stderr.isatty() and not quiet:  # the report is above
            sys.stderr.write("\n")
        print_timing(report, console(Color(color), file=sys.stderr, width=_WIDE))
    raise typer.Exit(_exit_code(report))


def _exit_code(report: Report) -> int:
    """Return 1 if something was found that is severe enough, 3 if something that may be was not decided, else 0."""
    least = _RANKS[report.request.fail_on]
    severe = {item.kind for item in report.findings if item.waived is None and _RANKS[item.severity] <= least}
    if "finding" in severe:
        return 1
    return EXIT_NOT_ANALYSED if severe or report.verdict in ("undecided", "error") else 0


@app.command("inspect", epilog=EPILOG)
@with_declaration
def inspect_(
    *,
    profile: Profiles = None,
    select: Select = None,
    ignore: Ignore = None,
    severity: Severities = None,
    format_: Output = Format.TABLE,
    app_image_config: AppImageConfigFile = None,
    driver_version: DriverVersion = None,
    color: ColorChoice = None,
    settings: Settings,
    source: Source,
) -> None:
    """Show what IMAGE is: platform, configuration, layers with their sizes and build steps; and what is wrong in that.

    No layer is read. The exit code is 0 whatever is found.
    """
    from ocianalyze.analysis import DEFAULT_PROFILE, preview
    from ocianalyze.cli.progress import showing_progress
    from ocianalyze.reports import inspection

    config = app_image_config or settings.app_image_config
    judge = partial(
        preview,
        profiles=several(profile) or settings.profile or [DEFAULT_PROFILE],
        select=several(select) or settings.select,
        ignore=several(ignore) or settings.ignore,
        app_image_config=read_app_image_config(config, image=source.reference) if config else None,
        driver_version=either(driver_version, settings.driver_version),
        severity={**settings.severity, **read_severities(several(severity))},
        waivers=settings.waivers,
    )
    with ExitStack() as stack:
        with showing_progress() as progress:  # an image that comes as a stream passes by
            opened = stack.enter_context(replace(source, progress=progress).open(read_layers=False))
        outcome = judge(opened)
        if format_ is Format.JSON:
            print_json(inspection.record(opened, outcome))
        else:
            where = console(either(color, settings.color, Color.AUTO), width=_UNWRAPPED)
            inspection.print_image(opened, outcome, where)
