"""The sizes of an image as a part of its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.packages import find_packages, measure_packages
from ocianalyze.facts.size import LARGE, MOST
from ocianalyze.reports import report as form
from ocianalyze.reports.shortening import short
from ocianalyze.reports.size.report import DuplicateFile, DuplicatePlace
from ocianalyze.rules.size.avoiding import TITLES, avoidance
from ocianalyze.rules.size.saving import saving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ocianalyze.facts.size import Avoidable, Branch, Duplicates, Hidden, Piece, Size
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.oci.image import Image
    from ocianalyze.oci.models import Execution


def size_facts(image: Image, size: Size, limit: int, *, details: bool, tree: bool) -> form.SizeFacts:
    """Return the sizes of an image; the largest files and directories if near the limit, or with `details`.

    With `tree`, also the size of each directory.
    """
    stored, hiding = _by(size.waste, lambda place: place.layer), _by(size.waste, lambda place: place.hidden_by)
    largest = size.largest if details or size.is_near(limit) else None
    return form.SizeFacts(
        docker_image_size=size.docker_image_size,
        containerd_estimate=size.containerd_estimate,
        compressed=size.compressed,
        limit=limit,
        largest_files=None if largest is None else _pieces(largest.files),
        largest_directories=None if largest is None else _pieces(largest.directories),
        wasted=[
            form.WasteReport(layer=layer, bytes=shadowed, directories=_pieces(stored.get(layer, [])[:MOST]))
            for layer, shadowed in enumerate(size.shadowed)
            if shadowed >= LARGE
        ],
        wasting=[
            form.WastingReport(
                layer=layer, bytes=size.hides[layer], places=[_hidden_part(image, place) for place in places]
            )
            for layer, places in sorted(hiding.items(), key=lambda item: -size.hides[item[0]])
            if size.hides[layer] >= LARGE
        ],
        tree=list(map(size_node, size.tree)) if tree else None,
    )


def inventory_of(image: Image, filesystem: Filesystem, size: Size) -> form.Inventory:
    """Return the packages of an image with their sizes, its configuration, and what it does not need."""
    found = find_packages(filesystem)
    sizes = measure_packages(filesystem, found.packages)
    gaps = [*found.gaps, *sizes.gaps]
    avoidable: Sequence[Avoidable] = ()
    try:
        avoidable = size.avoidable.groups
    except UndecidedError as error:
        gaps.append(str(error))
    return form.Inventory(
        packages=[
            form.PackageFacts(
                manager=package.manager,
                name=short(package.name),
                version=short(package.version),
                place=short(package.place),
                bytes=size,
            )
            for package, size in zip(found.packages, sizes.bytes, strict=True)
        ],
        unlisted_bytes=sizes.rest,
        avoidable=[_avoidable(image, item) for item in avoidable],
        gaps=short(list(dict.fromkeys(gaps))),
        configuration=_configuration(image.config.config),
    )


def _configuration(stated: Execution) -> form.Configuration:
    return form.Configuration(
        environment=short(stated.environment),
        entrypoint=short(stated.entrypoint),
        command=short(stated.cmd),
        working_directory=short(stated.working_dir),
        exposed_ports=short(sorted(stated.exposed_ports)),
        labels=short(dict(sorted(stated.labels.items()))),
    )


def duplicate(item: Duplicates) -> DuplicateFile:
    """Return files with the same content."""
    places = [DuplicatePlace(path=short(path), layer=layer) for path, layer in item.places]
    return DuplicateFile(size=item.size, bytes=item.bytes, places=places)


def size_node(branch: Branch) -> form.SizeNode:
    """Return a directory or file of the tree of sizes."""
    return form.SizeNode(
        parent=branch.parent, name=short(branch.name), layer=branch.layer, bytes=branch.bytes, hidden=branch.hidden
    )


def _avoidable(image: Image, item: Avoidable) -> form.AvoidablePart:
    return form.AvoidablePart(
        kind=item.kind,
        title=TITLES[item.kind],
        path=short(item.path),
        layer=item.layer,
        bytes=item.bytes,
        files=item.files,
        hint=short(avoidance(image, item)),
    )


def _by(places: Iterable[Hidden], key: Callable[[Hidden], int]) -> dict[int, list[Hidden]]:
    """Return places in groups, with the order kept."""
    groups: dict[int, list[Hidden]] = {}
    for place in places:
        groups.setdefault(key(place), []).append(place)
    return groups


def _hidden_part(image: Image, place: Hidden) -> form.HiddenPart:
    return form.HiddenPart.model_validate(
        {
            "path": short(place.path),
            "layer": place.layer,
            "bytes": place.bytes,
            "change": place.change.name.lower(),
            "value": place.value,
            "hint": short(saving(image, place)),
        }
    )


def _pieces(pieces: Iterable[Piece | Hidden]) -> list[form.SizePiece]:
    return list(map(_piece, pieces))


def _piece(piece: Piece | Hidden) -> form.SizePiece:
    return form.SizePiece(path=short(piece.path), layer=piece.layer, bytes=piece.bytes, hidden_by=piece.hidden_by)
