"""What is installed in the image, and what it does not need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.formats.html.markup import Markup, code, element, folded, listed, section
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import Inventory, PackageFacts, Report

_LISTED: Final = 100
_TABLE: Final = 20_000
"""How many characters a table may have."""


def not_needed(report: Report) -> Iterator[Markup]:
    """Yield what the image does not need, with how not to store it."""
    inventory = _inventory(report)
    if inventory is None or not inventory.avoidable:
        return
    rows = [(item.title, code(item.path), human(item.bytes), code(item.hint)) for item in inventory.avoidable]
    yield element("h3", "Not needed")
    head = ("What", "Path", "Size", "How to save it")
    caption = "Files that the image does not need to work"
    yield listed(caption, head, rows, budget=_TABLE, what="kinds of files are", right=(2,))


def packages(report: Report) -> Section | None:
    """Return the section of packages, if they are known."""
    inventory = _inventory(report)
    if inventory is None or not (inventory.packages or inventory.gaps):
        return None
    largest = sorted(inventory.packages, key=_bytes_of, reverse=True)
    rows = [
        (
            code(package.name),
            code(package.version),
            package.manager,
            code(package.place),
            "" if package.bytes is None else human(package.bytes),
        )
        for package in largest[:_LISTED]
    ]
    head = ("Package", "Version", "Manager", "Installed in", "Size")
    shown = listed("Packages, largest first", head, rows, budget=_TABLE, what="packages are", right=(4,))
    number = f"{len(largest):,} package{'' if len(largest) == 1 else 's'}"
    rest = element("p", f"Files that no package lists: {human(inventory.unlisted_bytes)}.")
    gaps = [element("p", f"Not read: {gap}.", class_="note") for gap in inventory.gaps[:_LISTED]]
    return section("packages", "Packages", folded(f"{number}; the largest", shown), rest, *gaps)


def _bytes_of(package: PackageFacts) -> int:
    return package.bytes or 0


def _inventory(report: Report) -> Inventory | None:
    return report.facts.inventory if report.facts is not None else None
