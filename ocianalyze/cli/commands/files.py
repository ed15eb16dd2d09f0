"""``ocianalyze files``: list what a container of the image would see."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from ocianalyze.cli.caching import CacheOptions
from ocianalyze.cli.grouping import grouped
from ocianalyze.cli.input import read_settings
from ocianalyze.cli.limits import HelpAll, LimitOptions
from ocianalyze.cli.options import ConfigFile, Format, Image, ImageName, Isolated, Jobs, Output, Platform
from ocianalyze.cli.output import print_json_line
from ocianalyze.cli.registries import Offline, RegistryOptions
from ocianalyze.cli.source import make_source
from ocianalyze.errors import UsageError


@grouped
def files(
    *,
    image: Image,
    glob: Annotated[
        str | None,
        typer.Argument(
            metavar="GLOB",
            help="Absolute paths to show, in quotes; '*' matches within a directory, '**' across directories.",
        ),
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show which layers wrote, changed or deleted each path.")
    ] = False,
    format_: Output = Format.TABLE,
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
    """List the files that a container of IMAGE would see: mode, owner, size, layer, path."""
    from ocianalyze.cli.progress import showing_progress
    from ocianalyze.reports import listing

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
        source = replace(source, progress=progress)
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
            hint="Use a pattern for absolute paths, such as '/opt/**' or '**/kernel.json'",
        )
