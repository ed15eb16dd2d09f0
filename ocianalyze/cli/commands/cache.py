"""``ocianalyze cache``: show and clear the layer cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

from ocianalyze.cli.caching import CacheDirectory, open_cache
from ocianalyze.cli.options import Format, Output
from ocianalyze.cli.output import print_json
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ocianalyze.layers.reading.cache import LayerCache

SUMMARY: Final = "Show or clear the layer cache, which makes later scans fast."


def info(*, cache_dir: CacheDirectory = None, format_: Output = Format.TABLE) -> None:
    """Show the directory and the size of the cache."""
    from ocianalyze.reports.text import printable
    from ocianalyze.units import human

    cache = _known_cache(cache_dir)
    usage = cache.usage()
    if format_ is Format.JSON:
        print_json({"directory": str(cache.directory), "layers": usage.layers, "bytes": usage.size})
    else:
        typer.echo(f"{printable(str(cache.directory))}: {_counted(usage.layers)}, {human(usage.size)}")


def clear(*, cache_dir: CacheDirectory = None) -> None:
    """Delete all cache entries, and nothing else in the directory."""
    from ocianalyze.reports.text import printable
    from ocianalyze.units import human

    cache = _known_cache(cache_dir)
    try:
        usage = cache.clear()
    except OSError as error:
        raise UsageError(f"the cache {cache.directory} cannot be cleared: {error.strerror}") from error
    typer.echo(f"{printable(str(cache.directory))}: {_counted(usage.layers)} deleted, {human(usage.size)}")


def _known_cache(directory: Path | None) -> LayerCache:
    cache = open_cache(directory)
    if cache is None:
        raise UsageError(
            "there is no cache directory, because this user has no home directory", hint="Name one with --cache-dir"
        )
    return cache


def _counted(layers: int) -> str:
    return f"{layers:,} layer{'' if layers == 1 else 's'}"
