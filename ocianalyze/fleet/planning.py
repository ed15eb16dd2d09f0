"""The plan of a run: each image is opened once, and its manifest and config say which layers it needs.

A tag is followed only here: from then on the image is asked for by its digest, so that nobody who pushes meanwhile lets
two layers of one image, or two tasks, see different images.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from ocianalyze.analysis import Source
from ocianalyze.errors import InvalidImageError, OcianalyzeError
from ocianalyze.fleet.results.results import Planned, PlannedLayer
from ocianalyze.fleet.work.worker import failed
from ocianalyze.oci import json
from ocianalyze.oci.reference import Reference
from ocianalyze.sources.opening import passes_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.fleet.members.member import Member
    from ocianalyze.fleet.results.results import Results, Run
    from ocianalyze.fleet.work.conditions import Conditions
    from ocianalyze.oci.image import Image, Layer
    from ocianalyze.sources.registry.documents import StoredDocument

_AT_ONCE: Final = 8
"""How many images are opened at a time: most of that is waiting for a registry."""
_BATCH: Final = 200
"""How many images are opened before what was learned is stored."""
_BASE_NAME: Final = "org.opencontainers.image.base.name"
_LONGEST_BASE: Final = 500


def plan_images(
    results: Results, run: Run, conditions: Conditions, *, opened: Callable[[int], object] = lambda _: None
) -> None:
    """Open every image of a run that was not opened yet, and store what it says; one that cannot be opened is judged.

    `opened` is told the number of those that are done.
    """
    todo = results.unplanned(run)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="plan") as pool:
        for start in range(0, len(todo), _BATCH):
            batch = todo[start : start + _BATCH]
            found = list(pool.map(lambda one: _try(one[1], conditions), batch))
            with results.together():
                for (number, _), planned in zip(batch, found, strict=True):
                    if isinstance(planned, Planned):
                        results.plan(number, planned)
            for (number, member), planned in zip(batch, found, strict=True):
                if isinstance(planned, OcianalyzeError):
                    results.judged(number, failed(planned, member.reference, conditions.policy).rows)
            opened(start + len(batch))


def _try(member: Member, conditions: Conditions) -> Planned | OcianalyzeError:
    try:
        return open_member(member, conditions)
    except OcianalyzeError as error:
        return error


def open_member(member: Member, conditions: Conditions) -> Planned:
    """Return what an image says of itself; raises the errors of `Source.open`."""
    if passes_once(Reference.parse(member.reference)):
        return Planned(member.reference)
    documents = _Collected()
    source = Source(
        reference=member.reference,
        platform=conditions.platform,
        name=member.name,
        offline=conditions.offline,
        access=conditions.access,
        documents=documents,
        limits=conditions.limits,
    )
    with source.open() as image:
        return Planned(
            pinned=_pinned(member.reference, image),
            digest=image.digest,
            config_digest=image.config_digest,
            platform=str(image.config.platform),
            source=image.source,
            base=_stated_base(image, documents.found),
            layers=[_planned(image, layer) for layer in image.layers],
            documents=documents.found,
        )


def _pinned(reference: str, image: Image) -> str:
    """Return the reference with the digest that it led to."""
    if image.root is None or "@" in reference:
        return reference
    tag = "" if ":" in reference.rpartition("/")[2] else ":latest"
    return f"{reference}{tag}@{image.root}"


def _planned(image: Image, layer: Layer) -> PlannedLayer:
    return PlannedLayer(
        key=_key(image, layer),
        digest=layer.digest,
        diff_id=layer.diff_id,
        size=layer.size if layer.size is not None else layer.blob.size,
        created_by=layer.created_by,
    )


def _key(image: Image, layer: Layer) -> str:
    """Return what tells the bytes of a layer from others: what a file states of them is not proved yet."""
    if image.source == "registry" and layer.digest is not None:
        return layer.digest
    byte_range = layer.blob.byte_range()
    identity = None if byte_range is None else byte_range.identity()
    return identity or f"{image.reference} {image.config_digest} {layer.position}"


def _stated_base(image: Image, documents: dict[str, StoredDocument]) -> str | None:
    """Return the base image that an annotation or a label names (image-spec, annotations.md)."""
    stated = image.config.config.labels.get(_BASE_NAME)
    manifest = documents.get(image.digest or "")
    if manifest is not None:
        try:
            annotations = json.decode(manifest.content, what="the manifest").get("annotations") or {}
        except InvalidImageError:
            annotations = {}
        stated = annotations.get(_BASE_NAME, stated)
    return stated[:_LONGEST_BASE] if isinstance(stated, str) and stated else None


class _Collected:
    """The documents that an image was opened with."""

    def __init__(self) -> None:
        self.found: dict[str, StoredDocument] = {}

    def find(self, digest: str) -> StoredDocument | None:
        """Return the document with this digest, or None."""
        return self.found.get(digest)

    def keep(self, digest: str, document: StoredDocument) -> None:
        """Keep a document that has this digest."""
        self.found[digest] = document
