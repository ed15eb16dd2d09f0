"""What tables and Markdown say in the same words of two images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.reports.difference.document import Difference, PackageChange, SizeChange


def signed(size: int) -> str:
    """Return how much more or less something takes."""
    return f"{'+' if size > 0 else '-' if size < 0 else ''}{human(abs(size))}"


def growth(size: SizeChange) -> str:
    """Return how the size of an image changed, in a sentence."""
    change = size.new - size.old
    share = f" ({change / size.old:+.1%})" if size.old and change else ""
    shared = "no shared layers" if not size.shared_layers else _number(size.shared_layers, "shared layer")
    return f"{signed(change)}{share}; {shared}, {human(size.new_bytes)} in new layers"


def by_growth(changes: Iterable[PackageChange]) -> list[PackageChange]:
    """Return packages, those first whose size changed most."""
    return sorted(changes, key=lambda change: -abs(change.bytes or 0))


def versions_of(change: PackageChange) -> str:
    """Return the old and the new versions of a package."""
    return " -> ".join(filter(None, (", ".join(change.old), ", ".join(change.new))))


def counts_of(difference: Difference) -> str:
    """Return how many findings are new, fixed and the same, and how many packages changed."""
    found = (
        f"{_number(len(difference.new_findings), 'new finding')}, {len(difference.fixed_findings):,} fixed, "
        f"{difference.same_findings:,} the same"
    )
    packages = difference.packages
    if not packages:
        return found
    new, gone = sum(not item.old for item in packages), sum(not item.new for item in packages)
    return f"{found}; {_number(new, 'new package')}, {gone:,} gone, {len(packages) - new - gone:,} changed"


def _number(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
