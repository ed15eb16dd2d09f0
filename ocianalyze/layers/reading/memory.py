"""Results of earlier scans of layers: stored when they are certain, and reused while they are valid.

A result that is stored under a digest is from a layer that was read in full and has that digest. It is valid for the
same bytes anywhere. That a blob has these bytes must be proved, because a manifest only claims the digest of a file.

- A blob from a registry has the stated digest, because no other content would be accepted.
- A file has the digest if it was hashed and not changed since, according to its inode, size and times.
- Otherwise the file is hashed now, which is much faster than inflating it.

If only the headers of a layer were read, its digest is unknown. Its result is stored under the identity of its file.
All results are valid only for the same version of this program, the same captured contents, and the same limits.
"""

from __future__ import annotations

import logging
import sys
from time import perf_counter
from typing import TYPE_CHECKING

from ocianalyze.errors import DigestMismatchError
from ocianalyze.layers.blob.tally import Tally
from ocianalyze.layers.changeset import packing
from ocianalyze.layers.changeset.changeset import memory_of
from ocianalyze.layers.contents.contents import Contents
from ocianalyze.layers.reading.reader import ReadLayer, verify, walkable
from ocianalyze.version import __version__

if TYPE_CHECKING:
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.reading.reader import Reading
    from ocianalyze.layers.reading.stores import LayerStore
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob, Layer

_log = logging.getLogger(__name__)


class LayerMemory:
    """A store of results, used for layers that are read with the same options.

    It can be used from several threads, and in forks of this process.

    Attributes:
        is_shared: whether what a fork keeps is known here, too.
    """

    def __init__(self, cache: LayerStore, reading: Reading) -> None:
        self.is_shared = cache.is_shared
        self._cache = cache
        self._reading = reading
        self._how = circumstances(reading)
        self._identities: dict[int, str | None] = {}

    def recall(self, layer: Layer, budget: Budget) -> ReadLayer | None:
        """Return the stored result of `layer`, or None if the layer must be read.

        There is no result if everything is to be verified, or if the size of the blob has changed.

        Raises:
            LimitExceededError: the results of all layers take too much memory.
        """
        identity = self._identities[layer.position] = _identity(layer.blob)
        if self._reading.verify:
            return None
        started = perf_counter()
        name, hashed = self._proved(layer, identity)
        packed = self._known(name) if name is not None else None
        if packed is None and identity is not None and name != identity:
            packed = self._known(identity)
        if packed is None or layer.blob.size not in (None, packed.size):
            return None
        source = layer.blob.byte_range() if packed.compression == "none" else None
        contents = Contents(packed.changeset, source, capture=self._reading.capture, budget=budget)
        what = f"layer {layer.position}"
        budget.take(memory_of(packed.changeset), what, thing="its entries")
        budget.take(2 * sum(map(len, packed.captured.values())), what)
        return unpack_layer(packed, contents, bytes_hashed=hashed, seconds=perf_counter() - started)

    def holds(self, layer: Layer) -> bool:
        """Tell whether there seems to be a result of `layer` that `recall` would return, without reading it."""
        identity = _identity(layer.blob)
        name, _ = self._proved(layer, identity)
        return any(known is not None and self.holds_name(known) for known in (name, identity))

    def holds_name(self, name: str) -> bool:
        """Tell the same of bytes that are proved to have this digest, or this identity."""
        return self._cache.holds(self._key(name))

    def keep(self, layer: Layer, result: ReadLayer, packed: bytes | None = None) -> None:
        """Store the result of reading `layer`, if it is certain; `packed` is the same result, already packed."""
        if result.read == "toc":
            return
        try:
            verified = verify(layer, result)
        except DigestMismatchError:
            return
        identity = self._identities.get(layer.position)
        if identity is not None and identity != _identity(layer.blob):
            identity = None  # it was changed meanwhile
        if "digest" in verified and layer.digest is not None:
            self._store(layer.digest, result, packed)
            if identity is not None:
                self._cache.remember_digest(identity, layer.digest)
        elif identity is not None:
            self._store(identity, result, packed)

    def trim(self) -> None:
        """Make room in the cache after results were stored."""
        self._cache.trim()

    def _proved(self, layer: Layer, identity: str | None) -> tuple[str | None, int]:
        """Return the proved digest of the blob of `layer`, and how many bytes were hashed to prove it.

        None if it cannot be proved, or not fast enough.
        """
        digest, blob = layer.digest, layer.blob
        if digest is None or not self.holds_name(digest):
            return None, 0
        if blob.byte_range() is None:  # what a registry sends is accepted with this digest only
            return digest, 0
        if identity is not None and self._cache.digest_of(identity) == digest:
            return digest, 0
        if walkable(blob, self._reading):  # which takes less time
            return None, 0
        tally = Tally(digest.algorithm)
        for _ in tally.count(blob.chunks()):
            pass
        if tally.digest() != digest:
            return None, 0
        if identity is not None:
            self._cache.remember_digest(identity, digest)
        return digest, tally.size

    def _known(self, name: str) -> packing.Packed | None:
        content = self._cache.load(self._key(name))
        try:
            return None if content is None else packing.unpack(content)
        except packing.DamagedPackError as error:
            _log.debug("ignoring cache entry for %s: %s", name, error)
            return None

    def _store(self, name: str, layer: ReadLayer, packed: bytes | None = None) -> None:
        self._cache.store(self._key(name), packed or pack_layer(layer))

    def _key(self, name: str) -> str:
        return f"{name}\n{self._how}"


def circumstances(reading: Reading) -> str:
    """Return what must be the same for a result to be valid: this program, the limits, the captured contents."""
    program = f"ocianalyze {__version__}, format {packing.FORMAT}, {sys.byteorder}"
    return "\n".join((program, repr(reading.limits), *sorted(reading.capture.patterns)))


def pack_layer(layer: ReadLayer) -> bytes:
    """Return the result of a layer as bytes; see `packing.pack`."""
    return packing.pack(
        packing.Packed(
            layer.changeset,
            layer.compression,
            layer.size,
            layer.uncompressed_size,
            layer.bytes_read,
            layer.seconds,
            layer.contents.captured,
            layer.contents.dropped,
        )
    )


def unpack_layer(
    packed: packing.Packed,
    contents: Contents,
    *,
    digest: Digest | None = None,
    diff_id: Digest | None = None,
    bytes_hashed: int = 0,
    seconds: float = 0.0,
) -> ReadLayer:
    """Return the result of an earlier scan; the contents that it kept are added to `contents`.

    `bytes_hashed` and `seconds` are the effort to recall it.
    """
    contents.captured.update(packed.captured)
    contents.dropped = packed.dropped
    return ReadLayer(
        changeset=packed.changeset,
        compression=packed.compression,
        size=packed.size,
        uncompressed_size=packed.uncompressed_size,
        read="cache",
        bytes_read=bytes_hashed,
        bytes_hashed=bytes_hashed,
        digest=digest,
        diff_id=diff_id,
        contents=contents,
        seconds=seconds,
    )


def _identity(blob: Blob) -> str | None:
    byte_range = blob.byte_range()
    return None if byte_range is None else byte_range.identity()
