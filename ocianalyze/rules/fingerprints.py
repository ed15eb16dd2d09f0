"""The fingerprint of a finding, by which programs recognise it in the report on a later build of the image.

It depends on the rule and on what tells its findings apart (`ocianalyze.rules.rule.Rule.identity`), and on nothing that
changes with the form or the name of the image, an unrelated layer, or the options of the scan.
"""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING, Final

from ocianalyze.rules.rule import PATH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.rules.judgement import Judgement
    from ocianalyze.rules.rule import Finding, Rule

VERSION: Final = "ocianalyze/1"
"""What fingerprints are made of, and how; another version makes every finding a new one."""


def with_fingerprints(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Return judgements with their fingerprints, ``<64 hexadecimal digits>:<n>``.

    `n` counts findings with equal digits from 1, from the first layer to the last; those of one layer, and those of
    none, in the order in which the rule yields them.
    """
    found = list(judgements)
    seen: Counter[str] = Counter()
    for place in sorted(range(len(found)), key=lambda place: _layer(found[place].finding)):
        digits = digest(found[place].rule, found[place].finding)
        seen[digits] += 1
        found[place] = found[place]._replace(fingerprint=f"{digits}:{seen[digits]}")
    return found


def digest(rule: Rule, finding: Finding) -> str:
    """Return the hexadecimal digits that tell a finding from others, except from those that only `n` tells apart."""
    values = {key: finding.path or "" if key == PATH else finding.data.get(key) for key in rule.identity}
    text = json.dumps([VERSION, rule.id, values], sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("ascii")).hexdigest()


def _layer(finding: Finding) -> float:
    return inf if finding.layer is None else finding.layer
