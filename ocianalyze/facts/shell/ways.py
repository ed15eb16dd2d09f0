"""The ways that a script may go, and where they end.

A way ends where a program serves, which does not return; where nothing more is done but the container stays; where the
script ends; or where it cannot be told what comes next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.facts.programs.applications import Application
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.shell.changes import Changes

Kind: TypeAlias = Literal["serves", "stays", "ends", "opaque"]


_MOST_EXITS: Final = 10


class Place(NamedTuple):
    """Where in a script something stands."""

    script: str
    line: int

    def __str__(self) -> str:
        """Return the place for people."""
        return f"{self.script}, line {self.line}"


class Doubt(NamedTuple):
    """A condition that cannot be decided: what it depends on, where it stands, and whether it holds on a way."""

    reason: str
    place: Place
    holds: bool

    def __str__(self) -> str:
        """Return the condition for people."""
        return f"{self.reason} ({self.place})"


class Failure(NamedTuple):
    """What is not there or cannot be done, so that a script ends before it gets to its server.

    Attributes:
        word: the program or file, as written.
        text: a clause that says what is wrong with it.
        place: where it is asked for: in a script, or by a wrapper, which is named.
        status: the exit status, 126 or 127 for a program that cannot be run.
    """

    word: str
    text: str
    place: Place | str
    status: int = 127


class Launch(NamedTuple):
    """A program that is started: its words, how it is looked up, its variables, and the names of what led to it.

    `located` is False if something is not known that decides where it is looked up.
    """

    words: tuple[str, ...]
    shell: Shell
    environment: Mapping[str, str]
    names: tuple[str, ...] = ()
    located: bool = True


class Job(NamedTuple):
    """What runs in the background, by where its ways end, and whether it was started on all ways that led here."""

    ends: tuple[End, ...]
    certain: bool = True


class Way(NamedTuple):
    """What led here.

    Attributes:
        doubts: the conditions that could not be decided, and of which only one side leads here.
        presumed: whether a command has failed here of which it is presumed that it does not.
        jobs: what was started in the background and may serve.
        unseen: what was run that nobody can see into, if anything was; a clause.
        beside: the same of what runs in the background.
        failures: what is not there, on every way, so that what follows is never reached.
        refused: what was not run, because a file of it cannot be opened, if anything was; a clause.
        installs: whether something was run that may install programs.
        last: the program that was run last, if nothing was done since.
        traps: the names of the scripts that trap signals.
        exits: where the script ends, if this is where it does; clauses.
    """

    doubts: tuple[Doubt, ...] = ()
    presumed: bool = False
    jobs: tuple[Job, ...] = ()
    unseen: str | None = None
    beside: str | None = None
    failures: tuple[Failure, ...] = ()
    refused: str | None = None
    installs: bool = False
    last: Launch | None = None
    traps: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()

    def joined(self, other: Way) -> Way:
        """Return what holds if either the one or the other led here."""
        if self is other:
            return self
        count = 0
        for one, two in zip(self.doubts, other.doubts, strict=False):
            if one != two:
                break
            count += 1
        return Way(
            doubts=self.doubts[:count],
            presumed=self.presumed and other.presumed,
            jobs=_joined_jobs(self.jobs, other.jobs),
            unseen=self.unseen or other.unseen,
            beside=self.beside or other.beside,
            failures=tuple(dict.fromkeys((*self.failures, *other.failures))),
            refused=self.refused or other.refused,
            installs=self.installs or other.installs,
            last=self.last if self.last is other.last else None,
            traps=tuple(dict.fromkeys((*self.traps, *other.traps))),
            exits=tuple(dict.fromkeys((*self.exits, *other.exits)))[:_MOST_EXITS],
        )


class End(NamedTuple):
    """Where a way ends.

    Attributes:
        kind: how it ends.
        way: what led there.
        launch: the program that serves, or that was run last.
        application: what is known of it, if it is one of those that Studio expects.
        place: where in a script it stands, if in one.
        reason: why it cannot be told what comes next; a clause.
        changes: what was done to files on the way.
    """

    kind: Kind
    way: Way
    launch: Launch | None = None
    application: Application | None = None
    place: Place | None = None
    reason: str | None = None
    changes: Changes | None = None


def _joined_jobs(one: tuple[Job, ...], other: tuple[Job, ...]) -> tuple[Job, ...]:
    if one == other:
        return one
    both = [job for job in one if any(job is item for item in other)]
    rest = [job for job in (*one, *other) if not any(job is item for item in both)]
    return (*both, *(job._replace(certain=False) for job in rest))
