"""Which image to read, and how."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from ocianalyze.facts import READS, SEARCHES
from ocianalyze.filesystem.merge import merge
from ocianalyze.layers.contents.capture import Capture
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, Limits
from ocianalyze.layers.metering.progress import SILENT, Progress
from ocianalyze.layers.reading.layers import read_layers
from ocianalyze.layers.reading.memory import LayerMemory
from ocianalyze.layers.reading.reader import Reading, verify
from ocianalyze.oci.reference import Reference
from ocianalyze.sources.opening import open_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.layers.reading.stores import LayerStore
    from ocianalyze.oci.image import Image, Layer
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.documents import StoredDocuments


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which image to read, and how.

    Attributes:
        reference: a path, ``-``, a name in a registry, or a reference in skopeo's syntax.
        platform: the platform to choose, such as ``linux/amd64``, if there are several.
        name: the image to choose if there are several: a name, ``@`` and a position, or a digest.
        stdin: the stream to read for ``-``.
        offline: whether to refuse access to registries.
        access: how to reach registries; None for anonymous access with the certificates that this machine trusts.
        documents: manifests and configs that are known already; None to ask the registry for all of them.
        cache: the cache for what was read from layers; None to use no cache.
        verify_all: whether to read and hash everything, including uncompressed layers.
        lazy: whether to read layers by indexes of their files, where they have some, instead of all of their bytes.
        jobs: the number of layers to read in parallel; None for the number of processors.
        limits: the resources that the image may use.
        budget: what is left of the limits for this analysis; None for all of the limits on each call.
        wanted: file contents to keep from a streamed image in addition to those that facts need, as `Capture`
            patterns.
        progress: receives the progress of reading layers.
    """

    reference: str
    platform: str | None = None
    name: str | None = None
    stdin: BinaryIO | None = None
    offline: bool = False
    access: RegistryAccess | None = None
    documents: StoredDocuments | None = None
    cache: LayerStore | None = None
    verify_all: bool = False
    lazy: bool = False
    jobs: int | None = None
    limits: Limits = DEFAULT_LIMITS
    budget: Budget | None = None
    wanted: frozenset[str] = frozenset()
    progress: Progress = SILENT

    def with_budget(self, wanted: frozenset[str]) -> Source:
        """Return the source for one analysis: with one budget for all of it, and further contents to keep."""
        return replace(self, wanted=self.wanted | wanted, budget=Budget(self.limits))

    @contextmanager
    def open(self, *, read_layers: bool = True) -> Iterator[Image]:
        """Open the image for the duration of the block; raises the errors of `open_image`."""
        reference = Reference.parse(self.reference)
        with open_image(
            reference,
            self._reading(),
            platform=self.platform,
            name=self.name,
            stdin=self.stdin,
            access=self.access,
            offline=self.offline,
            known=self.documents,
            read_layers=read_layers,
        ) as image:
            yield image

    def read(
        self, image: Image, *, meanwhile: Callable[[], object] | None = None
    ) -> tuple[list[ReadLayer], list[tuple[str, ...]]]:
        """Read the layers of the open image; return them, and the digests of each that were verified.

        `meanwhile` is called once, while other processes read the layers if there are any. It is not called if there is
        nothing to read.

        Raises:
            DigestMismatchError: a layer does not match its digest, diff_id or size.
        """
        layers = read_layers(image, self._reading(), meanwhile=meanwhile)
        return layers, [verify(layer, result) for layer, result in zip(image.layers, layers, strict=True)]

    def knows(self, layer: Layer) -> bool:
        """Tell whether there seems to be a result of a layer in the cache, so that it need not be read."""
        return self.cache is not None and LayerMemory(self.cache, self._reading()).holds(layer)

    def known_digests(self, digests: Iterable[str]) -> set[str]:
        """Return those of the digests of layers for which the cache has a result."""
        if self.cache is None:
            return set()
        memory = LayerMemory(self.cache, self._reading())
        return {digest for digest in digests if memory.holds_name(digest)}

    def merge(self, layers: Sequence[ReadLayer]) -> Filesystem:
        """Merge the layers into one file system."""
        changesets, contents = [layer.changeset for layer in layers], [layer.contents for layer in layers]
        return merge(changesets, contents, self.limits, self.budget)

    def _reading(self) -> Reading:
        return Reading(
            limits=self.limits,
            capture=Capture(READS | self.wanted),
            searches=SEARCHES,
            jobs=self.jobs,
            verify=self.verify_all,
            lazy=self.lazy,
            cache=self.cache,
            progress=self.progress,
            budget=self.budget,
        )
