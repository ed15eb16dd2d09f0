"""All layers of an image, read side by side.

Layers that are walked from header to header keep the interpreter busy, so processes share them; layers that are
inflated and hashed do so outside of the interpreter's lock, so threads do, the largest layer first, for none of them to
be left alone in the end. Where processors are idle nevertheless, other threads read and hash what one inflates, or
inflate parts of it, if it is made of parts. The result never depends on any of this.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import AnalysisError
from ocianalyze.layers.blob.helpers import Helpers, slots_for
from ocianalyze.layers.changeset.packing import unpack
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.metering.progress import SILENT
from ocianalyze.layers.reading.indexed import read_indexed
from ocianalyze.layers.reading.memory import LayerMemory, pack_layer
from ocianalyze.layers.reading.reader import PreReadBlob, ReadLayer, read_blob, verify, walk_blob, walkable
from ocianalyze.layers.reading.relay import Relay
from ocianalyze.layers.reading.remarks import index_not_used, with_remarks
from ocianalyze.layers.reading.workers import can_fork, shared_numbers, spread
from ocianalyze.oci.image import BlobWithChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from ocianalyze.layers.blob.helpers import Slots
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.metering.progress import Progress
    from ocianalyze.layers.reading.reader import Reading
    from ocianalyze.oci.image import Image, Layer

_WORTH_A_FORK: Final = 256 << 20
"""Layers smaller than this many bytes together are walked sooner than workers are started."""
_MUCH: Final = 1.1
"""A layer is much larger than the share of one processor if it is that many times as large."""
_WAITING: Final = 16
"""How many layers are read at a time, at least, if most of it is waiting for pieces of them."""
_PAUSE: Final = 0.1
"""How long, in seconds, is waited for a thread at a time, if somebody wants to know that time passes."""


def read_layers(
    image: Image,
    reading: Reading,
    *,
    meanwhile: Callable[[], object] | None = None,
) -> list[ReadLayer]:
    """Return every layer of `image`, read; a blob that stands for several layers is read once.

    `meanwhile` is called once, in this thread, while others read where there are others; not if nothing is to be read.

    What `reading.cache` knows of a layer is taken from there; what it does not know is kept there.

    Raises:
        CorruptLayerError: a layer is damaged.
        LimitExceededError: a limit was hit.
    """
    jobs = reading.processors
    budget = reading.spending()
    unique = {_key(layer): layer for layer in reversed(image.layers)}
    layers = sorted(unique.values(), key=lambda layer: layer.position)
    done = {_key(layer): layer.blob.reading for layer in layers if isinstance(layer.blob, PreReadBlob)}
    memory = None if reading.cache is None else LayerMemory(reading.cache, reading)
    if memory is not None:
        done.update(_recall([layer for layer in layers if _key(layer) not in done], memory, budget, jobs))
    left = [layer for layer in layers if _key(layer) not in done]
    has_news = bool(left)
    if not has_news:
        meanwhile = None
    if has_news:
        sizes = [layer.blob.size for layer in left]
        reading.progress.expect(len(left), None if None in sizes else sum(filter(None, sizes)))
    walked = [layer for layer in left if walkable(layer.blob, reading)]
    if jobs > 1 and len(walked) > 1 and _size(walked) > _WORTH_A_FORK and can_fork():
        done.update(_walk_in_processes(walked, reading, budget, memory, jobs, meanwhile))
        meanwhile = None
        left = [layer for layer in left if _key(layer) not in done]
    with slots_for(jobs) as slots:
        read = _Reader(left, reading, budget, memory, slots)
        at_once = max(jobs, _WAITING) if reading.lazy and reading.jobs is None else jobs
        done.update(_read_in_threads(left, read, reading.progress, at_once, meanwhile))
    if memory is not None and has_news:
        memory.trim()
    found = _in_order(image, done)
    return with_remarks(image.layers, found) if reading.lazy else found


class _Reader:
    """Reads layers in this process, those that are `unread`; may be called from several threads."""

    def __init__(
        self, unread: Sequence[Layer], reading: Reading, budget: Budget, memory: LayerMemory | None, slots: Slots | None
    ) -> None:
        self._reading = reading
        self._budget = budget
        self._memory = memory
        self._jobs = reading.processors
        self._slots = slots
        self._unread = set(map(_key, unread))
        self._much = _MUCH * _size(layer for layer in unread if not walkable(layer.blob, reading)) / self._jobs

    def __call__(self, layer: Layer) -> ReadLayer:
        """Read a layer, and keep what was learned of it."""
        result = self._read_right(layer)
        self._unread.discard(_key(layer))
        if self._memory is not None:
            self._memory.keep(layer, result)
        return result

    def _read_right(self, layer: Layer) -> ReadLayer:
        """Read a layer; where its bytes are wrong and can be had elsewhere, too, read those."""
        blob = layer.blob
        if not isinstance(blob, BlobWithChoice):
            return self._read(layer)
        while True:
            try:
                result = self._read(layer)
                verify(layer, result)
            except AnalysisError as error:
                if not blob.go_elsewhere(error):
                    raise
            else:
                return result

    def _read(self, layer: Layer) -> ReadLayer:
        """Read a layer by its index, if that is asked for and it has one that can be used; else all of it."""
        if not self._reading.lazy:
            return self._read_whole(layer)
        try:
            found = read_indexed(layer, self._reading, what=f"layer {layer.position}", budget=self._budget)
        except IndexUnusableError as why:
            remark = index_not_used(why, layer.position)
        else:
            return self._read_whole(layer) if found is None else found
        return replace(self._read_whole(layer), remarks=(remark,))

    def _read_whole(self, layer: Layer) -> ReadLayer:
        return read_blob(
            layer.blob,
            self._reading,
            what=f"layer {layer.position}",
            budget=self._budget,
            need_diff_id=layer.digest is None,
            algorithm=(layer.digest or layer.diff_id).algorithm,
            step=layer.created_by,
            helpers=Helpers(partial(self._is_idle, layer.blob.size or 0), self._slots),
        )

    def _is_idle(self, size: int) -> bool:
        """Tell whether a processor has nothing to do, or soon will, as a layer of `size` bytes outlasts the others."""
        return self._jobs > 1 and (len(self._unread) < self._jobs or size > self._much)


def _recall(layers: Sequence[Layer], memory: LayerMemory, budget: Budget, jobs: int) -> dict[str, ReadLayer]:
    """Return those of the layers that are known from an earlier scan; one is unpacked while others are inflated."""
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="cache") as pool:
        recalled = pool.map(lambda layer: memory.recall(layer, budget), layers)
        return {_key(layer): known for layer, known in zip(layers, recalled, strict=True) if known is not None}


def _in_order(image: Image, done: Mapping[str, ReadLayer]) -> list[ReadLayer]:
    """Return what was read of each layer of the image."""
    return [done[_key(layer)] for layer in image.layers]


def _read_in_threads(
    layers: Sequence[Layer],
    read: Callable[[Layer], ReadLayer],
    progress: Progress,
    jobs: int,
    meanwhile: Callable[[], object] | None,
) -> dict[str, ReadLayer]:
    """Read layers, `jobs` at a time, the largest first; in this thread, if there is nothing to do beside it.

    What is raised is that of the lowest layer that cannot be read, whichever was read first.
    """
    if jobs == 1 or not layers or (len(layers) == 1 and meanwhile is None):
        if meanwhile is not None:
            meanwhile()
        return {_key(layer): read(layer) for layer in layers}
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="layer")
    try:
        largest_first = sorted(layers, key=lambda layer: layer.blob.size or 0, reverse=True)
        reads = {_key(layer): pool.submit(read, layer) for layer in largest_first}
        if meanwhile is not None:
            meanwhile()
        return {key: _result(reads[key], progress) for key in map(_key, layers)}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after an error nobody waits for the layers still in work


def _walk_in_processes(
    layers: Sequence[Layer],
    reading: Reading,
    budget: Budget,
    memory: LayerMemory | None,
    jobs: int,
    meanwhile: Callable[[], object] | None,
) -> dict[str, ReadLayer]:
    relay = None if reading.progress is SILENT else Relay(reading.progress, layers)
    used = shared_numbers(len(layers))

    def walk(number: int) -> bytes:
        layer = layers[number]
        told = reading if relay is None else replace(reading, progress=relay.sender(number))
        result = walk_blob(layer.blob, told, what=f"layer {layer.position}", budget=budget.in_worker(used, number))
        packed = pack_layer(result)
        if memory is not None and memory.is_shared:
            memory.keep(layer, result, packed)
        return packed

    read = {}
    waiting = None if relay is None else relay.poll
    for number, packed in spread(len(layers), walk, workers=jobs, meanwhile=meanwhile, waiting=waiting):
        layer, walked = layers[number], unpack(packed)
        costs = walked.changeset, walked.bytes_read, walked.seconds
        what = f"layer {layer.position}"
        read[_key(layer)] = walk_blob(layer.blob, reading, what=what, budget=budget, walked=costs)
        if memory is not None and not memory.is_shared:
            memory.keep(layer, read[_key(layer)], packed)
    if relay is not None:
        relay.close()
    return read


def _result(future: Future[ReadLayer], progress: Progress) -> ReadLayer:
    """Return what a thread has read, and meanwhile let whoever is told of progress know that time passes."""
    while progress is not SILENT and wait([future], timeout=_PAUSE).not_done:
        progress.wait()
    return future.result()


def _size(layers: Iterable[Layer]) -> int:
    """Return how many bytes the blobs of layers have, as far as that is known."""
    return sum(layer.blob.size or 0 for layer in layers)


def _key(layer: Layer) -> str:
    """Return what tells the blob of a layer from others: its digest, else its place."""
    return layer.digest or f"layer {layer.position}"
