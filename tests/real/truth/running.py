"""Runs cases, some side by side, each in a process whose mounts are its own."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ocianalyze.layers.reading.cache import LayerCache
from tests.real.truth.bases import BUILD, Made, make
from tests.real.truth.building import build
from tests.real.truth.comparing import Comparison, compare, scan
from tests.real.truth.curing import Cure, cure_case
from tests.real.truth.mounts import leave_mounts_behind, memory
from tests.real.truth.mutations import Case
from tests.real.truth.outcome import observe
from tests.support.tools import NAMESPACES, ROOT

_T = TypeVar("_T")

TOOLS = (ROOT, NAMESPACES, "mmdebstrap", "unshare", "setpriv", "nsenter", "ip")
"""Programs that a case needs; most are part of every Linux."""


def run_case(case: Case) -> Comparison:
    """Build, scan and start an image, and return what came of it; a case that cannot be carried out is broken."""
    begin = time.monotonic()
    try:
        comparison = _compared(case, make(case.base))
    except (RuntimeError, OSError) as error:
        comparison = Comparison.broken(case.name, str(error))
    return comparison._replace(seconds=time.monotonic() - begin)


def _compared(case: Case, base: Made) -> Comparison:
    cache = LayerCache(BUILD / "truth" / "cache")
    with (
        tempfile.TemporaryDirectory(prefix="case-", dir=BUILD / "truth") as place,
        memory(Path(place)) as directory,
        build(base, case.lines, directory) as image,
    ):
        report = scan(image, case, cache)
        outcome = observe(image, case.profile, case.container_config, directory)
    return compare(case, outcome, report)


@contextmanager
def running(cases: Sequence[Case], *, jobs: int | None = None) -> Iterator[Mapping[str, "Future[Comparison]"]]:
    """Run cases side by side; the block gets what comes of each, by name.

    By default there are two for each processor, because a case that fails mostly waits.
    """
    with _side_by_side(run_case, cases, jobs) as futures:
        yield futures


@contextmanager
def curing(cases: Sequence[Case], *, jobs: int | None = None) -> Iterator[Mapping[str, "Future[Cure]"]]:
    """Try the hints of cases side by side; the block gets what comes of each, by name."""
    with _side_by_side(cure_case, cases, jobs) as futures:
        yield futures


@contextmanager
def _side_by_side(
    work: Callable[[Case], _T], cases: Sequence[Case], jobs: int | None
) -> Iterator[Mapping[str, "Future[_T]"]]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs or 2 * (os.cpu_count() or 1), context, initializer=leave_mounts_behind) as pool:
        try:
            yield {case.name: pool.submit(work, case) for case in cases}
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
