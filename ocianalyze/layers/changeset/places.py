"""Where a path leads within its layer, and whom that keeps from unpacking what is there.

Runtimes unpack each layer by itself: what a path leads through are the directories and symlinks that the layer has by
then, and never those of the layers beneath. Linux sets the bounds (path_resolution(7)); containerd names files by
their paths on the host, Docker and Podman within a root of their own. Docker opens directories through Go's os.Root,
which follows eight relative symlinks, and none that leads out of the root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.layers.tar.entry import OPAQUE_MARKER, Kind
from ocianalyze.layers.tar.obstacles import (
    CONTAINERD,
    EVERYONE,
    MERGED_DOCKER,
    OLDER_DOCKER,
    PODMAN,
    Cause,
    Refusal,
    joined,
    stops_current,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

NOT_LOCAL: Final = "DM"
"""Who refuses a path that leads out of the root."""
_NOT_BY_TEXT: Final = "DPOM"
NOT_MERGED: Final = "CDPO"
"""Who unpacks each layer by itself."""
OF_HEADERS: Final = frozenset((Cause.NUMBER, Cause.EXTENDED_HEADER, Cause.SPARSE_MAP))
"""What keeps a header from being read, whatever becomes of its entry."""

_LONGEST_NAME: Final = 255
_LONGEST_PATH: Final = 4095
_ROOT_OF_CONTAINERD: Final = 75
"""How long the directory is that containerd unpacks into: below /var/lib/containerd, and the thousandth or so."""
MOST_HOPS: Final = 255
_MOST_HOPS_OF_LINUX: Final = 40
_MOST_HOPS_OF_DOCKER: Final = 8
_MAKE_NOTHING: Final = frozenset((Cause.ENTRY_TYPE, Cause.TARGET_LENGTH, Cause.TARGET_EMPTY))
_LIE_NOWHERE: Final = frozenset(
    (Cause.EXTENDED_HEADER, Cause.NAME_LENGTH, Cause.PATH_LENGTH, Cause.SYMLINK_LOOP, Cause.WHITEOUT_NAME)
)
_NOWHERE: Final = -1
_MARKERS: Final = frozenset((int(Kind.WHITEOUT), int(Kind.OPAQUE)))


class Place(NamedTuple):
    """Where a directory lies: its path, its row if entries can lie in it, and who refuses those that do.

    `is_local` is that of the `Way` to it.
    """

    path: str
    row: int | None
    refusals: tuple[Refusal, ...] = ()
    is_local: bool = False


class Way(NamedTuple):
    """A way to a directory past symlinks: its path at last, or None if they are too many; and who refuses to go it.

    `is_dangling` tells whether a symlink led to nothing, `is_local` whether none was absolute and nothing was missing,
    `is_ambiguous` whether ``..`` in targets may lead to different places.
    """

    path: str | None
    refusals: tuple[Refusal, ...]
    is_dangling: bool = False
    is_local: bool = False
    is_ambiguous: bool = False


def normalise(path: str) -> tuple[str, bool]:
    """Return a path without a leading slash, empty and ``.`` components, and with ``..`` taken in place.

    The second value tells whether it would have led out of the root.
    """
    parts: list[str] = []
    climbed = False
    for part in path.split("/"):
        if part == "..":
            climbed = climbed or not parts
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts), climbed


def outside(path: str, kind: int) -> Refusal:
    """Return why an entry is refused whose path leads out of the root."""
    return Refusal(Cause.OUTSIDE, MERGED_DOCKER if kind == Kind.GLOBAL_HEADER else NOT_LOCAL, path)


def of_root(path: str, kind: int, refusals: Iterable[Refusal], *, climbed: bool) -> Iterator[Refusal]:
    """Yield why an entry is refused that is the root itself, written as `path`; `refusals` are those of its header.

    Most runtimes pass over it; Podman applies it, as older Docker does unless it is written as a relative path.
    """
    by = PODMAN + OLDER_DOCKER if climbed or path.startswith("/") else PODMAN
    if climbed:
        yield outside(path, kind)
    if kind != Kind.DIRECTORY:
        yield Refusal(Cause.ROOT, PODMAN if kind == Kind.GLOBAL_HEADER else by, path)
    for refusal in refusals:
        if refusal.cause in OF_HEADERS:
            yield refusal
        elif kind == Kind.DIRECTORY:
            yield refusal._replace(by="".join(letter for letter in refusal.by if letter in by))


def of_marker(name: str, directory: str, refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Return why a marker in `directory` is refused that hides `name`; `refusals` are those of its header.

    What else its header says nobody unpacks.
    """
    kept = tuple(refusal for refusal in refusals if refusal.cause in OF_HEADERS or refusal.cause == Cause.OUTSIDE)
    if name not in ("", ".", ".."):
        return kept
    by = NOT_MERGED if directory and name != ".." else EVERYONE
    return (*kept, Refusal(Cause.WHITEOUT_NAME, by, f".wh.{name}"))


