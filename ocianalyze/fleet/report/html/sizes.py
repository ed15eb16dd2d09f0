"""What images and layers take: sums, a map of who brings which bytes, and the layers that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.html.elements import named, small
from ocianalyze.fleet.report.wording import label, number, origin
from ocianalyze.reports.formats.html.markup import Markup, code, element, join, listed, section, table
from ocianalyze.reports.formats.html.pictures import bar, picture
from ocianalyze.reports.size.places import Place
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import cut
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocianalyze.fleet.report.document import FleetReport, LayerUse, Sharing
    from ocianalyze.reports.formats.html.markup import Section

_MOST: Final = 15
_ROOM: Final = 40_000
_CELLS: Final = 400
_HEIGHT: Final = 460
_MAP: Final = 120_000
_LONGEST: Final = 120
_OWN: Final = "its own layers"


def sizes(report: FleetReport) -> Section | None:
    """Return the section of sizes, if any layer is known."""
    if not report.sizes.layers:
        return None
    return section("size", "Sizes", _sums(report), *_map(report), *_tables(report))


def _sums(report: FleetReport) -> Markup:
    size = report.sizes
    known = number(size.images_known, "image")
    rows: list[tuple[Markup | str, ...]] = [("All images, each by itself", human(size.images), f"of {known}")]
    for name, sharing in (("Layers as stored", size.stored), ("Layers unpacked", size.unpacked)):
        rows.append((join((name, _saved(sharing))), human(sharing.together), _said(sharing)))
    return table("Sizes of images and layers", ("What", "Size", "Remark"), rows, right=(1,))


def _saved(sharing: Sharing) -> Markup | None:
    if not sharing.apart:
        return None
    share = sharing.together / sharing.apart
    return bar(f"{share:.0%} of what they take without sharing", share)


def _said(sharing: Sharing) -> str:
    saved = f", {1 - sharing.together / sharing.apart:.0%} less" if sharing.apart else ""
    unknown = f"; the size of {number(sharing.unknown, 'layer')} is not known" if sharing.unknown else ""
    return f"instead of {human(sharing.apart)} if nothing was shared{saved}{unknown}"


def _map(report: FleetReport) -> Iterator[Markup]:
    """Yield which image brings how many bytes as stored, images inside of what they are built on."""
    root = _tree(report)
    if root.bytes:
        yield element("h3", "Which image brings what")
        about = "Each image is as large as the layers that no smaller image has, inside of the image it is built on."
        yield element("p", about, class_="muted")
        name = "Size of layers as stored, by the image that brings them"
        yield picture(root, name, _HEIGHT, _CELLS, _MAP, _chain, whole="all layers")


def _tree(report: FleetReport) -> Place:
    """Return the images as a tree; those with few layers come first, so that a base is there before its images."""
    root = Place("")
    places: dict[int, Place] = {}
    for number_, image in sorted(enumerate(report.images), key=lambda item: item[1].layers):
        base = image.base.image if image.base is not None else None
        above = root if base is None else places[base]
        places[number_] = place = Place(cut(_short(label(image)), _LONGEST), parent=above)
        above.children[str(number_)] = place
        if image.built_on_it and image.own_size:
            place.children[_OWN] = Place(_OWN, bytes=image.own_size, parent=place)
        above_all: Place | None = place
        while above_all is not None:
            above_all.bytes += image.own_size
            above_all = above_all.parent
    return root


def _short(name: str) -> str:
    """Return what an image is called without the registry that it is in."""
    host, slash, path = name.removeprefix("docker://").partition("/")
    return path if slash and ("." in host or ":" in host) else name


def _chain(place: Place) -> str:
    """Return an image, and what it is built on."""
    names: list[str] = []
    above: Place | None = place
    while above is not None and above.parent is not None:
        names.append(above.name)
        above = above.parent
    return ": ".join(reversed(names)) or "all images"


def _tables(report: FleetReport) -> Iterator[Markup]:
    size = report.sizes
    if size.largest:
        widest = report.images[size.largest[0]].size or 0
        rows = [
            (named(place, report), _sized(report.images[place].size or 0, widest), f"{report.images[place].layers:,}")
            for place in size.largest[:_MOST]
        ]
        yield listed("Largest images", ("Image", "Size", "Layers"), rows, budget=_ROOM, what="images are", right=(2,))
    head = ("Layer", "Saved", "Size as stored", "Images")
    yield _layers("Layers whose sharing saves most", head, size.shared, report, lambda use: use.saved)
    head = ("Layer", "Size as stored", "Unpacked", "Images")
    yield _layers("Largest layers that only one image has", head, size.single, report, lambda use: use.size or 0)


def _layers(
    caption: str,
    head: Sequence[str],
    found: Sequence[LayerUse],
    report: FleetReport,
    size_of: Callable[[LayerUse], int],
) -> Markup:
    if not found:
        return Markup()
    widest = size_of(found[0])
    rows = []
    for use in found[:_MOST]:
        step = code(build_step(use.created_by) if use.created_by else use.diff_id)
        other = use.uncompressed_size if use.images == 1 else use.size
        what = join((step, small(origin(use.base, report.images))))
        rows.append((what, _sized(size_of(use), widest), human(other or 0), f"{use.images:,}"))
    return listed(caption, head, rows, budget=_ROOM, what="layers are", right=(2, 3))


def _sized(size: int, widest: int) -> Markup:
    return join((human(size), bar(human(size), size / widest if widest else 0)))
