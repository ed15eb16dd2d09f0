"""What ``conda info`` would say: where conda lies, where it keeps environments, and which ones it knows.

Sources: conda 26.7 ``core/envs_manager.py`` (``list_all_known_prefixes``), ``base/context.py`` (``envs_dirs``),
``base/constants.py`` (``SEARCH_PATH`` of its configuration).
"""

from __future__ import annotations

from posixpath import dirname, join, normpath
from string import Template
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.programs.program import LONGEST_PATH, split_path
from ocianalyze.facts.python.installations import find_installation, is_python
from ocianalyze.facts.user.accounts import find_homes
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("**/.condarc", "**/condarc", "**/environments.txt", "**/condarc.d/*")


_PLACES: Final = (
    "/etc/conda",
    "/var/lib/conda",
    "$CONDA_ROOT",
    "$XDG_CONFIG_HOME/conda",
    "~/.config/conda",
    "~/.conda",
    "~",
    "$CONDA_PREFIX",
)
"""Where conda looks for ``.condarc``, ``condarc`` and ``condarc.d``."""

_NAMES: Final = (".condarc", "condarc", "condarc.d")
_YAML: Final = (".yml", ".yaml")
_FILES: Final = (*(f"/{name}" for name in _NAMES[:2]), *_YAML)
"""What files must be called to be read."""

_LARGEST: Final = 1 << 20
_ENVS_DIRS: Final = regex(r"""["']?(?:envs_dirs|envs_path)["']?[ \t]*:[ \t]*(.*)""")
"""``envs_dirs`` of a ``.condarc``, which is YAML: a list beside it or below."""

_COMMENT: Final = regex(r"(?:^|\s)#.*")


class Conda(NamedTuple):
    """The conda of an image.

    Attributes:
        prefix: where it lies.
        program: what the command ``conda`` leads to; with a problem where there is none to run.
        environments: the environments that it knows, in its order; its own is among them.
        unknown: environments that it does not know, because they lie elsewhere.
    """

    prefix: str | None
    program: Program
    environments: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def callable(self) -> bool:
        """True if there is a command that a server can ask."""
        return self.program.problem is None


def find_conda(shell: Shell, environment: Mapping[str, str], mounts: Mounts) -> Conda:
    """Return what there is of conda; of environments without measure, the first.

    Where no ``conda`` is on ``PATH``, its prefix is the first environment that has one.

    Raises:
        ContentUnavailableError: a file that decides was not kept.
    """
    filesystem = shell.filesystem
    program = shell.find(environment.get("CONDA_EXE") or "conda")
    prefixes = sorted(
        path
        for node in filesystem.named("conda-meta")
        if "/pkgs/" not in node.path and is_environment(filesystem, path := dirname(node.path))
    )
    prefix = _prefix_of(program, shell) or next((path for path in prefixes if _has_conda(filesystem, path)), None)
    known: list[str] = []
    if prefix is not None:
        # conda runs where the mounts are: what they hide is neither configuration nor list to it.
        known = sorted({prefix, *_listed(shell, environment, prefix, mounts)})
    real = {filesystem.resolve(path).path for path in known}
    unknown = tuple(path for path in prefixes if path not in real)
    return Conda(prefix, program, tuple(known), unknown)


def is_environment(filesystem: Filesystem, path: str) -> bool:
    """Tell whether `path` is a conda environment: it has a file ``conda-meta/history``."""
    node = filesystem.lookup(join(path, "conda-meta/history"))
    return node is not None and node.is_file


def _prefix_of(program: Program, shell: Shell) -> str | None:
    """Return ``sys.prefix`` of the Python that runs conda."""
    if program.problem is not None or program.real is None:
        return None
    path = program.binary.path
    found = find_installation(shell.filesystem, path) if path is not None and is_python(path) else None
    return found.prefix if found is not None else dirname(dirname(program.real))


def _has_conda(filesystem: Filesystem, prefix: str) -> bool:
    return any(filesystem.lookup(join(prefix, path)) is not None for path in ("bin/conda", "condabin/conda"))


