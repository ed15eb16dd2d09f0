"""``ocianalyze size``: show where the bytes of an image are, and what could be saved."""

from __future__ import annotations

import sys
from dataclasses import replace

from ocianalyze.cli.caching import CacheOptions
from ocianalyze.cli.grouping import grouped
from ocianalyze.cli.input import either, read_settings
from ocianalyze.cli.limits import HelpAll, LimitOptions
from ocianalyze.cli.options import (
    Color,
    ColorChoice,
    ConfigFile,
    Format,
    Image,
    ImageName,
    Isolated,
    Jobs,
    Output,
    Platform,
    SizeLimit,
)
from ocianalyze.cli.output import screen
from ocianalyze.cli.registries import Offline, RegistryOptions
from ocianalyze.cli.source import make_source


@grouped
def size(
    *,
    image: Image,
    format_: Output = Format.TABLE,
    size_limit: SizeLimit = None,
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
    """Show where the bytes of IMAGE are: by directory, layer and package; and what can be saved, and how."""
    from ocianalyze.analysis import measure
    from ocianalyze.cli.progress import showing_progress
    from ocianalyze.reports.size.table import print_sizes
    from ocianalyze.rules.rule import SIZE_LIMIT

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
    limit = size_limit or settings.size_limit or SIZE_LIMIT
    with showing_progress() as progress:
        report = measure(replace(source, progress=progress), size_limit=limit)
    if format_ is Format.JSON:
        sys.stdout.buffer.write(report.to_json())
    else:
        print_sizes(report, screen(Color(either(color, settings.color, Color.AUTO))))
