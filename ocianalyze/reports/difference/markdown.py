"""What changed from one image to another, as a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.code_spans import code
from ocianalyze.reports.difference.wording import by_growth, counts_of, growth, signed, versions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.reports.difference.document import Change, Difference, Side
    from ocianalyze.reports.report import FindingReport

_MOST: Final = 50
"""How many rows a table has at most: GitHub refuses comments of more than 65,536 characters."""


def write(difference: Difference) -> bytes:
    """Return the Markdown as UTF-8."""
    return ("\n".join(_lines(difference)) + "\n").encode()


def _lines(difference: Difference) -> Iterator[str]:
    yield f"### ocianalyze: {_named(difference.old)} → {_named(difference.new)}"
    yield ""
    yield f"- **verdict**: {difference.old.verdict} → {difference.new.verdict} ({', '.join(difference.new.profiles)})"
    yield f"- **size**: {growth(difference.size)}"
    yield f"- {counts_of(difference)}"
    yield from (f"- {code(gap)}" for gap in difference.gaps)
    for title, found in (("New findings", difference.new_findings), ("Fixed findings", difference.fixed_findings)):
        yield from _table(title, ("", "rule", "finding", "fix"), list(map(_finding, found)), folded=False)
    for title, changes in (
        ("Configuration", difference.configuration),
        ("Environment", difference.environment or ()),
        ("Kernels", difference.kernels),
        ("CUDA", difference.cuda),
    ):
        yield from _table(title, ("", "old", "new"), list(_changes(changes)))
    packages = [
        (item.manager, code(item.name), code(versions_of(item)), signed(item.bytes) if item.bytes else "")
        for item in by_growth(difference.packages or ())
    ]
    yield from _table("Packages", ("", "package", "versions", "size"), packages)
    directories = [(signed(item.new - item.old), code(item.path)) for item in difference.size.directories or ()]
    yield from _table("Size by directory", ("size", "directory"), directories)


def _named(side: Side) -> str:
    return code(side.image.names[0] if side.image.names else side.image.reference)


def _finding(finding: FindingReport) -> Sequence[str]:
    what = finding.severity if finding.kind == "finding" else f"undecided ({finding.severity})"
    return what, finding.rule, code(finding.message), code(finding.hint or "")


def _changes(changes: Iterable[Change]) -> Iterator[Sequence[str]]:
    return ((code(change.what), code(change.old or ""), code(change.new or "")) for change in changes)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, folded: bool = True) -> Iterator[str]:
    if not rows:
        return
    name = f"{title} ({len(rows):,})"
    yield from ("", f"<details><summary>{name}</summary>" if folded else f"**{name}**", "")
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows[:_MOST])
    if len(rows) > _MOST:
        yield from ("", f"{len(rows) - _MOST:,} more are in the JSON report.")
    if folded:
        yield from ("", "</details>")
