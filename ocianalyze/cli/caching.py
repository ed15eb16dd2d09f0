"""The options that say where is kept what was learned of layers, and the commands that show and empty that place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ocianalyze.cli.extending import extend
from ocianalyze.cli.options import Format, Output, size
from ocianalyze.cli.output import print_json
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocianalyze.layers.cache import LayerCache

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
        help="Where cached layer data is kept.",
        envvar="OCIANALYZE_CACHE_DIR",
        show_default="the user's cache directory",
    ),
]
_NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        help="Read every layer, and write nothing: neither use the cache nor fill it.",
        envvar="OCIANALYZE_NO_CACHE",
    ),
]
_CacheSize = Annotated[
    int | None,
    typer.Option(
        parser=size,
        metavar="N",
        help="How large the cache may grow; what was not asked for the longest goes first.",
        envvar="OCIANALYZE_CACHE_SIZE",
        show_default="2GiB",
    ),
]
_OPTIONS: Final = {"no_cache": (_NoCache, False), "cache_dir": (CacheDirectory, None), "cache_size": (_CacheSize, None)}

cache_commands = typer.Typer(
    help="Show or empty the cache: what was learned of layers, kept for the next scan.", no_args_is_help=True
)


def with_cache(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of the cache; it arrives as the keyword `cache`, None if there is to be none."""
    return extend(command, _OPTIONS, _make, into=("cache",))


def _make(given: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    if given["no_cache"]:
        return {"cache": None}
    cache = open_cache(given["cache_dir"], given["cache_size"])
    if cache is not None and (problem := cache.problem()):
        if not arguments.get("quiet"):
            _tell_unusable(cache, problem)
        cache = None
    return {"cache": cache}


def _tell_unusable(cache: LayerCache, problem: str) -> None:
    from ocianalyze.reports.text import printable

    typer.echo(printable(f"ocianalyze: the cache {cache.directory} is not used: {problem}"), err=True)


def open_cache(directory: Path | None, max_size: int | None = None) -> LayerCache | None:
    """Return the cache in `directory`, by default the user's (XDG Base Directory, on macOS ~/Library/Caches).

    None if that of the user is not known, as without a home: it is not to be where we just happen to be.
    """
    from platformdirs import user_cache_path

    from ocianalyze.layers.cache import DEFAULT_CACHE_SIZE, LayerCache

    try:
        where = directory or user_cache_path(_PROGRAM, appauthor=False)
    except RuntimeError:
        return None
    if directory is None and not where.is_absolute():  # so say older ones of platformdirs
        return None
    return LayerCache(where, max_size=DEFAULT_CACHE_SIZE if max_size is None else max_size)


def _known_cache(directory: Path | None) -> LayerCache:
    cache = open_cache(directory)
    if cache is None:
        raise UsageError("there is no cache, because the home of this user is not known", hint="name it: --cache-dir")
    return cache


@cache_commands.command()
def info(*, cache_dir: CacheDirectory = None, format_: Output = Format.TABLE) -> None:
    """Show where the cache is and how much it holds."""
    from ocianalyze.reports.text import printable
    from ocianalyze.units import human

    cache = _known_cache(cache_dir)
    usage = cache.usage()
    if format_ is Format.JSON:
        print_json({"directory": str(cache.directory), "layers": usage.layers, "bytes": usage.size})
    else:
        typer.echo(f"{printable(str(cache.directory))}: {_counted(usage.layers)}, {human(usage.size)}")


@cache_commands.command()
def clear(*, cache_dir: CacheDirectory = None) -> None:
    """Delete what the cache holds, and nothing else that may lie in its directory."""
    from ocianalyze.reports.text import printable
    from ocianalyze.units import human

    cache = _known_cache(cache_dir)
    try:
        usage = cache.clear()
    except OSError as error:
        raise UsageError(f"the cache {cache.directory} cannot be emptied: {error.strerror}") from error
    typer.echo(f"{printable(str(cache.directory))}: {_counted(usage.layers)} deleted, {human(usage.size)}")


def _counted(layers: int) -> str:
    return f"{layers:,} layer{'' if layers == 1 else 's'}"
