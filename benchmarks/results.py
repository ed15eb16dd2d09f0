"""What came of a run: values that can be written as JSON, without paths or names of this machine."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from benchmarks.measure import Command, CommandError, Series, measure, output, ratio
from benchmarks.plans import Plan, Share, Target

_ABOUT_THE_FORM = frozenset(("IMG003", "IMG004"))
"""The rules about how an image is stored, which differ between the forms of one image by right."""


@dataclass(frozen=True, slots=True)
class Row:
    """A command: medians of seconds, peak of bytes, and the raw runs."""

    name: str
    shown: str
    wall: float
    fastest: float
    slowest: float
    cpu: float
    peak: int
    peak_of_largest_process: int
    runs: list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A target with what was measured; None where a program was missing."""

    text: str
    unit: Literal["s", "B", "x"]
    bound: float
    value: float | None

    @property
    def verdict(self) -> str:
        """Pass, miss or not measured."""
        if self.value is None:
            return "not measured"
        return "pass" if self.value <= self.bound else "MISS"


@dataclass(frozen=True, slots=True)
class Check:
    """Whether the answers of the commands agree."""

    text: str
    holds: bool


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
    checks = _check(plan)
    series = measure(plan.commands, repetitions=repetitions, note=note)
    by_name = {item.command.name: item for item in series}
    shape = plan.shape
    image = {
        "layers": shape.layers,
        "entries": shape.entries or 0,
        "uncompressed": shape.uncompressed,
        "stored": shape.stored,
    }
    outcomes = [_outcome(target, by_name) for target in plan.targets]
    outcomes += [_share(share, repetitions) for share in plan.shares]
    return ShapeResult(shape.name, image, [_row(item) for item in series], outcomes, checks)


def _row(series: Series) -> Row:
    walls = [run.wall for run in series.runs]
    raw = [{"wall": run.wall, "user": run.user, "system": run.system, "peak": run.peak} for run in series.runs]
    largest = max(run.peak for run in series.runs)
    command = series.command
    return Row(command.name, command.shown, series.wall, min(walls), max(walls), series.cpu, series.peak, largest, raw)


def _outcome(target: Target, series: dict[str, Series]) -> Outcome:
    of, against = series.get(target.of), series.get(target.against or target.of)
    unit: Literal["s", "B", "x"] = "x" if target.against else "B" if target.quantity == "peak" else "s"
    if of is None or against is None:
        return Outcome(target.text, unit, target.bound, None)
    value = ratio(of, against, target.quantity) if target.against else float(getattr(of, target.quantity))
    return Outcome(target.text, unit, target.bound, value)


def _share(share: Share, repetitions: int) -> Outcome:
    found = []
    for _ in range(repetitions):
        phases = _report(share.of)["timing"]["phases"]
        rules = phases.pop("rules")
        found.append(rules / sum(phases.values()))
    return Outcome(share.text, "x", share.bound, median(found))


def _check(plan: Plan) -> list[Check]:
    """Return what the reports say of the image, held against each other and against a listing."""
    found = {command.name: _report(command) for command in plan.reports}
    counts = {name: sum(layer["entries"] for layer in report["layers"]) for name, report in found.items()}
    if plan.listing is not None:
        counts[plan.listing.name] = output(plan.listing).count(b"\n")
    if plan.shape.entries is not None:
        counts["the generator"] = plan.shape.entries
    checks = [Check(f"entries of all layers: {_list(counts)}", len(set(counts.values())) == 1)]
    answers = {name: _answer(report) for name, report in found.items()}
    first = next(iter(answers.values()))
    same = all(answer == first for answer in answers.values()) and plan.verdict in (None, first["verdict"])
    paths = first["filesystem"]["entries"]
    checks.append(Check(f"verdict and merged file system: {first['verdict']}, {paths:,} paths", same))
    return checks


def _report(command: Command) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(output(command))
    except ValueError as error:
        raise CommandError(f"{command.shown}: it prints no report: {error}") from error
    return report


def _answer(report: dict[str, Any]) -> dict[str, Any]:
    rules = [finding["rule"] for finding in report["findings"] if finding["rule"] not in _ABOUT_THE_FORM]
    return {"verdict": report["verdict"], "findings": rules, "filesystem": report["facts"]["filesystem"]}


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
