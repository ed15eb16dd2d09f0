"""``ocianalyze fleet``: check all images of a registry, a directory or an account, and read shared layers once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ocianalyze.cli.caching import CacheOptions
from ocianalyze.cli.grouping import grouped
from ocianalyze.cli.input import either, read_settings
from ocianalyze.cli.limits import HelpAll, LimitOptions
from ocianalyze.cli.options import (
    IMAGE,
    OUTPUT,
    AppImageConfigFile,
    Color,
    ColorChoice,
    ConfigFile,
    DriverVersion,
    FailOnChoice,
    Ignore,
    Inventory,
    Isolated,
    Jobs,
    Platform,
    Profiles,
    Quiet,
    Select,
    Severities,
    SizeLimit,
)
from ocianalyze.cli.policy import PolicyOptions, make_policy
from ocianalyze.cli.registries import Offline, RegistryOptions
from ocianalyze.cli.source import make_source
from ocianalyze.errors import UsageError

_RESULTS: Final = Path("fleet.sqlite")
_NO_IMAGE: Final = ""
"""Each image has a reference of its own."""

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help="""Images: names in registries, with quoted patterns such as 'registry.example.com/team/*:v*'; directories
of archives; archives and layouts with several images; lists, one source per line ('-': standard input);
ecr://ACCOUNT.dkr.ecr.REGION/PREFIX*; sagemaker://REGION.""",
        show_default=False,
    ),
]
ResultsFile = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Results file; an interrupted run goes on where it stopped.",
        envvar="OCIANALYZE_FLEET_OUTPUT",
        rich_help_panel=OUTPUT,
    ),
]
PlanOnly = Annotated[
    bool,
    typer.Option(
        "--plan", help="Show what would be read and how long it would take, and exit.", rich_help_panel=OUTPUT
    ),
]
Anew = Annotated[bool, typer.Option("--new-run", help="Do not go on with an interrupted run.", rich_help_panel=OUTPUT)]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Scheduler of a Dask cluster that does the work, such as tcp://10.0.0.5:8786.",
        envvar="OCIANALYZE_SCHEDULER",
        show_default="processes on this machine",
        rich_help_panel=IMAGE,
    ),
]
Store = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Directory or object store for what was read of layers, shared by all workers, such as s3://bucket/layers.",
        envvar="OCIANALYZE_STORE",
        show_default="the layer cache",
        rich_help_panel=IMAGE,
    ),
]


@grouped
def fleet(
    ctx: typer.Context,
    *,
    sources: Sources = None,
    output: ResultsFile = _RESULTS,
    plan: PlanOnly = False,
    new_run: Anew = False,
    scheduler: Scheduler = None,
    store: Store = None,
    jobs: Jobs = None,
    profile: Profiles = None,
    select: Select = None,
    ignore: Ignore = None,
    severity: Severities = None,
    fail_on: FailOnChoice = None,
    app_image_config: AppImageConfigFile = None,
    size_limit: SizeLimit = None,
    driver_version: DriverVersion = None,
    inventory: Inventory = False,
    quiet: Quiet = False,
    color: ColorChoice = None,
    platform: Platform = None,
    config: ConfigFile = None,
    isolated: Isolated = False,
    offline: Offline = False,
    registry: RegistryOptions,
    cache: CacheOptions,
    limits: LimitOptions,
    help_all: HelpAll = False,  # noqa: ARG001 - its callback has done it
) -> None:
    """Check all images of each SOURCE, read the layers that they share once, and keep the results in one file."""
    if not sources:
        raise UsageError("missing argument 'SOURCE'", hint=f"See '{ctx.command_path} --help'")
    settings = read_settings(config, isolated=isolated)
    source = make_source(
        _NO_IMAGE,
        settings,
        platform=platform,
        image_name=None,
        limits=limits,
        registry=registry,
        offline=offline,
        cache=cache if store is None and scheduler is None else None,
        jobs=jobs,
        reads_stdin="-" in sources,
        quiet=quiet,
    )
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
            inventory=inventory,
        ),
        settings,
        image="-" if "-" in sources else _NO_IMAGE,
    )
    from ocianalyze.cli.fleets import Asked, scan_fleet

    asked = Asked(
        sources=sources,
        output=output,
        is_plan=plan,
        is_new=new_run,
        scheduler=scheduler,
        store=store,
        color=Color(either(color, settings.color, Color.AUTO)),
        quiet=quiet,
    )
    raise typer.Exit(scan_fleet(asked, source, policy.checked()))
