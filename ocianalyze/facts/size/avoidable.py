"""Files that an image does not need to work: caches of package managers, repositories, static libraries and the like.

Only what a container sees is looked at: what later layers hide is waste (`ocianalyze.facts.size.waste`). A file counts
only if all its names are among those that are not needed: conda links its unpacked packages to the environments.

Sources: apt.conf(5), "Directories"; pip, "Caching"; uv, "Cache directory"; conda, "conda clean"; npm-cache;
gitrepository-layout(5).
"""

from __future__ import annotations

import re
from collections import Counter
from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.size.waste import LARGE
from ocianalyze.filesystem.resolver import LONGEST_PATH
from ocianalyze.layers.tar.entry import Kind
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

AvoidableKind: TypeAlias = Literal[
    "apt-lists",
    "apt-cache",
    "dnf-cache",
    "apk-cache",
    "pip-cache",
    "conda-packages",
    "npm-cache",
    "other-cache",
    "git-repository",
    "temporary-files",
    "static-libraries",
    "python-tests",
    "documentation",
]

_PLACES: Final[tuple[tuple[AvoidableKind, str], ...]] = (
    ("apt-lists", "/var/lib/apt/lists"),
    ("apt-cache", "/var/cache/apt"),
    ("dnf-cache", "/var/cache/dnf"),
    ("dnf-cache", "/var/cache/yum"),
    ("apk-cache", "/var/cache/apk"),
    ("temporary-files", "/tmp"),  # noqa: S108 - a path of the image
    ("temporary-files", "/var/tmp"),  # noqa: S108
    ("documentation", "/usr/share/doc"),
    ("documentation", "/usr/share/man"),
    ("documentation", "/usr/share/info"),
)
_CACHES: Final[dict[str, AvoidableKind]] = {
    "pip": "pip-cache",
    "uv": "other-cache",
    "pipenv": "other-cache",
    "rattler": "other-cache",
    "yarn": "other-cache",
    "go-build": "other-cache",
}
"""What is in a directory ``.cache``, by name."""

_PATH: Final = regex(r"/[^\s:;,=\"']+")
"""Absolute paths in commands and variables."""

_REPOSITORY: Final = ("HEAD", "objects")
_STATIC: Final = ".a"
_TESTS: Final = "tests"
_OWN_TESTS: Final = "test"
_STANDARD_LIBRARY: Final = regex(r"python3\.\d{1,2}", re.ASCII)
_PACKAGES: Final = "-packages"
"""How directories end that Pythons import from."""


class Avoidable(NamedTuple):
    """Files that are not needed.

    Attributes:
        kind: what they are.
        path: their directory, or a pattern for them.
        layer: the position of the layer that stores most of them.
        bytes: what the image would be smaller without them.
        files: their number.
    """

    kind: AvoidableKind
    path: str
    layer: int
    bytes: int
    files: int


class AvoidableFiles(NamedTuple):
    """All files that are not needed.

    Attributes:
        groups: what they are and where, largest first; little is left out.
        ids: the ids of these files.
    """

    groups: tuple[Avoidable, ...]
    ids: frozenset[int]


def find_avoidable(filesystem: Filesystem, stated: Iterable[str] = ()) -> AvoidableFiles:
    """Return the files that are not needed.

    What symbolic links lead into from elsewhere is needed, and so is what the configuration names: `stated` are the
    words of its commands and the values of its variables.
    """
    names = _names_of_inodes(filesystem)
    candidates = list(_candidates(filesystem))
    used = _used(filesystem, {path for _, path, _ in candidates}, stated)
    taken: set[int] = set()
    found = []
    for kind, path, files in candidates:
        if path in used:
            continue
        gone = {inode.id: inode for inode in _gone(files, names) if inode.id not in taken}
        layers: Counter[int] = Counter()
        for inode in gone.values():
            layers[inode.layer] += inode.size
        if layers.total() >= LARGE:
            taken |= gone.keys()
            most = max(layers, key=lambda layer: (layers[layer], -layer))
            found.append(Avoidable(kind, path, most, layers.total(), len(gone)))
    return AvoidableFiles(tuple(sorted(found, key=lambda item: (-item.bytes, item.path))), frozenset(taken))


def _used(filesystem: Filesystem, places: AbstractSet[str], stated: Iterable[str]) -> set[str]:
    """Return those of some directories that something outside leads into."""
    outside = ((path, "") for text in stated for path in _PATH.findall(text))
    return {
        place
        for path, source in (*outside, *_links(filesystem))
        for place in _above(path)
        if place in places and not source.startswith(f"{place}/")
    }


