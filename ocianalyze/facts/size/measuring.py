"""The sizes of an image, in bytes.

Sources: moby, ``daemon/graphdriver/overlay2`` (``ApplyDiff``), ``pkg/directory`` (``Size``) and
``daemon/containerd/image_list.go``; docker/cli, ``units.HumanSizeWithPrecision``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.size.avoidable import find_avoidable
from ocianalyze.facts.size.breakdown import find_largest
from ocianalyze.facts.size.tree import find_tree
from ocianalyze.facts.size.waste import find_waste
from ocianalyze.layers.changeset.columns import count_blocks
from ocianalyze.layers.tar.entry import Kind

if TYPE_CHECKING:
    from ocianalyze.facts.size.avoidable import AvoidableFiles
    from ocianalyze.facts.size.breakdown import Largest
    from ocianalyze.facts.size.tree import Branch
    from ocianalyze.facts.size.waste import Hidden
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.oci.image import Image

_BLOCK: Final = 4096


NEAR: Final = 0.8
"""An image is near the limit from this share of it on."""


@dataclass(frozen=True)
class Size:
    """The sizes of an image.

    Attributes:
        docker_image_size: what ``docker image ls`` shows with a graph driver: the apparent sizes of the regular files
            and the lengths of the symlinks of each layer, whatever later layers do to them.
        containerd_estimate: what it shows with the containerd image store, roughly: the blobs and the unpacked blocks.
        compressed: the blobs as stored, or None where that is not known.
        shadowed: for each layer, what later layers replaced or deleted of it.
        hides: for each layer, what it replaced or deleted of earlier layers.
        stated: the words of the configuration's commands, and the values of its variables.
    """

    docker_image_size: int
    containerd_estimate: int
    compressed: int | None
    shadowed: tuple[int, ...]
    hides: tuple[int, ...]
    filesystem: Filesystem = field(repr=False)
    stated: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def largest(self) -> Largest:
        """The largest files and directories of the image."""
        return find_largest(self.filesystem)

    @cached_property
    def tree(self) -> tuple[Branch, ...]:
        """The directories and files that take a visible part of the image, layer by layer."""
        return find_tree(self.filesystem)

    @cached_property
    def avoidable(self) -> AvoidableFiles:
        """The files that the image does not need to work."""
        return find_avoidable(self.filesystem, self.stated)

    @cached_property
    def waste(self) -> tuple[Hidden, ...]:
        """The places with most of the bytes that layers hide of earlier ones, largest first."""
        return find_waste(self.filesystem)

    def is_near(self, limit: int) -> bool:
        """Return whether the image is over a limit or close to it."""
        return self.docker_image_size >= limit * NEAR


def measure(image: Image, filesystem: Filesystem) -> Size:
    """Return the sizes of an image.

    The size of the blobs is known where descriptors state it. Where it is not, the layers are uncompressed, and the
    containerd estimate takes them to be kept so.
    """
    docker_image_size = sum(usage.size for usage in filesystem.usage)
    compressed = compressed_size(image)
    unpacked = sum(
        _BLOCK * (count_blocks(changeset, _BLOCK) + _directories(changeset.kinds))
        for changeset in filesystem.changesets
    )
    content = docker_image_size if compressed is None else compressed
    shadowed = tuple(usage.shadowed for usage in filesystem.usage)
    hides = tuple(usage.hides for usage in filesystem.usage)
    config = image.config.config
    stated = (*config.entrypoint, *config.cmd, config.working_dir, *config.environment.values())
    return Size(docker_image_size, content + unpacked, compressed, shadowed, hides, filesystem, stated)


def compressed_size(image: Image) -> int | None:
    """Return the total size of the blobs as stored, or None if the descriptors do not state it."""
    sizes = [layer.size for layer in image.layers if layer.digest is not None and layer.size is not None]
    return sum(sizes) if len(sizes) == len(image.layers) else None


def _directories(kinds: bytearray) -> int:
    return kinds.count(Kind.DIRECTORY) + kinds.count(Kind.IMPLICIT_DIRECTORY)
