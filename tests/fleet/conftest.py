"""Fixtures of fleets."""

from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from tests.support.fleet_runs import Fleet


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Return a fleet whose results and cache are the test's own."""
    return Fleet(tmp_path)


@pytest.fixture(scope="package", autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    """End the process that looks after what pools of processes share: other tests count their children."""
    yield
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined] # there is no other way