def _listed(shell: Shell, environment: Mapping[str, str], prefix: str, mounts: Mounts) -> Iterator[str]:
    filesystem, home = shell.filesystem, shell.user.home
    for directory in _environment_directories(shell, environment, prefix, mounts):
        node = filesystem.lookup(directory)
        for child in filesystem.children_of(node) if node is not None else ():
            path = join(directory, child.name)
            if is_environment(filesystem, path):
                yield path
    # conda that is run by root asks all users.
    homes = find_homes(filesystem) if shell.user.uid == 0 else ()
    for place in dict.fromkeys((home, *homes)):
        for line in _lines(filesystem, mounts, join(place, ".conda/environments.txt")):
            path = line.strip()
            if path.startswith("/") and is_environment(filesystem, path):
                yield path


def _environment_directories(
    shell: Shell, environment: Mapping[str, str], prefix: str, mounts: Mounts
) -> tuple[str, ...]:
    variables = {"CONDA_ROOT": prefix, **environment, "CONDA_PREFIX": environment.get("CONDA_PREFIX") or prefix}
    variables = {name: value for name, value in variables.items() if len(value) < LONGEST_PATH}  # others are no paths
    stated = [item for name in ("CONDA_ENVS_DIRS", "CONDA_ENVS_PATH") for item in split_path(variables.get(name, ""))]
    for content in _configurations(shell, variables, mounts):
        stated += stated_directories(content)
    fixed = (join(prefix, "envs"), "~/.conda/envs")
    expanded = (_expand(path, variables, shell.user.home) for path in (*stated, *fixed))
    return tuple(dict.fromkeys(path for path in expanded if path is not None))


def _configurations(shell: Shell, variables: Mapping[str, str], mounts: Mounts) -> Iterator[list[str]]:
    filesystem = shell.filesystem
    seen: set[Node] = set()
    for name in (*(f"{place}/{name}" for place in _PLACES for name in _NAMES), variables.get("CONDARC", "")):
        place = _expand(name, variables, shell.user.home)
        node = filesystem.lookup(place) if place is not None else None
        if place is None or node is None or node in seen:
            continue
        seen.add(node)
        paths = [place] if place.endswith(_FILES) else []
        if node.is_directory:
            paths = [join(place, child.name) for child in filesystem.children_of(node) if child.name.endswith(_YAML)]
        for path in paths:
            yield _lines(filesystem, mounts, path)


def stated_directories(lines: Iterable[str]) -> Iterator[str]:
    """Yield what ``envs_dirs`` lists in the lines of a ``.condarc``, as far as it is written in YAML's plain ways."""
    ends: str | None = None  # what ends the list that the line may belong to: a bracket, or a line that is no item
    for line in lines:
        text = _COMMENT.sub("", line).rstrip()
        match = _ENVS_DIRS.match(text)
        if match is not None and ends != "]":
            text = match[1].strip()
            ends = "]" if text.startswith("[") else ""
            text = text.removeprefix("[") if ends else f"- {text}" if text else ""
        if ends == "]":
            inside, bracket, _ = text.partition("]")
            yield from filter(None, map(_value, inside.split(",")))
            ends = None if bracket else ends
        elif ends is not None and text.strip():
            if text.lstrip().startswith("-"):
                yield from filter(None, (_value(text.strip().removeprefix("-")),))
            else:
                ends = None


def _value(text: str) -> str:
    return text.strip().strip("'\"")


def _expand(path: str, variables: Mapping[str, str], home: str) -> str | None:
    """Return an absolute path of what conda's ``expand`` makes of `path`, or None if it makes none that Linux takes."""
    if not path or len(path) >= LONGEST_PATH:
        return None
    found = Template(path).safe_substitute(variables)
    found = home + found[1:] if found == "~" or found.startswith("~/") else found
    return normpath(found) if found.startswith("/") and len(found) < LONGEST_PATH else None


def _lines(filesystem: Filesystem, mounts: Mounts, path: str) -> list[str]:
    """Return the lines of a file, none if it is hidden at run time.

    Raises:
        ContentUnavailableError: it was not kept, or is too large.
    """
    found = filesystem.resolve(path)
    if found.node is None or not found.node.is_file or mounts.hides_on_the_way(found) or mounts.hides(path):
        return []
    return found.node.read(most=_LARGEST).decode("utf-8", "surrogateescape").split("\n")
