"""What ocianalyze says of an image is what happens when the image is started; a fixed eighth of the cases.

`make truth` runs all of them.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from tests.real.truth.known import KNOWN, OPEN
from tests.real.truth.mutations import CASES, Case, sample
from tests.real.truth.running import TOOLS, running
from tests.support.tools import skip_or_fail

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tests.real.truth.comparing import Comparison

pytestmark = pytest.mark.real

SAMPLE = sample(8)


@pytest.fixture(scope="module")
def comparisons() -> Iterator[Mapping[str, "Future[Comparison]"]]:
    """Start all images, two at a time; a test waits for its own."""
    skip_or_fail(TOOLS)
    with running(SAMPLE) as futures:
        yield futures


def _parameter(case: Case) -> object:
    marks = [pytest.mark.xfail(reason=KNOWN[case.name], strict=True)] if case.name in KNOWN else []
    return pytest.param(case, id=case.name.replace(" ", ""), marks=marks)


@pytest.mark.parametrize("case", [_parameter(case) for case in SAMPLE])
def test_what_happens_is_what_we_say(case: Case, comparisons: Mapping[str, "Future[Comparison]"]) -> None:
    comparison = comparisons[case.name].result()
    right = ("agree", "disagree", "undecided") if case.name in OPEN else ("agree",)
    assert comparison.agreement in right, comparison.explanation


def test_known_differences_are_cases() -> None:
    assert {*KNOWN, *OPEN} <= set(CASES)
    assert not KNOWN.keys() & OPEN.keys()


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 150
    assert len(CASES) / 10 < len(SAMPLE) < len(CASES) / 6
