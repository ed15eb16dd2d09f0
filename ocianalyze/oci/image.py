"""An image and its layers, whatever medium they come from."""

from __future__ import annotations

from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from ocianalyze.oci.soci import Soci

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ocianalyze.errors import AnalysisError
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.models import History, ImageConfig


Binding: TypeAlias = Literal["annotation", "referrer"]
"""What binds an index of layers to an image: an annotation of its manifest, or nothing but somebody's word."""


class Ranges(Protocol):
    """The bytes of a blob in pieces, each of which may cost a request: who needs several asks for them together."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read(self, pieces: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes from the first to before the second position of each piece, in the order of the pieces.

        Raises:
            NoRangesError: whoever has the blob gives out no pieces of it.
            OcianalyzeError: the bytes cannot be had.
        """


class ByteRange(Protocol):
    """Bytes that can be read at any offset, from several threads at once."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, fewer only where the range ends."""

    def identity(self) -> str | None:
        """Return what stays the same as long as nobody changes the bytes, or None where nothing tells that."""

    def file(self) -> tuple[int, int] | None:
        """Return the descriptor of the file that the bytes lie in, and where they begin there, if they lie in one."""


class Blob(Protocol):
    """The bytes of one blob as it is stored."""

    @property
    def size(self) -> int | None:
        """How many bytes are stored, where it is known beforehand."""

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the first to the last; each call begins anew."""

    def byte_range(self) -> ByteRange | None:
        """Return the same bytes for reading at offsets, or None where the medium cannot."""


@runtime_checkable
class BlobInPieces(Blob, Protocol):
    """A blob whose pieces can be had, each by a request of its own.

    Attributes:
        has_one_place: whether nobody else is asked for them than whom the image itself is asked of.
    """

    @property
    def has_one_place(self) -> bool: ...  # noqa: D102 - see above

    def ranges(self) -> Ranges:
        """Return the way to the pieces."""


@runtime_checkable
class BlobWithChoice(Blob, Protocol):
    """A blob that can be had at several places, not all of which need be right."""

    def go_elsewhere(self, error: AnalysisError) -> bool:
        """Take note of what is wrong with the bytes; return whether `chunks` yields those of another place now."""


class Layer(NamedTuple):
    """One layer of an image.

    `digest` and `size` are those of the blob as stored where a descriptor states them; `diff_id` is the digest of the
    uncompressed tar, from the config. `annotations` are those of the descriptor; `ztoc` is what a SOCI index has of the
    layer.
    """

    position: int
    diff_id: Digest
    digest: Digest | None
    size: int | None
    media_type: str | None
    created_by: str | None
    blob: Blob
    annotations: Mapping[str, str] = MappingProxyType({})
    ztoc: StoredZtoc | None = None


class StoredZtoc(NamedTuple):
    """The table of contents that a SOCI index has of a layer, not read yet.

    `version` is that of the SOCI index; `bound` tells what names this for the image. `blob` is None if it is not there.
    """

    version: Literal[1, 2]
    bound: Binding
    digest: Digest
    blob: Blob | None


class Image(NamedTuple):
    """One image: what it says of itself, and its layers from the bottom up.

    `source` is one of ``docker-archive``, ``oci-archive``, ``oci-layout``, ``registry`` and ``stdin``.
    `form` is the same but for a stream, where it is that of what was streamed. `digest` is that of the manifest, where
    there is one. `soci` is what there is of SOCI indexes. `read_from` names the places in registries that parts of the
    image came from, so far. `root` is the digest of what its name leads to in a registry: its manifest, or the index
    that this was chosen from.
    """

    reference: str
    source: str
    names: tuple[str, ...]
    digest: Digest | None
    media_type: str | None
    config_digest: Digest
    config: ImageConfig
    layers: tuple[Layer, ...]
    form: str = ""
    soci: Soci = Soci()
    read_from: Sequence[str] = ()
    root: Digest | None = None


def layer_positions(history: Sequence[History], layers: int) -> list[int | None]:
    """Return for each step of the history which of `layers` layers it made; None for an ``empty_layer`` (config.md).

    Where the history does not account for exactly these layers, none can be told: all are None.
    """
    positions = count()
    found = [None if entry.empty_layer else next(positions) for entry in history]
    return found if next(positions) == layers else [None] * len(found)


def build_steps(history: Sequence[History], layers: int) -> list[str | None]:
    """Return the build step of each of `layers` layers, None where it cannot be told."""
    steps = dict(zip(layer_positions(history, layers), map(step_text, history), strict=True))
    return [steps.get(position) for position in range(layers)]


def step_text(entry: History) -> str | None:
    """Return what a step of the history says that it did."""
    return entry.created_by or entry.comment or None
