"""A tar archive that holds an image, indexed in place: its members are parts of the one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.errors import CorruptLayerError, InvalidImageError
from ocianalyze.layers.entry import Kind
from ocianalyze.layers.reader import require_tar
from ocianalyze.layers.tarstream import BLOCK, read_entries
from ocianalyze.layers.windows import RangeWindow

if TYPE_CHECKING:
    from ocianalyze.layers.limits import Limits
    from ocianalyze.sources.files import FileRange, OpenFile

NOT_AN_IMAGE = "make the archive with docker save, podman save or skopeo copy"
NO_MEMBERS = frozenset((int(Kind.ABSENT), int(Kind.GLOBAL_HEADER)))
"""What stands in a tar beside its members."""
_MAX_HOPS = 40
_UNIQUE = frozenset(("manifest.json", "index.json", "oci-layout"))


class _Member(NamedTuple):
    offset: int
    size: int


class Names:
    """The names of an archive's members, with the `links` among them."""

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
            raise InvalidImageError(f"{self._what} is ambiguous: it holds {name} more than once")
        self._seen.add(name)
        self.links.pop(name, None)
        if kind == Kind.SYMLINK:
            directory = name.rpartition("/")[0]
            self.links[name] = normalised(link if link.startswith("/") else f"{directory}/{link}")
        elif kind == Kind.HARDLINK:
            self.links[name] = normalised(link)
        return name

    def resolve(self, name: str) -> str:
        """Return the name of the member that `name` is, past links; they never lead out of the archive.

        Raises:
            InvalidImageError: the links go round in a circle.
        """
        start = name
        for _ in range(_MAX_HOPS):
            if name not in self.links:
                return name
            name = self.links[name]
        raise InvalidImageError(f"{self._what}: the link {start!r} leads round in a circle")


class ArchiveStore:
    """The members of an uncompressed archive file."""

    def __init__(self, file: OpenFile, limits: Limits) -> None:
        self._file = file
        self._names = Names(str(file.path))
        self._members: dict[str, _Member] = {}
        require_archive(file.range().read_at(0, BLOCK), str(file.path))
        window = RangeWindow(file.range())
        for path, kind, _, size, _, link, offset, *_ in read_entries(window, limits=limits, what=str(file.path)):
            if kind in NO_MEMBERS:
                continue
            name = self._names.add(path, kind, link)
            self._members.pop(name, None)
            if kind == Kind.FILE:
                if offset < 0:
                    raise InvalidImageError(f"{file.path}: the member {name!r} is a sparse file")
                self._members[name] = _Member(offset, size)
            if len(self._members) > limits.max_entries:
                raise limits.exceeded("max_entries", f"{file.path} has more than {limits.max_entries:,} members")

    def find(self, name: str) -> FileRange | None:
        """Return the member `name`, past links."""
        member = self._members.get(self._names.resolve(name))
        return None if member is None else self._file.range(*member)

    def check_unchanged(self) -> None:
        """Raise InvalidImageError if the archive was written to since it was opened."""
        self._file.check_unchanged()

    def close(self) -> None:
        """Close the archive."""
        self._file.close()


def require_archive(head: bytes, what: str) -> None:
    """Raise InvalidImageError if `head`, the first block of a file, is not that of a tar archive."""
    if not head:
        raise InvalidImageError(f"{what} is not an image: it is empty")
    try:
        require_tar(head, what)
    except CorruptLayerError as error:
        raise InvalidImageError(f"{error.message}, so it is not an image", hint=NOT_AN_IMAGE) from error


def normalised(path: str) -> str:
    """Return a member's name without ``./``, leading slashes and ``..``, which cannot lead out of the archive."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
