"""What a command comes to in the end, put together from where all its ways end."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import basename
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.facts.commands.other_servers import is_other_server
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell import End, Environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocianalyze.facts.programs.applications import Application
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program
    from ocianalyze.facts.shell import Changes, Failure, Launch

    Recognise: TypeAlias = Callable[[Sequence[str], Program], Application | None]
    """Returns what a command starts, given what its first word leads to."""

_MOST_CLAUSES: Final = 10


class Found(NamedTuple):
    """The program that does the work.

    It is known for sure that nothing is started that Studio expects, if there is neither an `application` nor a reason
    why it cannot be told (`opaque`).

    Attributes:
        words: its command line; none if there is none, or if nothing at all can be told of it.
        shell: how it is looked up, and who runs it.
        environment: the variables that it runs with; `UNKNOWN` in what cannot be told.
        application: what is known of it, if it is one of those that Studio expects.
        opaque: why it cannot be told what serves, if so; a clause.
        certain: whether every way that the scripts may go ends in it.
        located: whether all is known that decides where its program is looked up.
        visited: the names of the programs on the way, the outermost first.
        traps: the names of those of them that are scripts and trap signals.
        otherwise: where and on what condition a way ends without it; clauses.
        failures: what is not there on the way, so that it is never reached.
        changes: what the scripts do to files on the way; None if there are none.
    """

    words: tuple[str, ...]
    shell: Shell
    environment: Mapping[str, str]
    application: Application | None = None
    opaque: str | None = None
    certain: bool = True
    located: bool = True
    visited: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    changes: Changes | None = None


class _Outcome(NamedTuple):
    """What one way comes to: a server, or nothing, or what cannot be told; `end` is where it ends."""

    end: End
    server: End | None = None
    reason: str | None = None
    without: str | None = None


def combine(ends: Sequence[End], launch: Launch) -> Found:
    """Return what a command comes to; `launch` is what the container runtime starts."""
    counted = [end for end in ends if not (end.way.presumed and end.kind in ("ends", "stays"))]
    outcomes = [_outcome(end) for end in counted]
    serving = [outcome for outcome in outcomes if outcome.server is not None]
    open_ended = [outcome for outcome in outcomes if outcome.reason is not None]
    without = [outcome for outcome in outcomes if outcome.server is None and outcome.reason is None]
    traps = tuple(dict.fromkeys(name for end in ends for name in end.way.traps))
    failures = tuple(dict.fromkeys(failure for end in counted for failure in end.way.failures))
    if open_ended:
        return _opaque(open_ended[0].reason or "", open_ended[0].end, launch, traps, failures)
    if not serving:
        return _nothing(without, launch, traps, failures)
    different = _first_difference([outcome.server for outcome in serving if outcome.server is not None])
    if different is not None:
        return _opaque(_why_different(*different), serving[0].end, launch, traps, failures)
    chosen = serving[0].server
    if chosen is None or chosen.launch is None:
        return _nothing(without, launch, traps, failures)
    launches = [outcome.server.launch for outcome in serving if outcome.server is not None]
    known = [item for item in launches if item is not None]
    same_path = all(item.shell.path == chosen.launch.shell.path for item in known)
    doubtful = (*without, *(item for item in serving if item.without is not None))
    clauses = [clause for outcome in doubtful for clause in _clauses(outcome)]
    return Found(
        chosen.launch.words,
        chosen.launch.shell,
        _joined_environment([item.environment for item in known]),
        chosen.application,
        certain=not clauses,
        located=same_path and all(item.located for item in known),
        visited=chosen.launch.names,
        traps=traps,
        otherwise=tuple(dict.fromkeys(clauses))[:_MOST_CLAUSES],
        failures=failures,
        changes=_joined_changes(counted),
    )


def _outcome(end: End) -> _Outcome:  # noqa: PLR0911 - one case after the other
    if end.kind == "opaque":
        return _Outcome(end, reason=end.reason)
    beside = list(_beside(end))
    servers = [item for item in beside if item.kind == "serves"]
    if end.kind == "serves":
        return _several(end) if _first_difference([end, *servers]) is not None else _Outcome(end, server=end)
    if servers:
        if _first_difference(servers) is not None:
            return _several(end)
        if end.kind == "stays":
            sure = all(job.certain and all(item.kind == "serves" for item in job.ends) for job in _serving_jobs(end))
            return _Outcome(
                end, server=servers[0], without=None if sure else "it is not always started in the background"
            )
        if end.way.unseen is not None and end.launch is not None:
            return _Outcome(end, server=servers[0], without=f"it only runs as long as {basename(end.launch.words[0])}")
        return _Outcome(end, without="it is started in the background and stops when the script ends")
    if end.kind == "stays":
        unknown = next((item for item in beside if item.kind == "opaque"), None)
        if unknown is not None:
            return _Outcome(end, reason=unknown.reason)
        waits = end.launch is None or not is_other_server(end.launch.words)
        return _Outcome(end, reason=end.way.beside or (end.way.unseen if waits else None))
    if end.way.failures:
        return _Outcome(end)
    return _Outcome(end, reason=end.way.unseen)


def _several(end: End) -> _Outcome:
    return _Outcome(end, reason="it starts several servers")


def _serving_jobs(end: End) -> list:  # type: ignore[type-arg]
    return [job for job in end.way.jobs if any(item.kind == "serves" for item in job.ends)]


def _beside(end: End) -> Iterator[End]:
    """Yield where the ways of that end which runs in the background."""
    for job in end.way.jobs:
        yield from (item for item in job.ends if not (item.way.presumed and item.kind != "serves"))


def _opaque(reason: str, end: End, launch: Launch, traps: tuple[str, ...], failures: tuple[Failure, ...]) -> Found:
    """Return that the outcome is unknown; what was run last is shown if that is what cannot be analyzed."""
    last = end.launch if end.kind == "ends" and end.launch is not None else None
    shown = last or launch
    return Found(
        last.words if last is not None and UNKNOWN not in last.words[0:1] else (),
        shown.shell,
        shown.environment,
        opaque=reason,
        located=shown.located,
        visited=(end.launch or launch).names,
        traps=traps,
        failures=failures,
    )


def _nothing(
    outcomes: Sequence[_Outcome], launch: Launch, traps: tuple[str, ...], failures: tuple[Failure, ...]
) -> Found:
    """Return that nothing serves: what is run last, if that is one and the same on all ways."""
    launches = [outcome.end.launch for outcome in outcomes]
    first = launches[0] if launches else None
    one = first is not None and all(item is not None and item.words == first.words for item in launches)
    last = first if one and first is not None else launch
    reasons = (outcome.without or outcome.end.way.refused for outcome in outcomes)
    clauses = dict.fromkeys(reason for reason in reasons if reason is not None)
    return Found(
        last.words if one else (),
        last.shell,
        last.environment,
        located=last.located,
        visited=first.names if first is not None else launch.names,
        traps=traps,
        otherwise=tuple(clauses)[:_MOST_CLAUSES],
        failures=failures,
    )


def _first_difference(ends: Sequence[End]) -> tuple[End, End] | None:
    """Return the first two ends that are not the same server with the same arguments."""
    first = ends[0]
    for other in ends[1:]:
        if first.launch is None or other.launch is None or first.application != other.application:
            return first, other
        if first.launch.words != other.launch.words or not _same_program(first.launch, other.launch):
            return first, other
    return None


def _same_program(one: Launch, other: Launch) -> bool:
    if one.shell.path == other.shell.path and one.shell.directory == other.shell.directory:
        return True
    first, second = one.shell.find(one.words[0]), other.shell.find(other.words[0])
    return first.path == second.path and first.binary.path == second.binary.path


def _why_different(one: End, other: End) -> str:
    applications = (one.application, other.application)
    same = all(applications) and len({item.name for item in applications if item is not None}) == 1
    what = "its arguments" if same else "the program that it starts"
    first, second = one.way.doubts, other.way.doubts
    shared = 0
    while shared < min(len(first), len(second)) and first[shared] == second[shared]:
        shared += 1
    for doubts in (first, second):
        if len(doubts) > shared:
            doubt = doubts[shared]
            verb = "depend" if same else "depends"
            return f"{what} {verb} on {doubt}"
    return "it starts one of several servers"


def _clauses(outcome: _Outcome) -> tuple[str, ...]:
    """Return where and on what condition a way ends without the server."""
    end = outcome.end
    condition = f", depending on {end.way.doubts[-1]}" if end.way.doubts else ""
    if outcome.without is not None:
        return (outcome.without + condition,)
    if end.kind == "stays":
        what = basename(end.launch.words[0]) if end.launch is not None and end.launch.words else "another program"
        return (f"{what} runs instead{condition}",)
    return end.way.exits or (f"the script ends without starting it{condition}",)


def _joined_changes(ends: Sequence[End]) -> Changes | None:
    found: Changes | None = None
    for end in ends:
        if end.changes is None:
            continue
        if found is None:
            found = end.changes.copy()
        else:
            found.join(end.changes)
    return found


def _joined_environment(environments: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the variables of several ways to the same server: what differs, and matters to it, is unknown."""
    first = environments[0]
    if all(item is first for item in environments[1:]):
        return first
    changed = (environment.changed() for environment in environments if isinstance(environment, Environment))
    names = dict.fromkeys(name for group in changed for name in group)
    different = {name for name in names if len({environment.get(name) for environment in environments}) > 1}
    return _Joined(first, different - {"PATH"}) if different else first


class _Joined(Mapping[str, str]):
    """An environment in which some variables are unknown."""

    def __init__(self, environment: Mapping[str, str], unknown: set[str]) -> None:
        self._environment = environment
        self._unknown = unknown

    def __getitem__(self, name: str) -> str:
        return UNKNOWN if name in self._unknown else self._environment[name]

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*self._environment, *self._unknown))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    __eq__ = object.__eq__
    __hash__ = object.__hash__
