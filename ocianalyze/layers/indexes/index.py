"""What every kind of index comes to: the entries of a layer, where their headers lie, and a way to their contents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeAlias, overload

from ocianalyze.layers.tar.entry import Attributes, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.layers.indexes.ranges import CountedRanges
    from ocianalyze.layers.tar.entry import RawEntry
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Binding

IndexKind: TypeAlias = Literal["estargz", "zstd-chunked", "zstd-chunked-stargz", "soci-v1", "soci-v2"]


KINDS: Final = {
    "reg": int(Kind.FILE),
    "dir": int(Kind.DIRECTORY),
    "symlink": int(Kind.SYMLINK),
    "hardlink": int(Kind.HARDLINK),
    "char": int(Kind.CHARACTER_DEVICE),
    "block": int(Kind.BLOCK_DEVICE),
    "fifo": int(Kind.FIFO),
}
"""The kinds of entries, by what all indexes call them."""
PERMISSIONS: Final = 0o7777
"""The bits of a mode that headers have; indexes add those of the kind."""


class Identities(dict[tuple[int, int, int], "Attributes"]):
    """The attributes of entries by their mode, user and group: one object for all that have the same."""

    def __missing__(self, identity: tuple[int, int, int]) -> Attributes:
        found = self[identity] = Attributes(*identity)
        return found


class IndexUse(NamedTuple):
    """The index that a layer was read by.

    Attributes:
        kind: which of the formats it has.
        digest: its digest.
        bound: what binds it to the image.
        ranges: the way to the layer, which counts what is read.
        size: how many bytes were read of it, if it is no part of the layer and was read as a whole.
        parts: the way to it, if it is no part of the layer and was not; it counts what is read.
        spot_checked: how many tar headers were compared with it.
    """

    kind: IndexKind
    digest: Digest
    bound: Binding
    ranges: CountedRanges
    size: int = 0
    parts: CountedRanges | None = None
    spot_checked: int = 0

    @property
    def bytes_read(self) -> int:
        """How many bytes were read so far, of the layer and of the index."""
        return self.size + self.ranges.bytes_read + (0 if self.parts is None else self.parts.bytes_read)

    @property
    def is_verified(self) -> bool:
        """Whether it was compared with its digest."""
        return self.parts is None


class IndexUnusableError(Exception):
    """An index cannot be used, for the reason that it is raised with; the layer is read without it."""


class Stretch(NamedTuple):
    """A stretch of a layer's tar that holds headers and no content, and the entries that they are said to describe.

    Attributes:
        cost: how many bytes of the layer have to be fetched for it.
        number: which of the stretches of the layer it is.
        first: the first of the entries, by number.
        last: the last of the entries.
    """

    cost: int
    number: int
    first: int
    last: int


class Stretches(Sequence[Stretch]):
    """Stretches by their numbers, each of which is looked up when it is asked for."""

    def __init__(self, numbers: Sequence[int], look_up: Callable[[int], Stretch]) -> None:
        self._numbers = numbers
        self._look_up = look_up

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> Stretch: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Stretch]: ...

    def __getitem__(self, at: int | slice) -> Stretch | Sequence[Stretch]:
        if isinstance(at, slice):
            return list(map(self._look_up, self._numbers[at]))
        return self._look_up(self._numbers[at])


class IndexedContents(Protocol):
    """The contents of a layer's files, read through its index and checked as far as it has digests."""

    @property
    def stretches(self) -> Sequence[Stretch]:
        """Where headers lie, in the order of the tar."""

    @property
    def odd_stretches(self) -> Sequence[Stretch]:
        """Those of the stretches that have room for an entry that the index does not list."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, which is that of an entry or lies within its content.

        Raises:
            CorruptLayerError: the bytes are not those that the index describes.
            OcianalyzeError: the bytes cannot be had.
        """

    def beside(self, pieces: Sequence[tuple[int, int]]) -> Sequence[Stretch]:
        """Return the stretches that lie in what is fetched for contents, as pairs of the arguments of `read_at`."""

    def near(self, stretch: Stretch, most: int) -> Sequence[Stretch]:
        """Return the stretches that are fetched with one, it included, for at most so many bytes of the layer."""

    def prepare(self, pieces: Sequence[tuple[int, int]], stretches: Sequence[Stretch] = ()) -> list[bytes]:
        """Fetch what `read_at` will be asked for, as pairs of its arguments, in as few requests as possible.

        Return the tar headers of `stretches`, which are fetched with it; raises the errors of `read_at`.
        """


class OpenIndex(NamedTuple):
    """An index that was read.

    Attributes:
        entries: the entries in the order of the tar. `offset` is a number that `contents` finds the content by, -1
            where there is none or where it cannot be read.
        contents: the way to the contents.
        compression: the compression of the layer.
        uncompressed_size: the size of the tar as far as the index tells it, in bytes.
        memory: how many bytes of memory it takes, apart from its entries.
    """

    entries: list[RawEntry]
    contents: IndexedContents
    compression: Literal["none", "gzip", "zstd"]
    uncompressed_size: int
    memory: int
