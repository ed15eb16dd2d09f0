"""All layers of an image, read side by side.

Layers that are walked from header to header keep the interpreter busy, so processes share them; layers that are
inflated and hashed do so outside of the interpreter's lock, so threads do. The result never depends on which.
"""

from __future__ import annotations

import os
import struct
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.changeset import Changeset
from ocianalyze.layers.contents import Budget
from ocianalyze.layers.progress import SILENT
from ocianalyze.layers.reader import PreReadBlob, ReadLayer, read_blob, walk_blob, walkable
from ocianalyze.layers.relay import Relay
from ocianalyze.layers.workers import can_fork, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from ocianalyze.layers.progress import Progress
    from ocianalyze.layers.reader import Reading
    from ocianalyze.oci.image import Image, Layer

_WORTH_A_FORK: Final = 256 << 20
"""Layers smaller than this many bytes together are walked sooner than workers are started."""
_PAUSE: Final = 0.1
"""How long, in seconds, is waited for a thread at a time, if somebody wants to know that time passes."""
_COSTS: Final = struct.Struct("<Qd")
"""What a worker says beside the changeset: bytes read, seconds."""


def read_layers(
    image: Image, reading: Reading, *, jobs: int | None = None, meanwhile: Callable[[], object] | None = None
) -> list[ReadLayer]:
    """Return every layer of `image`, read; a blob that stands for several layers is read once.

    `jobs` is how many layers are read at a time; as many as there are processors if None.
    `meanwhile` is called once, in this thread, while others read where there are others.

    Raises:
        CorruptLayerError: a layer is damaged.
        LimitExceededError: a limit was hit.
    """
    jobs = jobs or os.cpu_count() or 1
    budget = Budget(reading.limits)
    unique = {_key(layer): layer for layer in reversed(image.layers)}
    layers = sorted(unique.values(), key=lambda layer: layer.position)
    done = {_key(layer): layer.blob.reading for layer in layers if isinstance(layer.blob, PreReadBlob)}
    left = [layer for layer in layers if _key(layer) not in done]
    if left:
        sizes = [layer.blob.size for layer in left]
        reading.progress.expect(len(left), None if None in sizes else sum(filter(None, sizes)))
    walked = [layer for layer in left if walkable(layer.blob, reading)]
    if jobs > 1 and len(walked) > 1 and sum(layer.blob.size or 0 for layer in walked) > _WORTH_A_FORK and can_fork():
        done.update(_walk_in_processes(walked, reading, jobs, meanwhile))
        meanwhile = None
        left = [layer for layer in left if _key(layer) not in done]

    def read(layer: Layer) -> ReadLayer:
        what = f"layer {layer.position}"
        algorithm = (layer.digest or layer.diff_id).algorithm
        need_diff_id = layer.digest is None
        result = read_blob(
            layer.blob,
            reading,
            what=what,
            budget=budget,
            need_diff_id=need_diff_id,
            algorithm=algorithm,
            step=layer.created_by,
        )
        budget.count(len(result.changeset))
        return result

    if jobs == 1 or not left or (len(left) == 1 and meanwhile is None):
        if meanwhile is not None:
            meanwhile()
        done.update((_key(layer), read(layer)) for layer in left)
    else:
        pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="layer")
        try:
            reads = [pool.submit(read, layer) for layer in left]
            if meanwhile is not None:
                meanwhile()
            for layer, future in zip(left, reads, strict=True):
                done[_key(layer)] = _result(future, reading.progress)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after an error nobody waits for the layers still in work
    results = [done[_key(layer)] for layer in image.layers]
    total = sum(len(result.changeset) for result in results)
    if total > reading.limits.max_entries:
        raise reading.limits.exceeded("max_entries", f"the image has {total:,} entries")
    return results


def _walk_in_processes(
    layers: Sequence[Layer], reading: Reading, jobs: int, meanwhile: Callable[[], object] | None
) -> dict[str, ReadLayer]:
    relay = None if reading.progress is SILENT else Relay(reading.progress, layers)

    def walk(number: int) -> bytes:
        layer = layers[number]
        told = reading if relay is None else replace(reading, progress=relay.sender(number))
        result = walk_blob(layer.blob, told, what=f"layer {layer.position}")
        return _COSTS.pack(result.bytes_read, result.seconds) + result.changeset.pack()

    results = spread(
        len(layers), walk, workers=jobs, meanwhile=meanwhile, waiting=None if relay is None else relay.poll
    )
    if relay is not None:
        relay.close()
    return {
        _key(layers[number]): walk_blob(
            layers[number].blob,
            reading,
            what=f"layer {layers[number].position}",
            walked=(Changeset.unpack(result[_COSTS.size :]), *_COSTS.unpack_from(result)),
        )
        for number, result in results.items()
    }


def _result(future: Future[ReadLayer], progress: Progress) -> ReadLayer:
    """Return what a thread has read, and meanwhile let whoever is told of progress know that time passes."""
    while progress is not SILENT and wait([future], timeout=_PAUSE).not_done:
        progress.wait()
    return future.result()


def _key(layer: Layer) -> str:
    """Return what tells the blob of a layer from others: its digest, else its place."""
    return layer.digest or f"layer {layer.position}"
