"""Whether an ELF program finds its loader and its libraries.

Source: ld.so(8). A library counts as found wherever in the image a path has its name, because caches, links and
variables that lead there are not followed. So what is reported as missing is missing for sure.
"""

from __future__ import annotations

from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.facts.programs.loader import DEFAULT
from ocianalyze.facts.programs.program import Problem
from ocianalyze.facts.user.permissions import find_denial, may_execute, protection
from ocianalyze.layers.contents.capture import SCRIPT
from ocianalyze.layers.contents.elf import parse_elf
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.facts.user.accounts import User
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

_ORIGIN: Final = regex(r"\$(?:ORIGIN\b|\{ORIGIN\})")
"""The directory of the program itself."""

_GLIBC_LOADER: Final = "ld-linux"
_GLIBC: Final = "libc.so.6"
_MUSL_LOADER: Final = "ld-musl"
_MUSL: Final = "/lib/ld-musl-x86_64.so.1"
_OF_MUSL: Final = ("libc.", "libm.", "libpthread.", "librt.", "libdl.", "libutil.", "libxnet.", "libcrypt.")
"""How the names of libraries begin that the loader of musl brings itself (musl, ``ldso/dynlink.c``), or gcompat."""


def find_obstacle(filesystem: Filesystem, node: Node, user: User, where: str) -> Problem | None:
    """Return why the ELF program `node` cannot be loaded, if that is known; `where` names it in the message."""
    elf = parse_elf(_content(node))
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
    names = elf.libraries
    if not names and basename(elf.loader).startswith(_GLIBC_LOADER):
        names = (_GLIBC,)
    places = [
        normpath(_ORIGIN.sub(lambda _: dirname(node.path), item)) for item in elf.search if item.startswith(("/", "$"))
    ]
    if basename(elf.loader).startswith(_MUSL_LOADER) or filesystem.lookup(_MUSL) is not None:
        names = tuple(name for name in names if not name.startswith(_OF_MUSL))
    for name in names:
        problem = _lacks(filesystem, name, (*places, *DEFAULT), user, where)
        if problem is not None:
            return problem
    return None


def _lacks(filesystem: Filesystem, name: str, places: tuple[str, ...], user: User, where: str) -> Problem | None:
    for place in places:
        library = filesystem.lookup(join(place, name))
        if library is not None and library.is_file:
            denial = find_denial(filesystem, library.path, user)
            if denial is None:
                return None
            text = f"{where} needs the library {library.path}, but user {user.uid}:{user.gid} {denial.text}"
            return Problem("library-unreadable", text, denial.node.path)
    elsewhere = (filesystem.lookup(node.path) for node in filesystem.named(name))
    if "/" in name or any(node is not None and node.is_file for node in elsewhere):
        return None
    paths = (filesystem.resolve(join(place, name)).path for place in places)
    earlier = next((path for path in paths if filesystem.states(path)), name)
    return Problem("library", f"{where} needs the library {name}, which is not in the image", earlier)


def _content(node: Node) -> bytes:
    """Return the whole program if it was kept, otherwise its first bytes."""
    try:
        return node.read(most=SCRIPT)
    except ContentUnavailableError:
        return node.head()
