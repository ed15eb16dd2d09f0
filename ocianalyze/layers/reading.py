"""All layers of an image, read side by side.

Layers that are walked from header to header keep the interpreter busy, so processes share them; layers that are
inflated and hashed do so outside of the interpreter's lock, so threads do. The result never depends on which.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.contents import Budget
from ocianalyze.layers.memory import LayerMemory, pack_layer
from ocianalyze.layers.packing import unpack
from ocianalyze.layers.reader import PreReadBlob, ReadLayer, read_blob, walk_blob, walkable
from ocianalyze.layers.workers import can_fork, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocianalyze.layers.reader import Reading
    from ocianalyze.oci.image import Image, Layer

_WORTH_A_FORK: Final = 256 << 20
"""Layers smaller than this many bytes together are walked sooner than workers are started."""


def read_layers(
    image: Image, reading: Reading, *, jobs: int | None = None, meanwhile: Callable[[], object] | None = None
) -> list[ReadLayer]:
    """Return every layer of `image`, read; a blob that stands for several layers is read once.

    `jobs` is how many layers are read at a time; as many as there are processors if None.
    `meanwhile` is called once, in this thread, while others read where there are others.

    What `reading.cache` knows of a layer is taken from there; what it does not know is kept there.

    Raises:
        CorruptLayerError: a layer is damaged.
        LimitExceededError: a limit was hit.
    """
    jobs = jobs or os.cpu_count() or 1
    budget = Budget(reading.limits)
    unique = {_key(layer): layer for layer in reversed(image.layers)}
    layers = sorted(unique.values(), key=lambda layer: layer.position)
    done = {_key(layer): layer.blob.reading for layer in layers if isinstance(layer.blob, PreReadBlob)}
    memory = None if reading.cache is None else LayerMemory(reading.cache, reading)
    if memory is not None:
        recalled = ((layer, memory.recall(layer, budget)) for layer in layers if _key(layer) not in done)
        done.update((_key(layer), known) for layer, known in recalled if known is not None)
    left = [layer for layer in layers if _key(layer) not in done]
    has_news = bool(left)
    walked = [layer for layer in left if walkable(layer.blob, reading)]
    if jobs > 1 and len(walked) > 1 and sum(layer.blob.size or 0 for layer in walked) > _WORTH_A_FORK and can_fork():
        done.update(_walk_in_processes(walked, reading, memory, jobs, meanwhile))
        meanwhile = None
        left = [layer for layer in left if _key(layer) not in done]

    def read(layer: Layer) -> ReadLayer:
        what = f"layer {layer.position}"
        algorithm = (layer.digest or layer.diff_id).algorithm
        need_diff_id = layer.digest is None
        result = read_blob(
            layer.blob, reading, what=what, budget=budget, need_diff_id=need_diff_id, algorithm=algorithm
        )
        budget.count(len(result.changeset))
        if memory is not None:
            memory.keep(layer, result)
        return result

    if jobs == 1 or not left or (len(left) == 1 and meanwhile is None):
        if meanwhile is not None:
            meanwhile()
        done.update((_key(layer), read(layer)) for layer in left)
    else:
        pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="layer")
        try:
            reads = pool.map(read, left)
            if meanwhile is not None:
                meanwhile()
            done.update(zip(map(_key, left), reads, strict=True))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after an error nobody waits for the layers still in work
    if memory is not None and has_news:
        memory.trim()
    results = [done[_key(layer)] for layer in image.layers]
    total = sum(len(result.changeset) for result in results)
    if total > reading.limits.max_entries:
        raise reading.limits.exceeded("max_entries", f"the image has {total:,} entries")
    return results


def _walk_in_processes(
    layers: Sequence[Layer],
    reading: Reading,
    memory: LayerMemory | None,
    jobs: int,
    meanwhile: Callable[[], object] | None,
) -> dict[str, ReadLayer]:
    def walk(number: int) -> bytes:
        layer = layers[number]
        result = walk_blob(layer.blob, reading, what=f"layer {layer.position}")
        packed = pack_layer(result)
        if memory is not None:
            memory.keep(layer, result, packed)
        return packed

    read = {}
    for number, packed in spread(len(layers), walk, workers=jobs, meanwhile=meanwhile).items():
        layer, walked = layers[number], unpack(packed)
        read[_key(layer)] = walk_blob(
            layer.blob,
            reading,
            what=f"layer {layer.position}",
            walked=(walked.changeset, walked.bytes_read),
        )
    return read


def _key(layer: Layer) -> str:
    """Return what tells the blob of a layer from others: its digest, else its place."""
    return layer.digest or f"layer {layer.position}"
