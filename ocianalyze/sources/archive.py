"""A tar archive that holds an image, indexed in place: its members are parts of the one file."""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.errors import CorruptLayerError, CutShortError, InvalidImageError
from ocianalyze.layers.blob.windows import RangeWindow
from ocianalyze.layers.metering.budget import memory_of_member
from ocianalyze.layers.tar.entry import Kind
from ocianalyze.layers.tar.obstacles import Cause
from ocianalyze.layers.tar.tarstream import read_entries
from ocianalyze.sources.diagnosis.heads import HEAD, of_damage, of_head
from ocianalyze.sources.sparse_member import Allowance, SparseRange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.errors import AnalysisError
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.tar.obstacles import Refusal
    from ocianalyze.layers.tar.sparse import SparseFile
    from ocianalyze.sources.files import FileRange, OpenFile

NO_MEMBERS = frozenset((int(Kind.ABSENT), int(Kind.GLOBAL_HEADER)))
"""What stands in a tar beside its members."""
_UNREADABLE = frozenset((Cause.NUMBER, Cause.EXTENDED_HEADER))
"""What keeps Go's archive/tar from reading a header, and with it whatever comes after it."""
_MAX_HOPS = 40
_UNIQUE = frozenset(("manifest.json", "index.json", "oci-layout"))


class _Member(NamedTuple):
    offset: int
    size: int


class Names:
    """The names of an archive's members, with the `links` among them: where they lead, from the top if with a slash."""

    def __init__(self, what: str, links: dict[str, str] | None = None) -> None:
        self._what = what
        self.links = links or {}
        self._seen: set[str] = set()

    def add(self, path: str, kind: int, link: str) -> str:
        """Take note of a member and return its normalised name.

        Raises:
            InvalidImageError: the name is one of those that an archive may have only once, and it is there already.
        """
        name = normalised(path)
        if name in _UNIQUE and name in self._seen:
            raise InvalidImageError(f"{self._what} is ambiguous: it contains {name} more than once")
        self._seen.add(name)
        self.links.pop(name, None)
        if kind == Kind.SYMLINK:
            self.links[name] = link
        elif kind == Kind.HARDLINK:
            self.links[name] = f"/{link}"
        return name

    def resolve(self, name: str) -> str:
        """Return the name of the member that `name` is, past links; they never lead out of the archive.

        Raises:
            InvalidImageError: the links go round in a circle.
        """
        start = name
        for _ in range(_MAX_HOPS):
            target = self.links.get(name)
            if target is None:
                return name
            name = normalised(target if target.startswith("/") else f"{name.rpartition('/')[0]}/{target}")
        raise InvalidImageError(f"{self._what}: the link {start!r} is part of a loop")


class ArchiveStore:
    """The members of an uncompressed archive file."""

    def __init__(self, file: OpenFile, budget: Budget) -> None:
        self._file = file
        self._budget = budget
        self.what = str(file.path)
        self._names = Names(self.what)
        self._members: dict[str, _Member] = {}
        self._sparse: dict[str, SparseRange | AnalysisError] = {}
        head = file.range().read_at(0, HEAD)
        require_archive(head, self.what)
        try:
            self._index()
        except CorruptLayerError as error:
            raise broken(error, self.what, head) from error

    def _index(self) -> None:
        allowance = Allowance(self._budget.limits)
        told: deque[SparseFile] = deque(maxlen=1)
        window = RangeWindow(self._file.range())
        entries = read_entries(window, what=self.what, sparse=told.append)
        for path, kind, _, size, _, link, offset, _, _, refusals in entries:
            require_readable(path, refusals, self.what)
            if kind in NO_MEMBERS:
                continue
            name = self._names.add(path, kind, link)
            self._members.pop(name, None)
            self._sparse.pop(name, None)
            if kind == Kind.FILE and offset >= 0:
                self._members[name] = _Member(offset, size)
            elif kind == Kind.FILE:
                sparse, what = told.pop(), f"{self.what}: the sparse member {name!r}"
                refused = allowance.refuse(sparse, what)
                self._sparse[name] = refused or SparseRange(sparse, self._file.range(), what)
            self._budget.take(memory_of_member(path, link), self.what, thing="its members")

    def find(self, name: str) -> FileRange | SparseRange | None:
        """Return the member `name`, past links; raises what keeps a sparse one from being read."""
        name = self._names.resolve(name)
        sparse = self._sparse.get(name)
        if isinstance(sparse, SparseRange):
            return sparse
        if sparse is not None:
            raise sparse
        member = self._members.get(name)
        return None if member is None else self._file.range(*member)

    def link(self, name: str) -> str | None:
        """Return where the link leads that `name` is, as it is written; None if it is none."""
        return self._names.links.get(name)

    def names(self) -> Iterable[str]:
        """Return the names of the members, links included."""
        return chain(self._members, self._sparse, self._names.links)

    def check_unchanged(self) -> None:
        """Raise InvalidImageError if the archive was written to since it was opened."""
        self._file.check_unchanged()

    def close(self) -> None:
        """Close the archive."""
        self._file.close()


def require_readable(member: str, refusals: Iterable[Refusal], what: str) -> None:
    """Raise CorruptLayerError if the header of a member of the archive `what` is one that no runtime reads."""
    for refusal in refusals:
        if refusal.cause in _UNREADABLE:
            raise CorruptLayerError(f"{what}: the header of {member!r} cannot be read: {refusal.detail}")


def require_archive(head: bytes, what: str) -> None:
    """Raise InvalidImageError if `head`, the first `HEAD` bytes of a file, is not that of a tar archive."""
    cause = of_head(head)
    if cause is not None:
        raise cause.error(what)


def broken(error: CorruptLayerError, what: str, *heads: bytes) -> AnalysisError:
    """Return the error that an archive is damaged, and by what, if how it begins tells: as stored, or uncompressed."""
    cause = next(filter(None, map(of_damage, heads)), None)
    if cause is not None:
        return cause.error(what)
    if isinstance(error, CutShortError):
        return CutShortError(
            f"{what} is truncated: it ends after {error.offset:,} bytes, in the middle of the archive",
            offset=error.offset,
            hint="Copy, download or save it again in full",
        )
    return CorruptLayerError(error.message, offset=error.offset, hint="Copy, download or save it again")


def normalised(path: str) -> str:
    """Return a member's name without ``./``, leading slashes and ``..``, which cannot lead out of the archive."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
