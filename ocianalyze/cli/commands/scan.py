"""``ocianalyze scan``: check whether images work."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ocianalyze.cli.caching import CacheOptions
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
    ImageName,
    Images,
    Inventory,
    Isolated,
    Jobs,
    Lazy,
    OutputsOfSeveral,
    Platform,
    Profiles,
    Quiet,
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
    usual_formats,
    write_reports,
)
from ocianalyze.cli.policy import PolicyOptions, make_policy
from ocianalyze.cli.registries import Offline, RegistryOptions
from ocianalyze.cli.scanning import Scanning
from ocianalyze.cli.source import make_source
from ocianalyze.cli.targets import FromFile, is_several, read_references, refuse_for_several
from ocianalyze.errors import UsageError
from ocianalyze.reports.exit_codes import exit_code

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocianalyze.analysis import Source


@grouped
def scan(
    ctx: typer.Context,
    *,
    images: Images = None,
    profile: Profiles = None,
    select: Select = None,
    ignore: Ignore = None,
    severity: Severities = None,
    fail_on: FailOnChoice = None,
    fail_fast: FailFast = False,
    format_: Formats = None,
    output: OutputsOfSeveral = None,
    dockerfile: Dockerfile = None,
    baseline: BaselineFile = None,
    docs_url: DocsUrl = None,
    app_image_config: AppImageConfigFile = None,
    size_limit: SizeLimit = None,
    driver_version: DriverVersion = None,
    verify: Verify = None,
    lazy: Lazy = False,
    quiet: Quiet = False,
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
    from_file: FromFile = None,
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
    """Check whether each IMAGE works in SageMaker Studio and show how to fix what does not."""
    images = images or []
    if not images and from_file is None:
        raise UsageError("missing argument 'IMAGE'", hint=f"See '{ctx.command_path} --help'")
    settings = read_settings(config, isolated=isolated)
    several = is_several(images, from_file)
    if several:
        refuse_for_several({"--image": image_name, "--dockerfile": dockerfile, "--baseline": baseline}, settings)
    dockerfile, baseline = either(dockerfile, settings.dockerfile), either(baseline, settings.baseline)
    if str(from_file) == str(app_image_config) == "-":
        raise UsageError("standard input cannot be both the list of images and the AppImageConfig")
    references = read_references(images, from_file) if several else images
    first = "-" if "-" in references else references[0]
    source = make_source(
        first,
        settings,
        platform=platform,
        image_name=image_name,
        limits=limits,
        registry=registry,
        offline=offline,
        cache=cache,
        jobs=jobs,
        reads_stdin="-" in (str(app_image_config), str(from_file)),
        quiet=quiet,
    )
    verify = bool(either(verify, settings.verify))
    if verify and lazy:
        hint = "Choose one of them; --no-verify overrides a setting"
        raise UsageError("--verify reads every byte, and --lazy as few as possible", hint=hint)
    source = replace(source, verify_all=verify, lazy=lazy)
    if verbose:
        log_to_stderr()
    color = Color(either(color, settings.color, Color.AUTO))
    usual = usual_formats(ctx, format_)
    inputs = [*map(local_file, references), from_file, dockerfile, app_image_config]
    outputs = pair_outputs(
        [] if usual else format_ or [],
        output or [],
        usual=usual or [ReportFormat(name) for name in settings.format],
        inputs=inputs,
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
        image=first,
    )
    extras = read_extras(
        dockerfile, baseline, either(docs_url, settings.docs_url), stdin_is="the image" if first == "-" else None
    )
    scanning = Scanning(policy, extras, settings, color, quiet=quiet, verbose=verbose, timing=timing, stream=stream)
    if not several:
        raise typer.Exit(_scan_one(source, scanning, outputs))
    from ocianalyze.cli.several import scan_all

    raise typer.Exit(scan_all(references, source, scanning, outputs, inputs=inputs))


def _scan_one(source: Source, scanning: Scanning, outputs: Sequence[tuple[ReportFormat, Path]]) -> int:
    """Scan the only image, write its reports, and return the exit code."""
    from ocianalyze.cli.early import EarlyAnswers
    from ocianalyze.cli.events import Events

    policy, quiet, stream = scanning.policy, scanning.quiet, scanning.stream
    age = process_age()
    observers = [] if quiet or policy.fail_fast else [EarlyAnswers(policy.fail_on, outputs)]
    with reporting_failure(source.reference, policy, outputs, quiet=quiet, stream=stream):
        report = scanning.report(source, events=Events() if stream else None, observers=observers)
    if age is not None:
        report = report.model_copy(update={"timing": report.timing.with_start(age)})
    write_reports(report, outputs, scanning.color, quiet=quiet, stream=stream)
    scanning.tell_timing(report)
    return exit_code(report)
