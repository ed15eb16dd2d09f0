"""Runs cases and watches what becomes of them; `python -m tests.hostile --help` says how.

Cases are run by worker processes, one after the other, so that one that hangs or dies takes nothing with it: what it
was at is known, and the next worker goes on behind it.
"""

import importlib.util
import io
import multiprocessing
import os
import re
import resource
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Final

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.errors import OcianalyzeError
from ocianalyze.layers.changeset import columns
from ocianalyze.layers.indexes import checking, listed
from ocianalyze.layers.reading import indexed
from ocianalyze.layers.tar import ordinary
from ocianalyze.reports.difference.comparing import diff
from ocianalyze.reports.difference.table import print_difference
from ocianalyze.reports.formats import render
from ocianalyze.reports.report import Report
from ocianalyze.reports.screen import Screen
from ocianalyze.reports.table import print_report
from tests.hostile.cases import KINDS, Case, case

SECONDS: Final = 20.0
"""How long a case may take."""
MEMORY: Final = 500 << 20
"""How many bytes a worker may come to take, besides what it had when it began."""
_CRASH: Final = re.compile(r"failed(?: at .*)?: [A-Za-z]*(?:Error|Exit|Exception|Iteration)\b")
_COMPILED: Final = {
    "_ordinary": (ordinary, "compiled"),
    "_columns": (columns, "compiled"),
    "_table": (listed, "compiled_table"),
    "_ztoc": (listed, "compiled_ztoc"),
}
"""The compiled modules, and where they are used."""


