"""Whether the ztocs of a SOCI index describe the layers that they are for.

Where an image is loaded lazily, its files are what the ztocs say, not what the layers hold: what a ztoc leaves out does
not exist in such a container, though it does in all others.

Source: soci-snapshotter, ``fs/reader/reader.go`` and ``ztoc/toc_builder.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.errors import LimitExceededError, OcianalyzeError, UndecidedError
from ocianalyze.layers.changeset.building import build_changeset
from ocianalyze.layers.indexes.finding import read_stored_ztoc
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.tar.entry import MARKERS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.changeset.changeset import Changeset
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.oci.image import Image, Layer, StoredZtoc

SHOWN: Final = 10
"""How many paths of a layer are named."""

_LEFT_OUT: Final = frozenset((int(Kind.IMPLICIT_DIRECTORY), int(Kind.ABSENT), int(Kind.GLOBAL_HEADER)))
"""What no container has, or what follows from other entries."""
_FILE: Final = int(Kind.FILE)
_VERSION: Final = 2
"""The version of SOCI indexes that is used."""

_Key: TypeAlias = tuple[str, bool]
_Said: TypeAlias = "Mapping[str, object]"


class SociDifference(NamedTuple):
    """A layer that its ztoc does not describe.

    Attributes:
        layer: the layer.
        paths: the first paths that differ, each with how.
        number: how many differ.
        problem: why nobody can use the ztoc; empty if it differs.
    """

    layer: Layer
    paths: tuple[tuple[str, str], ...] = ()
    number: int = 0
    problem: str = ""


def has_ztocs(image: Image) -> bool:
    """Tell whether there are ztocs that containers are made of."""
    return any(layer.ztoc is not None and layer.ztoc.version == _VERSION for layer in image.layers)


def read_by_ztocs(image: Image, filesystem: Filesystem) -> list[Layer]:
    """Return the layers of which nothing is known but what their ztocs say."""
    layers = zip(image.layers, filesystem.contents, strict=True)
    return [layer for layer, contents in layers if layer.ztoc is not None and contents.is_indexed]


def soci_differences(image: Image, filesystem: Filesystem) -> Iterator[SociDifference]:
    """Yield the layers that their ztocs do not describe; those are left out that `soci_problems` tells about.

    Raises:
        UndecidedError: a ztoc cannot be read.
        LimitExceededError: a ztoc takes too much memory.
    """
    known = image.soci.misfits | image.soci.absent
    seen: set[tuple[str, str | None]] = set()
    for layer, changeset, contents in zip(image.layers, filesystem.changesets, filesystem.contents, strict=True):
        ztoc = layer.ztoc
        if ztoc is None or ztoc.version != _VERSION or contents.is_indexed or ztoc.digest in known:
            continue
        if (ztoc.digest, layer.digest) in seen:
            continue
        seen.add((ztoc.digest, layer.digest))
        try:
            stated = _stated(layer, ztoc, filesystem.budget)
        except IndexUnusableError as error:
            yield SociDifference(layer, problem=str(error))
            continue
        except LimitExceededError:
            raise
        except OcianalyzeError as error:
            message = f"the ztoc of layer {layer.position} cannot be read: {error.message}"
            raise UndecidedError(message, hint=error.hint, layer=layer.position) from error
        if _are_equal(stated, changeset):
            continue
        paths = list(_differing(_entries(changeset), _entries(stated)))
        if paths:
            yield SociDifference(layer, tuple(paths[:SHOWN]), len(paths))


def _stated(layer: Layer, ztoc: StoredZtoc, budget: Budget) -> Changeset:
    """Return what the ztoc of a layer says that it holds."""
    if layer.size is None:
        raise IndexUnusableError("the size of the layer is not stated")
    stated, _ = read_stored_ztoc(ztoc, layer.size, budget.limits)
    return build_changeset(stated.entries, what=f"the ztoc of layer {layer.position}", budget=budget)


def _are_equal(one: Changeset, other: Changeset) -> bool:
    """Tell whether two changesets are the same row by row, which most often they are."""
    return (
        (one.names, one.parents, one.kinds, one.sizes, one.offsets, one.links, one.xattrs)
        == (other.names, other.parents, other.kinds, other.sizes, other.offsets, other.links, other.xattrs)
        and (one.identities, one.attributes) == (other.identities, other.attributes)
    )  # fmt: skip


def _entries(changeset: Changeset) -> Mapping[_Key, _Said]:
    """Return what a container sees of each path; the times are left out, which nothing depends on."""
    found: dict[_Key, _Said] = {}
    for row in range(1, len(changeset)):
        kind = changeset.kinds[row]
        if kind in _LEFT_OUT:
            continue
        attributes = changeset.attributes[changeset.identities[row]]
        size, offset = changeset.sizes[row], changeset.offsets[row]
        found[changeset.path(row), kind in MARKERS] = {
            "type": kind,
            "mode": attributes.mode,
            "owner": (attributes.uid, attributes.gid),
            "size": size,
            "target": changeset.links.get(row),
            "extended attributes": changeset.xattrs.get(row),
            "place in the tar": offset if kind == _FILE and size and offset >= 0 else None,
        }
    return found


def _differing(real: Mapping[_Key, _Said], stated: Mapping[_Key, _Said]) -> Iterator[tuple[str, str]]:
    """Yield each path that differs, and how."""
    for key, said in real.items():
        if key not in stated:
            yield key[0], "is missing in the ztoc"
        elif said != stated[key]:
            names = [name for name, value in said.items() if value != stated[key][name]]
            yield key[0], f"has another {', '.join(names)} in the ztoc"
    yield from ((path, "is only in the ztoc") for path, is_marker in stated if (path, is_marker) not in real)
