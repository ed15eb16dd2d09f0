"""The plan of a run: each image is opened once, and its manifest and config say which layers it needs.

A tag is followed only here: from then on the image is asked for by its digest, so that nobody who pushes meanwhile lets
two layers of one image, or two tasks, see different images.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.analysis import Source
from ocianalyze.errors import InvalidImageError, OcianalyzeError
from ocianalyze.fleet.results.planned import Planned, PlannedLayer
from ocianalyze.fleet.work.worker import failed
from ocianalyze.oci import json
from ocianalyze.oci.reference import Reference
from ocianalyze.sources.opening import passes_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from ocianalyze.fleet.members.member import Member
    from ocianalyze.fleet.results.results import Results, Run
    from ocianalyze.fleet.work.conditions import Conditions
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Image, Layer
    from ocianalyze.sources.registry.documents import StoredDocument

_AT_ONCE: Final = 8
"""How many images are opened at a time: most of that is waiting for a registry."""
_BATCH: Final = 100
"""How many images are stored together at most."""
_BATCH_SIZE: Final = 4 << 20
"""From how many bytes of manifests and configurations on they are stored."""
_BASE_NAME: Final = "org.opencontainers.image.base.name"
_LONGEST_BASE: Final = 500


class _Opened(NamedTuple):
    """An image, and what it says of itself or why it cannot be opened."""

    number: int
    member: Member
    planned: Planned | OcianalyzeError

    @property
    def size(self) -> int:
        """How many bytes its documents have."""
        documents = self.planned.documents if isinstance(self.planned, Planned) else {}
        return sum(len(one.content) for one in documents.values())


def plan_images(
    results: Results, run: Run, conditions: Conditions, *, opened: Callable[[int], object] = lambda _: None
) -> None:
    """Open every image of a run that was not opened yet, and store what it says; one that cannot be opened is judged.

    `opened` is told the number of those that are done.
    """
    done = 0
    for batch in _batches(_opened(results.unplanned(run), conditions)):
        with results.together():
            for number, member, planned in batch:
                if isinstance(planned, Planned):
                    results.plan(number, planned)
                else:
                    results.judged(number, failed(planned, member.reference, conditions.policy).rows)
        done += len(batch)
        opened(done)


def _opened(todo: Sequence[tuple[int, Member]], conditions: Conditions) -> Iterator[_Opened]:
    """Yield what each image says of itself, or why it cannot be opened, in their order; a few are opened ahead."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="plan") as pool:
        begun: deque[Future[Planned | OcianalyzeError]] = deque()
        ahead = iter(todo)
        for number, member in todo:
            begun += (pool.submit(_try, one, conditions) for _, one in islice(ahead, _AT_ONCE - len(begun)))
            yield _Opened(number, member, begun.popleft().result())


def _batches(opened: Iterable[_Opened]) -> Iterator[list[_Opened]]:
    """Yield what is stored together: to store each alone takes longer, and all of it might be large."""
    batch: list[_Opened] = []
    size = 0
    for one in opened:
        batch.append(one)
        size += one.size
        if len(batch) >= _BATCH or size >= _BATCH_SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _try(member: Member, conditions: Conditions) -> Planned | OcianalyzeError:
    try:
        return open_member(member, conditions)
    except OcianalyzeError as error:
        return error


def open_member(member: Member, conditions: Conditions) -> Planned:
    """Return what an image says of itself; raises the errors of `Source.open`."""
    reference = Reference.parse(member.reference)
    if passes_once(reference):
        return Planned(_local(reference))
    documents: dict[str, StoredDocument] = {}
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
            pinned=_local(reference) if image.root is None else _in_registry(reference, image.root),
            digest=image.digest,
            config_digest=image.config_digest,
            platform=str(image.config.platform),
            source=image.source,
            base=_stated_base(image, documents),
            layers=[_planned(image, layer) for layer in image.layers],
            documents=documents,
        )


def _in_registry(reference: Reference, root: Digest) -> str:
    """Return the name of an image in a registry with the digest that it led to; no file is taken for it later."""
    name = reference.location
    if "@" not in name:
        name = f"{name}{'' if ':' in name.rpartition('/')[2] else ':latest'}@{root}"
    return f"docker://{name}"


def _local(reference: Reference) -> str:
    """Return the reference of a file or directory that is the same wherever it is read; no registry is asked for it."""
    path = str(Path(reference.location).absolute())
    if reference.transport == "path":
        return path
    image = f":{reference.image}" if reference.image else ""
    return f"{reference.transport}:{reference.location if ':' in path else path}{image}"


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


def _stated_base(image: Image, documents: Mapping[str, StoredDocument]) -> str | None:
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
