"""Where the bytes of an image are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.errors import ContentUnavailableError, UndecidedError
from ocianalyze.facts import gather
from ocianalyze.rules.rule import SIZE_LIMIT

if TYPE_CHECKING:
    from ocianalyze.analysis.source import Source
    from ocianalyze.facts.size import Size
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.oci.image import Image
    from ocianalyze.reports.size.report import DuplicateFile, SizeReport


def measure(source: Source, *, size_limit: int = SIZE_LIMIT) -> SizeReport:
    """Return where the bytes of an image are, and what could be saved.

    `size_limit` is what its size is compared with, in bytes.

    Raises:
        UsageError: the request is wrong or cannot be carried out.
        AnalysisError: the image could not be analysed.
    """
    from ocianalyze.facts.packages import FILE_LISTS

    source = source.with_budget(FILE_LISTS)
    with source.open() as image:
        layers, verified = source.read(image)
        filesystem = source.merge(layers)
        from ocianalyze.reports.assembly import filesystem_facts, image_summary, layer_reports
        from ocianalyze.reports.size.parts import inventory_of, size_facts
        from ocianalyze.reports.size.report import SizeReport

        facts = gather(image, filesystem)
        return SizeReport(
            image=image_summary(image),
            size=size_facts(image, facts.size, size_limit, details=True, tree=True),
            filesystem=filesystem_facts(filesystem),
            inventory=inventory_of(image, filesystem, facts.size),
            layers=list(layer_reports(image, layers, verified)),
            duplicates=_duplicates(image, filesystem, facts.size),
        )


def _duplicates(image: Image, filesystem: Filesystem, size: Size) -> list[DuplicateFile] | None:
    """Return the large files that are there several times; None where layers cannot be read twice at little cost."""
    from ocianalyze.facts.size import find_duplicates
    from ocianalyze.reports.size.parts import duplicate

    if image.source == "registry":
        return None
    try:
        found = find_duplicates(image, filesystem, without=_not_needed(size))
    except ContentUnavailableError:
        return None
    return list(map(duplicate, found))


def _not_needed(size: Size) -> frozenset[int]:
    """Return the ids of files that are not needed; none where that cannot be told, as the inventory says."""
    try:
        return size.avoidable.ids
    except UndecidedError:
        return frozenset()
