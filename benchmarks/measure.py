"""Times commands as whole processes, in turn: A B A B. What disturbs one round then disturbs all commands alike."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

_SAMPLING: Final = 0.005
_KIB: Final = 1024
_PEAK_UNIT: Final = 1 if sys.platform == "darwin" else _KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line, and how results name it.

    Attributes:
        name: what it is called in tables.
        argv: what is run.
        shown: the command line for readers, without paths of this machine.
        accepts: the exit codes that are no failure.
        once: it takes long and serves as information: run once, without a warm-up.
        forks: it works in several processes; their memory together is measured in a run of its own.
        environment: variables that are set for it.
    """

    name: str
    argv: tuple[str, ...]
    shown: str
    accepts: frozenset[int] = frozenset({0})
    once: bool = False
    forks: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds of wall clock, user and system time, and the peak resident bytes of the largest process."""

    wall: float
    user: float
    system: float
    peak: int

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


class CommandError(Exception):
    """A command that was to be measured failed."""


def measure(commands: Sequence[Command], *, repetitions: int, note: Callable[[str], None]) -> list[Series]:
    """Run the commands in turn, `repetitions` times after a warm-up, and return their series in the same order.

    Raises:
        CommandError: one of them failed.
    """
    series = [Series(command) for command in commands]
    repeated = [item for item in series if not item.command.once]
    for item in repeated:
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


def ratio(series: Series, other: Series, quantity: str) -> float:
    """Return the median of the ratios of a quantity (`wall`, `cpu`, `peak`), each between runs of the same round."""
    pairs = zip(series.runs, other.runs, strict=False)
    ratios = [float(getattr(run, quantity) / getattr(against, quantity)) for run, against in pairs]
    return median(ratios)


def run(command: Command) -> Run:
    """Run a command to its end, its output thrown away.

    The peak is that of the largest process. It is never less than that of this process when it started the command:
    Linux counts what was there before the new program was loaded.

    Raises:
        CommandError: it ended with an exit code that it does not accept.
    """
    start = time.perf_counter()
    process = _start(command)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.accepts:
        raise CommandError(f"{command.shown}: exit code {process.returncode}; what it says: {_complaint(command)}")
    return Run(wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * _PEAK_UNIT)


def output(command: Command) -> bytes:
    """Run a command and return its standard output.

    Raises:
        CommandError: it ended with an exit code that it does not accept.
    """
    done = subprocess.run(command.argv, env={**os.environ, **command.environment}, capture_output=True, check=False)
    if done.returncode not in command.accepts:
        complaint = done.stderr.decode(errors="replace").strip()
        raise CommandError(f"{command.shown}: exit code {done.returncode}; what it says: {complaint}")
    return done.stdout


def _start(command: Command) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.argv,
        env={**os.environ, **command.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _complaint(command: Command) -> str:
    done = subprocess.run(command.argv, env={**os.environ, **command.environment}, capture_output=True, check=False)
    return done.stderr.decode(errors="replace").strip() or "nothing"


def _peak_together(command: Command) -> int | None:
    """Run a command once more and sample the memory of its processes together; shared pages count once (Linux's PSS).

    Sampling costs time, so this run is not timed. What lives for less than some milliseconds is not seen.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    process = _start(command)
    ended = threading.Thread(target=process.wait)
    ended.start()
    peak = 0
    while ended.is_alive():
        peak = max(peak, sum(_proportional_size(pid) for pid in _family(process.pid)))
        ended.join(_SAMPLING)
    return peak


def _family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for parent in found:
        try:
            threads = list(Path(f"/proc/{parent}/task").iterdir())
            found += [int(child) for thread in threads for child in (thread / "children").read_text().split()]
        except OSError:
            continue
    return found


def _proportional_size(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * _KIB for line in lines if line.startswith("Pss:")), 0)
