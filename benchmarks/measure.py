"""Times commands as whole processes, in turn: A B A B. What disturbs one round then disturbs all commands alike."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.launcher import family

_LAUNCHER: Final = Path(__file__).with_name("launcher.py")
_SAMPLING: Final = 0.005
_KIB: Final = 1024
CAN_DROP_PAGES: Final = hasattr(os, "posix_fadvise")
"""Whether the page cache can be made cold for a file; so it is on Linux, and no rights are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a command may take at most before it is stopped; 0 is no bound.

    Attributes:
        seconds: of wall clock.
        memory: resident bytes of all its processes together.
        room: bytes that must stay free on the disk of its scratch directory.
    """

    seconds: float = 0
    memory: int = 0
    room: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line, and how results name it.

    Attributes:
        name: what it is called in tables.
        argv: what is run.
        shown: the command line for readers, without paths of this machine.
        needs: the programs that it cannot run without, other than the first of `argv`.
        accepts: the exit codes that are no failure.
        once: it takes long and serves as information: run once, without a warm-up.
        forks: it works in several processes; their memory together is measured in a run of its own.
        environment: variables that are set for it.
        cold: files whose pages are dropped from the page cache before each run.
        warm: files that are read to the end before each run.
        scratch: a directory in which each run has a temporary one (`TMPDIR`), which is removed afterwards.
        bounds: what it may take.
        tolerated: what it says when it fails is shown as its result, and is no error of the benchmark.
        answer: what is read from its standard output and compared with ours.
    """

    name: str
    argv: tuple[str, ...]
    shown: str
    needs: tuple[str, ...] = ()
    accepts: frozenset[int] = frozenset({0})
    once: bool = False
    forks: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    cold: tuple[Path, ...] = ()
    warm: tuple[Path, ...] = ()
    scratch: Path | None = None
    bounds: Bounds = Bounds()
    tolerated: bool = False
    answer: "Answer | None" = None

    @property
    def is_here(self) -> bool:
        """Whether its programs are installed."""
        return all(map(shutil.which, (self.argv[0], *self.needs)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command's standard output says about an image, and which of our numbers it should be equal to."""

    what: str
    read: Callable[[Path], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run.

    Attributes:
        wall: seconds of wall clock.
        user: seconds of user time, of all its processes.
        system: seconds of system time.
        peak: resident bytes of the largest process.
        stopped: why it was not let run to its end, or how it failed.
        answer: what its `Answer` read.
    """

    wall: float
    user: float
    system: float
    peak: int
    stopped: str | None = None
    answer: Any = None

    @property
    def cpu(self) -> float:
        """User and system time together, of all its processes."""
        return self.user + self.system


@dataclass(slots=True)
class Series:
    """All runs of a command; `peak_together` is the peak memory of its processes together, if that was measured."""

    command: Command
    runs: list[Run] = field(default_factory=list)
    peak_together: int | None = None

    @property
    def wall(self) -> float:
        """The median wall clock time in seconds."""
        return median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """The median of user and system time in seconds."""
        return median(run.cpu for run in self.runs)

    @property
    def peak(self) -> int:
        """The peak memory in bytes: of all processes together where that was measured and is more."""
        return max(self.peak_together or 0, *(run.peak for run in self.runs))

    @property
    def stopped(self) -> str | None:
        """Why a run was not let run to its end, if one was."""
        return next((run.stopped for run in self.runs if run.stopped), None)


class CommandError(Exception):
    """A command that was to be measured failed."""


def measure(
    commands: Sequence[Command],
    *,
    repetitions: int,
    note: Callable[[str], None],
    warmed: Collection[str] = (),
) -> list[Series]:
    """Run the commands in turn, `repetitions` times after a warm-up, and return their series in the same order.

    Commands with a cold page cache need no warm-up, nor do those whose names are in `warmed`: they ran just before.

    Raises:
        CommandError: one of them failed.
    """
    series = [Series(command) for command in commands]
    repeated = [item for item in series if not item.command.once]
    for item in repeated:
        if not item.command.cold and item.command.name not in warmed:
            note(f"warm-up: {item.command.name}")
            run(item.command)
    for number in range(repetitions):
        note(f"round {number + 1} of {repetitions}")
        for item in repeated:
            item.runs.append(run(item.command))
    for item in series:
        if item.command.once:
            note(f"once: {item.command.name}")
            item.runs.append(run(item.command))
        if item.command.forks:
            item.peak_together = _peak_together(item.command)
    return series


def ratio(series: Series, other: Series, quantity: str, *, less: Series | None = None) -> float:
    """Return the median of the ratios of a quantity (`wall`, `cpu`, `peak`), each between runs of the same round.

    That of `less` in the same round is taken off first.
    """
    taken_off = [0.0] * len(series.runs) if less is None else [getattr(run, quantity) for run in less.runs]
    rounds = zip(series.runs, other.runs, taken_off, strict=False)
    ratios = [float((getattr(run, quantity) - off) / getattr(against, quantity)) for run, against, off in rounds]
    return median(ratios)


def spread(series: Series) -> float:
    """Return the median of the wall clock of runs in terms of their CPU time, shared by all processors."""
    return median(run.wall * (os.cpu_count() or 1) / run.cpu for run in series.runs)


def run(command: Command) -> Run:
    """Run a command to its end or to its bounds; its output is thrown away once its answer is read.

    Raises:
        CommandError: it ended with an exit code that it does not accept, and that is not tolerated.
    """
    with tempfile.TemporaryDirectory(prefix="run-", dir=_existing(command.scratch)) as name:
        home = Path(name)
        try:
            return _launch(command, home)
        finally:
            if command.scratch is not None:
                _empty(home)


def _launch(command: Command, home: Path) -> Run:
    output = home / "output" if command.answer is not None else Path(os.devnull)
    scratch = home / "tmp"
    scratch.mkdir()
    bounds = command.bounds
    room = {"path": name, "bytes": bounds.room} if bounds.room and (name := str(scratch)) else None
    task = {
        "argv": command.argv,
        "environment": {**command.environment, **({"TMPDIR": str(scratch)} if command.scratch is not None else {})},
        "output": str(output),
        "cold": [str(path) for path in command.cold],
        "warm": [str(path) for path in command.warm],
        "bounds": {"seconds": bounds.seconds, "memory": bounds.memory, "room": room},
    }
    # -S and no site packages: the smaller the launcher, the less it adds to the smallest peak that can be seen.
    launched = subprocess.run(
        [sys.executable, "-I", "-S", _LAUNCHER], input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=False
    )
    if launched.returncode != 0:
        raise CommandError(f"{command.shown}: it could not be started")
    told = json.loads(launched.stdout)
    code, complaint, stopped = told.pop("code"), told.pop("complaint").strip(), told.pop("stopped")
    if stopped is None and code not in command.accepts:
        if not command.tolerated:
            raise CommandError(f"{command.shown}: exit code {code}; what it says: {complaint or 'nothing'}")
        stopped = f"exit code {code}"
        print(f"  {command.name}: {stopped}; what it says: {complaint or 'nothing'}", file=sys.stderr)
    answer = command.answer.read(output) if command.answer is not None and stopped is None else None
    return Run(**told, stopped=stopped, answer=answer)


def output(command: Command) -> bytes:
    """Run a command and return its standard output.

    Raises:
        CommandError: it ended with an exit code that it does not accept.
    """
    told: bytes = run(replace(command, answer=Answer("output", Path.read_bytes))).answer
    return told


def _existing(scratch: Path | None) -> Path | None:
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
    return scratch


def _empty(home: Path) -> None:
    """Remove what a command left, directories that nobody may enter included."""
    subprocess.run(["chmod", "-R", "u+rwX", home], stderr=subprocess.DEVNULL, check=False)
    for path in home.iterdir():
        shutil.rmtree(path, ignore_errors=True)


def _peak_together(command: Command) -> int | None:
    """Run a command once more and sample the memory of its processes together; shared pages count once (Linux's PSS).

    Sampling costs time, so this run is not timed. What lives for less than some milliseconds is not seen.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    process = subprocess.Popen(
        command.argv,
        env={**os.environ, **command.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ended = threading.Thread(target=process.wait)
    ended.start()
    peak = 0
    while ended.is_alive():
        peak = max(peak, sum(_proportional_size(pid) for pid in family(process.pid)))
        ended.join(_SAMPLING)
    return peak


def _proportional_size(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * _KIB for line in lines if line.startswith("Pss:")), 0)
