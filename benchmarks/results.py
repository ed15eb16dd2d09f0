"""What came of a run: values that can be written as JSON, without paths or names of this machine."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, TypeAlias

from benchmarks.answers import OURS, show
from benchmarks.measure import Command, CommandError, Series, measure, output, ratio, spread
from benchmarks.plans import Plan, Race, Share, Target

_ABOUT_THE_FORM = frozenset(("IMG003", "IMG004"))
"""The rules about how an image is stored, which differ between the forms of one image by right."""


Kind: TypeAlias = Literal["ours", "limit", "peer", "other"]


@dataclass(frozen=True, slots=True)
class Row:
    """A command: medians of seconds, peak of bytes, and the raw runs.

    Attributes:
        name: of the command.
        shown: the command line.
        kind: whether it is ocianalyze, the limit of the shape, another tool, or something that reads the same bytes.
        wall: median seconds of wall clock.
        fastest: the least.
        slowest: the most.
        cpu: median seconds of user and system time.
        peak: bytes, of all processes together where that was measured.
        peak_of_largest_process: bytes.
        ratio: its wall clock in those of ocianalyze on the same image, warm.
        stopped: why it was not let run to its end, or how it failed.
        runs: all of them.
    """

    name: str
    shown: str
    kind: Kind
    wall: float
    fastest: float
    slowest: float
    cpu: float
    peak: int
    peak_of_largest_process: int
    ratio: float
    stopped: str | None
    runs: list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A target with what was measured; None where a program was missing."""

    text: str
    unit: Literal["s", "B", "x", "us"]
    bound: float
    value: float | None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Pass, miss or not measured."""
        if self.value is None:
            return "not measured"
        return "pass" if (self.value >= self.bound if self.at_least else self.value <= self.bound) else "MISS"


@dataclass(frozen=True, slots=True)
class Check:
    """Whether the answers of the commands agree; if those of ours do not, the run has failed."""

    text: str
    holds: bool
    ours: bool = True


@dataclass(frozen=True, slots=True)
class ShapeResult:
    """All that was measured on a shape."""

    name: str
    image: dict[str, int]
    rows: list[Row]
    outcomes: list[Outcome]
    checks: list[Check]


def execute(plan: Plan, *, repetitions: int, note: Callable[[str], None]) -> ShapeResult:
    """Check the answers, then measure.

    Raises:
        CommandError: a command failed.
    """
    reports = {command.name: _report(command) for command in plan.reports}
    checks = _check(plan, reports)
    series = measure(plan.commands, repetitions=repetitions, note=note, warmed=reports)
    by_name = {item.command.name: item for item in series}
    checks += _compare(series, reports[plan.ours])
    shape = plan.shape
    image = {
        "layers": shape.layers,
        "entries": shape.entries or 0,
        "uncompressed": shape.uncompressed,
        "stored": shape.stored,
    }
    outcomes = [_outcome(target, by_name, shape.entries) for target in plan.targets]
    outcomes += [_race(race, by_name) for race in plan.races]
    outcomes += [_share(share, repetitions) for share in plan.shares]
    rows = [_row(item, by_name[plan.ours], plan.limit) for item in series]
    return ShapeResult(shape.name, image, rows, outcomes, checks)


def _row(series: Series, ours: Series, limit: str) -> Row:
    walls = [run.wall for run in series.runs]
    command = series.command
    return Row(
        name=command.name,
        shown=command.shown,
        kind=_kind(command, limit),
        wall=series.wall,
        fastest=min(walls),
        slowest=max(walls),
        cpu=series.cpu,
        peak=series.peak,
        peak_of_largest_process=max(run.peak for run in series.runs),
        ratio=series.wall / ours.wall,
        stopped=series.stopped,
        runs=[{"wall": run.wall, "user": run.user, "system": run.system, "peak": run.peak} for run in series.runs],
    )


def _kind(command: Command, limit: str) -> Kind:
    if command.name.startswith("ocianalyze"):
        return "ours"
    if command.name == limit:
        return "limit"
    return "peer" if command.tolerated else "other"


def _outcome(target: Target, series: Mapping[str, Series], entries: int | None) -> Outcome:
    of, against = series.get(target.of), series.get(target.against or target.of)
    less = None if target.less is None else series.get(target.less)
    is_ratio = target.against is not None or target.spread
    unit: Literal["s", "B", "x", "us"] = "x" if is_ratio else "B" if target.quantity == "peak" else "s"
    unit = "us" if target.per_entry else unit
    if of is None or against is None or (target.less is not None and less is None):
        return Outcome(target.text, unit, target.bound, None)
    if target.spread:
        value = spread(of)
    elif target.against:
        value = ratio(of, against, target.quantity, less=less)
    else:
        value = float(getattr(of, target.quantity))
    if target.per_entry:
        value *= 1e6 / (entries or 1)
    return Outcome(target.text, unit, target.bound, value)


def _race(race: Race, series: Mapping[str, Series]) -> Outcome:
    """Compare with the rivals that gave an answer, or that were stopped because they took too long for one."""
    found = [item for item in map(series.get, race.rivals) if item is not None and not _failed(item)]
    if not found:
        return Outcome(race.text, "x", race.bound, None, at_least=True)
    pick = min if race.pick == "best" else median
    theirs = pick([float(getattr(item, race.quantity)) for item in found])
    return Outcome(race.text, "x", race.bound, theirs / getattr(series[race.of], race.quantity), at_least=True)


def _failed(series: Series) -> bool:
    return series.stopped is not None and series.stopped.startswith("exit code")


def _share(share: Share, repetitions: int) -> Outcome:
    found = []
    for _ in range(repetitions):
        phases = _report(share.of)["timing"]["phases"]
        rules = phases.pop("rules")
        found.append(rules / sum(phases.values()))
    return Outcome(share.text, "x", share.bound, median(found))


def _check(plan: Plan, reports: Mapping[str, dict[str, Any]]) -> list[Check]:
    """Return what our reports say of the image, held against each other and against a listing."""
    counts = {name: sum(layer["entries"] for layer in report["layers"]) for name, report in reports.items()}
    if plan.listing is not None and plan.listing.is_here:
        counts[plan.listing.name] = output(plan.listing).count(b"\n")
    if plan.shape.entries is not None:
        counts["the generator"] = plan.shape.entries
    checks = [Check(f"entries of all layers: {_list(counts)}", len(set(counts.values())) == 1)]
    answers = {name: _answer(report) for name, report in reports.items()}
    first = next(iter(answers.values()))
    same = all(answer == first for answer in answers.values()) and plan.verdict in (None, first["verdict"])
    paths = first["filesystem"]["entries"]
    checks.append(Check(f"verdict and merged file system: {first['verdict']}, {paths:,} paths", same))
    return checks


def _compare(series: list[Series], report: Mapping[str, Any]) -> Iterator[Check]:
    """Yield whether other tools say what our report says, where both say the same kind of thing."""
    for item in series:
        answer = item.command.answer
        if answer is not None and not item.stopped:
            theirs, ours = item.runs[-1].answer, OURS[answer.what](report)
            text = f"{answer.what} of {item.command.name}: {show(theirs)}, ours {show(ours)}"
            yield Check(text, theirs == ours, ours=False)


def _report(command: Command) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(output(command))
    except ValueError as error:
        raise CommandError(f"{command.shown}: it prints no report: {error}") from error
    return report


def _answer(report: dict[str, Any]) -> dict[str, Any]:
    rules = [finding["rule"] for finding in report["findings"] if finding["rule"] not in _ABOUT_THE_FORM]
    return {"verdict": report["verdict"], "findings": rules, "filesystem": report["facts"]["filesystem"]}


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
