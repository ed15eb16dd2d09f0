"""Layers through the program's own reader and merge, in the oracle's terms."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import Phase, given, settings
from hypothesis.strategies import SearchStrategy

from ocianalyze.filesystem.merge import merge
from ocianalyze.filesystem.node import Node
from ocianalyze.filesystem.tree import Filesystem
from ocianalyze.layers.contents.capture import Capture
from ocianalyze.layers.reading.reader import Reading, ReadLayer, read_blob
from ocianalyze.layers.tar.entry import Kind
from tests.support import oracle
from tests.support.blobs import MemoryBlob
from tests.support.tarballs import Item, layer

_KINDS = {
    Kind.FILE: "file",
    Kind.DIRECTORY: "directory",
    Kind.SYMLINK: "symlink",
    Kind.FIFO: "fifo",
    Kind.CHARACTER_DEVICE: "char",
    Kind.BLOCK_DEVICE: "block",
    Kind.HARDLINK: "hardlink",
}
READING = Reading(capture=Capture(frozenset({"**/*"})))
Example = TypeVar("Example")


def read(blob: bytes | MemoryBlob, reading: Reading = READING, *, position: int = 0) -> ReadLayer:
    """Read one layer; bytes can be read at offsets."""
    return read_blob(
        blob if isinstance(blob, MemoryBlob) else MemoryBlob(blob, seekable=True),
        reading,
        what=f"layer {position}",
        budget=reading.spending(),
        need_diff_id=False,
    )


def merged(*layers: Sequence[Item] | bytes, reading: Reading = READING) -> Filesystem:
    """Return the file system that layers make, bottom first."""
    tars = [source if isinstance(source, bytes) else layer(source) for source in layers]
    readings = [read(tar, reading, position=position) for position, tar in enumerate(tars)]
    return merge([done.changeset for done in readings], [done.contents for done in readings], reading.limits)


def as_tree(filesystem: Filesystem) -> oracle.Tree:
    """Return a file system as the oracle puts it."""
    return {node.path: _as_node(node) for node in filesystem.walk()}


def paths(filesystem: Filesystem) -> list[str]:
    """Return all paths, in the order of a walk."""
    return [node.path for node in filesystem.walk()]


def drawn(strategy: SearchStrategy[Example], examples: int, *, always_the_same: bool = False) -> list[Example]:
    """Return that many examples of a strategy, to try them all at once with a program that is slow to start."""
    found: list[Example] = []

    @settings(max_examples=examples, database=None, phases=[Phase.generate], derandomize=always_the_same)
    @given(strategy)
    def draw(example: Example) -> None:
        found.append(example)

    draw()
    return found


def _as_node(node: Node) -> oracle.Node:
    data = ""
    if node.is_file:
        data = hashlib.sha256(node.read()).hexdigest()
    elif node.is_symlink:
        data = node.target
    return oracle.Node(_KINDS[node.kind], node.mode, node.uid, node.gid, node.size, data, node.layer)
