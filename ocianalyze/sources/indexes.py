"""Which image of an index is meant: decided by what the index says of its platforms, exactly as containerd does.

Source: containerd, core/images/image.go, ``Manifest``. Of each index the best descriptor is followed, the first of
equals, and no other; one that states no platform comes last, and then the config has to fit. A manifest that no index
leads to is taken whatever it is for. tests/sources/test_indexes.py compares this with containerd's own code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ocianalyze.errors import InvalidImageError
from ocianalyze.oci import media_types
from ocianalyze.oci.models import ImageIndex, Manifest
from ocianalyze.oci.platforms import DEFAULT_PLATFORM, Wanted, is_for_another_machine
from ocianalyze.sources.choosing import none_fits
from ocianalyze.sources.diagnosis import Cause
from ocianalyze.sources.diagnosis.documents import is_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.oci.models import Listed, Platform

_MOST_NESTED: Final = 4
"""How deep indexes may lie within indexes: builders make one within one."""
MAX_MANIFESTS = 10_000
"""How many manifests are looked at; an image has a few dozen."""


class Catalogue(Protocol):
    """Where an index leads: what a source has to offer so that images can be found in it."""

    @property
    def what(self) -> str:
        """What the source is called in messages."""

    @property
    def is_local(self) -> bool:
        """Tell whether documents are at hand, so that it costs little to look at many."""

    def holds(self, item: Listed) -> bool:
        """Tell whether what an index lists can be had; an index may list platforms that were never pulled."""

    def document(self, item: Listed) -> Manifest | ImageIndex:
        """Return the verified document that a descriptor describes.

        Raises:
            InvalidImageError: it is not there, or is not what the descriptor says.
        """

    def platform(self, manifest: Manifest) -> Platform:
        """Return the platform that the config of an image states."""

    def shown_platform(self, manifest: Manifest) -> str:
        """Return the same as it is to be shown, if it is at hand."""


class Picked(NamedTuple):
    """The image that was found: how it is described, its manifest, and what the index that lists it lists, if any."""

    item: Listed
    manifest: Manifest
    beside: tuple[Listed, ...] | None = None


def pick(items: Sequence[Listed], wanted: Wanted | None, catalogue: Catalogue) -> Picked:
    """Return the one image that `items` lead to for a platform, linux/amd64 if none is `wanted`.

    A single image that is for another machine than that of Studio is returned if no platform is wanted: what is wrong
    with it is told in full, and by name.

    Raises:
        ImageChoiceError: there is none for the platform; the error lists what there is.
        InvalidImageError: a document is not there, or not what it must be.
    """
    depth = 0
    if len(items) == 1:
        stated = items[0].platform
        if wanted is not None and stated is not None and not wanted.accepts(stated):
            raise none_fits(wanted, [str(stated)])
        root = catalogue.document(items[0])
        if isinstance(root, Manifest):
            if wanted is not None and stated is None and not wanted.accepts(catalogue.platform(root)):
                raise none_fits(wanted, [str(catalogue.platform(root))])
            return Picked(items[0], root)
        items, depth = root.manifests, 1
    platform = wanted or Wanted.parse(DEFAULT_PLATFORM)
    found = _descend(items, platform, catalogue, depth)
    if found is None and wanted is None:
        found = _only_one(items, catalogue, depth)
    if found is None:
        there_are = platforms(items, catalogue)
        if not there_are:
            raise Cause("contains no image, only attestations, artifacts or missing entries").error(catalogue.what)
        raise none_fits(platform, there_are)
    return found


def platforms(items: Sequence[Listed], catalogue: Catalogue) -> list[str]:
    """Return the platforms of the images that `items` lead to, of those that are there."""
    if not catalogue.is_local:  # what is not stated would cost a request each
        return [str(item.platform) if item.platform else f"unknown ({item.digest})" for item in _stated(items)]
    return [
        catalogue.shown_platform(manifest) if item.platform is None else str(item.platform)
        for item, manifest in images(items, catalogue)
    ]


def images(items: Sequence[Listed], catalogue: Catalogue) -> Iterator[tuple[Listed, Manifest]]:
    """Yield all images that `items` lead to, through indexes, that are there; each once.

    Raises:
        InvalidImageError: there are too many of them, or a document is not what it must be.
        LimitExceededError: indexes lie too deep within indexes.
    """
    seen: set[tuple[str, str, int]] = set()
    level = list(items)
    for _ in range(_MOST_NESTED + 1):
        deeper: list[Listed] = []
        for item in level:
            key = item.digest, item.media_type, item.size
            if key in seen or item.is_attestation or not may_be_image(item) or not catalogue.holds(item):
                continue
            seen.add(key)
            if len(seen) > MAX_MANIFESTS:
                raise InvalidImageError(f"the image refers to more than {MAX_MANIFESTS:,} manifests")
            document = catalogue.document(item)
            if isinstance(document, ImageIndex):
                deeper.extend(document.manifests)
            elif is_image(document):
                yield item, document
        level = deeper
        if not level:
            return
    raise _too_deep(catalogue.what)


def may_be_image(item: Listed) -> bool:
    """Tell whether a descriptor may lead to an image, by its media type."""
    return not item.media_type or item.media_type in media_types.DOCUMENTS


def is_stated_artifact(item: Listed) -> bool:
    """Tell whether a descriptor states that it is an artifact, and no image."""
    return item.artifact_type not in media_types.CONFIGS | media_types.OLD_CONFIGS


def _descend(items: Sequence[Listed], wanted: Wanted, catalogue: Catalogue, depth: int) -> Picked | None:
    """Return what containerd finds in an index (``images.Manifest``); None if nothing fits, or it is not there."""
    for _ in range(depth, _MOST_NESTED + 1):
        best = wanted.best([item.platform for item in items])
        if not best:
            return None
        item = items[best[0]]
        if item.is_verifiable and not any(catalogue.holds(items[position]) for position in best):
            return None
        document = catalogue.document(item)
        if isinstance(document, Manifest):
            stated = item.platform is not None or wanted.accepts(catalogue.platform(document))
            return Picked(item, document, tuple(items)) if stated else None
        items = document.manifests
    raise _too_deep(catalogue.what)


def _only_one(items: Sequence[Listed], catalogue: Catalogue, depth: int) -> Picked | None:
    """Return the only image that there is, if it is for another machine than that of Studio, as all say of it."""
    for _ in range(depth, _MOST_NESTED + 1):
        left = [item for item in _stated(items) if catalogue.holds(item)]
        if len(left) != 1 or (left[0].platform is not None and not is_for_another_machine(left[0].platform)):
            return None
        document = catalogue.document(left[0])
        if isinstance(document, Manifest):
            is_elsewhere = is_image(document) and is_for_another_machine(catalogue.platform(document))
            return Picked(left[0], document, tuple(items)) if is_elsewhere else None
        items = document.manifests
    raise _too_deep(catalogue.what)


def _stated(items: Sequence[Listed]) -> list[Listed]:
    """Return what an index lists without what it says to be no image."""
    return [item for item in items if not item.is_attestation and may_be_image(item) and not is_stated_artifact(item)]


def _too_deep(what: str) -> InvalidImageError:
    return InvalidImageError(f"{what}: image indexes are nested more than {_MOST_NESTED} levels deep")
