"""What earlier scans have learned of layers: recalled where it still holds, kept where it is sure.

What is kept under a digest was read in full and has that digest; it holds for these bytes wherever they lie. Of a layer
whose headers alone were read no digest is known; what was learned of it is kept under the identity of the file that it
lies in, and holds as long as nobody changes that. Both only hold for the same version of this program, the same
contents that rules want to read, and the same limits.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from ocianalyze import __version__
from ocianalyze.errors import DigestMismatchError
from ocianalyze.layers import packing
from ocianalyze.layers.contents import Contents
from ocianalyze.layers.reader import ReadLayer, verify

if TYPE_CHECKING:
    from ocianalyze.layers.cache import LayerCache
    from ocianalyze.layers.contents import Budget
    from ocianalyze.layers.reader import Reading
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob, Layer

_log = logging.getLogger(__name__)


class LayerMemory:
    """A cache, asked for layers that are read in one way.

    It may be asked from several threads, and by forks of this process.
    """

    def __init__(self, cache: LayerCache, reading: Reading) -> None:
        self._cache = cache
        self._limits = reading.limits
        self._verify = reading.verify
        self._how = circumstances(reading)
        self._identities: dict[int, str | None] = {}

    def recall(self, layer: Layer, budget: Budget) -> ReadLayer | None:
        """Return what is known of `layer`, or None: it has to be read.

        Nothing is known where everything is to be verified, or where the blob has not the size that it had.

        Raises:
            LimitExceededError: the contents that were kept of all layers are too large.
        """
        identity = self._identities[layer.position] = _identity(layer.blob)
        if self._verify:
            return None
        started = perf_counter()
        for name in (layer.digest, identity):
            packed = self._known(name) if name is not None else None
            if name is not None and packed is not None and layer.blob.size in (None, packed.size):
                return self._read_layer(layer, name, packed, budget, started)
        return None

    def keep(self, layer: Layer, result: ReadLayer, packed: bytes | None = None) -> None:
        """Keep what was learned by reading `layer`, if it is sure; `packed` is the same, where it is packed already."""
        try:
            verified = verify(layer, result)
        except DigestMismatchError:
            return
        identity = self._identities.get(layer.position)
        if "digest" in verified:
            name: str | None = layer.digest
        elif identity is not None and identity == _identity(layer.blob):
            name = identity
        else:
            return
        if name is not None:
            self._store(name, result, packed)
            result.contents.learned = partial(self._store, name, result)

    def trim(self) -> None:
        """Make room in the cache, after something was kept."""
        self._cache.trim()

    def _known(self, name: str) -> packing.Packed | None:
        content = self._cache.load(self._key(name))
        try:
            return None if content is None else packing.unpack(content)
        except packing.DamagedPackError as error:
            _log.debug("what the cache has of %s is passed over: %s", name, error)
            return None

    def _read_layer(self, layer: Layer, name: str, packed: packing.Packed, budget: Budget, started: float) -> ReadLayer:
        what = f"layer {layer.position}"
        contents = Contents(packed.changeset, layer.blob, packed.compression, self._limits, what, digest=layer.digest)
        budget.take(sum(map(len, packed.captured.values())), what)
        known = unpack_layer(packed, contents, seconds=perf_counter() - started)
        contents.learned = partial(self._store, name, known)
        return known

    def _store(self, name: str, layer: ReadLayer, packed: bytes | None = None) -> None:
        self._cache.store(self._key(name), packed or pack_layer(layer))

    def _key(self, name: str) -> str:
        return f"{name}\n{self._how}"


def circumstances(reading: Reading) -> str:
    """Return what must be the same for what was learned to hold: this program, the limits, the contents wanted."""
    program = f"ocianalyze {__version__}, format {packing.FORMAT}, {sys.byteorder}"
    return "\n".join((program, repr(reading.limits), *sorted(reading.capture.patterns)))


def pack_layer(layer: ReadLayer) -> bytes:
    """Return what was learned of a layer as bytes; see `packing.pack`."""
    return packing.pack(
        packing.Packed(
            layer.changeset,
            layer.compression,
            layer.size,
            layer.uncompressed_size,
            layer.bytes_read,
            layer.seconds,
            layer.contents.captured,
        )
    )


def unpack_layer(
    packed: packing.Packed,
    contents: Contents,
    *,
    digest: Digest | None = None,
    diff_id: Digest | None = None,
    seconds: float = 0.0,
) -> ReadLayer:
    """Return the layer of which an earlier scan has learned this; what it kept of files is put into `contents`.

    `seconds` is how long it took to know it again.
    """
    contents.captured.update(packed.captured)
    return ReadLayer(
        changeset=packed.changeset,
        compression=packed.compression,
        size=packed.size,
        uncompressed_size=packed.uncompressed_size,
        read="cache",
        bytes_read=0,
        digest=digest,
        diff_id=diff_id,
        contents=contents,
        seconds=seconds,
    )


def _identity(blob: Blob) -> str | None:
    byte_range = blob.byte_range()
    return None if byte_range is None else byte_range.identity()
