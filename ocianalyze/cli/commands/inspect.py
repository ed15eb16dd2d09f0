"""``ocianalyze inspect``: show what an image is, without reading its layers."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocianalyze.cli.grouping import grouped
from ocianalyze.cli.input import either, read_settings
from ocianalyze.cli.limits import HelpAll, LimitOptions
from ocianalyze.cli.options import (
    OUTPUT,
    AppImageConfigFile,
    Color,
    ColorChoice,
    ConfigFile,
    DriverVersion,
    Format,
    Ignore,
    Image,
    ImageName,
    Isolated,
    Output,
    Platform,
    Profiles,
    Select,
    Severities,
)
from ocianalyze.cli.output import print_json, screen
from ocianalyze.cli.policy import PolicyOptions, make_policy
from ocianalyze.cli.registries import Offline, RegistryOptions
from ocianalyze.cli.source import make_source

if TYPE_CHECKING:
    from ocianalyze.analysis import Source
    from ocianalyze.oci.image import Image as OpenImage
    from ocianalyze.sources.registry.referrers.listed import Referrer

_UNWRAPPED: Final = 10_000
"""How wide a table is that other programs read: no value is broken."""


@grouped
def inspect(
    *,
    image: Image,
    profile: Profiles = None,
    select: Select = None,
    ignore: Ignore = None,
    severity: Severities = None,
    format_: Output = Format.TABLE,
    app_image_config: AppImageConfigFile = None,
    driver_version: DriverVersion = None,
    color: ColorChoice = None,
    platform: Platform = None,
    image_name: ImageName = None,
    artifact_type: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE",
            help="List only referrers of this type, such as application/vnd.ocianalyze.report.v1+json.",
            show_default="all types",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    config: ConfigFile = None,
    isolated: Isolated = False,
    offline: Offline = False,
    registry: RegistryOptions,
    limits: LimitOptions,
    help_all: HelpAll = False,  # noqa: ARG001 - its callback has done it
) -> None:
    """Show platform, configuration, and layers of IMAGE with sizes and build steps, and what is wrong with them.

    No layer is read. For an image in a registry, referrers are listed: signatures, SBOMs, reports of 'attach'. The exit
    code is 0, whatever is found.
    """
    from ocianalyze.analysis import preview
    from ocianalyze.cli.progress import showing_progress
    from ocianalyze.reports import inspection

    settings = read_settings(config, isolated=isolated)
    source = make_source(
        image,
        settings,
        platform=platform,
        image_name=image_name,
        limits=limits,
        registry=registry,
        offline=offline,
        reads_stdin=str(app_image_config) == "-",
    )
    policy = make_policy(
        PolicyOptions(
            profile=profile,
            select=select,
            ignore=ignore,
            severity=severity,
            app_image_config=app_image_config,
            driver_version=driver_version,
        ),
        settings,
        image=image,
    )
    with ExitStack() as stack:
        with showing_progress() as progress:  # an image that comes as a stream passes by
            opened = stack.enter_context(replace(source, progress=progress).open(read_layers=False))
        outcome = preview(opened, policy)
        referrers = _referrers(opened, source, artifact_type)
        if format_ is Format.JSON:
            print_json(inspection.record(opened, outcome, referrers))
        else:
            where = screen(Color(either(color, settings.color, Color.AUTO)), width=_UNWRAPPED)
            inspection.print_image(opened, outcome, where, referrers)


def _referrers(image: OpenImage, source: Source, artifact_type: str | None) -> list[Referrer] | None:
    """Return what refers to an image, None where that is not known."""
    if image.source != "registry" or source.access is None:
        return None
    from ocianalyze.sources.registry.referrers.listed import referrers_of

    return referrers_of(image, source.access, artifact_type)
