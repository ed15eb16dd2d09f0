"""What tables and pages say in the same words: of images, layers, runs and changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.text import cut, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocianalyze.fleet.report.document import Cause, FleetReport, ImageFacts, LayerBase, Movement, RunFacts, State

STATES: Final[dict[State, str]] = {
    "fail": "fail",
    "undecided": "undecided",
    "error": "not analysed",
    "pending": "not judged yet",
    "pass": "pass",
}
"""Verdicts, those first that need somebody."""
MOVEMENTS: Final[dict[Movement, str]] = {
    "new": "new",
    "gone": "gone",
    "worse": "worse",
    "not-analysed": "no longer analysed",
    "better": "better",
    "analysed": "newly analysed",
    "same": "other findings",
}
OUTCOMES: Final = {
    "sufficient": "yes",
    "too-old": "no",
    "forward-compatible": "compat",
    "refused": "refused",
    "depends": "depends",
}
"""Whether a driver suffices, in a word."""
_LONGEST: Final = 200
_SOURCES: Final = 3


def label(image: ImageFacts) -> str:
    """Return what an image is called."""
    return label_of(image.reference, image.name, image.title)


def label_of(reference: str, name: str | None, title: str | None) -> str:
    """Return the reference of an image, with its title or the name that it has in its file; on one line.

    A title alone would let an archive pass for another image, whose name it gives itself.
    """
    more = " ".join(filter(None, (name, title if title != reference else None)))
    return printable(cut(f"{reference} ({more})" if more else reference, _LONGEST))


def number(count: int, what: str, *, several: str | None = None) -> str:
    """Return how many there are, such as ``1 image`` or ``1,200 images``."""
    return f"{count:,} {what if count == 1 else several or f'{what}s'}"


def those(places: Sequence[int], images: Sequence[ImageFacts], most: int) -> str:
    """Return the names of some images, and how many there are besides."""
    names = ", ".join(label(images[place]) for place in places[:most])
    return f"{names} and {len(places) - most:,} more" if len(places) > most else names


def origin(base: LayerBase | None, images: Sequence[ImageFacts]) -> str:
    """Return where a layer comes from."""
    if base is None:
        return "a layer that no image of this run has"
    name = label(images[base.image])
    if base.relation == "stated":
        return f"base {printable(cut(base.name or '', _LONGEST))}, as the images state"
    if base.relation == "shared":
        return f"base not known, smallest image {name}"
    return f"base {name}" if base.relation == "base" else f"only in {name}"


def place_of(cause: Cause, images: Sequence[ImageFacts], most: int) -> str:
    """Return where to fix something."""
    if cause.layer is not None:
        return origin(cause.layer.base, images)
    inherited = len(cause.images) - len(cause.fixed_in)
    others = f"; inherited by {number(inherited, 'image')}" if inherited else ""
    return f"no layer, set by {those(cause.fixed_in, images, most)}{others}"


def benefit(cause: Cause) -> str:
    """Return what comes of a fix besides itself; nothing if no image passes."""
    return f"{cause.would_pass:,} then pass{'es' if cause.would_pass == 1 else ''}" if cause.would_pass else ""


def title_of(report: FleetReport) -> str:
    """Return what a run is called: its sources."""
    sources = [printable(cut(source, _LONGEST)) for source in report.run.sources]
    more = f" and {len(sources) - _SOURCES:,} more" if len(sources) > _SOURCES else ""
    return f"{', '.join(sources[:_SOURCES])}{more}" or "no sources"


def run_text(run: RunFacts) -> str:
    """Return which run it is, and how it ended."""
    return f"run {run.id} of {printable(run.started)}{'' if run.finished else ', not finished'}"


def counts_of(verdicts: dict[State, int]) -> str:
    """Return how many images there are with each verdict."""
    return ", ".join(f"{verdicts[state]:,} {word}" for state, word in STATES.items() if verdicts.get(state))


def remarks(report: FleetReport) -> Iterable[str]:
    """Yield what has to be known of a run before its numbers are read."""
    run, changes = report.run, report.changes
    if not run.is_listed:
        yield "The run ended before all images were known: there may be more than these."
    if report.verdicts["pending"]:
        waiting = number(report.verdicts["pending"], "image")
        yield f"{waiting} not judged yet: run the same 'ocianalyze fleet' command again to go on."
    if changes is not None and changes.since.sources != run.sources:
        yield "The run before had other sources, so that new and gone images may only be named differently."
    if changes is not None and changes.since.version != run.version:
        before, now = (printable(cut(one.version, _LONGEST)) for one in (changes.since, run))
        yield f"The run before was made by version {before}, this one by {now}: rules may have changed."


def order(images: Sequence[ImageFacts]) -> list[int]:
    """Return the places of images: those first that fail, with most errors; those that pass come last."""
    states = list(STATES)

    def key(place: int) -> tuple[int, int, int]:
        image = images[place]
        return states.index(image.verdict or "pending"), -(image.errors or 0), place

    return sorted(range(len(images)), key=key)
