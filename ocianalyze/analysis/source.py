"""Which image is meant, and how it is read."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from ocianalyze.facts import READS
from ocianalyze.filesystem.merge import merge
from ocianalyze.layers.contents.capture import Capture
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, Limits
from ocianalyze.layers.metering.progress import SILENT, Progress
from ocianalyze.layers.reading.layers import read_layers
from ocianalyze.layers.reading.reader import Reading, verify
from ocianalyze.oci.reference import Reference
from ocianalyze.sources.opening import open_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.reading.cache import LayerCache
    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.oci.image import Image
    from ocianalyze.sources.registry.access import RegistryAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which image is meant, and how it is read.

    Attributes:
        reference: a path, ``-`` or a reference in skopeo's syntax.
        platform: which platform of several, such as ``linux/amd64``.
        name: which image of several: a name, ``@`` and a position, or a digest.
        stdin: where ``-`` is read from.
        offline: whether no registry may be asked.
        access: how registries are reached; None for anonymously, and as this machine trusts.
        cache: where what is learned of layers is kept for the next scan; None for nowhere.
        verify_all: read and hash everything, the uncompressed layers too.
        jobs: how many layers are read at a time; None for as many as there are processors.
        limits: how much the image may ask for.
        budget: what this analysis may still spend; None for all of the limits, each time anew.
        wanted: the contents to keep of an image that streams by beyond those that facts are made of, as `Capture`
            patterns.
        progress: told how far the reading of layers is.
    """

    reference: str
    platform: str | None = None
    name: str | None = None
    stdin: BinaryIO | None = None
    offline: bool = False
    access: RegistryAccess | None = None
    cache: LayerCache | None = None
    verify_all: bool = False
    jobs: int | None = None
    limits: Limits = DEFAULT_LIMITS
    budget: Budget | None = None
    wanted: frozenset[str] = frozenset()
    progress: Progress = SILENT

    def with_budget(self, wanted: frozenset[str]) -> Source:
        """Return the source for one analysis: with one budget for all of it, and more contents to keep."""
        return replace(self, wanted=self.wanted | wanted, budget=Budget(self.limits))

    @contextmanager
    def open(self, *, read_layers: bool = True) -> Iterator[Image]:
        """Open the image for the time of the block; errors are those of `open_image`."""
        reference = Reference.parse(self.reference)
        with open_image(
            reference,
            self._reading(),
            platform=self.platform,
            name=self.name,
            stdin=self.stdin,
            access=self.access,
            offline=self.offline,
            read_layers=read_layers,
        ) as image:
            yield image

    def read(
        self, image: Image, *, meanwhile: Callable[[], object] | None = None
    ) -> tuple[list[ReadLayer], list[tuple[str, ...]]]:
        """Return the layers of the open image, read, and which of their digests were verified.

        `meanwhile` is called once, while others read where there are others, to make use of the time; not where there
        is nothing to read.

        Raises:
            DigestMismatchError: a layer's bytes contradict its digest, its diff_id or its size.
        """
        layers = read_layers(image, self._reading(), jobs=self.jobs, meanwhile=meanwhile)
        return layers, [verify(layer, result) for layer, result in zip(image.layers, layers, strict=True)]

    def merge(self, layers: Sequence[ReadLayer]) -> Filesystem:
        """Return the file system that the layers make."""
        changesets, contents = [layer.changeset for layer in layers], [layer.contents for layer in layers]
        return merge(changesets, contents, self.limits, self.budget)

    def _reading(self) -> Reading:
        return Reading(
            limits=self.limits,
            capture=Capture(READS | self.wanted),
            verify=self.verify_all,
            cache=self.cache,
            progress=self.progress,
            budget=self.budget,
        )
