"""``ocianalyze diff``: show what changed from one image to another."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocianalyze.cli.caching import CacheOptions
from ocianalyze.cli.files import local_report
from ocianalyze.cli.grouping import grouped
from ocianalyze.cli.input import either, read_settings
from ocianalyze.cli.limits import HelpAll, LimitOptions
from ocianalyze.cli.options import (
    CHECK,
    OUTPUT,
    AppImageConfigFile,
    Color,
    ColorChoice,
    ConfigFile,
    DriverVersion,
    FailOnChoice,
    Ignore,
    Isolated,
    Jobs,
    Platform,
    Profiles,
    Select,
    Severities,
    growth,
    one_of,
)
from ocianalyze.cli.output import screen
from ocianalyze.cli.policy import PolicyOptions, make_policy
from ocianalyze.cli.registries import Offline, RegistryOptions
from ocianalyze.cli.source import make_source
from ocianalyze.cli.targets import require_one_registry
from ocianalyze.errors import UsageError
from ocianalyze.reports.exit_codes import EXIT_FOUND, EXIT_NOT_ANALYSED, exit_code_of
from ocianalyze.units import Growth

if TYPE_CHECKING:
    from ocianalyze.analysis import Policy, Source
    from ocianalyze.reports.report import Report

_APART: Final = "Store a report of each with 'ocianalyze scan --inventory --output', and compare the reports"
_EITHER: Final = "an image as for 'scan', or a JSON report of 'scan --inventory'."


class Form(StrEnum):
    """The forms of a difference."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


@grouped
def diff(
    *,
    old: Annotated[str, typer.Argument(metavar="OLD", help=f"What to compare with: {_EITHER}")],
    new: Annotated[str, typer.Argument(metavar="NEW", help=f"What to compare: {_EITHER}")],
    format_: Annotated[
        Form, typer.Option("--format", "-f", help="Output format.", rich_help_panel=OUTPUT, **one_of(Form))
    ] = Form.TABLE,
    fail_on: FailOnChoice = None,
    fail_on_growth: Annotated[
        Growth | None,
        typer.Option(
            parser=growth,
            metavar="N",
            help="Give exit code 1 also if NEW is larger than OLD by more than this, such as 500MB or 10%.",
            show_default=False,
            rich_help_panel=CHECK,
        ),
    ] = None,
    profile: Profiles = None,
    select: Select = None,
    ignore: Ignore = None,
    severity: Severities = None,
    app_image_config: AppImageConfigFile = None,
    driver_version: DriverVersion = None,
    color: ColorChoice = None,
    platform: Platform = None,
    jobs: Jobs = None,
    config: ConfigFile = None,
    isolated: Isolated = False,
    offline: Offline = False,
    registry: RegistryOptions,
    cache: CacheOptions,
    limits: LimitOptions,
    help_all: HelpAll = False,  # noqa: ARG001 - its callback has done it
) -> None:
    """Show what changed from OLD to NEW: findings, user, kernels, environment, CUDA, packages, size by directory."""
    from ocianalyze.reports.difference.comparing import diff as compare

    if old == new == "-":
        raise UsageError("standard input cannot be both images")
    settings = read_settings(config, isolated=isolated)

    def report_of(image: str) -> Report:
        stored = local_report(image)
        if stored is not None:
            return stored
        source = make_source(
            image,
            settings,
            platform=platform,
            image_name=None,
            limits=limits,
            registry=registry,
            offline=offline,
            cache=cache,
            jobs=jobs,
            reads_stdin=str(app_image_config) == "-" or "-" in (old, new),
        )
        if source.access is not None:
            require_one_registry((old, new), source.access, hint=_APART)
        policy = make_policy(
            PolicyOptions(
                profile=profile,
                select=select,
                ignore=ignore,
                severity=severity,
                app_image_config=app_image_config,
                driver_version=driver_version,
                fail_on=fail_on,
                inventory=True,
            ),
            settings,
            image=image,
        )
        return _analyze(source, policy)

    before, after = report_of(old), report_of(new)
    if fail_on is not None:
        after = after.model_copy(update={"request": after.request.model_copy(update={"fail_on": fail_on.value})})
    found = compare(before, after)
    if format_ is Form.JSON:
        sys.stdout.buffer.write(found.to_json())
    elif format_ is Form.MARKDOWN:
        from ocianalyze.reports.difference import markdown

        sys.stdout.buffer.write(markdown.write(found))
    else:
        from ocianalyze.reports.difference.table import print_difference

        print_difference(found, screen(Color(either(color, settings.color, Color.AUTO))))
    code = exit_code_of(found.new_findings, found.fail_on)
    if not code and sorted(found.old.profiles) != sorted(found.new.profiles):
        code = EXIT_NOT_ANALYSED
    if fail_on_growth is not None and fail_on_growth.is_exceeded(found.size.old, found.size.new):
        sys.stdout.flush()
        sys.stderr.write(f"ocianalyze: the image grew by more than {fail_on_growth}\n")
        code = EXIT_FOUND
    raise typer.Exit(code)


def _analyze(source: Source, policy: Policy) -> Report:
    from ocianalyze.analysis import analyze
    from ocianalyze.cli.progress import showing_progress

    with showing_progress(title=source.reference) as progress:
        return analyze(replace(source, progress=progress), policy)