def _links(filesystem: Filesystem) -> Iterator[tuple[str, str]]:
    """Yield where the visible symbolic links lead, and where they are."""
    for layer, changeset in enumerate(filesystem.changesets):
        filesystem.spend(len(changeset.links))
        for row, target in changeset.links.items():
            if changeset.kinds[row] == Kind.SYMLINK and filesystem.bases[layer] + row not in filesystem.shadowed:
                path = changeset.path(row)
                yield join(dirname(path), target), path


def _above(path: str) -> Iterator[str]:
    """Yield a path and the directories above it; nothing for one that is too long to lead anywhere."""
    if len(path) <= LONGEST_PATH:
        path = normpath(path)
        while len(path) > 1:
            yield path
            path = dirname(path)


def _names_of_inodes(filesystem: Filesystem) -> Counter[int]:
    """Return how many names each file has in the tree, if hard links lead to it."""
    shadowed = filesystem.shadowed
    names = Counter(target for id_, target in filesystem.inodes.items() if id_ not in shadowed)
    names.update(target for target in list(names) if target not in shadowed)
    return names


def _gone(files: Iterable[Node], names: Counter[int]) -> Iterator[Node]:
    """Yield the files all of whose names are among those of `files`."""
    linked: dict[int, list[Node]] = {}
    for node in files:
        inode = node.inode
        if inode.id not in names:
            yield inode
        else:
            linked.setdefault(inode.id, []).append(inode)
    yield from (nodes[0] for id_, nodes in linked.items() if len(nodes) == names[id_])


def _candidates(filesystem: Filesystem) -> Iterator[tuple[AvoidableKind, str, Iterator[Node]]]:
    """Yield what may not be needed: the kind, the path, and the files."""
    for kind, node in (*_caches_of_the_system(filesystem), *_directories(filesystem)):
        yield kind, node.path, _files_below(node)
    yield from _static_libraries(filesystem)
    yield from _tests(filesystem)


def _caches_of_the_system(filesystem: Filesystem) -> Iterator[tuple[AvoidableKind, Node]]:
    for kind, path in _PLACES:
        node = filesystem.lookup(path, follow=False)
        if node is not None and node.is_directory:
            yield kind, node


def _directories(filesystem: Filesystem) -> Iterator[tuple[AvoidableKind, Node]]:
    """Yield directories that may be anywhere."""
    for node in filesystem.named(".cache"):
        yield from ((_CACHES[child.name], child) for child in filesystem.children_of(node) if child.name in _CACHES)
    for node in filesystem.named("_cacache"):
        yield "npm-cache", node
    for node in filesystem.named("pkgs"):
        if filesystem.lookup(join(dirname(node.path), "conda-meta")) is not None:
            yield "conda-packages", node
    for node in filesystem.named(".git"):
        if all(filesystem.child(node, part) is not None for part in _REPOSITORY):
            yield "git-repository", node


def _static_libraries(filesystem: Filesystem) -> Iterator[tuple[AvoidableKind, str, Iterator[Node]]]:
    """Yield the static libraries by their directories."""
    found: dict[str, list[Node]] = {}
    for node in filesystem.ending(_STATIC):
        if node.is_file:
            found.setdefault(dirname(node.path), []).append(node)
    for directory, nodes in found.items():
        yield "static-libraries", join(directory, f"*{_STATIC}"), iter(nodes)


def _tests(filesystem: Filesystem) -> Iterator[tuple[AvoidableKind, str, Iterator[Node]]]:
    """Yield the tests of Python packages by the directories that these are installed in, and those of Python itself."""
    found: dict[str, list[Node]] = {}
    for node in filesystem.named(_TESTS):
        above, packages, _ = node.path.rpartition(f"{_PACKAGES}/")
        if packages and node.is_directory:
            found.setdefault(above + _PACKAGES, []).append(node)
    for directory, nodes in found.items():
        yield "python-tests", join(directory, "**", _TESTS), (file for node in nodes for file in _files_below(node))
    for node in filesystem.named(_OWN_TESTS):
        if _STANDARD_LIBRARY.fullmatch(basename(dirname(node.path))):
            yield "python-tests", node.path, _files_below(node)


def _files_below(top: Node) -> Iterator[Node]:
    """Yield the files below a directory, under each of their names."""
    filesystem, todo = top.filesystem, [top]
    while todo:
        for node in filesystem.children_of(todo.pop()):
            if node.is_directory:
                todo.append(node)
            elif node.is_file:
                yield node
