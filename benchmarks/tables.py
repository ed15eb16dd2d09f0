"""Results as Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.results import Outcome, ShapeResult

BEGIN: Final = "<!-- results -->"
END: Final = "<!-- end of results -->"


def render(results: Sequence[ShapeResult], machine: Mapping[str, str], *, scale: float, repetitions: int) -> str:
    """Return the results of a run as Markdown, targets first."""
    return "\n".join(_lines(results, machine, scale, repetitions)) + "\n"


def write_readme(readme: Path, text: str) -> None:
    """Put the results between the marks of a README.

    Raises:
        ValueError: the marks are not there.
    """
    before, _, rest = readme.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{readme.name} has no {BEGIN} and {END}")
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def _lines(results: Sequence[ShapeResult], machine: Mapping[str, str], scale: float, repetitions: int) -> Iterator[str]:
    yield from _table(
        ("shape", "what", "measured", "target", ""),
        [
            (
                result.name,
                outcome.text,
                _value(outcome, outcome.value),
                f"≤ {_value(outcome, outcome.bound)}",
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
    if scale != 1:
        yield f"**The images are scaled to {scale:g}: this shows that the benchmark works, and no more.**"
    for result in results:
        yield ""
        yield from _shape(result)
    yield ""
    yield "Measured on: " + "; ".join(f"{name} {text}" for name, text in machine.items()) + "."


def _shape(result: ShapeResult) -> Iterator[str]:
    yield f"### {result.name}"
    yield ""
    if result.image["entries"]:
        yield _image(result.image)
        yield ""
    rows = [
        (
            f"{row.name}{' (once)' if len(row.runs) == 1 else ''}",
            f"{row.wall:.2f}",
            f"{row.fastest:.2f}-{row.slowest:.2f}",
            f"{row.cpu:.2f}",
            f"{row.peak / 1e6:.0f}",
            f"`{row.shown}`",
        )
        for row in result.rows
    ]
    header = ("command", "wall s", "range", "CPU s", "peak MB", "")
    yield from _table(header, rows, right=(1, 2, 3, 4))
    yield ""
    for check in result.checks:
        yield f"- {'Agree' if check.holds else '**DIFFER**'}: {check.text}"


def _image(image: Mapping[str, int]) -> str:
    plain, stored = image["uncompressed"], image["stored"]
    text = f"{image['layers']} layers, {image['entries']:,} entries, {plain / 1e9:.2f} GB of tar"
    return f"{text}." if plain == stored else f"{text}, {stored / 1e9:.2f} GB compressed."


def _value(outcome: Outcome, value: float | None) -> str:
    if value is None:
        return ""
    if outcome.unit == "B":
        return f"{value / 1e6:.0f} MB"
    return f"{value:.2f} s" if outcome.unit == "s" else f"{value:.2f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("--:" if column in right else "---" for column in range(len(header))) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
