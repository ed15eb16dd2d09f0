"""The layer cache: its options, and the cache that they name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from ocianalyze.cli.options import CACHE, size

if TYPE_CHECKING:
    from ocianalyze.layers.reading.cache import LayerCache

_PROGRAM: Final = "ocianalyze"


def _directory(text: str) -> Path:
    """Return a directory as it was written, where CI settings write it, too, which no shell has expanded."""
    if not text:
        raise typer.BadParameter("no directory is given; leave the option out for the user's cache directory")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise typer.BadParameter(f"{text[:100]!r} lies in a home that is not known") from error


CacheDirectory = Annotated[
    Path | None,
    typer.Option(
        "--cache-dir",
        parser=_directory,
        metavar="DIRECTORY",
        help="Directory of the layer cache.",
        envvar="OCIANALYZE_CACHE_DIR",
        show_default="the user's cache directory",
        rich_help_panel=CACHE,
    ),
]
NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        help="Read every layer; neither use the cache nor write to it.",
        envvar="OCIANALYZE_NO_CACHE",
        rich_help_panel=CACHE,
    ),
]
CacheSize = Annotated[
    int | None,
    typer.Option(
        parser=size,
        metavar="N",
        help="Maximum size of the cache; least recently used entries are removed first.",
        envvar="OCIANALYZE_CACHE_SIZE",
        show_default="2GiB",
        rich_help_panel=CACHE,
    ),
]


class CacheOptions(NamedTuple):
    """The options of the cache, as they are given."""

    no_cache: NoCache = False
    cache_dir: CacheDirectory = None
    cache_size: CacheSize = None


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
