"""Where the bytes are: maps by directory and by layer, the largest places, and the layers with their waste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.formats.html.inventory import not_needed
from ocianalyze.reports.formats.html.markup import (
    Markup,
    code,
    element,
    folded,
    join,
    listed,
    remark_on,
    section,
    table,
    within,
)
from ocianalyze.reports.formats.html.pictures import bar, hatching, legend, picture
from ocianalyze.reports.size.places import by_directory, by_layer, largest
from ocianalyze.reports.steps import build_step
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import LayerReport, Report, SizeFacts, SizeNode, SizePiece
    from ocianalyze.reports.size.places import Place

_LISTED: Final = 50
_CELLS: Final = {"directory": 600, "layer": 360}
_HEIGHTS: Final = {"directory": 480, "layer": 340}
_MAPS: Final = {"directory": 150_000, "layer": 95_000}
_LAYERS: Final = 40_000
_CHANGES: Final = {
    "deleted": "deleted",
    "replaced": "replaced",
    "owner": "stored again, owner {}",
    "mode": "stored again, mode {}",
    "again": "stored again unchanged",
}
_STEPS: Final = 8_000
_TABLE: Final = 20_000
"""How many characters a part may have."""


def sizes(report: Report) -> Section | None:
    """Return the section of sizes, if the layers were read."""
    if report.facts is None:
        return None
    size = report.facts.size
    return section("size", "Size", _about(report, size), *_places(size), *not_needed(report))


def _about(report: Report, size: SizeFacts) -> Markup:
    rows = [
        ("As docker image ls shows it", human(size.docker_image_size), f"limit {human(size.limit)}"),
        (
            "With the containerd image store",
            f"about {human(size.containerd_estimate)}",
            "compressed and unpacked layers",
        ),
    ]
    if size.compressed is not None and any(layer.compression != "none" for layer in report.layers):
        rows.append(("To download", human(size.compressed), "layers as stored"))
    if report.facts is not None:
        files = report.facts.filesystem
        rows.append(("Files that a container sees", human(files.bytes), f"{files.files:,} files"))
        share = f"{files.shadowed_bytes / size.docker_image_size:.1%} of the image" if size.docker_image_size else ""
        rows.append(("Deleted or replaced by later layers", human(files.shadowed_bytes), share))
    return table("Sizes of the image", ("What", "Size", "Remark"), rows, right=(1,))


def _places(size: SizeFacts) -> Iterator[Markup]:
    """Yield the maps and the table of the same, or what is known without the tree."""
    if size.tree is None:
        about = "For maps of where the bytes are, scan the image again with --inventory, which --format html implies."
        yield element("p", about, class_="note")
        yield from _pieces("Largest directories", size.largest_directories)
        yield from _pieces("Largest files", size.largest_files)
        return
    root = by_directory(size.tree)
    yield hatching()
    yield element("h3", "By directory")
    name = "Size by directory, all layers together"
    yield _picture("directory", root, name, lambda place: place.path)
    yield legend()
    yield folded("The same as a table: the largest places", _largest(root))
    yield element("h3", "By layer")
    layers = by_layer(size.tree)
    yield _picture("layer", layers, "Size by layer", _in_layer)


def _picture(kind: str, root: Place, name: str, path_of: Callable[[Place], str]) -> Markup:
    return picture(root, name, _HEIGHTS[kind], _CELLS[kind], _MAPS[kind], path_of)


def _in_layer(place: Place) -> str:
    """Return the path of a place in the tree of layers."""
    _, number, *names = place.path.split("/")
    if not number:
        return "all layers"
    return f"layer {number}: /{'/'.join(names)}" if names else f"layer {number}"


def _largest(root: Place) -> Markup:
    total = root.bytes
    rows = [
        (
            code(place.path),
            human(place.bytes),
            f"{place.bytes / total:.1%}" if total else "",
            human(place.hidden) if place.hidden else "",
            _numbers(place.layers),
        )
        for place in largest(root, _LISTED)
    ]
    head = ("Path", "Size", "Share", "Hidden by later layers", "Layers")
    caption = f"The {len(rows)} largest places, with all that is in them"
    return listed(caption, head, rows, budget=_TABLE, what="places are", right=(1, 2, 3))


def _numbers(layers: set[int]) -> str:
    shown = sorted(layers)
    more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""  # noqa: PLR2004 - what fits a cell
    return ", ".join(map(str, shown[:5])) + more


def _pieces(title: str, pieces: Sequence[SizePiece] | None) -> Iterator[Markup]:
    if pieces:
        rows = [
            (
                code(piece.path),
                human(piece.bytes),
                str(piece.layer),
                "" if piece.hidden_by is None else f"layer {piece.hidden_by}",
            )
            for piece in pieces[:_LISTED]
        ]
        head = ("Path", "Size", "Layer", "Hidden by")
        yield listed(title, head, rows, budget=_TABLE, what="places are", right=(1,))


def layers(report: Report) -> Section | None:
    """Return the section of layers, if they were read."""
    if not report.layers:
        return None
    widest = max((layer.uncompressed_size for layer in report.layers), default=0)
    wasted = _wasted(report)
    hides = {item.layer: item.bytes for item in report.facts.size.wasting} if report.facts is not None else {}
    columns = [("Hidden by later layers", wasted), ("Hides of earlier layers", hides)]
    further = [(title, values) for title, values in columns if any(values.values())]
    rows = [
        (
            element("span", str(layer.position), id=f"layer-{layer.position}"),
            join(
                (
                    code(build_step(layer.created_by or "")) if layer.created_by else "not stated",
                    _bar(layer, widest, wasted),
                )
            ),
            human(layer.uncompressed_size),
            human(layer.size),
            *(human(values[layer.position]) if values.get(layer.position) else "" for _, values in further),
        )
        for layer in report.layers
    ]
    head = ("Layer", "Build step", "Unpacked", "As stored", *(title for title, _ in further))
    right = range(2, len(head))
    shown = listed("Layers, from the base image up", head, rows, budget=_LAYERS, what="layers are", right=right)
    return section("layers", "Layers", shown, _hidden(report), _steps(report))


def _bar(layer: LayerReport, widest: int, wasted: Mapping[int, int]) -> Markup:
    """Return the size of a layer as a bar; that of the largest is full."""
    lost, size = wasted.get(layer.position, 0), layer.uncompressed_size
    label = f"{human(size)}{f', {human(lost)} of it hidden by later layers' if lost else ''}"
    return bar(label, size / widest if widest > 0 else 0, lost / size if size > 0 else 0)


def _hidden(report: Report) -> Markup | None:
    """Return what later layers hide of earlier ones, and how: what to do in one step instead of two."""
    wasting = report.facts.size.wasting if report.facts is not None else []
    rows = [
        (
            code(place.path),
            human(place.bytes),
            str(place.layer),
            str(item.layer),
            _CHANGES[place.change].replace("{}", place.value or "changed"),
            code(place.hint) if place.hint else "",
        )
        for item in wasting
        for place in item.places
    ]
    if not rows:
        return None
    head = ("Path", "Size", "Stored by layer", "Hidden by layer", "How", "How to save it")
    return listed("Wasted space: what later layers hide", head, rows, budget=_TABLE, what="places are", right=(1,))


def _wasted(report: Report) -> dict[int, int]:
    """Return how many bytes of each layer later ones hide; without a tree, only those of which there are many."""
    if report.facts is None:
        return {}
    size = report.facts.size
    roots: Sequence[SizeNode] = [node for node in size.tree or () if node.parent is None]
    if roots:
        return {node.layer: max(0, node.hidden) for node in roots}
    return {item.layer: item.bytes for item in size.wasted}


def _steps(report: Report) -> Markup | None:
    """Return the steps of the history that made no layer."""
    empty = [build_step(step.created_by) for step in report.history if step.layer is None and step.created_by]
    if not empty:
        return None
    items, left_out = within(_STEPS, (element("li", code(step)) for step in empty))
    title = f"Build steps that made no layer ({len(empty):,})"
    return folded(title, element("ol", *items), remark_on(left_out, "steps are"))
