"""What is known of images before their layers are read."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.fleet.work.rows import Row
    from ocianalyze.sources.registry.documents import StoredDocument


class PlannedLayer(NamedTuple):
    """A layer of an image, as its manifest and configuration state it.

    `key` is its digest in a registry, else its place in a file. Images that state the same of it share it.
    """

    key: str
    digest: str | None
    diff_id: str
    size: int | None
    created_by: str | None

    @property
    def statement(self) -> bytes:
        """A short hash of what is stated of the layer, apart from the step that made it."""
        return blake2b(f"{self.key} {self.diff_id} {self.size}".encode(), digest_size=16).digest()


class Planned(NamedTuple):
    """What is known of an image before its layers are read; the attributes are columns of ``images``."""

    pinned: str
    digest: str | None = None
    config_digest: str | None = None
    platform: str | None = None
    source: str | None = None
    base: str | None = None
    layers: Sequence[PlannedLayer] = ()
    documents: Mapping[str, StoredDocument] = {}


def of_report(layer: Row) -> PlannedLayer:
    """Return a layer of an image that was not open before it was judged; what tells it from others is its content."""
    return PlannedLayer(
        layer["digest"] or layer["diff_id"], layer["digest"], layer["diff_id"], layer["size"], layer["created_by"]
    )
