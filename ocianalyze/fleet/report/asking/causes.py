"""What to fix: findings of one rule about one path of one layer, and in how many images that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.asking.counted import SEVERITIES
from ocianalyze.fleet.report.document import Cause, CauseLayer, Findings, RuleCounts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from ocianalyze.fleet.report.asking.bases import Bases
    from ocianalyze.reports.report import Severity

_MOST: Final = 2_000
"""How many causes of each severity there are at most."""

_RULES: Final = """
    SELECT r.rule, f.name, r.rank, r.images, r.undecided, r.findings FROM (
        SELECT rule, min(first) AS first, min(rank) AS rank, count(DISTINCT image) AS images,
            count(DISTINCT CASE WHEN kind = 'undecided' THEN image END) AS undecided, sum(findings) AS findings
        FROM counted GROUP BY rule
    ) r JOIN findings f ON f.rowid = r.first ORDER BY r.images DESC, r.rank, r.rule
"""
_NUMBERS: Final = """
    SELECT rule, rank, count(*) FROM (SELECT rule, min(rank) AS rank FROM counted GROUP BY rule, kind, path, diff_id)
    GROUP BY rule, rank
"""
_CAUSES: Final = """
    WITH sole AS (
        SELECT min(c.first) AS first FROM counted c JOIN images i ON i.id = c.image
        WHERE c.rank = 0 AND i.verdict IN ('fail', 'undecided') GROUP BY c.image HAVING count(*) = 1
    ), cause AS (
        SELECT min(c.rank) AS rank, min(c.first) AS first, count(*) AS images, count(sole.first) AS would_pass,
            group_concat(c.image) AS those
        FROM counted c LEFT JOIN sole ON sole.first = c.first GROUP BY c.rule, c.kind, c.path, c.diff_id
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY rank ORDER BY images DESC, would_pass DESC, first) AS number
        FROM cause
    )
    SELECT r.rank, r.would_pass, r.those, f.rule, f.name, f.kind, f.path, f.diff_id, f.created_by, f.message, f.hint
    FROM ranked r JOIN findings f ON f.rowid = r.first
    WHERE r.number <= ? ORDER BY r.images DESC, r.rank, r.would_pass DESC, r.first
"""


def find_causes(connection: sqlite3.Connection, bases: Bases) -> Findings:
    """Return the findings of the table ``counted``: by rule, and by what one fix removes."""
    of_rule: dict[str, int] = {}
    of_severity: dict[Severity, int] = dict.fromkeys(SEVERITIES, 0)
    for rule, rank, number in connection.execute(_NUMBERS):
        of_rule[rule] = of_rule.get(rule, 0) + number
        of_severity[SEVERITIES[rank]] += number
    rules = [
        RuleCounts(
            rule=rule,
            name=name,
            severity=SEVERITIES[rank],
            images=images,
            undecided=undecided,
            findings=findings,
            causes=of_rule[rule],
        )
        for rule, name, rank, images, undecided, findings in connection.execute(_RULES)
    ]
    return Findings(rules=rules, causes=_causes(connection, bases), number_of_causes=of_severity)


def _causes(connection: sqlite3.Connection, bases: Bases) -> list[Cause]:
    causes = []
    for rank, would_pass, those, rule, name, kind, path, diff_id, created_by, message, hint in connection.execute(
        _CAUSES, (_MOST,)
    ):
        images = sorted(bases.places[int(image)] for image in those.split(","))
        layer = None
        if diff_id is not None:
            base = bases.of_layer(diff_id) if bases.has_layer(diff_id) else None
            layer = CauseLayer(diff_id=diff_id, created_by=created_by, base=base)
        causes.append(
            Cause(
                rule=rule,
                name=name,
                kind=kind,
                severity=SEVERITIES[rank],
                path=path,
                layer=layer,
                message=message,
                hint=hint,
                images=images,
                fixed_in=_origins(images, layer, bases),
                would_pass=would_pass,
            )
        )
    return causes


def _origins(images: Iterable[int], layer: CauseLayer | None, bases: Bases) -> list[int]:
    """Return the images to change."""
    if layer is None:
        having = frozenset(images)
        return [place for place in images if bases.found[place] not in having]
    base = layer.base
    return [base.image] if base is not None and base.relation in ("own", "base") else []
