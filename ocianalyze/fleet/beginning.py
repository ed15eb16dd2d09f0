"""The beginning of a run: which one it is, and which images it has."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ocianalyze.fleet.work.worker import failed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.fleet.members.member import Member
    from ocianalyze.fleet.results.results import Results, Run
    from ocianalyze.fleet.work.conditions import Conditions


def begin(
    results: Results, sources: Sequence[str], members: Sequence[Member], conditions: Conditions, *, anew: bool = False
) -> Run:
    """Begin a run of these members, or go on with the newest one if it was interrupted and asked for the same.

    Members are found anew in any case, so that a run that goes on leaves none out that has come meanwhile.
    """
    run = results.begin(sources, request_of(conditions), anew=anew)
    broken = {place: one.error for place, one in enumerate(members) if one.error is not None}
    rows = {n: failed(error, members[n].reference, conditions.policy).rows for n, error in broken.items()}
    results.list_members(run, members, rows)
    return run


def request_of(conditions: Conditions) -> dict[str, Any]:
    """Return what has to be the same for a run to go on: everything that decides what comes of an image."""
    policy = {one.name: _plain(getattr(conditions.policy, one.name)) for one in fields(conditions.policy)}
    return {**policy, "limits": conditions.limits._asdict(), "platform": conditions.platform}


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value of a policy as JSON has it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
