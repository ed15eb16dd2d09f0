"""Whether an ELF program finds its loader and its libraries, and these find theirs.

Source: ld.so(8). A library counts as found wherever in the image a path has its name, because caches, links and
variables that lead there are not followed. So what is reported as missing is missing for sure.
"""

from __future__ import annotations

from itertools import islice
from posixpath import basename, dirname, join, normpath
from struct import Struct
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.facts.programs.loader import DEFAULT
from ocianalyze.facts.programs.program import Problem
from ocianalyze.facts.user.permissions import find_denial, may_execute, protection
from ocianalyze.layers.contents.elf import MAGIC, parse_elf
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.facts.user.accounts import User
    from ocianalyze.facts.user.permissions import Denial
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.contents.elf import Elf

_ORIGIN: Final = regex(r"\$(?:ORIGIN\b|\{ORIGIN\})")
"""The directory of the program itself."""

_GLIBC_LOADER: Final = "ld-linux"
_GLIBC: Final = "libc.so.6"
_MUSL_LOADER: Final = "ld-musl"
_MUSL: Final = "/lib/ld-musl-x86_64.so.1"
_OF_MUSL: Final = ("libc.", "libm.", "libpthread.", "librt.", "libdl.", "libutil.", "libxnet.", "libcrypt.")
"""How the names of libraries begin that the loader of musl brings itself (musl, ``ldso/dynlink.c``), or gcompat."""

_INJECTED: Final = ("libcuda.so", "libcudadebugger.so", "libnvidia-", "libnvcuvid.so", "libnvoptix.so")
"""How the names of libraries begin that the container runtime brings where there is a GPU (libnvidia-container)."""

_KIND: Final = Struct("4xBB12x2s")
"""Where the header of an ELF file has class, byte order and machine."""

_PLACES: Final = 32
"""How many directories of its own are gone through for one file; real ones state up to five."""


def find_obstacle(filesystem: Filesystem, node: Node, user: User, where: str) -> Problem | None:
    """Return why the ELF program `node` cannot be loaded, if that is known; `where` names it in the message."""
    elf = parse_elf(node.head())
    if elf.loader is None or not elf.loader.startswith("/"):
        return None
    found = filesystem.resolve(elf.loader)
    loader = found.node
    if loader is None or not loader.is_file:
        return Problem("loader", f"{where} needs the loader {elf.loader}, which does not exist", found.path)
    if not may_execute(loader, user):
        who = f"user {user.uid}:{user.gid}"
        text = f"{where} needs the loader {loader.path}, which {who} cannot execute ({protection(loader)})"
        return Problem("no-permission", text, loader.path)
    name = basename(elf.loader)
    if not elf.libraries and name.startswith(_GLIBC_LOADER):
        elf = elf._replace(libraries=(_GLIBC,))
    return _Linker(filesystem, user, musl=name.startswith(_MUSL_LOADER)).problem_of(node, elf, where)


def find_unloadable(filesystem: Filesystem, nodes: Iterable[Node], user: User) -> Problem | None:
    """Return why the first shared object that cannot be loaded, such as a module of Python, cannot, if one is known."""
    real = (filesystem.lookup(node.path) for node in nodes)
    files = (node for node in real if node is not None and node.is_file)
    problems = (_Linker(filesystem, user).problem_of(node, parse_elf(node.head()), node.path) for node in files)
    return next((problem for problem in problems if problem is not None), None)


class _Linker:
    """Looks for libraries, and for those that they need themselves as far as that was kept."""

    def __init__(self, filesystem: Filesystem, user: User, *, musl: bool = False) -> None:
        self._filesystem = filesystem
        self._user = user
        self._musl = musl or filesystem.lookup(_MUSL) is not None
        self._seen: set[str] = set()
        self._kind: tuple[int, int, bytes] | None = None

    def problem_of(self, node: Node, elf: Elf, where: str) -> Problem | None:
        """Return the first thing that keeps an ELF file from being loaded."""
        self._kind = _kind_of(node)
        todo = [self._steps(node, elf, where)]
        while todo:
            step = next(todo[-1], None)
            if step is None:
                todo.pop()
            elif isinstance(step, Problem):
                return step
            else:
                todo.append(self._steps(step, parse_elf(_head_of(step)), step.path))
        return None

    def _steps(self, node: Node, elf: Elf, where: str) -> Iterator[Problem | Node]:
        """Yield the libraries that an ELF file needs and that may need others, and what keeps one from being loaded."""
        self._seen.add(node.path)
        places = self._places_of(node, elf)
        for name in elf.libraries:
            if name.startswith(_INJECTED) or (self._musl and name.startswith(_OF_MUSL)):
                continue
            found = self._find(name, places, where)
            if isinstance(found, Problem) or (found is not None and found.path not in self._seen):
                yield found

    def _places_of(self, node: Node, elf: Elf) -> tuple[str, ...]:
        """Return where an ELF file's libraries are looked for; what lies elsewhere still counts as found."""
        here = dirname(node.path)
        own = [normpath(_ORIGIN.sub(lambda _: here, item)) for item in elf.search if item.startswith(("/", "$"))]
        return (*islice(dict.fromkeys(own), _PLACES), *DEFAULT)

    def _find(self, name: str, places: tuple[str, ...], where: str) -> Problem | Node | None:
        """Return a library, or why it is not loaded; None if there is one that is not looked into."""
        filesystem, user = self._filesystem, self._user
        refused: tuple[Node, Denial] | None = None
        for place in places:
            library = filesystem.lookup(join(place, name))
            if library is None or not library.is_file or self._is_foreign(library):
                continue
            denial = find_denial(filesystem, library.path, user)
            if denial is None:
                return library
            refused = refused or (library, denial)
        elsewhere = (filesystem.lookup(node.path) for node in filesystem.named(name))
        others = (node for node in elsewhere if node is not None and node.is_file)
        if "/" in name or any(refused is None or find_denial(filesystem, node.path, user) is None for node in others):
            return None
        if refused is not None:
            library, denial = refused
            text = f"{where} needs the library {library.path}, but user {user.uid}:{user.gid} {denial.text}"
            return Problem("library-unreadable", text, denial.node.path, name)
        paths = (filesystem.resolve(join(place, name)).path for place in places)
        earlier = next((path for path in paths if filesystem.states(path)), name)
        return Problem("library", f"{where} needs the library {name}, which is not in the image", earlier, name)

    def _is_foreign(self, library: Node) -> bool:
        """Tell whether the loader passes a library over because it is for another kind of machine."""
        kind = _kind_of(library)
        return kind is not None and self._kind is not None and kind != self._kind


def _kind_of(node: Node) -> tuple[int, int, bytes] | None:
    """Return class, byte order and machine of an ELF file, if they were kept."""
    head = _head_of(node)
    return _KIND.unpack_from(head) if len(head) >= _KIND.size and head.startswith(MAGIC) else None


def _head_of(library: Node) -> bytes:
    """Return what was kept of a library, if anything was."""
    try:
        return library.head()
    except ContentUnavailableError:
        return b""
