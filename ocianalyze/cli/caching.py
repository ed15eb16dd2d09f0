"""Where is kept what was learned of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from ocianalyze.layers.reading.cache import LayerCache

_PROGRAM: Final = "ocianalyze"


class CacheOptions(NamedTuple):
    """The options of the cache, as they are given."""

    no_cache: bool
    cache_dir: Path | None
    cache_size: int | None


def usable_cache(given: CacheOptions, *, quiet: bool = False) -> LayerCache | None:
    """Return the cache that the options name; None if there is to be none or, as is said, it cannot be used."""
    cache = None if given.no_cache else open_cache(given.cache_dir, given.cache_size)
    problem = cache.problem() if cache is not None else None
    if cache is None or problem is None:
        return cache
    if not quiet:
        _tell_unusable(cache, problem)
    return None


def _tell_unusable(cache: LayerCache, problem: str) -> None:
    from ocianalyze.reports.text import printable

    typer.echo(printable(f"ocianalyze: the cache {cache.directory} is not used: {problem}"), err=True)


def open_cache(directory: Path | None, max_size: int | None = None) -> LayerCache | None:
    """Return the cache in `directory`, by default the user's (XDG Base Directory, on macOS ~/Library/Caches).

    None if that of the user is not known, as without a home: it is not to be where we just happen to be.
    """
    from platformdirs import user_cache_path

    from ocianalyze.layers.reading.cache import DEFAULT_CACHE_SIZE, LayerCache

    try:
        where = directory or user_cache_path(_PROGRAM, appauthor=False)
    except RuntimeError:
        return None
    if directory is None and not where.is_absolute():  # so say older ones of platformdirs
        return None
    return LayerCache(where, max_size=DEFAULT_CACHE_SIZE if max_size is None else max_size)
