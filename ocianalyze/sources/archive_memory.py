"""What an archive held that was read in one pass: known again as long as nobody changes the file that it lies in."""

from __future__ import annotations

import json
import logging
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import InvalidImageError
from ocianalyze.layers.changeset import packing
from ocianalyze.layers.changeset.changeset import memory_of
from ocianalyze.layers.contents.contents import Contents
from ocianalyze.layers.reading.memory import circumstances, pack_layer, unpack_layer
from ocianalyze.layers.reading.reader import PreReadBlob
from ocianalyze.oci.digest import Digest
from ocianalyze.sources.kept import BytesBlob, CompressedBlob
from ocianalyze.sources.stream import StreamStore

if TYPE_CHECKING:
    from ocianalyze.layers.reading.reader import Reading, ReadLayer
    from ocianalyze.layers.reading.stores import LayerStore
    from ocianalyze.oci.image import Blob, ByteRange

_log = logging.getLogger(__name__)

_FORMAT: Final = 2
_LENGTH: Final = 4
_DAMAGED: Final = (ValueError, TypeError, LookupError, RecursionError, OverflowError, InvalidImageError)


class ArchiveMemory:
    """The cache, asked for one archive file; nothing is known of one that was changed just now."""

    def __init__(self, cache: LayerStore, reading: Reading, file: ByteRange) -> None:
        self._cache = cache
        self._reading = reading
        self._file = file
        self._identity = file.identity()

    def recall(self, what: str) -> StreamStore | None:
        """Return what the archive `what` holds, or None: it has to be read."""
        content = None if self._identity is None or self._reading.verify else self._cache.load(self._key())
        try:
            return None if content is None else self._store(memoryview(content), what)
        except _DAMAGED as error:
            _log.debug("ignoring the cache entry for %s: %s", what, error)
            return None

    def keep(self, store: StreamStore) -> None:
        """Keep what the archive holds, if all of it could be read and its file is as it was."""
        if self._identity is None or self._identity != self._file.identity():
            return
        members: list[tuple[object, ...]] = []
        sections = []
        for name, blob in store.members.items():
            if isinstance(blob, PreReadBlob):
                layer = blob.reading
                members.append((name, "layer", layer.digest, layer.diff_id))
                sections.append(pack_layer(layer))
            elif isinstance(blob, CompressedBlob):
                members.append((name, "frame", blob.size))
                sections.append(blob.kept)
            elif isinstance(blob, BytesBlob):
                members.append((name, "document"))
                sections.append(blob.kept)
            else:
                return
        head = json.dumps({"links": store.links, "members": members, "sizes": list(map(len, sections))}).encode()
        self._cache.store(self._key(), b"".join((len(head).to_bytes(_LENGTH, "little"), head, *sections)))
        self._cache.trim()

    def _key(self) -> str:
        return f"archive, format {_FORMAT}, in {self._identity}\n{circumstances(self._reading)}"

    def _store(self, content: memoryview, what: str) -> StreamStore:
        start = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
        head = json.loads(bytes(content[_LENGTH:start]))
        bounds = pairwise(accumulate(head["sizes"], initial=start))
        members: dict[str, Blob] = {}
        for (name, kind, *more), (begin, end) in zip(head["members"], bounds, strict=True):
            section = content[begin:end]
            if kind == "layer":
                digests = [None if text is None else Digest.parse(text) for text in more]
                members[name] = PreReadBlob(self._layer(section, *digests, what=f"layer {name}"))
            elif kind == "frame":
                members[name] = frame = CompressedBlob(bytes(section), *more)
                frame.read_at(0, 0)  # a damaged one is found here
            else:
                members[name] = BytesBlob(bytes(section))
        return StreamStore.of(members, dict(head["links"]), what=what)

    def _layer(self, section: memoryview, digest: Digest | None, diff_id: Digest | None, *, what: str) -> ReadLayer:
        packed = packing.unpack(section)
        budget = self._reading.spending()
        budget.take(memory_of(packed.changeset), what, thing="its entries")
        budget.take(2 * sum(map(len, packed.captured.values())), what)
        contents = Contents(packed.changeset, None, capture=self._reading.capture, budget=budget)
        return unpack_layer(packed, contents, digest=digest, diff_id=diff_id)
