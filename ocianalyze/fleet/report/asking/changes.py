"""What changed since an earlier run: which images, their verdicts, and their findings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

from ocianalyze.fleet.report.asking.images import config_name
from ocianalyze.fleet.report.asking.renewal import compare_findings
from ocianalyze.fleet.report.document import FleetChanges, ImageChange, Movement, RuleChange
from ocianalyze.fleet.report.wording import label, label_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from ocianalyze.fleet.report.document import FindingChange, ImageFacts, RunFacts, State

MOVEMENTS: Final[tuple[Movement, ...]] = get_args(Movement)
_RANKS: Final[dict[State, int]] = {"pass": 0, "undecided": 1, "fail": 2}
"""Of verdicts, the best first."""
_IMAGES: Final = """
    SELECT id, reference, name, title, app_image_config, verdict FROM images WHERE run = ? ORDER BY position
"""


class _Identity(NamedTuple):
    """What an image is recognised by in another run; `number` tells those apart that are the same otherwise."""

    reference: str
    name: str | None
    registration: str | None
    number: int


class _Member(NamedTuple):
    """An image of one run: its number in the results file, what it is called, and its verdict."""

    id: int
    label: str
    verdict: State


def find_changes(
    connection: sqlite3.Connection, run: RunFacts, earlier: RunFacts, images: Sequence[ImageFacts]
) -> FleetChanges:
    """Return what changed from an earlier run to this one, whose images are `images`.

    Images are only gone if all images of this run are known.
    """
    old, new = _members(connection, earlier.id), _members(connection, run.id)
    places = {identity: place for place, identity in enumerate(new)}
    both = [identity for identity in new if identity in old]
    pairs = {old[one].id: new[one].id for one in both if {old[one].verdict, new[one].verdict} <= _RANKS.keys()}
    findings = compare_findings(connection, earlier.id, run.id, pairs)

    changes: list[ImageChange] = []
    same = pending = 0
    for identity, member in new.items():
        before = old.get(identity)
        added, fixed = findings.get(member.id, ((), ()))
        movement = _movement(before.verdict, member.verdict) if before is not None else "new"
        if movement is None:
            pending += 1
            continue
        same += movement == "same"
        if movement != "same" or added or fixed:
            changes.append(
                ImageChange(
                    image=places[identity],
                    label=label(images[places[identity]]),
                    movement=movement,
                    old=None if before is None else before.verdict,
                    new=member.verdict,
                    new_findings=list(added),
                    fixed_findings=list(fixed),
                )
            )
    changes += (_gone(member) for identity, member in old.items() if run.is_listed and identity not in new)
    counted = Counter(change.movement for change in changes)
    counted["same"] = same
    return FleetChanges(
        since=earlier,
        movements={movement: counted[movement] for movement in MOVEMENTS},
        pending=pending,
        images=sorted(changes, key=lambda change: MOVEMENTS.index(change.movement)),
        rules=_rules(connection, changes),
    )


def _movement(old: State, new: State) -> Movement | None:
    """Return what became of an image that both runs have; None if that is not known yet."""
    if new == "pending":
        return None
    if old == new:
        return "same"
    if old not in _RANKS:
        return "analysed" if new in _RANKS else "not-analysed"
    if new not in _RANKS:
        return "not-analysed"
    return "worse" if _RANKS[new] > _RANKS[old] else "better"


def _members(connection: sqlite3.Connection, run: int) -> dict[_Identity, _Member]:
    """Return the images of a run, in their order."""
    members: dict[_Identity, _Member] = {}
    seen: Counter[tuple[str, str | None, str | None]] = Counter()
    for id_, reference, name, title, config, verdict in connection.execute(_IMAGES, (run,)):
        key = (reference, name, config_name(config) or title)
        members[_Identity(*key, seen[key])] = _Member(id_, label_of(reference, name, title), verdict or "pending")
        seen[key] += 1
    return members


def _gone(member: _Member) -> ImageChange:
    return ImageChange(
        image=None,
        label=member.label,
        movement="gone",
        old=member.verdict,
        new=None,
        new_findings=[],
        fixed_findings=[],
    )


def _rules(connection: sqlite3.Connection, changes: Iterable[ImageChange]) -> list[RuleChange]:
    """Return in how many images findings of each rule are new or fixed."""
    new: Counter[str] = Counter()
    fixed: Counter[str] = Counter()
    for change in changes:
        new.update(_those(change.new_findings))
        fixed.update(_those(change.fixed_findings))
    found = [
        RuleChange(
            rule=rule,
            name=connection.execute("SELECT name FROM findings WHERE rule = ? LIMIT 1", (rule,)).fetchone()[0],
            new=new[rule],
            fixed=fixed[rule],
        )
        for rule in sorted(new.keys() | fixed.keys())
    ]
    return sorted(found, key=lambda change: -max(change.new, change.fixed))


def _those(findings: Sequence[FindingChange]) -> set[str]:
    return {finding.rule for finding in findings}