def too_long(directory: str, name: str, kind: int, *, has_xattrs: bool) -> tuple[Refusal, ...]:
    """Return why an entry is refused whose name or path may be too long."""
    if kind == Kind.GLOBAL_HEADER:
        return ()
    size = _size(name)
    if size > _LONGEST_NAME:
        return (Refusal(Cause.NAME_LENGTH, EVERYONE, f"{size:,} bytes"),)
    total = _size(directory) if name == OPAQUE_MARKER else _size(f"{directory}/{name}") - (not directory)
    by = joined(
        CONTAINERD if _ROOT_OF_CONTAINERD + 1 + total > _LONGEST_PATH else "",
        PODMAN + OLDER_DOCKER if 1 + total > _LONGEST_PATH else "",
        NOT_LOCAL if has_xattrs and 1 + total > _LONGEST_PATH else "",
    )
    return (Refusal(Cause.PATH_LENGTH, by, f"{total:,} bytes"),) if by else ()


def too_long_inside(directory: str, names: Iterable[str]) -> tuple[Refusal, ...]:
    """Return why whatever lies in a directory is refused that has to be made, with the `names` on the way to it."""
    for name in names:
        if _size(name) > _LONGEST_NAME:
            return (Refusal(Cause.NAME_LENGTH, EVERYONE, f"{_size(name):,} bytes"),)
    size = 1 + _size(directory)
    return (Refusal(Cause.PATH_LENGTH, EVERYONE, f"{size:,} bytes"),) if size > _LONGEST_PATH else ()


def follow(path: str, symlinks: Mapping[str, str], directories: Container[str], charge: Callable[[int], None]) -> Way:
    """Return the way to the directory `path`, past the `symlinks` of its layer.

    Linux takes ``..`` in the target of a symlink where it stands, containerd takes it out of the text before; where
    that makes a difference, the way is that of containerd. `charge` is told of whatever length is looked at.
    """
    way = _follow(path, symlinks, directories, charge, is_text=False)
    if not way.is_ambiguous:
        return way
    other = _follow(path, symlinks, directories, charge, is_text=True)
    if other.path is None:
        return other._replace(refusals=(Refusal(Cause.SYMLINK_LOOP, CONTAINERD, f"/{path}"), *way.refusals))
    if way.path is None:
        return other._replace(refusals=(Refusal(Cause.SYMLINK_LOOP, _NOT_BY_TEXT, f"/{path}"),))
    return way._replace(path=other.path)


def _follow(
    path: str,
    symlinks: Mapping[str, str],
    directories: Container[str],
    charge: Callable[[int], None],
    *,
    is_text: bool,
) -> Way:
    todo = path.split("/")[::-1]
    real = ""
    hops = hops_of_docker = 0
    is_outside = is_dangling = is_ambiguous = False
    is_local = True  # no absolute symlink was followed, and nothing was missing
    links: list[int] = []  # how much is left to do when the end of each symlink's target is reached
    while todo or links:
        while links and len(todo) <= links[-1]:
            links.pop()
            is_dangling = is_dangling or (real not in directories)
        if not todo:
            break
        part = todo.pop()
        if part == "..":
            is_outside = is_outside or (is_local and not real)
            real = real.rpartition("/")[0]
        elif part not in ("", "."):
            here = f"{real}/{part}" if real else part
            charge(len(here))
            target = symlinks.get(here)
            if target is None:
                real = here
                is_local = is_local and here in directories
                continue
            hops += 1
            if hops > MOST_HOPS:
                refusal = Refusal(Cause.SYMLINK_LOOP, EVERYONE, f"/{path}")
                return Way(None, (refusal,), is_ambiguous=is_ambiguous)
            charge(len(target))
            if target.startswith("/"):
                real, is_local = "", False
            hops_of_docker += is_local
            links.append(len(todo))
            is_ambiguous = is_ambiguous or "/../" in f"/{target.lstrip('./')}/"
            todo.extend((without_detours(target) if is_text else target).split("/")[::-1])
    refusals = [Refusal(Cause.SYMLINK_OUTSIDE, NOT_LOCAL, f"/{path}")] if is_outside else []
    if by := refusing_hops(hops, hops_of_docker):
        refusals.append(Refusal(Cause.SYMLINK_LOOP, by, f"/{path}"))
    return Way(real, tuple(refusals), is_dangling, is_local, is_ambiguous)


def refusing_hops(hops: int, hops_of_docker: int) -> str:
    """Return who does not follow so many symlinks on the way to a directory, or to what is there."""
    return joined(
        NOT_LOCAL if hops_of_docker > _MOST_HOPS_OF_DOCKER else "",
        OLDER_DOCKER if hops > _MOST_HOPS_OF_LINUX else "",
    )


def without_detours(target: str) -> str:
    """Return the target of a symlink without each ``..`` and what stands before it, but for those at its start."""
    parts: list[str] = []
    for part in target.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def kind_left(kind: int, refusals: Iterable[Refusal]) -> int:
    """Return what is left of an entry that is refused: a kind, or a negative number where it has no place at all."""
    left = kind
    for refusal in refusals:
        if stops_current(refusal.by):
            if refusal.cause in _LIE_NOWHERE:
                return _NOWHERE
            if refusal.cause in _MAKE_NOTHING and kind not in _MARKERS:
                left = int(Kind.ABSENT)
    return left


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))
