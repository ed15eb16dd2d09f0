"""How many images there are with each verdict: of their own, and for each kind of app."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, get_args

from ocianalyze.fleet.report.document import ProfileCounts, State
from ocianalyze.rules.profiles import PROFILES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from ocianalyze.fleet.report.document import ImageFacts

STATES: Final[tuple[State, ...]] = get_args(State)
_JUDGED: Final = STATES[:-1]
_PROFILES: Final = """
    SELECT p.profile, p.verdict, count(*), sum(p.selected) FROM profiles p JOIN images i ON i.id = p.image
    WHERE i.run = ? GROUP BY p.profile, p.verdict
"""


def count_verdicts(images: Sequence[ImageFacts]) -> dict[State, int]:
    """Return how many images have each verdict; ``pending`` are those that are not judged yet."""
    counted = Counter[State](image.verdict or "pending" for image in images)
    return {state: counted[state] for state in STATES}


def count_profiles(connection: sqlite3.Connection, run: int) -> list[ProfileCounts]:
    """Return how many images have each verdict for each kind of app: those first that decide most verdicts."""
    verdicts: dict[str, dict[State, int]] = {}
    decides: dict[str, dict[State, int]] = {}
    for profile, verdict, number, selected in connection.execute(_PROFILES, (run,)):
        verdicts.setdefault(profile, dict.fromkeys(_JUDGED, 0))[verdict] = number
        decides.setdefault(profile, dict.fromkeys(_JUDGED, 0))[verdict] = selected
    counts = [
        ProfileCounts(profile=profile, title=_title(profile), verdicts=verdicts[profile], decides=decides[profile])
        for profile in sorted(verdicts, key=_order)
    ]
    return sorted(counts, key=lambda one: -_total(one.decides))


def _title(profile: str) -> str:
    return PROFILES[profile].title if profile in PROFILES else ""


def _order(profile: str) -> tuple[int, str]:
    known = list(PROFILES)
    return known.index(profile) if profile in PROFILES else len(known), profile


def _total(verdicts: Mapping[State, int]) -> int:
    return sum(verdicts.values())
