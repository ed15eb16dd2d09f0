"""What ocianalyze says of an image is what happens when the image is started, and what it advises works.

A fixed quarter of the cases are started, and some hints are tried; `make truth` runs all of them.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from tests.real.truth.curing import first_lines
from tests.real.truth.known import KNOWN, OPEN, UNCURED
from tests.real.truth.mutations import CASES, Case, sample
from tests.real.truth.running import TOOLS, curing, running
from tests.support.tools import skip_or_fail

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tests.real.truth.comparing import Comparison

pytestmark = pytest.mark.real

SAMPLE = sample(4)
CURED = (
    "port-9999",
    "script-crlf",
    "kernel-only-missing",
    "env-path-short",
    "home-locked",
    "user-number",
    "classic-kernel-bare-python",
    "editor-host-unset",
)
"""Faults of different kinds whose cures need no network."""


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


def test_the_lines_of_hints_make_images_work() -> None:
    skip_or_fail(TOOLS)
    with curing([CASES[name] for name in CURED]) as futures:
        cures = [future.result() for future in futures.values()]
    assert [cure for cure in cures if cure.state != "cured"] == []


def test_lines_are_found_in_hints() -> None:
    first = "Make it: 'USER root', 'RUN mkdir -p /a && chown 1:1 /a', 'USER 1'; or set 'ENV HOME=/b'"
    assert first_lines(first) == ("USER root", "RUN mkdir -p /a && chown 1:1 /a", "USER 1")
    assert first_lines("Start 'jupyter lab' with CMD") == ()


def test_known_differences_are_cases() -> None:
    assert {*KNOWN, *OPEN, *UNCURED} <= set(CASES)
    assert not KNOWN.keys() & OPEN.keys()


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 150
    assert len(CASES) / 5 < len(SAMPLE) < len(CASES) / 3
