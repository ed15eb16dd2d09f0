"""Where a Jupyter server searches kernel specs, and in which order.

Sources: jupyter_core 5.9 ``paths.py`` (``jupyter_path``, ``jupyter_data_dir``, ``prefer_environment_over_user``);
platformdirs ``unix.py``; jupyter_client 8 ``kernelspec.py`` (``_kernel_dirs_default``); IPython ``paths.py``; CPython
``site.py`` (``USER_BASE``).
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.programs.program import LONGEST_PATH, split_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


Place: TypeAlias = Literal["path", "prefix", "user", "system", "conda", "native"]
"""Why a directory of kernel specs is searched."""

SYSTEM: Final = ("/usr/local/share/jupyter", "/usr/share/jupyter")

_SHARE: Final = "share/jupyter"
_FALSE: Final = frozenset({"no", "n", "false", "off", "0", "0.0"})


class SearchDirectory(NamedTuple):
    """One directory of kernel specs, and why it is searched."""

    path: str
    place: Place


class Circumstances(NamedTuple):
    """What the search order depends on.

    Attributes:
        environment: the server's variables.
        home: the user's home directory.
        prefix: the server's ``sys.prefix``.
        is_virtual: whether that is a virtual environment.
        owns_prefix: whether the user owns it.
        user_site: whether the server's Python has a user site (``site.ENABLE_USER_SITE``).
        ipython: whether it can import IPython.
    """

    environment: Mapping[str, str]
    home: str
    prefix: str
    is_virtual: bool = False
    owns_prefix: bool = False
    user_site: bool = True
    ipython: bool = True


def search_directories(circumstances: Circumstances) -> tuple[SearchDirectory, ...]:
    """Return the directories in which kernel specs are searched, each once, in order.

    What is no absolute path is left out, because it depends on where the server runs.
    """
    found: dict[str, SearchDirectory] = {}
    for directory in _candidates(circumstances):
        if directory.path.startswith("/") and len(directory.path) < LONGEST_PATH:
            found.setdefault(directory.path, directory)
    return tuple(found.values())


def data_directory(environment: Mapping[str, str], home: str) -> str:
    """Return the user's own directory (``jupyter_data_dir``)."""
    data = environment.get("XDG_DATA_HOME", "")
    if is_set(environment, "JUPYTER_PLATFORM_DIRS"):
        data = data.strip()
    return environment.get("JUPYTER_DATA_DIR") or join(data or join(home, ".local/share"), "jupyter")


def is_set(environment: Mapping[str, str], name: str) -> bool:
    """Tell whether a variable is set to something that does not mean no (``envset``)."""
    return name in environment and environment[name].lower() not in _FALSE


def _candidates(circumstances: Circumstances) -> Iterator[SearchDirectory]:
    environment = circumstances.environment
    if environment.get("JUPYTER_PATH"):
        for item in split_path(environment["JUPYTER_PATH"]):
            yield _kernels(item.rstrip("/"), "path")
    own = join(circumstances.prefix, _SHARE)
    system = _system(environment)
    prefix = [] if own in system else [_kernels(own, "prefix")]
    user = [_kernels(path, "user") for path in _user(circumstances)]
    yield from (*prefix, *user) if _prefers_environment(circumstances) else (*user, *prefix)
    yield from (_kernels(path, "system") for path in system)
    if circumstances.ipython:
        yield _kernels(environment.get("IPYTHONDIR") or join(circumstances.home, ".ipython"), "user")


def _user(circumstances: Circumstances) -> Iterator[str]:
    environment, home = circumstances.environment, circumstances.home
    yield data_directory(environment, home)
    if circumstances.user_site and not environment.get("PYTHONNOUSERSITE"):
        yield join(environment.get("PYTHONUSERBASE") or join(home, ".local"), _SHARE)


def _system(environment: Mapping[str, str]) -> tuple[str, ...]:
    if not is_set(environment, "JUPYTER_PLATFORM_DIRS"):
        return SYSTEM
    stated = environment.get("XDG_DATA_DIRS", "")
    shares = split_path(stated) if stated.strip() else ("/usr/local/share", "/usr/share")
    return tuple(join(share, "jupyter") for share in shares if share.strip())


def _prefers_environment(circumstances: Circumstances) -> bool:
    environment, prefix = circumstances.environment, circumstances.prefix
    if "JUPYTER_PREFER_ENV_PATH" in environment:
        return is_set(environment, "JUPYTER_PREFER_ENV_PATH")
    in_conda = (
        "CONDA_PREFIX" in environment
        and prefix.startswith(environment["CONDA_PREFIX"])
        and environment.get("CONDA_DEFAULT_ENV", "base") != "base"
    )
    return circumstances.owns_prefix and (circumstances.is_virtual or in_conda)


def _kernels(data: str, place: Place) -> SearchDirectory:
    return SearchDirectory(f"{data}/kernels", place)
