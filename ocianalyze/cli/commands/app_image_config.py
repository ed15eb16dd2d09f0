"""``ocianalyze app-image-config``: write the AppImageConfig that fits an image."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from ocianalyze.cli.caching import CacheOptions
from ocianalyze.cli.grouping import grouped
from ocianalyze.cli.input import read_settings, several
from ocianalyze.cli.limits import HelpAll, LimitOptions
from ocianalyze.cli.options import ConfigFile, Image, ImageName, Isolated, Jobs, Platform
from ocianalyze.cli.output import print_json
from ocianalyze.cli.registries import Offline, RegistryOptions
from ocianalyze.cli.source import make_source
from ocianalyze.reports.text import printable


@grouped
def app_image_config(
    *,
    image: Image,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Application to write it for.",
            envvar="OCIANALYZE_PROFILE",
            show_default="the one that the image is meant for",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the AppImageConfig.", show_default="after the image")
    ] = None,
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
    """Write the AppImageConfig that fits IMAGE, for 'aws sagemaker create-app-image-config --cli-input-json'."""
    from ocianalyze.analysis import fit_app_image_config
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
    )
    with showing_progress() as progress:
        fitting = fit_app_image_config(
            replace(source, progress=progress),
            profile=several((profile or "").split()) or settings.policy.profiles,
            name=name,
        )
    for remark in fitting.remarks:
        typer.echo(f"ocianalyze: {printable(remark)}", err=True)
    print_json(fitting.config)
