"""Results as Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.floors import HASHED_BESIDE, LIMITS
from benchmarks.peers import PEERS, RIVALS
from benchmarks.plans import CACHED, COLD, WARM
from benchmarks.results import Outcome, Row, ShapeResult

BEGIN: Final = "<!-- results -->"
END: Final = "<!-- end of results -->"
_UNITS: Final = {"s": " s", "us": " µs", "x": ""}
_SUMMARY: Final = (
    "shape",
    "cold s",
    "warm s",
    "cached s",
    "limit",
    "warm: times the limit",
    "fastest rival",
    "warm: times faster",
    "peak MB",
)
_WORDS: Final = {
    **{limit.name: f"; {limit.words}" for limit in (*LIMITS.values(), HASHED_BESIDE)},
    **{peer.name: f"; it {peer.does}" for peer in PEERS},
}


def render(results: Sequence[ShapeResult], machine: Mapping[str, str], *, scale: float, repetitions: int) -> str:
    """Return the results of a run as Markdown, targets first."""
    return "\n".join(_lines(results, machine, scale, repetitions)) + "\n"


def write_between(page: Path, text: str, begin: str = BEGIN, end: str = END) -> None:
    """Put text between two marks of a page.

    Raises:
        ValueError: the marks are not there.
    """
    before, _, rest = page.read_text().partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise ValueError(f"{page.name} has no {begin} and {end}")
    page.write_text(f"{before}{begin}\n\n{text}\n{end}{after}")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a table; the columns `right` are numbers."""
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("--:" if column in right else "---" for column in range(len(header))) + " |"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _lines(results: Sequence[ShapeResult], machine: Mapping[str, str], scale: float, repetitions: int) -> Iterator[str]:
    yield from table(_SUMMARY, [_summary(result) for result in results], right=(1, 2, 3, 5, 7, 8))
    yield ""
    yield from table(
        ("shape", "what", "measured", "target", ""),
        [
            (
                result.name,
                outcome.text,
                _value(outcome, outcome.value),
                f"{'≥' if outcome.at_least else '≤'} {_value(outcome, outcome.bound)}",
                outcome.verdict if scale == 1 or result.name == "small" else "only at scale 1",
            )
            for result in results
            for outcome in result.outcomes
        ],
        right=(2, 3),
    )
    yield ""
    times = "once" if repetitions == 1 else f"{repetitions} times"
    yield f"Each command ran {times} in turn with the others, after a warm-up; those marked *once* ran a single time."
    yield "Times and ratios are medians; memory is the highest peak, of all processes together where there are several."
    yield "The last numbers are wall clock in those of ocianalyze, warm, on the same image."
    if scale != 1:
        yield f"**The images are scaled to {scale:g}: this shows that the benchmark works, and no more.**"
    yield ""
    header = ("shape", "command", "wall s", "range", "CPU s", "peak MB", "times ours")
    rows = [_row(result.name, row, first=row is result.rows[0]) for result in results for row in result.rows]
    yield from table(header, rows, right=(2, 3, 4, 5, 6))
    yield ""
    yield from _commands(results)
    yield ""
    for result in results:
        yield from _details(result)
    yield ""
    yield "Measured on: " + "; ".join(f"{name} {text}" for name, text in machine.items()) + "."


def _summary(result: ShapeResult) -> tuple[str, ...]:
    """Return the seconds of ours, the limit, and the fastest rival that gave an answer or took too long for one."""
    rows = {row.name: row for row in result.rows}
    ours = rows[WARM]
    limit = next((row for row in result.rows if row.kind == "limit"), None)
    rivals = [rows[name] for name in RIVALS if name in rows and not (rows[name].stopped or "").startswith("exit")]
    best = min(rivals, key=lambda row: row.wall, default=None)
    return (
        result.name,
        *(f"{rows[name].wall:.2f}" if name in rows else "" for name in (COLD, WARM, CACHED)),
        f"{limit.name}: {limit.wall:.2f}" if limit else "",
        f"{ours.wall / limit.wall:.2f}" if limit else "",
        f"{best.name}: {best.wall:.2f}" if best else "",
        f"{best.wall / ours.wall:.1f}" if best else "",
        f"{ours.peak / 1e6:.0f}",
    )


def _row(shape: str, row: Row, *, first: bool) -> tuple[str, ...]:
    more = "> " if row.stopped and not row.stopped.startswith("exit") else ""
    marks = [
        *(["the limit"] if row.kind == "limit" else []),
        *(["once"] if len(row.runs) == 1 else []),
        *([f"stopped {row.stopped}" if more else row.stopped] if row.stopped else []),
    ]
    name = f"**{row.name}**" if row.kind == "ours" else row.name
    return (
        shape if first else "",
        f"{name} ({', '.join(marks)})" if marks else name,
        f"{more}{row.wall:.2f}",
        f"{row.fastest:.2f}-{row.slowest:.2f}" if len(row.runs) > 1 else "",
        f"{more}{row.cpu:.2f}",
        f"{more}{row.peak / 1e6:.0f}",
        f"{more}{row.ratio:.2f}",
    )


def _commands(results: Sequence[ShapeResult]) -> Iterator[str]:
    """Yield each command line once, with what is to be known about it."""
    shown = {(row.name, row.shown): None for result in results for row in result.rows}
    for name, line in shown:
        yield f"- {name}: `{line}`{_WORDS.get(name, '')}"


def _details(result: ShapeResult) -> Iterator[str]:
    yield f"- **{result.name}**{': ' + _image(result.image) if result.image['entries'] else ''}"
    for check in result.checks:
        yield f"    - {'Agree' if check.holds else '**DIFFER**'}: {check.text}"


def _image(image: Mapping[str, int]) -> str:
    plain, stored = image["uncompressed"], image["stored"]
    text = f"{image['layers']} layers, {image['entries']:,} entries, {plain / 1e9:.2f} GB of tar"
    return f"{text}." if plain == stored else f"{text}, {stored / 1e9:.2f} GB compressed."


def _value(outcome: Outcome, value: float | None) -> str:
    if value is None:
        return ""
    if outcome.unit == "B":
        return f"{value / 1e6:.0f} MB"
    return f"{value:.2f}{_UNITS[outcome.unit]}"
