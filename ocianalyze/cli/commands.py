"""The commands: each parses its options, calls, and prints."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocianalyze import __version__
from ocianalyze.cli import EXIT_NOT_ANALYSED
from ocianalyze.cli.caching import cache_commands, with_cache
from ocianalyze.cli.input import either, open_source, process_age, read_app_image_config, read_severities, several
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
    Image,
    ImageName,
    Jobs,
    Output,
    Outputs,
    Platform,
    Profiles,
    Select,
    Severities,
    SizeLimit,
    Verify,
    with_settings,
)
from ocianalyze.cli.output import (
    console,
    log_to_stderr,
    pair_outputs,
    print_json,
    print_json_line,
    tell_early,
    write_reports,
)
from ocianalyze.cli.registries import VARIABLES, with_registry
from ocianalyze.errors import UsageError
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from ocianalyze.layers.cache import LayerCache
    from ocianalyze.layers.limits import Limits
    from ocianalyze.settings.model import Settings
    from ocianalyze.sources.registry.access import RegistryAccess

_EXIT_CODES: Final = {"pass": 0, "fail": 1, "error": EXIT_NOT_ANALYSED}
_UNWRAPPED: Final = 10_000
"""How wide a table is that other programs read: no value is broken."""
_WIDE: Final = 120
_EPILOG = """Exit codes: 0 the image conforms, 1 findings at or above --fail-on, 2 wrong usage, 3 the image could not
be analysed, 4 a registry could not be reached or refused."""

app = typer.Typer(
    name="ocianalyze",
    help="Tells whether a container image will work in SageMaker Studio, before it is pushed.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.add_typer(cache_commands, name="cache")


@app.command(epilog=_EPILOG)
@with_settings
@with_registry
@with_cache
def scan(
    *,
    image: Image,
    profile: Profiles = None,
    platform: Platform = None,
    image_name: ImageName = None,
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
    jobs: Jobs = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no report; the exit code tells.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say on standard error what is done, and where the bytes are.")
    ] = False,
    timing: Annotated[
        bool, typer.Option("--timing", help="Say on standard error where the time went, by phase and by layer.")
    ] = False,
    color: ColorChoice = None,
    settings: Settings,
    limits: Limits,
    access: RegistryAccess,
    cache: LayerCache | None,
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
    with showing_progress(quiet=quiet, verbose=verbose, color=Color(color)) as progress:
        report = analyze(
            open_source(
                image,
                platform or settings.platform,
                image_name,
                limits,
                access,
                verify=bool(either(verify, settings.verify)),
                jobs=either(jobs, settings.jobs),
                cache=cache,
                progress=progress,
            ),
            profiles=several(profile) or settings.profile or [DEFAULT_PROFILE],
            select=several(select) or settings.select,
            ignore=several(ignore) or settings.ignore,
            fail_on=threshold,
            app_image_config=read_app_image_config(config, image=image) if config else None,
            size_limit=either(size_limit, settings.size_limit, SIZE_LIMIT),
            driver_version=either(driver_version, settings.driver_version),
            severity={**settings.severity, **read_severities(several(severity))},
            waivers=settings.waivers,
            details=verbose,
            fail_fast=fail_fast,
            on_early=None if quiet or fail_fast else partial(tell_early, fail_on=threshold),
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
    raise typer.Exit(_EXIT_CODES[report.verdict])


@app.command("inspect", epilog=_EPILOG)
@with_settings
@with_registry
def inspect_(
    *,
    image: Image,
    profile: Profiles = None,
    platform: Platform = None,
    image_name: ImageName = None,
    select: Select = None,
    ignore: Ignore = None,
    severity: Severities = None,
    format_: Output = Format.TABLE,
    app_image_config: AppImageConfigFile = None,
    driver_version: DriverVersion = None,
    color: ColorChoice = None,
    settings: Settings,
    limits: Limits,
    access: RegistryAccess,
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
        app_image_config=read_app_image_config(config, image=image) if config else None,
        driver_version=either(driver_version, settings.driver_version),
        severity={**settings.severity, **read_severities(several(severity))},
        waivers=settings.waivers,
    )
    with ExitStack() as stack:
        with showing_progress() as progress:  # an image that comes as a stream passes by
            source = open_source(image, platform or settings.platform, image_name, limits, access, progress=progress)
            opened = stack.enter_context(source.open(read_layers=False))
        outcome = judge(opened)
        if format_ is Format.JSON:
            print_json(inspection.record(opened, outcome))
        else:
            where = console(either(color, settings.color, Color.AUTO), width=_UNWRAPPED)
            inspection.print_image(opened, outcome, where)


@app.command(epilog=_EPILOG)
@with_settings
@with_registry
@with_cache
def files(
    *,
    image: Image,
    glob: Annotated[
        str | None,
        typer.Argument(metavar="GLOB", help="Absolute paths to show: '*' stands for no '/', '**' for any directories."),
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show which layers wrote, changed or deleted each path.")
    ] = False,
    platform: Platform = None,
    image_name: ImageName = None,
    format_: Output = Format.TABLE,
    jobs: Jobs = None,
    settings: Settings,
    limits: Limits,
    access: RegistryAccess,
    cache: LayerCache | None,
) -> None:
    """List the files that a container of IMAGE would see: mode, owner, size, layer, path."""
    from ocianalyze.cli.progress import showing_progress
    from ocianalyze.reports import listing

    with showing_progress() as progress:
        source = open_source(
            image,
            platform or settings.platform,
            image_name,
            limits,
            access,
            jobs=either(jobs, settings.jobs),
            cache=cache,
            progress=progress,
        )
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
        print_json_line(item) if isinstance(item, dict) else typer.echo(item)
    if not found and glob is not None:
        raise UsageError(
            f"nothing in the image matches {glob}",
            hint="a pattern is an absolute path, such as '/opt/**' or '**/kernel.json'",
        )


@app.command("app-image-config", epilog=_EPILOG)
@with_settings
@with_registry
@with_cache
def app_image_config_(
    *,
    image: Image,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Which application it is for; the first of several.",
            envvar="OCIANALYZE_PROFILE",
            show_default="studio-classic",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it is called.", show_default="after the image")
    ] = None,
    platform: Platform = None,
    image_name: ImageName = None,
    jobs: Jobs = None,
    settings: Settings,
    limits: Limits,
    access: RegistryAccess,
    cache: LayerCache | None,
) -> None:
    """Write the AppImageConfig that fits IMAGE, for 'aws sagemaker create-app-image-config --cli-input-json'."""
    from ocianalyze.analysis import DEFAULT_PROFILE, fit_app_image_config
    from ocianalyze.cli.progress import showing_progress

    with showing_progress() as progress:
        fitting = fit_app_image_config(
            open_source(
                image,
                platform or settings.platform,
                image_name,
                limits,
                access,
                jobs=either(jobs, settings.jobs),
                cache=cache,
                progress=progress,
            ),
            profile=next(iter(several((profile or "").split()) or settings.profile), DEFAULT_PROFILE),
            name=name,
        )
    for remark in fitting.remarks:
        typer.echo(f"ocianalyze: {printable(remark)}", err=True)
    print_json(fitting.config)


@app.command()
def rules(*, format_: Output = Format.TABLE, color: ColorChoice = Color.AUTO) -> None:
    """List all rules, a line each."""
    from ocianalyze.reports import catalogue

    if format_ is Format.JSON:
        print_json(catalogue.records())
    else:
        catalogue.print_rules(console(color or Color.AUTO))


@app.command()
def explain(
    *,
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="An id or a name of a rule, such as KRN006, or a profile.")
    ],
    color: ColorChoice = None,
) -> None:
    """Print the page of a rule: what it checks, why it matters, how to fix it. Or that of a profile: its clauses."""
    from ocianalyze.reports import catalogue

    catalogue.print_page(rule, console(color or Color.AUTO))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    from ocianalyze.reports.report import json_schema

    print_json(json_schema())


def variables() -> set[str]:
    """Return the names of the environment's variables that are read."""
    from typer.main import get_command

    group = get_command(app)
    commands = [group, *getattr(group, "commands", {}).values()]
    return {
        "OCIANALYZE_DEBUG",
        *VARIABLES,
        *(str(option.envvar) for item in commands for option in item.params if option.envvar),
    }


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
