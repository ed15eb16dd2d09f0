"""docs/truth.md: its tables and its numbers, from a run of all cases."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.real.truth.comparing import Comparison
from tests.real.truth.curing import Cure
from tests.real.truth.known import KNOWN, OPEN, UNCURED
from tests.real.truth.mutations import CASES
from tests.real.truth.recipes import BASES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "truth.md"
_CASES = ("<!-- cases: written by 'make truth ARGS=--write' -->\n", "<!-- /cases -->\n")
_CURES = ("<!-- cures: written by 'make truth ARGS=\"--cure --write\"' -->\n", "<!-- /cures -->\n")


def write_page(comparisons: Mapping[str, Comparison]) -> None:
    """Write the table of all cases."""
    _write(_CASES, _lines(comparisons))


def write_cures(cures: Iterable[Cure]) -> None:
    """Write what became of the cases that fail, when their hints' lines were carried out."""
    _write(_CURES, _cure_lines(cures))


def _write(marks: tuple[str, str], lines: Iterable[str]) -> None:
    """Write one generated part of the page."""
    begin, end = marks
    before, _, rest = PAGE.read_text().partition(begin)
    _, _, after = rest.partition(end)
    table = "".join(f"{line}\n" for line in lines)
    PAGE.write_text(f"{before}{begin}{table}{end}{after}")


def _cure_lines(cures: Iterable[Cure]) -> Iterator[str]:
    tried = {cure.case: cure for cure in cures if cure.state != "no fault"}
    ordered = [tried[name] for name in CASES if name in tried]
    cured = [cure for cure in ordered if cure.state == "cured"]
    yield ""
    yield f"{len(ordered)} images fail, and the verdict says so."
    yield ""
    yield "| the lines of the hints | images |"
    yield "|---|---|"
    yield f"| make it work | {len(cured)} |"
    yield f"| do not make it work | {sum(cure.state == 'not cured' for cure in ordered)} |"
    yield f"| are none, only advice | {sum(cure.state == 'advice' for cure in ordered)} |"
    yield ""
    yield "| image | what is special about it | what came of the hint |"
    yield "|---|---|---|"
    for cure in ordered:
        if cure.state != "cured":
            result = "only advice" if cure.state == "advice" else "does not work"
            note = UNCURED.get(cure.case, "")
            yield f"| {cure.case} | {CASES[cure.case].about} | {result}: {_cell(note or cure.reason)} |"


def _lines(comparisons: Mapping[str, Comparison]) -> Iterator[str]:
    counts = Counter(one.agreement for one in comparisons.values())
    works = sum(one.outcome.works for one in comparisons.values())
    yield ""
    yield f"{len(comparisons)} images were started; {works} of them work."
    yield ""
    yield "| the verdict | images |"
    yield "|---|---|"
    yield f"| agrees with what happened | {counts['agree']} |"
    yield f"| differs from what happened | {counts['disagree']} |"
    yield f"| is undecided | {counts['undecided']} |"
    for base, description in BASES.items():
        cases = [case for case in CASES.values() if case.base == base]
        if not cases:
            continue
        yield ""
        yield f"### {description.about}"
        yield ""
        yield "| image | what is special about it | what happens | verdict |"
        yield "|---|---|---|---|"
        for case in cases:
            one = comparisons[case.name]
            happens = "works" if one.outcome.works else f"fails: {one.outcome.decisive}"
            yield f"| {case.name} | {case.about} | {_cell(happens)} | {_verdict(one)} |"


def _verdict(one: Comparison) -> str:
    note = KNOWN.get(one.case) or OPEN.get(one.case)
    if one.agreement == "agree":
        return one.verdict
    return f"**{one.verdict}**" + (f": {note}" if note else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
