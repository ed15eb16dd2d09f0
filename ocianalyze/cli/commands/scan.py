"""``ocianalyze scan``: check whether an image works."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated, Final

import typer

from ocianalyze.cli.caching import CacheOptions
from ocianalyze.cli.exits import exit_code
from ocianalyze.cli.extras import BaselineFile, Dockerfile, DocsUrl, read_extras
from ocianalyze.cli.files import local_file
from ocianalyze.cli.grouping import grouped
from ocianalyze.cli.input import either, process_age, read_settings
from ocianalyze.cli.limits import HelpAll, LimitOptions
from ocianalyze.cli.options import (
    OUTPUT,
    AppImageConfigFile,
    Color,
    ColorChoice,
    ConfigFile,
    DriverVersion,
    FailFast,
    FailOnChoice,
    Formats,
    Ignore,
    Image,
    ImageName,
    Inventory,
    Isolated,
    Jobs,
    Outputs,
    Platform,
    Profiles,
    ReportFormat,
    Select,
    Severities,
    SizeLimit,
    Verify,
)
from ocianalyze.cli.output import (
    STDOUT,
    log_to_stderr,
    pair_outputs,
    reporting_failure,
    screen,
    usual_formats,
    write_reports,
)
from ocianalyze.cli.policy import PolicyOptions, make_policy
from ocianalyze.cli.registries import Offline, RegistryOptions
from ocianalyze.cli.source import make_source
from ocianalyze.errors import UsageError

_WIDE: Final = 120


@grouped
def scan(
    ctx: typer.Context,
    *,
    image: Image,
    profile: Profiles = None,
    select: Select = None,
    ignore: Ignore = None,
    severity: Severities = None,
    fail_on: FailOnChoice = None,
    fail_fast: FailFast = False,
    format_: Formats = None,
    output: Outputs = None,
    dockerfile: Dockerfile = None,
    baseline: BaselineFile = None,
    docs_url: DocsUrl = None,
    app_image_config: AppImageConfigFile = None,
    size_limit: SizeLimit = None,
    driver_version: DriverVersion = None,
    verify: Verify = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no report; only set the exit code.", rich_help_panel=OUTPUT)
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Log to standard error, and show the largest files and directories.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    timing: Annotated[
        bool,
        typer.Option(
            "--timing",
            help="Show on standard error where the time went, by phase and by layer.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    inventory: Inventory = False,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream",
            help="Print JSON Lines: events while the image is read, at the end the report. For '--format json'.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    color: ColorChoice = None,
    platform: Platform = None,
    image_name: ImageName = None,
    jobs: Jobs = None,
    config: ConfigFile = None,
    isolated: Isolated = False,
    offline: Offline = False,
    registry: RegistryOptions,
    cache: CacheOptions,
    limits: LimitOptions,
    help_all: HelpAll = False,  # noqa: ARG001 - its callback has done it
) -> None:
    """Check whether IMAGE works in SageMaker Studio and show how to fix what does not."""
    from ocianalyze.analysis import analyze
    from ocianalyze.cli.early import EarlyAnswers
    from ocianalyze.cli.events import Events
    from ocianalyze.cli.progress import showing_progress

    settings = read_settings(config, isolated=isolated)
    source = make_source(
        image,
        settings,
        platform=platform,
        image_name=image_name,
        limits=limits,
        registry=registry,
        offline=offline,
        cache=cache,
        jobs=jobs,
        reads_stdin=str(app_image_config) == "-",
        quiet=quiet,
    )
    if verbose:
        log_to_stderr()
    color = Color(either(color, settings.color, Color.AUTO))
    usual = usual_formats(ctx, format_)
    outputs = pair_outputs(
        [] if usual else format_ or [],
        output or [],
        usual=usual or [ReportFormat(name) for name in settings.format],
        inputs=[local_file(image), either(dockerfile, settings.dockerfile), app_image_config],
    )
    if stream and ((ReportFormat.JSON, STDOUT) not in outputs or quiet):
        raise UsageError("--stream is for JSON on standard output", hint="Use it with --format json, without --quiet")
    policy = make_policy(
        PolicyOptions(
            profile=profile,
            select=select,
            ignore=ignore,
            severity=severity,
            app_image_config=app_image_config,
            driver_version=driver_version,
            size_limit=size_limit,
            fail_on=fail_on,
            fail_fast=fail_fast,
            details=verbose,
            inventory=inventory or any(how is ReportFormat.HTML for how, _ in outputs),
        ),
        settings,
        image=image,
    )
    extras = read_extras(
        either(dockerfile, settings.dockerfile),
        either(baseline, settings.baseline),
        either(docs_url, settings.docs_url),
        stdin_is="the image" if image == "-" else None,
    )
    age = process_age()
    events = Events() if stream else None
    observers = [] if quiet or fail_fast else [EarlyAnswers(policy.fail_on, outputs)]
    with (
        reporting_failure(image, policy, outputs, quiet=quiet, stream=stream),
        showing_progress(quiet=quiet, verbose=verbose, color=color, events=events) as progress,
    ):
        source = replace(source, verify_all=bool(either(verify, settings.verify)), progress=progress)
        report = analyze(source, policy, observers=observers if events is None else [*observers, events])
    if settings.file:
        report = report.model_copy(update={"settings": str(settings.file)})
    if age is not None:
        report = report.model_copy(update={"timing": report.timing.with_start(age)})
    report = extras.add_to(report)
    write_reports(report, outputs, color, quiet=quiet, stream=stream)
    if timing or verbose:
        from ocianalyze.reports.timing import print_timing

        if sys.stderr.isatty() and not quiet:  # the report is above
            sys.stderr.write("\n")
        print_timing(report, screen(color, sys.stderr, width=_WIDE))
    raise typer.Exit(exit_code(report))
