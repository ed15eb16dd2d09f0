"""Whether a SOCI index lets the image start before all of it is downloaded, and what prevents that.

Sources: soci-snapshotter, ``docs/soci-index-manifest-v2.md``, ``fs/fs.go`` and ``soci/soci_index.go``: the snapshotter
looks at the annotation of the manifest, and gives layers without a ztoc the usual treatment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.oci.media_types import stated_compression
from ocianalyze.oci.soci import IMAGE_DIGEST, INDEX_DIGEST, VERSION_2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.image import Image, Layer

SociCause: TypeAlias = Literal[
    "old-version",
    "other-platform",
    "not-in-index",
    "contradiction",
    "missing",
    "ztoc-missing",
    "ztoc-misfit",
    "layers-without-ztoc",
    "zstd-layers",
]

LARGE_LAYER: Final = 10 << 20
"""Smaller layers have no ztoc by default, because loading them lazily does not pay."""

_PARTIAL: Final = frozenset({"layers-without-ztoc", "zstd-layers"})


class SociProblem(NamedTuple):
    """Why an image is not loaded lazily, or only in part.

    Attributes:
        cause: the kind.
        digests: the digests that it is about: of an image's manifest, of ztocs or of the layers of ztocs.
        layers: the layers that it is about.
        platforms: the platforms that have a SOCI index.
    """

    cause: SociCause
    digests: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    platforms: tuple[str, ...] = ()


def soci_problems(image: Image) -> tuple[SociProblem, ...]:
    """Return why the SOCI index that comes with an image is not used; nothing if there is none."""
    return tuple(_problems(image))


def loads_lazily(image: Image) -> bool:
    """Return whether there is a SOCI index that is used for all layers or some."""
    return image.soci.manifest is not None and all(problem.cause in _PARTIAL for problem in soci_problems(image))


def _problems(image: Image) -> Iterator[SociProblem]:
    soci = image.soci
    if soci.named is None:
        others = [item for item in soci.beside or () if item.artifact_type == VERSION_2]
        if others:
            platforms = tuple(dict.fromkeys(str(item.platform) for item in others if item.platform is not None))
            yield SociProblem("other-platform", platforms=platforms)
        elif soci.is_old:
            yield SociProblem("old-version")
        return
    item = next((item for item in soci.beside or () if item.digest == soci.named), None)
    if item is None:
        yield SociProblem("not-in-index")
        return
    meant = item.annotations.get(IMAGE_DIGEST)
    own = {other.annotations.get(INDEX_DIGEST) for other in soci.beside or () if other.digest == image.digest}
    if meant not in (None, image.digest):
        yield SociProblem("contradiction", digests=(str(meant),))
    elif not own <= {None, soci.named}:
        yield SociProblem("contradiction", digests=tuple(filter(None, own)))
    if soci.manifest is None:
        yield SociProblem("missing")
        return
    yield from _of_layers(image)


def _of_layers(image: Image) -> Iterator[SociProblem]:
    ztocs = image.soci.ztocs
    known = {layer.digest: layer for layer in image.layers if layer.digest is not None}
    absent = tuple(ztoc.digest for ztoc in ztocs.values() if ztoc.digest in image.soci.absent)
    if absent:
        yield SociProblem("ztoc-missing", digests=absent)
    misfits = {digest: ztoc.digest for digest, ztoc in ztocs.items() if ztoc.digest in image.soci.misfits}
    misfits |= {digest: ztoc.digest for digest, ztoc in ztocs.items() if digest not in known}
    if misfits:
        layers = tuple(layer for digest, layer in known.items() if digest in misfits)
        yield SociProblem("ztoc-misfit", digests=tuple(misfits.values()), layers=layers)
    rest = [layer for digest, layer in known.items() if digest not in ztocs and (layer.size or 0) >= LARGE_LAYER]
    zstd = tuple(layer for layer in rest if _is_zstd(layer))
    others = tuple(layer for layer in rest if not _is_zstd(layer))
    if zstd:
        yield SociProblem("zstd-layers", layers=zstd)
    if others:
        yield SociProblem("layers-without-ztoc", layers=others)


def _is_zstd(layer: Layer) -> bool:
    return stated_compression(layer.media_type or "") == "zstd"