@dataclass
class Counts:
    """How many cases ended how, by kind; and those that ended wrongly, in a line each."""

    ends: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many cases were run."""
        return sum(counter.total() for counter in self.ends.values())

    def lines(self) -> Iterator[str]:
        """Yield a table of it in Markdown."""
        columns_ = sorted({end for counter in self.ends.values() for end in counter})
        yield f"| kind | cases | {' | '.join(columns_)} |"
        yield f"| --- | --: |{' --: |' * len(columns_)}"
        for kind, counter in self.ends.items():
            yield f"| {kind} | {counter.total():,} | {' | '.join(f'{counter[end]:,}' for end in columns_)} |"


def run(
    *, seed: int, seconds: float, jobs: int, sanitized: Path | None, keep: Path, kinds: Sequence[str] = tuple(KINDS)
) -> Counts:
    """Run cases for so many seconds; those that end wrongly are left in the directory `keep`."""
    counts = Counts({kind: Counter() for kind in kinds})
    plan = _plan(kinds)
    end = time.monotonic() + seconds
    workers = [_Worker(seed, sanitized) for _ in range(jobs)]
    try:
        for worker in workers:
            worker.give(*next(plan))
        while busy := [worker for worker in workers if worker.at is not None]:
            wait([worker.line for worker in busy], timeout=0.5)
            for worker in busy:
                ended = worker.take()
                if ended is None:
                    continue
                kind, number, outcome, wrong = ended
                counts.ends[kind][outcome] += 1
                if wrong:
                    counts.wrong.append(f"{kind} {number}: {wrong}")
                    _keep(keep, kind, seed, number)
                if time.monotonic() < end:
                    worker.give(*next(plan))
    finally:
        for worker in workers:
            worker.close()
    return counts


def _plan(kinds: Sequence[str]) -> Iterator[tuple[str, int]]:
    number = 0
    while True:
        yield from ((kind, number) for kind in kinds)
        number += 1


def _keep(directory: Path, kind: str, seed: int, number: int) -> None:
    home = directory / f"{kind}-{seed}-{number}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    case(kind, seed, number).write(home)


class _Worker:
    """A process that runs cases; it is begun anew where it dies or has to be ended."""

    def __init__(self, seed: int, sanitized: Path | None) -> None:
        self._seed = seed
        self._sanitized = sanitized
        self.at: tuple[str, int, float] | None = None
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("fork")
        self.line, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, self._seed, self._sanitized), daemon=True)
        self._process.start()
        other.close()

    def give(self, kind: str, number: int) -> None:
        self.at = kind, number, time.monotonic()
        self.line.send((kind, number))

    def take(self) -> tuple[str, int, str, str] | None:
        """Return what became of the case, how it ended and what is wrong with that; None if it is not over."""
        assert self.at is not None
        kind, number, started = self.at
        wrong = ""
        try:
            if self.line.poll():
                outcome, wrong = self.line.recv()
                self.at = None
                return kind, number, outcome, wrong
        except EOFError:
            wrong = f"the process died (exit code {self._wait()})"
        if not wrong and time.monotonic() - started > SECONDS:
            wrong = f"still ran after {SECONDS:.0f} s"
        if not wrong:
            return None
        self.close()
        self._begin()
        self.at = None
        return kind, number, "died" if "died" in wrong else "late", wrong

    def _wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self.line.close()


def _serve(line: Connection, seed: int, sanitized: Path | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sanitized is not None:
        _use([_load(sanitized, name) for name in _COMPILED])
    compiled = [getattr(*place) for place in _COMPILED.values()]
    indexed.SMALL, indexed.SHARE = 1, 1e9  # the samples are small
    checking.CHANCE = Random()  # noqa: S311 - chance that can be repeated
    inherited = _peak()
    while True:
        try:
            kind, number = line.recv()
        except EOFError:
            os._exit(0)
        made = case(kind, seed, number)
        with tempfile.TemporaryDirectory(prefix="hostile-") as directory:
            path = made.write(Path(directory))
            ends = []
            for modules in (compiled, [None] * len(compiled)):
                _use(modules)
                ends.append(_look(path, lazy=made.lazy))
        took = 0 if sanitized else _peak() - inherited
        line.send((ends[0].verdict, _judge(made, ends[0], ends[1], took)))


def _use(modules: Sequence[Any]) -> None:
    """Have the compiled modules, or none, used by all that is read from now on."""
    for place, module in zip(_COMPILED.values(), modules, strict=True):
        setattr(*place, module)


@dataclass(frozen=True)
class _End:
    """What came of looking at an image: the verdict, or ``refused``, and all that was said."""

    verdict: str
    said: Any
    crash: str = ""


def _look(path: Path, *, lazy: bool) -> _End:
    checking.CHANCE.seed(0)  # so that whoever looks twice looks at the same places
    try:
        report = analyze(Source(reference=str(path), jobs=1, lazy=lazy), Policy(inventory=True))
        with io.StringIO() as sink:
            print_report(report, Screen(sink))
            print_difference(diff(report, report), Screen(sink))
        render(report, "html")
    except OcianalyzeError as error:
        said = error.one_line()
        return _End("refused", said, said if _CRASH.search(said) else "")
    except BaseException:  # noqa: BLE001 - whatever it is, it is wrong
        return _End("crashed", "", traceback.format_exc().strip().replace("\n", " | ")[-600:])
    crash = next((item.message for item in report.diagnostics if item.code == "rule-failed"), "")
    return _End(report.verdict, _comparable(report), crash)


def _comparable(report: Report) -> dict[str, Any]:
    return report.model_dump(by_alias=True, exclude={"timing"})


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _judge(made: Case, compiled: _End, plain: _End, took: int) -> str:
    """Return what is wrong with how a case ended, and with the bytes it took; nothing if it is right."""
    if crash := compiled.crash or plain.crash:
        return f"crash: {crash}"
    if compiled != plain:
        return f"compiled and plain Python differ: {_difference(compiled.said, plain.said)}"
    if took > MEMORY:
        return f"took {took >> 20} MB"
    if made.verdict == "not pass" and compiled.verdict == "pass":
        return f"passed in spite of an error: {made.why}"
    if made.verdict == "pass" and compiled.verdict != "pass":
        findings = (
            [item["message"] for item in compiled.said["findings"]]
            if isinstance(compiled.said, dict)
            else compiled.said
        )
        return f"{compiled.verdict}, though nothing is wrong: {str(findings)[:300]}"
    return ""


def _difference(one: Any, two: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(one, dict) and isinstance(two, dict):
        return "; ".join(
            f"{key}: {_difference(one.get(key), two.get(key))}" for key in one if one.get(key) != two.get(key)
        )
    return f"{str(one)[:200]} | {str(two)[:200]}"


def _load(directory: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"ocianalyze.layers.{name}", next(directory.glob(f"{name}.*so")))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
