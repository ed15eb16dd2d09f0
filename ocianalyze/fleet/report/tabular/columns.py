"""The columns that an image has in all tabular forms.

New ones are added at the end, so that old ones keep their places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.fleet.report.wording import label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ocianalyze.fleet.report.document import FleetReport, ImageFacts

Type: TypeAlias = Literal["text", "number", "fraction", "texts"]
Value: TypeAlias = "str | int | float | Sequence[str] | None"


class Row(NamedTuple):
    """An image, and what the report says of it elsewhere."""

    position: int
    image: ImageFacts
    base: str | None
    drivers: Sequence[str]
    change: str | None


class Column(NamedTuple):
    """A column: its name, the type and origin of its values, and what it means unless a field of the report has it."""

    name: str
    type: Type
    of: Callable[[Row], Value]
    meaning: str = ""


def _same(name: str, type_: Type) -> Column:
    """Return a column of what an image has under the same name."""
    return Column(name, type_, lambda row: getattr(row.image, name))


def _of_error(name: str) -> Column:
    """Return a column of why an image could not be analysed."""
    return Column(f"error_{name}", "text", lambda row: getattr(row.image.error, name, None))


COLUMNS: Final = (
    Column("position", "number", lambda row: row.position, "Place among the images, from 0."),
    *(_same(name, "text") for name in ("reference", "name", "title", "app_image_config", "registered_for")),
    _same("profiles", "texts"),
    _same("users", "texts"),
    _same("verdict", "text"),
    *(_same(name, "number") for name in ("exit_code", "errors", "warnings", "notes", "undecided", "waived")),
    *(_same(name, "texts") for name in ("error_rules", "warning_rules", "undecided_rules")),
    *(_same(name, "number") for name in ("size", "compressed_size", "own_size", "layers")),
    Column("base", "text", lambda row: row.base, "Image of the fleet that it is built on."),
    Column("stated_base", "text", lambda row: getattr(row.image.base, "stated", None), "Base image that it states."),
    _same("built_on_it", "number"),
    _same("minimum_driver", "text"),
    Column("sufficient_drivers", "texts", lambda row: row.drivers, "NVIDIA drivers that suffice, if it needs one."),
    Column("change", "text", lambda row: row.change, "What has become of it since the last run."),
    *(_same(name, "text") for name in ("platform", "source", "digest", "config_digest")),
    *(_of_error(name) for name in ("code", "message", "hint")),
    _same("seconds", "fraction"),
)


def rows(report: FleetReport) -> Iterator[Row]:
    """Yield the images in their order."""
    drivers = _drivers(report)
    changes = report.changes.images if report.changes is not None else ()
    moved = {change.image: change.movement for change in changes if change.image is not None}
    for place, image in enumerate(report.images):
        base = image.base.image if image.base is not None else None
        name = None if base is None else label(report.images[base])
        yield Row(place, image, name, drivers.get(place, ()), moved.get(place))


def _drivers(report: FleetReport) -> Mapping[int, Sequence[str]]:
    """Return the drivers that suffice for each image that needs one, by its place."""
    found: dict[int, Sequence[str]] = {}
    for row in report.drivers.rows:
        pairs = zip(report.drivers.drivers, row.outcomes, strict=True)
        enough = [driver.driver for driver, outcome in pairs if outcome == "sufficient"]
        found.update(dict.fromkeys(row.images, enough))
    return found
