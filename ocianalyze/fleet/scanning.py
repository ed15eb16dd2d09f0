"""A whole fleet, from its members to its results: listed, planned, run."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ocianalyze.fleet.planning import plan_images
from ocianalyze.fleet.running import run_fleet
from ocianalyze.fleet.work.worker import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ocianalyze.fleet.engines.engine import Engine
    from ocianalyze.fleet.members.member import Member
    from ocianalyze.fleet.results.results import Results, Run
    from ocianalyze.fleet.running import Step
    from ocianalyze.fleet.work.conditions import Conditions


def begin(
    results: Results,
    sources: Sequence[str],
    conditions: Conditions,
    *,
    find: Callable[[], list[Member]],
    check: Callable[[Iterable[str]], object] = lambda _: None,
    anew: bool = False,
    begun: Callable[[Run], object] = lambda _: None,
    opened: Callable[[int], object] = lambda _: None,
) -> Run:
    """List and open the images of a fleet, or go on with what an interrupted call has done of that.

    `find` is asked for the members unless they are known; `check` is shown the references of all before one is opened.
    `begun` is told which run it is, and `opened` how many images were opened so far.

    Raises:
        OcianalyzeError: no member can be found, or `check` objects.
    """
    run = results.begin(sources, request_of(conditions), anew=anew)
    begun(run)
    if not run.is_listed:
        members = find()
        broken = {place: one.error for place, one in enumerate(members) if one.error is not None}
        rows = {n: failed(error, members[n].reference, conditions.policy).rows for n, error in broken.items()}
        results.list_members(run, members, rows)
    check(results.references(run))
    plan_images(results, run, conditions, opened=opened)
    return run


def carry_out(
    results: Results,
    run: Run,
    conditions: Conditions,
    engine: Engine,
    *,
    told: Callable[[Step], object] = lambda _: None,
) -> None:
    """Read the layers and judge the images of a run; the engine is closed at the end, however that comes."""
    try:
        run_fleet(results, run, conditions, engine, told=told)
    finally:
        engine.close()


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
