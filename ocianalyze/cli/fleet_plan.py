"""The plan of a run, as people read it before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.layout import Span, columns, line
from ocianalyze.reports.text import printable
from ocianalyze.units import duration, human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.fleet.plan import Plan, Unopened
    from ocianalyze.reports.screen import Screen


_MOST: Final = 20
"""How many images that could not be opened are named."""


def print_plan(plan: Plan, unopened: Sequence[Unopened], screen: Screen) -> None:
    """Print what a run has to do, and the images that could not be opened."""
    rows = ((line(Span(title, "bold")), value) for title, value in _rows(plan))
    screen.print_all(columns(rows, screen.width))
    for one in unopened[:_MOST]:
        screen.print(line(Span("error", "red"), f"  {printable(one.reference)}: {printable(one.message)}"))
    if len(unopened) > _MOST:
        screen.print(line(f"and {len(unopened) - _MOST:,} more"))


def _rows(plan: Plan) -> Iterator[tuple[str, str]]:
    images = f"{plan.images:,}"
    if plan.unreadable:
        images += f", {plan.unreadable:,} of them cannot be opened"
    if plan.judged:
        images += f", {plan.judged:,} of them done already"
    yield "images", images
    yield "layers", f"{plan.layers:,} distinct, {plan.known:,} of them in the cache"
    yield "size", f"{human(plan.size)} distinct, {human(plan.named_size)} if each image had its own"
    yield "to read", f"at most {human(plan.size_to_read)}"
    yield "time", f"about {duration(plan.seconds)}"
