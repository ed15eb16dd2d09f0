"""docs/truth.md: its table and its numbers, from a run of all cases."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.real.truth.comparing import Comparison
from tests.real.truth.known import KNOWN, OPEN
from tests.real.truth.mutations import CASES
from tests.real.truth.recipes import BASES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "truth.md"
_BEGIN, _END = "<!-- cases: written by 'make truth ARGS=--write' -->\n", "<!-- /cases -->\n"


def write_page(comparisons: Mapping[str, Comparison]) -> None:
    """Write the generated part of the page."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    table = "".join(f"{line}\n" for line in _lines(comparisons))
    PAGE.write_text(f"{before}{_BEGIN}{table}{_END}{after}")


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
