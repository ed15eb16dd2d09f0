"""Images through the program's own sources, reader and merge."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ocianalyze.filesystem.merge import merge
from ocianalyze.layers.contents.capture import Capture
from ocianalyze.layers.reading.layers import read_layers
from ocianalyze.layers.reading.reader import Reading, ReadLayer, verify
from ocianalyze.oci.image import Image
from ocianalyze.oci.reference import Reference
from ocianalyze.sources.opening import open_image
from tests.support.filesystems import as_tree
from tests.support.oracle import Tree

READING = Reading(capture=Capture(frozenset({"**/*"})))
"""Keeps the contents of all files, also of those that come as a stream."""


@dataclass(frozen=True)
class Seen:
    """What is seen of an image: itself, its layers as read, which of their claims were verified, and the root."""

    image: Image
    readings: list[ReadLayer]
    verified: list[tuple[str, ...]]
    tree: Tree


def see(
    source: Path | bytes | str,
    *,
    reading: Reading = READING,
    name: str | None = None,
    platform: str | None = None,
    jobs: int | None = None,
) -> Seen:
    """Open and read an image as the program does; bytes come from standard input."""
    reading = replace(reading, jobs=jobs or reading.jobs)
    with opened(source, reading=reading, name=name, platform=platform) as image:
        readings = read_layers(image, reading)
        verified = [verify(layer, done) for layer, done in zip(image.layers, readings, strict=True)]
        filesystem = merge([done.changeset for done in readings], [done.contents for done in readings], reading.limits)
        return Seen(image, readings, verified, as_tree(filesystem))


@contextmanager
def opened(
    source: Path | bytes | str, *, reading: Reading = READING, name: str | None = None, platform: str | None = None
) -> Iterator[Image]:
    """Open an image; bytes come from standard input."""
    reference = Reference.parse("-" if isinstance(source, bytes) else str(source))
    stdin = io.BytesIO(source) if isinstance(source, bytes) else None
    with open_image(reference, reading, stdin=stdin, name=name, platform=platform) as image:
        yield image
